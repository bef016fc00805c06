/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp.c - time-stamping pulse readers that speak docs/ir-reader-protocol.md.
 *
 * Every unsolicited line has a number, every edge a number of its channel, and every answer names the line
 * before it, so nothing can be lost unnoticed. A loss while channels are armed is kept until the next
 * arm(): the attempt is void, whatever comes afterwards. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ir_reader/serial_stamp_line.h"
#include "drivers/registry.h"
#include "io/line.h"

enum { CHANNELS_MAX = ET_POSITIONS_MAX, KEPT_EDGES = 4096, TAG_MAX = 65535, LINE_NUMBER_MAX = 65535 };
#define ANSWER_NS (ET_NS_PER_S + (int64_t)0)

struct channel {
	bool seen;			/* since arm() */
	uint32_t seq;
	int64_t t_ns;
};

struct driver_inst {
	struct driver_env env;
	struct line_io io;
	struct instrument_id id;
	int channels;
	int64_t tick_ns, u_ns;
	uint64_t boot;
	double debounce_us;
	unsigned tag;
	uint64_t armed;			/* bit n-1 = channel n */
	bool line_known;		/* last_line is a number that was seen */
	unsigned last_line;
	int64_t clock_ns;		/* of the reader, last answer: it never goes back */
	struct channel ch[CHANNELS_MAX];
	bool lost, lost_told;
	struct fault lost_why;
	struct edge kept[KEPT_EDGES];
	size_t kept_first, kept_n;
};

static const struct driver_param_spec params[] = {
	{ "debounce_us", 0, 50000, 5000, "a whole number of us from 0 to 50000" },
	{ 0 },
};

static int fail(struct driver_inst *d, int code, const char *what)
{
	return fault_set(d->env.fault, code, "reader \"%s\": %s", d->env.name, what);
}

/* The first loss is the one that is told. */
static void lose(struct driver_inst *d, const char *why)
{
	if (d->lost || !d->armed)
		return;
	d->lost = true;
	d->lost_told = false;
	fault_set(&d->lost_why, ET_ERR_LOST, "reader \"%s\": %s", d->env.name, why);
}

static int tell_lost(struct driver_inst *d)
{
	d->lost_told = true;
	return fault_set(d->env.fault, ET_ERR_LOST, "%s", d->lost_why.text);
}

static void lose_at(struct driver_inst *d, uint64_t channel, const char *fmt, uint64_t n)
{
	char why[128], what[96];

	snprintf(what, sizeof(what), fmt, n);
	snprintf(why, sizeof(why), "channel %" PRIu64 ": %s", channel, what);
	lose(d, why);
}

/* ---- unsolicited lines ---- */

static void note_line_number(struct driver_inst *d, unsigned n)
{
	unsigned want = (d->last_line + 1) & LINE_NUMBER_MAX;
	char why[128];

	if (d->line_known && n != want) {
		snprintf(why, sizeof(why), "lines %u to %u were lost", want, (n - 1) & LINE_NUMBER_MAX);
		lose(d, why);
	}
	d->line_known = true;
	d->last_line = n;
}

static void keep_edge(struct driver_inst *d, const struct edge *e)
{
	if (d->kept_n == KEPT_EDGES) {
		lose(d, "more edges than were fetched");
		return;
	}
	d->kept[(d->kept_first + d->kept_n++) % KEPT_EDGES] = *e;
}

/* "E ch seq t flags bounces" @return false: not of that form. */
static bool take_edge(struct driver_inst *d, const struct stamp_fields *f)
{
	uint64_t ch, seq, t, flags, bounces;
	struct channel *c;
	struct edge e;

	if (f->n != 7 || !stamp_number(f->f[2], (uint64_t)d->channels, &ch) || ch == 0 ||
	    !stamp_number(f->f[3], UINT32_MAX, &seq) ||
	    !stamp_number(f->f[4], (uint64_t)(INT64_MAX / d->tick_ns), &t) ||
	    !stamp_number(f->f[5], 3, &flags) || !stamp_number(f->f[6], 255, &bounces))
		return false;
	if (!(d->armed >> (ch - 1) & 1))
		return true; /* of an earlier attempt */
	c = &d->ch[ch - 1];
	e = (struct edge){
		.t_reader_ns = (int64_t)t * d->tick_ns,
		.seq = (uint32_t)seq,
		.position = (uint16_t)ch,
		.flags = (uint16_t)((bounces ? EDGE_BOUNCED : 0) | (flags & 1 ? EDGE_SATURATED : 0)),
	};
	if (c->seen && e.seq != c->seq + 1)
		lose_at(d, ch, "edges from number %" PRIu64 " on are missing", (uint64_t)c->seq + 1);
	else if (c->seen && e.t_reader_ns <= c->t_ns)
		lose_at(d, ch, "the clock went back at edge %" PRIu64, seq);
	c->seen = true;
	c->seq = e.seq;
	c->t_ns = e.t_reader_ns;
	keep_edge(d, &e);
	return true;
}

static bool take_typed(struct driver_inst *d, const struct stamp_fields *f)
{
	const char *type = f->f[1];
	uint64_t a, b;

	if (!strcmp(type, "E"))
		return take_edge(d, f);
	if (!strcmp(type, "L") && f->n == 4 && stamp_number(f->f[2], CHANNELS_MAX, &a) &&
	    stamp_number(f->f[3], UINT32_MAX, &b)) {
		if (a && d->armed >> (a - 1) & 1)
			lose_at(d, a, "the reader lost %" PRIu64 " edges", b);
		return true;
	}
	if (!strcmp(type, "O") && f->n == 3 && stamp_number(f->f[2], UINT32_MAX, &a)) {
		lose(d, "its buffer overflowed");
		return true;
	}
	if (!strcmp(type, "B") && f->n == 3 && stamp_number(f->f[2], UINT32_MAX, &a)) {
		lose(d, "it was reset");
		d->boot = a;
		return true;
	}
	return !strcmp(type, "S") && f->n == 3 && stamp_mask(f->f[2], &a);
}

static void take_unsolicited(struct driver_inst *d, char *line)
{
	struct stamp_fields f;
	uint64_t n;

	if (!stamp_split(line, &f) || f.n < 2 || !stamp_number(f.f[0], LINE_NUMBER_MAX, &n)) {
		lose(d, "a line that makes no sense");
		return;
	}
	note_line_number(d, (unsigned)n);
	if (!take_typed(d, &f))
		lose(d, "a line that makes no sense");
}

/* ---- questions ---- */

/* The next line that is not unsolicited, unsealed. */
static int next_answer(struct driver_inst *d, int64_t deadline_ns, char *line, int64_t *t_ns)
{
	for (;;) {
		int err = line_read(&d->io, line, STAMP_LINE_MAX + 1, deadline_ns, t_ns);

		if (err == ET_ERR_PROTO)
			continue; /* damaged; what was in it is missed by its number */
		if (err != ET_OK)
			return err;
		if (!stamp_unseal(line))
			continue;
		if (line[0] == '!')
			take_unsolicited(d, line);
		else
			return ET_OK;
	}
}

/* @return ET_OK with the fields from the verb on in @p f, ET_ERR_DEVICE when refused. */
static int judge_answer(struct driver_inst *d, const char *command, char *line, struct stamp_fields *f,
			bool *mine, bool *damaged)
{
	char kind = line[0], what[200];
	uint64_t tag;

	*mine = false;
	if (!stamp_split(line, f) || f->n < 2 || !stamp_number(f->f[0], TAG_MAX, &tag))
		return ET_OK;
	if (kind == '-' && tag == 0)
		*damaged = true; /* perhaps this one, perhaps half a line before it */
	if (tag != d->tag || (kind != '=' && kind != '-'))
		return ET_OK;
	*mine = true;
	if (kind == '=')
		return ET_OK;
	snprintf(what, sizeof(what), "refused %s: %s", command, f->f[1]);
	return fail(d, ET_ERR_DEVICE, what);
}

static bool is_verb_of(const char *verb, const char *command)
{
	size_t len = strlen(verb);

	return !strncmp(verb, command, len) && (command[len] == ' ' || !command[len]);
}

/** Ask and wait for the answer with our tag. @p line holds what @p f points to. */
static int ask(struct driver_inst *d, const char *command, char line[STAMP_LINE_MAX + 1],
	       struct stamp_fields *f, int64_t *t_before_ns, int64_t *t_after_ns)
{
	char text[STAMP_COMMAND_MAX], sealed[STAMP_COMMAND_MAX], what[200];
	int64_t deadline_ns, t_ns;
	bool mine, damaged = false;
	int err;

	d->tag = d->tag % TAG_MAX + 1;
	snprintf(text, sizeof(text), "?%u %s", d->tag, command);
	if (!stamp_seal(text, sealed, sizeof(sealed)))
		return fail(d, ET_ERR_ARG, "command too long");
	*t_before_ns = clk_now_ns(d->env.clk);
	deadline_ns = *t_before_ns + ANSWER_NS;
	err = line_write(&d->io, sealed, deadline_ns);
	while (err == ET_OK) {
		err = next_answer(d, deadline_ns, line, &t_ns);
		if (err != ET_OK)
			break;
		err = judge_answer(d, command, line, f, &mine, &damaged);
		if (err != ET_OK)
			return err;
		if (mine && !is_verb_of(f->f[1], command))
			return fail(d, ET_ERR_PROTO, "answer to another question");
		if (mine) {
			*t_after_ns = t_ns;
			return ET_OK;
		}
	}
	if (err == ET_ERR_TIMEOUT && damaged) {
		snprintf(what, sizeof(what), "%s arrived damaged", command);
		return fail(d, ET_ERR_PROTO, what);
	}
	snprintf(what, sizeof(what), err == ET_ERR_TIMEOUT ? "no answer to %s within 1 s" : "link failed at %s",
		 command);
	return fail(d, err, what);
}

static bool field_number(const struct stamp_fields *f, size_t i, const char *key, uint64_t max,
			 uint64_t *out)
{
	const char *v = stamp_value(f, i, key);

	return v && stamp_number(v, max, out);
}

/* "last" of an answer must be the line that was seen last. */
static void note_last(struct driver_inst *d, uint64_t last)
{
	char why[128];

	if (d->line_known && last != d->last_line) {
		snprintf(why, sizeof(why), "lines %u to %" PRIu64 " were lost",
			 (d->last_line + 1) & LINE_NUMBER_MAX, last);
		lose(d, why);
	}
	d->line_known = true;
	d->last_line = (unsigned)last;
}

static bool copy_value(const struct stamp_fields *f, size_t i, const char *key, char out[32])
{
	const char *v = stamp_value(f, i, key);

	if (!v || !*v || strlen(v) > 31)
		return false;
	memcpy(out, v, strlen(v) + 1);
	return true;
}

static int ask_identity(struct driver_inst *d, uint64_t *boot)
{
	char line[STAMP_LINE_MAX + 1];
	struct instrument_id id = { 0 };
	struct stamp_fields f;
	uint64_t proto, channels, tick, u;
	int64_t t0, t1;
	int err = ask(d, "ID", line, &f, &t0, &t1);

	if (err != ET_OK)
		return err;
	if (!field_number(&f, 2, "proto", UINT32_MAX, &proto) || !copy_value(&f, 3, "maker", id.maker) ||
	    !copy_value(&f, 4, "model", id.model) || !copy_value(&f, 5, "serial", id.serial) ||
	    !copy_value(&f, 6, "fw", id.firmware) || !field_number(&f, 7, "channels", 64, &channels) ||
	    !field_number(&f, 8, "tick_ns", 1000, &tick) || !field_number(&f, 9, "u_ns", ET_NS_PER_S, &u) ||
	    !field_number(&f, 10, "boot", UINT32_MAX, boot) || !channels || !tick)
		return fail(d, ET_ERR_PROTO, "the answer to ID makes no sense");
	if (proto != 1)
		return fail(d, ET_ERR_DEVICE, "speaks another version of serial-stamp");
	id.simulated = !strncmp(id.serial, "SIM", 3);
	d->id = id;
	d->channels = channels > CHANNELS_MAX ? CHANNELS_MAX : (int)channels;
	d->tick_ns = (int64_t)tick;
	d->u_ns = (int64_t)u;
	return ET_OK;
}

/* ---- the driver ---- */

static int send_arm(struct driver_inst *d, uint64_t mask)
{
	char command[48], line[STAMP_LINE_MAX + 1];
	struct stamp_fields f;
	uint64_t got, t, last;
	const char *v;
	int64_t t0, t1;
	int err;

	snprintf(command, sizeof(command), "ARM %" PRIx64, mask);
	err = ask(d, command, line, &f, &t0, &t1);
	if (err != ET_OK)
		return err;
	v = stamp_value(&f, 2, "mask");
	if (!v || !stamp_mask(v, &got) || got != mask || !field_number(&f, 3, "t", INT64_MAX, &t) ||
	    !field_number(&f, 4, "last", LINE_NUMBER_MAX, &last))
		return fail(d, ET_ERR_PROTO, "the answer to ARM makes no sense");
	note_last(d, last);
	return ET_OK;
}

/* After an answer to ARM was lost: is it armed or not? */
static int read_back_arm(struct driver_inst *d, uint64_t mask)
{
	char line[STAMP_LINE_MAX + 1], what[96];
	struct stamp_fields f;
	uint64_t boot, got;
	const char *v;
	int64_t t0, t1;
	int err = ask(d, "STAT", line, &f, &t0, &t1);

	if (err != ET_OK)
		return err;
	v = stamp_value(&f, 3, "armed");
	if (!field_number(&f, 2, "boot", UINT32_MAX, &boot) || !v || !stamp_mask(v, &got))
		return fail(d, ET_ERR_PROTO, "the answer to STAT makes no sense");
	if (boot != d->boot)
		return fail(d, ET_ERR_LOST, "it was reset");
	if (got == mask)
		return ET_OK;
	snprintf(what, sizeof(what), "did not take ARM %" PRIx64 ": %" PRIx64 " is armed", mask, got);
	return fail(d, ET_ERR_DEVICE, what);
}

static int stamp_disarm_all(struct driver_inst *d)
{
	int err = send_arm(d, 0);

	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = read_back_arm(d, 0);
	return err;
}

static int set_debounce(struct driver_inst *d)
{
	char command[64], line[STAMP_LINE_MAX + 1];
	uint64_t all = d->channels >= 64 ? UINT64_MAX : ((uint64_t)1 << d->channels) - 1, mask, us;
	struct stamp_fields f;
	const char *v;
	int64_t t0, t1;
	int err;

	snprintf(command, sizeof(command), "DEB %" PRIx64 " %.0f", all, d->debounce_us);
	err = ask(d, command, line, &f, &t0, &t1);
	if (err != ET_OK)
		return err;
	v = stamp_value(&f, 2, "mask");
	if (!v || !stamp_mask(v, &mask) || mask != all || !field_number(&f, 3, "us", 50000, &us) ||
	    (double)us != d->debounce_us)
		return fail(d, ET_ERR_PROTO, "the answer to DEB makes no sense");
	return ET_OK;
}

static int stamp_open(const struct driver_env *env, struct driver_inst **out, struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return fault_set(env->fault, ET_ERR_NOMEM, "reader \"%s\": out of memory", env->name);
	d->env = *env;
	line_init(&d->io, env->port, '\n');
	/* Not 1 again: an answer to the session before us may still be on its way. */
	d->tag = (unsigned)(clk_now_ns(env->clk) / 1000000 % TAG_MAX);
	err = driver_param_get(env, params, "debounce_us", &d->debounce_us);
	if (err == ET_OK && d->debounce_us != floor(d->debounce_us))
		err = fail(d, ET_ERR_ARG, "debounce_us is not a whole number");
	if (err == ET_OK) /* ends a half line of somebody before us */
		err = line_write(&d->io, "", clk_now_ns(env->clk) + ANSWER_NS);
	if (err == ET_OK)
		err = ask_identity(d, &d->boot);
	if (err == ET_OK)
		err = stamp_disarm_all(d); /* it may have gone on stamping while nobody listened */
	if (err != ET_OK) {
		free(d);
		return err;
	}
	*id = d->id;
	*out = d;
	return ET_OK;
}

static void stamp_close(struct driver_inst *d)
{
	free(d);
}

static int stamp_identify(struct driver_inst *d, struct instrument_id *id)
{
	uint64_t boot;
	int err = ask_identity(d, &boot);

	if (err != ET_OK)
		return err;
	if (boot != d->boot)
		lose(d, "it was reset");
	d->boot = boot;
	*id = d->id;
	return ET_OK;
}

static struct edge_reader_caps stamp_caps(const struct driver_inst *d)
{
	return (struct edge_reader_caps){
		.channels = d->channels,
		.resolution_s = (double)d->tick_ns / ET_NS_PER_S,
		.u_stamp_s = (double)d->u_ns / ET_NS_PER_S,
	};
}

static int stamp_arm(struct driver_inst *d, uint64_t positions)
{
	int err;

	if (d->channels < 64 && positions >> d->channels)
		return fail(d, ET_ERR_ARG, "has not so many channels");
	err = set_debounce(d);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = set_debounce(d); /* may be repeated without harm */
	if (err != ET_OK)
		return err;
	memset(d->ch, 0, sizeof(d->ch));
	d->kept_n = 0;
	d->lost = false;
	d->armed = positions; /* edges may follow the answer at once */
	err = send_arm(d, positions);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = read_back_arm(d, positions);
	if (err == ET_OK && d->lost)
		err = tell_lost(d);
	if (err != ET_OK)
		d->armed = 0;
	return err;
}

static int stamp_read_edges(struct driver_inst *d, int64_t deadline_ns, struct edge_batch *out)
{
	char line[STAMP_LINE_MAX + 1];
	struct edge_batch b = { 0 };

	for (;;) {
		int err;

		while (d->kept_n && b.n < EV_EDGES_MAX && !d->lost) {
			b.e[b.n++] = d->kept[d->kept_first];
			d->kept_first = (d->kept_first + 1) % KEPT_EDGES;
			d->kept_n--;
		}
		if (d->lost)
			return tell_lost(d);
		if (b.n == EV_EDGES_MAX)
			break;
		err = line_read(&d->io, line, sizeof(line),
				b.n ? clk_now_ns(d->env.clk) : deadline_ns, NULL);
		if (err == ET_ERR_TIMEOUT)
			break;
		if (err != ET_OK && err != ET_ERR_PROTO)
			return fail(d, err, "link failed while edges were read");
		if (err == ET_OK && stamp_unseal(line) && line[0] == '!')
			take_unsolicited(d, line); /* a late answer is nobody's */
	}
	*out = b;
	return ET_OK;
}

static int stamp_sync(struct driver_inst *d, struct clock_pair *out)
{
	uint64_t t[3], boot, last, max = (uint64_t)(INT64_MAX / d->tick_ns);
	char line[STAMP_LINE_MAX + 1];
	struct stamp_fields f;
	struct clock_pair p;
	int err = ask(d, "CLK", line, &f, &p.host_before_ns, &p.host_after_ns);

	if (err != ET_OK)
		return err;
	if (!field_number(&f, 2, "t0", max, &t[0]) || !field_number(&f, 3, "t1", max, &t[1]) ||
	    !field_number(&f, 4, "t2", max, &t[2]) || !field_number(&f, 5, "boot", UINT32_MAX, &boot) ||
	    !field_number(&f, 6, "last", LINE_NUMBER_MAX, &last) || t[0] > t[1] || t[1] > t[2])
		return fail(d, ET_ERR_PROTO, "the answer to CLK makes no sense");
	if (boot != d->boot)
		lose(d, "it was reset");
	d->boot = boot;
	note_last(d, last);
	if ((int64_t)t[0] * d->tick_ns < d->clock_ns)
		lose(d, "its clock went back");
	d->clock_ns = (int64_t)t[2] * d->tick_ns;
	if (d->lost)
		return tell_lost(d);
	p.reader_ns = (int64_t)(t[1] + (t[2] - t[1]) / 2) * d->tick_ns;
	*out = p;
	return ET_OK;
}

static int stamp_disarm(struct driver_inst *d)
{
	int err = stamp_disarm_all(d);

	if (err == ET_OK)
		d->armed = 0; /* what it had stamped came before its answer and is kept */
	if (!d->lost)
		return err;
	if (!d->lost_told)
		err = tell_lost(d);
	d->lost = false;
	d->kept_n = 0; /* void */
	return err;
}

static const struct edge_reader_ops reader_ops = {
	.caps = stamp_caps,
	.arm = stamp_arm,
	.read_edges = stamp_read_edges,
	.sync = stamp_sync,
	.disarm = stamp_disarm,
};

const struct driver driver_serial_stamp = {
	.name = "serial-stamp",
	.summary = "time-stamping pulse readers (docs/ir-reader-protocol.md)",
	.params = params,
	.open = stamp_open,
	.close = stamp_close,
	.identify = stamp_identify,
	.reader = &reader_ops,
};
