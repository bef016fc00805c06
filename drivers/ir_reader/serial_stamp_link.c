/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp_link.c - see the header; docs/ir-reader-protocol.md, sections 2 to 4. */
#include "drivers/ir_reader/serial_stamp_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int ss_fail(struct ss_link *l, int code, const char *what)
{
	return fault_set(l->env.fault, code, "reader \"%s\": %s", l->env.name, what);
}

/* The first loss is the one that is told. */
void ss_lose(struct ss_link *l, const char *why)
{
	if (l->lost || !l->armed)
		return;
	l->lost = true;
	l->lost_told = false;
	fault_set(&l->lost_why, ET_ERR_LOST, "reader \"%s\": %s", l->env.name, why);
}

int ss_tell_lost(struct ss_link *l)
{
	l->lost_told = true;
	return fault_set(l->env.fault, ET_ERR_LOST, "%s", l->lost_why.text);
}

static void lose_at(struct ss_link *l, uint64_t channel, const char *before, uint64_t n,
		    const char *after)
{
	char why[128];

	snprintf(why, sizeof(why), "channel %" PRIu64 ": %s %" PRIu64 "%s", channel, before, n,
		 after);
	ss_lose(l, why);
}

void ss_begin(struct ss_link *l, uint64_t channels)
{
	memset(l->ch, 0, sizeof(l->ch));
	l->kept_n = 0;
	l->lost = false;
	l->armed = channels;
}

/* ---- unsolicited lines ---- */

static void note_line_number(struct ss_link *l, unsigned n)
{
	unsigned want = (l->last_line + 1) & SS_NUMBER_MAX;
	char why[128];

	if (l->line_known && n != want) {
		snprintf(why, sizeof(why), "lines %u to %u were lost", want,
			 (n - 1) & SS_NUMBER_MAX);
		ss_lose(l, why);
	}
	l->line_known = true;
	l->last_line = n;
}

static void keep_edge(struct ss_link *l, const struct edge *e)
{
	if (l->kept_n == SS_KEPT_EDGES) {
		ss_lose(l, "more edges than were fetched");
		return;
	}
	l->kept[(l->kept_first + l->kept_n++) % SS_KEPT_EDGES] = *e;
}

/* "E ch seq t flags bounces" @return false: not of that form. */
static bool take_edge(struct ss_link *l, const struct ss_fields *f)
{
	uint64_t ch, seq, t, flags, bounces;
	struct ss_channel *c;
	struct edge e;

	if (f->n != 7 || !ss_number(f->f[2], (uint64_t)l->channels, &ch) || ch == 0 ||
	    !ss_number(f->f[3], UINT32_MAX, &seq) ||
	    !ss_number(f->f[4], (uint64_t)(INT64_MAX / l->tick_ns), &t) ||
	    !ss_number(f->f[5], 3, &flags) || !ss_number(f->f[6], 255, &bounces))
		return false;
	if (!(l->armed >> (ch - 1) & 1))
		return true; /* of an earlier attempt */
	c = &l->ch[ch - 1];
	e = (struct edge){
		.t_reader_ns = (int64_t)t * l->tick_ns,
		.seq = (uint32_t)seq,
		.position = (uint16_t)ch,
		.flags =
			(uint16_t)((bounces ? EDGE_BOUNCED : 0) | (flags & 1 ? EDGE_SATURATED : 0)),
	};
	if (c->seen && e.seq != c->seq + 1)
		lose_at(l, ch, "edges from number", (uint64_t)c->seq + 1, " on are missing");
	else if (c->seen && e.t_reader_ns <= c->t_ns)
		lose_at(l, ch, "the clock went back at edge", seq, "");
	c->seen = true;
	c->seq = e.seq;
	c->t_ns = e.t_reader_ns;
	keep_edge(l, &e);
	return true;
}

static bool take_typed(struct ss_link *l, const struct ss_fields *f)
{
	const char *type = f->f[1];
	uint64_t a, b;

	if (!strcmp(type, "E"))
		return take_edge(l, f);
	if (!strcmp(type, "L") && f->n == 4 && ss_number(f->f[2], SS_CHANNELS_MAX, &a) &&
	    ss_number(f->f[3], UINT32_MAX, &b)) {
		if (a && l->armed >> (a - 1) & 1)
			lose_at(l, a, "the reader lost", b, " edges");
		return true;
	}
	if (!strcmp(type, "O") && f->n == 3 && ss_number(f->f[2], UINT32_MAX, &a)) {
		ss_lose(l, "its buffer overflowed");
		return true;
	}
	if (!strcmp(type, "B") && f->n == 3 && ss_number(f->f[2], UINT32_MAX, &a)) {
		ss_lose(l, "it was reset");
		l->boot = a;
		return true;
	}
	return !strcmp(type, "S") && f->n == 3 && ss_mask(f->f[2], &a);
}

void ss_take_unsolicited(struct ss_link *l, char *line)
{
	struct ss_fields f;
	uint64_t n;

	if (!ss_split(line, &f) || f.n < 2 || !ss_number(f.f[0], SS_NUMBER_MAX, &n)) {
		ss_lose(l, "a line that makes no sense");
		return;
	}
	note_line_number(l, (unsigned)n);
	if (!take_typed(l, &f))
		ss_lose(l, "a line that makes no sense");
}

/* ---- questions ---- */

/* The next line that is not unsolicited, unsealed. */
static int next_answer(struct ss_link *l, int64_t deadline_ns, char *line, int64_t *t_ns)
{
	for (;;) {
		int err = line_read_another(&l->io, line, SS_LINE_MAX + 1, deadline_ns, t_ns);

		if (err == ET_ERR_PROTO)
			continue; /* damaged; what was in it is missed by its number */
		if (err != ET_OK)
			return err;
		if (!ss_unseal(line))
			continue;
		if (line[0] == '!')
			ss_take_unsolicited(l, line);
		else
			return ET_OK;
	}
}

/* @return ET_OK with the fields from the verb on in @p f, ET_ERR_DEVICE when refused. */
static int judge_answer(struct ss_link *l, const char *command, char *line, struct ss_fields *f,
			bool *mine, bool *damaged)
{
	char kind = line[0], what[200];
	uint64_t tag;

	*mine = false;
	if (!ss_split(line, f) || f->n < 2 || !ss_number(f->f[0], SS_TAG_MAX, &tag))
		return ET_OK;
	if (kind == '-' && tag == 0)
		*damaged = true; /* perhaps this one, perhaps half a line before it */
	if (tag != l->tag || (kind != '=' && kind != '-'))
		return ET_OK;
	*mine = true;
	if (kind == '=')
		return ET_OK;
	snprintf(what, sizeof(what), "refused %s: %s", command, f->f[1]);
	return ss_fail(l, ET_ERR_DEVICE, what);
}

static bool is_verb_of(const char *verb, const char *command)
{
	size_t len = strlen(verb);

	return !strncmp(verb, command, len) && (command[len] == ' ' || !command[len]);
}

int ss_ask(struct ss_link *l, const char *command, char line[SS_LINE_MAX + 1], struct ss_fields *f,
	   int64_t *t_before_ns, int64_t *t_after_ns)
{
	char text[SS_COMMAND_MAX], sealed[SS_COMMAND_MAX], what[200];
	int64_t deadline_ns, t_ns;
	bool mine, damaged = false;
	int err;

	l->tag = l->tag % SS_TAG_MAX + 1;
	snprintf(text, sizeof(text), "?%u %s", l->tag, command);
	if (!ss_seal(text, sealed, sizeof(sealed)))
		return ss_fail(l, ET_ERR_ARG, "command too long");
	err = line_write(&l->io, sealed, clk_now_ns(l->env.clk) + SS_ANSWER_NS);
	*t_before_ns = l->env.port->t_write_ns;
	deadline_ns = *t_before_ns + SS_ANSWER_NS;
	while (err == ET_OK) {
		err = next_answer(l, deadline_ns, line, &t_ns);
		if (err != ET_OK)
			break;
		err = judge_answer(l, command, line, f, &mine, &damaged);
		if (err != ET_OK)
			return err;
		if (mine && !is_verb_of(f->f[1], command))
			return ss_fail(l, ET_ERR_PROTO, "answer to another question");
		if (mine) {
			*t_after_ns = t_ns;
			return ET_OK;
		}
	}
	if (err == ET_ERR_TIMEOUT && damaged) {
		snprintf(what, sizeof(what), "%s arrived damaged", command);
		return ss_fail(l, ET_ERR_PROTO, what);
	}
	snprintf(what, sizeof(what),
		 err == ET_ERR_TIMEOUT ? "no answer to %s within 1 s" : "link failed at %s",
		 command);
	return ss_fail(l, err, what);
}

bool ss_field_number(const struct ss_fields *f, size_t i, const char *key, uint64_t max,
		     uint64_t *out)
{
	const char *v = ss_value(f, i, key);

	return v && ss_number(v, max, out);
}

/* "last" of an answer must be the line that was seen last. */
void ss_note_last(struct ss_link *l, uint64_t last)
{
	char why[128];

	if (l->line_known && last != l->last_line) {
		snprintf(why, sizeof(why), "lines %u to %" PRIu64 " were lost",
			 (l->last_line + 1) & SS_NUMBER_MAX, last);
		ss_lose(l, why);
	}
	l->line_known = true;
	l->last_line = (unsigned)last;
}
