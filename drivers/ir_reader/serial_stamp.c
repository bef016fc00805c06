/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp.c - time-stamping pulse readers that speak docs/ir-reader-protocol.md. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ir_reader/serial_stamp_link.h"
#include "drivers/registry.h"

enum { LINES_MAX = 2 * EV_EDGES_MAX }; /* that one call looks at, whatever they are */

struct driver_inst {
	struct ss_link l;
	struct instrument_id id;
	int64_t u_ns;
	double debounce_us;
	int64_t clock_ns; /* of the reader, last answer: it never goes back */
};

static const struct driver_param_spec params[] = {
	{ "debounce_us", 0, 50000, 5000, "a whole number of us from 0 to 50000" },
	{ 0 },
};

static bool copy_value(const struct ss_fields *f, size_t i, const char *key, char out[32])
{
	const char *v = ss_value(f, i, key);

	if (!v || !*v || strlen(v) > 31)
		return false;
	memcpy(out, v, strlen(v) + 1);
	return true;
}

struct identity {
	struct instrument_id id;
	uint64_t tick_ns, u_ns, boot;
};

/* @return ET_OK; ET_ERR_DEVICE: another version of the protocol, of which nothing more is known; ET_ERR_PROTO. */
static int read_identity(const struct ss_fields *f, struct identity *out)
{
	struct identity i = { 0 };
	uint64_t proto, channels;

	if (!ss_field_number(f, 2, "proto", UINT32_MAX, &proto))
		return ET_ERR_PROTO;
	if (proto == 1 &&
	    (!copy_value(f, 3, "maker", i.id.maker) || !copy_value(f, 4, "model", i.id.model) ||
	     !copy_value(f, 5, "serial", i.id.serial) || !copy_value(f, 6, "fw", i.id.firmware) ||
	     !ss_field_number(f, 7, "channels", 64, &channels) ||
	     !ss_field_number(f, 8, "tick_ns", 1000, &i.tick_ns) ||
	     !ss_field_number(f, 9, "u_ns", ET_NS_PER_S, &i.u_ns) ||
	     !ss_field_number(f, 10, "boot", UINT32_MAX, &i.boot) || !channels || !i.tick_ns))
		return ET_ERR_PROTO;
	if (proto == 1) {
		i.id.simulated = !strncmp(i.id.serial, "SIM", 3);
		i.id.channels = channels > SS_CHANNELS_MAX ? SS_CHANNELS_MAX : (int)channels;
	}
	*out = i;
	return proto == 1 ? ET_OK : ET_ERR_DEVICE;
}

static int ask_identity(struct driver_inst *d, uint64_t *boot)
{
	char line[SS_LINE_MAX + 1];
	struct identity i;
	struct ss_fields f;
	int64_t t0, t1;
	int err = ss_ask(&d->l, "ID", line, &f, &t0, &t1);

	if (err != ET_OK)
		return err;
	err = read_identity(&f, &i);
	if (err == ET_ERR_DEVICE)
		return ss_fail(&d->l, err, "speaks another version of serial-stamp");
	if (err != ET_OK)
		return ss_fail(&d->l, err, "the answer to ID makes no sense");
	d->id = i.id;
	d->l.channels = i.id.channels;
	d->l.tick_ns = (int64_t)i.tick_ns;
	d->u_ns = (int64_t)i.u_ns;
	*boot = i.boot;
	return ET_OK;
}

/* ---- the driver ---- */

static int send_arm(struct driver_inst *d, uint64_t mask)
{
	char command[48], line[SS_LINE_MAX + 1];
	struct ss_fields f;
	uint64_t got, t, last;
	const char *v;
	int64_t t0, t1;
	int err;

	snprintf(command, sizeof(command), "ARM %" PRIx64, mask);
	err = ss_ask(&d->l, command, line, &f, &t0, &t1);
	if (err != ET_OK)
		return err;
	v = ss_value(&f, 2, "mask");
	if (!v || !ss_mask(v, &got) || got != mask || !ss_field_number(&f, 3, "t", INT64_MAX, &t) ||
	    !ss_field_number(&f, 4, "last", SS_NUMBER_MAX, &last))
		return ss_fail(&d->l, ET_ERR_PROTO, "the answer to ARM makes no sense");
	ss_note_last(&d->l, last);
	return ET_OK;
}

/* After an answer to ARM was lost: is it armed or not? */
static int read_back_arm(struct driver_inst *d, uint64_t mask)
{
	char line[SS_LINE_MAX + 1], what[96];
	struct ss_fields f;
	uint64_t boot, got;
	const char *v;
	int64_t t0, t1;
	int err = ss_ask(&d->l, "STAT", line, &f, &t0, &t1);

	if (err != ET_OK)
		return err;
	v = ss_value(&f, 3, "armed");
	if (!ss_field_number(&f, 2, "boot", UINT32_MAX, &boot) || !v || !ss_mask(v, &got))
		return ss_fail(&d->l, ET_ERR_PROTO, "the answer to STAT makes no sense");
	if (boot != d->l.boot)
		return ss_fail(&d->l, ET_ERR_LOST, "it was reset");
	if (got == mask)
		return ET_OK;
	snprintf(what, sizeof(what), "did not take ARM %" PRIx64 ": %" PRIx64 " is armed", mask,
		 got);
	return ss_fail(&d->l, ET_ERR_DEVICE, what);
}

static int ss_disarm_all(struct driver_inst *d)
{
	int err = send_arm(d, 0);

	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = read_back_arm(d, 0);
	return err;
}

static int set_debounce(struct driver_inst *d)
{
	char command[64], line[SS_LINE_MAX + 1];
	uint64_t all = d->l.channels >= 64 ? UINT64_MAX : ((uint64_t)1 << d->l.channels) - 1, mask,
		 us;
	struct ss_fields f;
	const char *v;
	int64_t t0, t1;
	int err;

	snprintf(command, sizeof(command), "DEB %" PRIx64 " %.0f", all, d->debounce_us);
	err = ss_ask(&d->l, command, line, &f, &t0, &t1);
	if (err != ET_OK)
		return err;
	v = ss_value(&f, 2, "mask");
	if (!v || !ss_mask(v, &mask) || mask != all || !ss_field_number(&f, 3, "us", 50000, &us) ||
	    (double)us != d->debounce_us)
		return ss_fail(&d->l, ET_ERR_PROTO, "the answer to DEB makes no sense");
	return ET_OK;
}

static int ss_open(const struct driver_env *env, struct driver_inst **out, struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return fault_set(env->fault, ET_ERR_NOMEM, "reader \"%s\": out of memory",
				 env->name);
	d->l.env = *env;
	line_init(&d->l.io, env->port, '\n');
	err = driver_param_get(env, params, "debounce_us", &d->debounce_us);
	if (err == ET_OK && d->debounce_us != floor(d->debounce_us))
		err = ss_fail(&d->l, ET_ERR_ARG, "debounce_us is not a whole number");
	if (err == ET_OK) /* ends a half line of somebody before us */
		err = line_write(&d->l.io, "", clk_now_ns(env->clk) + SS_ANSWER_NS);
	/* Not 1 again: an answer to the session before us may still be on its way. */
	d->l.tag = (unsigned)(env->port->t_write_ns / 1000000 % SS_TAG_MAX);
	if (err == ET_OK)
		err = ask_identity(d, &d->l.boot);
	if (err == ET_OK)
		err = ss_disarm_all(d); /* it may have gone on stamping while nobody listened */
	if (err != ET_OK) {
		free(d);
		return err;
	}
	*id = d->id;
	*out = d;
	return ET_OK;
}

static void ss_close(struct driver_inst *d)
{
	free(d);
}

static int ss_identify(struct driver_inst *d, struct instrument_id *id)
{
	uint64_t boot;
	int err = ask_identity(d, &boot);

	if (err != ET_OK)
		return err;
	if (boot != d->l.boot)
		ss_lose(&d->l, "it was reset");
	d->l.boot = boot;
	*id = d->id;
	return ET_OK;
}

static struct edge_reader_caps ss_caps(const struct driver_inst *d)
{
	return (struct edge_reader_caps){
		.channels = d->l.channels,
		.resolution_s = (double)d->l.tick_ns / ET_NS_PER_S,
		.u_stamp_s = (double)d->u_ns / ET_NS_PER_S,
	};
}

static int ss_arm(struct driver_inst *d, uint64_t positions)
{
	int err;

	if (d->l.channels < 64 && positions >> d->l.channels)
		return ss_fail(&d->l, ET_ERR_ARG, "has not so many channels");
	err = set_debounce(d);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = set_debounce(d); /* may be repeated without harm */
	if (err != ET_OK)
		return err;
	ss_begin(&d->l, positions); /* edges may follow the answer at once */
	err = send_arm(d, positions);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = read_back_arm(d, positions);
	if (err == ET_OK && d->l.lost)
		err = ss_tell_lost(&d->l);
	if (err != ET_OK)
		d->l.armed = 0;
	return err;
}

static int ss_read_edges(struct driver_inst *d, int64_t deadline_ns, struct edge_batch *out)
{
	char line[SS_LINE_MAX + 1];
	struct edge_batch b = { 0 };

	for (int lines = 0; lines < LINES_MAX; lines++) {
		int err;

		while (d->l.kept_n && b.n < EV_EDGES_MAX && !d->l.lost) {
			b.e[b.n++] = d->l.kept[d->l.kept_first];
			d->l.kept_first = (d->l.kept_first + 1) % SS_KEPT_EDGES;
			d->l.kept_n--;
		}
		if (d->l.lost)
			return ss_tell_lost(&d->l);
		if (b.n == EV_EDGES_MAX)
			break;
		err = line_read(&d->l.io, line, sizeof(line),
				b.n ? clk_now_ns(d->l.env.clk) : deadline_ns, NULL);
		if (err == ET_ERR_TIMEOUT)
			break;
		if (err != ET_OK && err != ET_ERR_PROTO)
			return ss_fail(&d->l, err, "link failed while edges were read");
		if (err == ET_OK && ss_unseal(line) && line[0] == '!')
			ss_take_unsolicited(&d->l, line); /* a late answer is nobody's */
	}
	*out = b;
	return ET_OK;
}

static int ss_sync(struct driver_inst *d, struct clock_pair *out)
{
	uint64_t t[3], boot, last, max = (uint64_t)(INT64_MAX / d->l.tick_ns);
	char line[SS_LINE_MAX + 1];
	struct ss_fields f;
	struct clock_pair p;
	int err = ss_ask(&d->l, "CLK", line, &f, &p.host_before_ns, &p.host_after_ns);

	if (err != ET_OK)
		return err;
	if (!ss_field_number(&f, 2, "t0", max, &t[0]) ||
	    !ss_field_number(&f, 3, "t1", max, &t[1]) ||
	    !ss_field_number(&f, 4, "t2", max, &t[2]) ||
	    !ss_field_number(&f, 5, "boot", UINT32_MAX, &boot) ||
	    !ss_field_number(&f, 6, "last", SS_NUMBER_MAX, &last) || t[0] > t[1] || t[1] > t[2])
		return ss_fail(&d->l, ET_ERR_PROTO, "the answer to CLK makes no sense");
	if (boot != d->l.boot)
		ss_lose(&d->l, "it was reset");
	d->l.boot = boot;
	ss_note_last(&d->l, last);
	if ((int64_t)t[0] * d->l.tick_ns < d->clock_ns)
		ss_lose(&d->l, "its clock went back");
	d->clock_ns = (int64_t)t[2] * d->l.tick_ns;
	if (d->l.lost)
		return ss_tell_lost(&d->l);
	p.reader_ns = (int64_t)(t[1] + (t[2] - t[1]) / 2) * d->l.tick_ns;
	*out = p;
	return ET_OK;
}

static int ss_disarm(struct driver_inst *d)
{
	int err = ss_disarm_all(d);

	if (err == ET_OK)
		d->l.armed = 0; /* what it had stamped came before its answer and is kept */
	if (!d->l.lost)
		return err;
	if (!d->l.lost_told)
		err = ss_tell_lost(&d->l);
	d->l.lost = false;
	d->l.kept_n = 0; /* void */
	return err;
}

static const struct edge_reader_ops reader_ops = {
	.caps = ss_caps,
	.arm = ss_arm,
	.read_edges = ss_read_edges,
	.sync = ss_sync,
	.disarm = ss_disarm,
};

/* A line as it came: "=1 ID proto=1 ...*A0A7". */
static int read_answer(const char *line, struct instrument_id *out)
{
	char copy[SS_LINE_MAX + 1];
	struct ss_fields f;
	struct identity i = { 0 };
	int err = ET_ERR_PROTO;

	if (line[0] != '=' || strlen(line) >= sizeof(copy))
		return err;
	memcpy(copy, line, strlen(line) + 1);
	if (ss_unseal(copy) && ss_split(copy, &f) && f.n > 2 && !strcmp(f.f[1], "ID"))
		err = read_identity(&f, &i);
	if (err != ET_ERR_PROTO)
		*out = i.id;
	return err;
}

/* ID alone: open() disarms too. Speeds: docs/ir-reader-protocol.md, section 1. */
static const char *const settings[] = { "921600,8n1", "115200,8n1", NULL };
static const struct driver_probe probe = {
	.settings = settings,
	.question = "?\n?1 ID*1B94\n",
	.answer_ns = SS_ANSWER_NS,
	.read = read_answer,
};

const struct driver driver_serial_stamp = {
	.name = "serial-stamp",
	.summary = "time-stamping pulse readers (docs/ir-reader-protocol.md)",
	.params = params,
	.probe = &probe,
	.open = ss_open,
	.close = ss_close,
	.identify = ss_identify,
	.reader = &reader_ops,
};
