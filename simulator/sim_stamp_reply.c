/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "simulator/sim_stamp_parts.h"

#define DEBOUNCE_MAX_US 50000

enum verb { ID, ARM, DEB, CH, STAT, CLK, VERBS };

static const struct {
	const char *name;
	int n_args;
	bool mask; /* the first argument is one */
} verbs[VERBS] = {
	{ "ID", 0, false }, { "ARM", 1, true },	  { "DEB", 2, true },
	{ "CH", 1, false }, { "STAT", 0, false }, { "CLK", 0, false },
};

static void refuse(struct stamp_answer *a, const char *code, const char *words)
{
	a->code = code;
	snprintf(a->words, sizeof(a->words), "%s", words);
}

static uint64_t all_channels(const struct sim_stamp *r)
{
	return r->cfg.channels == 64 ? UINT64_MAX : (UINT64_C(1) << r->cfg.channels) - 1;
}

static bool read_arguments(struct stamp_answer *a)
{
	const struct stamp_question *q = &a->q;

	for (a->verb = 0; a->verb < VERBS; a->verb++)
		if (strcmp(verbs[a->verb].name, q->verb) == 0)
			break;
	if (a->verb == VERBS) {
		refuse(a, "SYNTAX", "unknown verb");
		return false;
	}
	if (q->n_args != verbs[a->verb].n_args) {
		refuse(a, "SYNTAX", "wrong number of arguments");
		return false;
	}
	if ((q->n_args > 0 && !(verbs[a->verb].mask ? stamp_mask(q->word[0], &a->a)
						    : stamp_number(q->word[0], &a->a))) ||
	    (q->n_args > 1 && !stamp_number(q->word[1], &a->b))) {
		refuse(a, "SYNTAX", "not a number");
		return false;
	}
	return true;
}

static void no_channel(struct stamp_answer *a, uint64_t n)
{
	char words[41];

	snprintf(words, sizeof(words), "no channel %" PRIu64, n);
	refuse(a, "RANGE", words);
}

static bool in_range(const struct sim_stamp *r, struct stamp_answer *a)
{
	if (verbs[a->verb].mask && (a->a & ~all_channels(r))) {
		int n = r->cfg.channels;

		while (!(a->a >> n & 1))
			n++;
		no_channel(a, (uint64_t)n + 1);
		return false;
	}
	if (a->verb == CH && (a->a < 1 || a->a > (uint64_t)r->cfg.channels)) {
		no_channel(a, a->a);
		return false;
	}
	if (a->verb == DEB && a->b > DEBOUNCE_MAX_US) {
		refuse(a, "RANGE", "debounce over 50000 us");
		return false;
	}
	return true;
}

void stamp_do(struct sim_stamp *r, int64_t now_ns, const char *line, size_t len,
	      struct stamp_answer *out)
{
	memset(out, 0, sizeof(*out));
	out->code = stamp_parse(line, len, &out->q);
	if (out->code || !read_arguments(out) || !in_range(r, out))
		return;
	if (out->verb == ARM)
		stamp_arm(r, now_ns, out->a);
	for (int c = 0; out->verb == DEB && c < r->cfg.channels; c++)
		if (out->a >> c & 1)
			r->ch[c].deb_us = (uint32_t)out->b;
}

static uint64_t armed_mask(const struct sim_stamp *r)
{
	uint64_t mask = 0;

	for (int c = 0; c < r->cfg.channels; c++)
		mask |= (uint64_t)r->ch[c].armed << c;
	return mask;
}

static uint32_t lost_of_all(const struct sim_stamp *r)
{
	uint32_t lost = 0;

	for (int c = 0; c < r->cfg.channels; c++)
		lost += r->ch[c].lost;
	return lost;
}

static int channel_text(const struct sim_stamp *r, int n, char *out, size_t cap)
{
	const struct stamp_channel *ch = &r->ch[n - 1];

	return snprintf(out, cap,
			"CH n=%d armed=%d edges=%u lost=%u bounces=%u deb_us=%u sat=%d last=%d", n,
			ch->armed, ch->edges, ch->lost, ch->bounces, ch->deb_us, ch->saturated,
			(int)r->last_sent);
}

static int done_text(struct sim_stamp *r, const struct stamp_answer *a, const int64_t t[3],
		     char *out, size_t cap)
{
	const struct sim_stamp_config *c = &r->cfg;
	const int last = (int)r->last_sent;

	switch ((enum verb)a->verb) {
	case ID:
		return snprintf(out, cap,
				"ID proto=1 maker=Etalon model=IR40 serial=%s fw=%s channels=%d "
				"tick_ns=%" PRId64 " u_ns=%" PRId64 " boot=%u",
				c->serial, c->firmware, c->channels, c->tick_ns, c->u_ns, r->boot);
	case ARM:
		return snprintf(out, cap, "ARM mask=%" PRIx64 " t=%" PRIu64 " last=%d", a->a,
				stamp_clock_ticks(&r->clock, t[1], 0), last);
	case DEB:
		return snprintf(out, cap, "DEB mask=%" PRIx64 " us=%" PRIu64, a->a, a->b);
	case CH:
		return channel_text(r, (int)a->a, out, cap);
	case STAT:
		return snprintf(out, cap,
				"STAT boot=%u armed=%" PRIx64 " lost=%u overruns=%u sat=%" PRIx64
				" last=%d",
				r->boot, armed_mask(r), lost_of_all(r), r->overruns,
				stamp_saturated_mask(r), last);
	case CLK:
		return snprintf(out, cap,
				"CLK t0=%" PRIu64 " t1=%" PRIu64 " t2=%" PRIu64 " boot=%u last=%d",
				stamp_clock_ticks(&r->clock, t[0], 0),
				stamp_clock_ticks(&r->clock, t[1], 0),
				stamp_clock_ticks(&r->clock, t[2], 0), r->boot, last);
	case VERBS:
		break;
	}
	return 0;
}

size_t stamp_reply(struct sim_stamp *r, const struct stamp_answer *a, int64_t t_first_ns,
		   int64_t now_ns, int64_t t_reply_ns, char *out, size_t cap)
{
	const int64_t t[3] = { t_first_ns, now_ns, t_reply_ns };
	int n;

	if (a->code) {
		n = snprintf(out, cap, "-%u %s%s%s", a->q.tag, a->code, a->words[0] ? " " : "",
			     a->words);
	} else {
		n = snprintf(out, cap, "=%u ", a->q.tag);
		n += done_text(r, a, t, out + n, cap - (size_t)n);
	}
	return stamp_close(out, (size_t)n, cap);
}
