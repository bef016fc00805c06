/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_instrument.c - the instrument session: every request is answered once, only queries are repeated,
 * streams fail once. The driver is made up: its calls return what the test says. */
#include "drivers/instrument.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

#define MS ((int64_t)1000000)

/* What the next calls return: each code once, then ET_OK. And how often each was made. */
static struct script {
	int open[4], identify[4], status[4], set[4], off[4], read[4], sample[4], sync[4], edges[4];
	int n_open, n_identify, n_status, n_set, n_off, n_off_bare, n_read, n_sample, n_sync,
		n_edges, n_stop;
	int n_reopen, n_closed;
	uint32_t seq;
	int64_t promised_ns;
} script;

struct driver_inst {
	struct driver_env env;
};

static _Atomic int64_t call_until_ns; /* what the session promises of the call that runs */

static int play(struct driver_inst *d, const int codes[4], int *n, const char *question)
{
	int i = (*n)++, err = i < 4 ? codes[i] : ET_OK;

	script.promised_ns = atomic_load(&call_until_ns) - clk_now_ns(d->env.clk);
	clk_sleep_until(d->env.clk, clk_now_ns(d->env.clk) + 10 * MS);
	if (err != ET_OK)
		fault_set(d->env.fault, err, "%s, try %d", question, i);
	return err;
}

static int fake_open(const struct driver_env *env, struct driver_inst **out,
		     struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	int err;

	assert_non_null(d);
	d->env = *env;
	err = play(d, script.open, &script.n_open, "open");
	if (err != ET_OK) {
		free(d);
		return err;
	}
	*id = (struct instrument_id){ .serial = "SIM1", .simulated = true };
	*out = d;
	return ET_OK;
}
static void fake_close(struct driver_inst *d)
{
	script.n_closed += d != NULL;
	free(d);
}
static int fake_identify(struct driver_inst *d, struct instrument_id *id)
{
	*id = (struct instrument_id){ .serial = "SIM1" };
	return play(d, script.identify, &script.n_identify, "identify");
}
static struct source_limits fake_limits(const struct driver_inst *d)
{
	(void)d;
	return (struct source_limits){ .volt_max_v = 1 };
}
static int fake_set(struct driver_inst *d, const struct setpoint *sp, struct source_status *out)
{
	out->output = SOURCE_ON;
	out->readback = *sp;
	return play(d, script.set, &script.n_set, "set");
}
static int fake_off(struct driver_inst *d, struct source_status *out)
{
	out->output = SOURCE_OFF;
	return play(d, script.off, &script.n_off, "off");
}
static int fake_status(struct driver_inst *d, struct source_status *out)
{
	out->output = SOURCE_UNKNOWN;
	return play(d, script.status, &script.n_status, "status");
}
static int fake_listen(struct driver_inst *d, int64_t deadline_ns, struct source_status *out)
{
	(void)d, (void)deadline_ns, (void)out;
	return ET_ERR_TIMEOUT;
}
static int fake_off_bare(struct port *p, struct fault *f)
{
	(void)p, (void)f;
	script.n_off_bare++;
	return ET_OK;
}
static const struct source_ops source_ops = { .times = { 7, 5, 3 },
					      .limits = fake_limits,
					      .set = fake_set,
					      .off = fake_off,
					      .status = fake_status,
					      .listen = fake_listen,
					      .off_bare = fake_off_bare };

static int fake_prepare(struct driver_inst *d, const struct setpoint *sp)
{
	(void)d, (void)sp;
	return ET_OK;
}
static int fake_read(struct driver_inst *d, struct ref_reading *out)
{
	*out = (struct ref_reading){ .freq_hz = 60 };
	return play(d, script.read, &script.n_read, "read");
}
static int fake_start(struct driver_inst *d, struct ref_register *out)
{
	(void)d;
	*out = (struct ref_register){ .constant_imp_per_kwh = 1000 };
	return ET_OK;
}
static int fake_sample(struct driver_inst *d, int64_t deadline_ns, struct ref_sample *out)
{
	if (script.n_sample % 2) { /* none yet: no fault */
		script.n_sample++;
		clk_sleep_until(d->env.clk, deadline_ns);
		return ET_ERR_TIMEOUT;
	}
	*out = (struct ref_sample){ .seq = ++script.seq };
	return play(d, script.sample, &script.n_sample, "sample");
}
static int fake_stop(struct driver_inst *d, struct ref_register *out)
{
	script.n_stop++;
	return fake_start(d, out);
}
static const struct reference_ops reference_ops = { fake_prepare, fake_read, fake_start,
						    fake_sample, fake_stop };

static struct edge_reader_caps fake_caps(const struct driver_inst *d)
{
	(void)d;
	return (struct edge_reader_caps){ .channels = 40 };
}
static int fake_arm(struct driver_inst *d, uint64_t positions)
{
	(void)d;
	script.seq = 0;
	return positions ? ET_OK : ET_ERR_ARG;
}
/* 100 edges, then none */
static int fake_edges(struct driver_inst *d, int64_t deadline_ns, struct edge_batch *out)
{
	(void)deadline_ns;
	*out = (struct edge_batch){ .n = 0 };
	while (out->n < EV_EDGES_MAX && script.seq < 100)
		out->e[out->n++] = (struct edge){ .seq = ++script.seq, .position = 1 };
	return play(d, script.edges, &script.n_edges, "edges");
}
static int fake_sync(struct driver_inst *d, struct clock_pair *out)
{
	*out = (struct clock_pair){ .reader_ns = 7 };
	return play(d, script.sync, &script.n_sync, "sync");
}
static int fake_disarm(struct driver_inst *d)
{
	(void)d;
	return ET_OK;
}
static const struct edge_reader_ops reader_ops = { fake_caps, fake_arm, fake_edges, fake_sync,
						   fake_disarm };

static const struct driver fake = {
	.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.identify = fake_identify,
	.source = &source_ops,
	.reference = &reference_ops,
	.reader = &reader_ops,
};

/* ---- a port that nobody uses ---- */

static int port_reopened(struct port *p, struct fault *f)
{
	(void)p, (void)f;
	script.n_reopen++;
	return ET_OK;
}
static int ports_closed;
static void port_closed(struct port *p)
{
	(void)p;
	ports_closed++;
}
static const struct port_ops no_port_ops = { .reopen = port_reopened, .close = port_closed };

struct bench {
	struct clk *c;
	struct queue *q;
	struct port port;
	struct instrument *in;
};

static void begin(struct bench *b, enum request_target role)
{
	static const struct clk_start start = { .mono_ns = 1 };
	struct instrument_config cfg = { .name = "fake", .driver = &fake, .role = role };

	memset(&script, 0, sizeof(script));
	*b = (struct bench){ .c = clk_virtual_new(&start) };
	b->q = queue_new(b->c, sizeof(struct event), 64);
	b->port = (struct port){ .ops = &no_port_ops, .clk = b->c };
	cfg.port = &b->port;
	cfg.clk = b->c;
	cfg.events = b->q;
	cfg.call_until_ns = role == TO_SOURCE ? &call_until_ns : NULL;
	assert_int_equal(instrument_start(&cfg, &b->in), ET_OK);
}
static void end(struct bench *b)
{
	int closed = ports_closed;

	instrument_stop(b->in);
	assert_int_equal(ports_closed, closed + 1);
	queue_free(b->q);
	clk_free(b->c);
}
static void say(struct bench *b, uint32_t id, enum request_kind kind)
{
	const struct request req = { .id = id, .kind = kind, .positions = 1 };

	assert_int_equal(instrument_post(b->in, &req), ET_OK);
}
static struct event next(struct bench *b)
{
	struct event ev = { .kind = EV_NONE };

	if (queue_get(b->q, &ev, clk_now_ns(b->c) + 10 * (int64_t)ET_NS_PER_S) != ET_OK)
		fail_msg("no event");
	return ev;
}
static void expect(struct bench *b, enum event_kind kind, uint32_t id)
{
	struct event ev = next(b);

	if (ev.kind == EV_FAILED && kind != EV_FAILED)
		fail_msg("%s", ev.fault.text);
	assert_int_equal(ev.kind, kind);
	assert_int_equal(ev.id, id);
}
static void expect_failed(struct bench *b, uint32_t id, int code, const char *says)
{
	struct event ev = next(b);

	assert_int_equal(ev.kind, EV_FAILED);
	assert_int_equal(ev.id, id);
	assert_int_equal(ev.fault.code, code);
	assert_string_equal(ev.fault.text, says);
}
static void expect_silence(struct bench *b, int64_t ns)
{
	struct event ev;

	assert_int_equal(queue_get(b->q, &ev, clk_now_ns(b->c) + ns), ET_ERR_TIMEOUT);
}

static void requests_are_answered_once_and_in_order(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, TO_SOURCE);
	say(&b, 1, REQ_STATUS);
	say(&b, 2, REQ_IDENTIFY);
	say(&b, 3, REQ_SET);
	say(&b, 4, REQ_STATUS);
	say(&b, 5, REQ_READ);
	say(&b, 6, REQ_OFF);
	expect_failed(&b, 1, ET_ERR_STATE, "\"fake\": not identified");
	expect(&b, EV_IDENTITY, 2);
	expect(&b, EV_STATUS, 3);
	expect(&b, EV_STATUS, 4);
	expect_failed(&b, 5, ET_ERR_ARG, "\"fake\": not a request for this instrument");
	expect(&b, EV_STATUS, 6);
	expect_silence(&b, 5 * (int64_t)ET_NS_PER_S);
	end(&b);
	assert_int_equal(script.n_set, 1);
	assert_int_equal(script.n_off, 1);
	assert_int_equal(script.n_closed, 1);
}

static void only_queries_are_repeated(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, TO_SOURCE);
	script.open[0] = ET_ERR_TIMEOUT;
	script.status[0] = script.status[1] = ET_ERR_PROTO;
	say(&b, 1, REQ_IDENTIFY);
	expect(&b, EV_IDENTITY, 1);
	assert_int_equal(script.n_open, 2);
	say(&b, 2, REQ_STATUS);
	expect(&b, EV_STATUS, 2);
	assert_int_equal(script.n_status, 3);
	assert_int_equal(script.n_identify,
			 1 + 2); /* agreed with open(); in step again before each */

	script.set[0] = ET_ERR_TIMEOUT;
	say(&b, 3, REQ_SET);
	expect_failed(&b, 3, ET_ERR_TIMEOUT, "set, try 0");
	assert_int_equal(script.n_set, 1);

	script.n_status = 0; /* now three in a row: the first one is told */
	script.status[0] = script.status[1] = script.status[2] = ET_ERR_TIMEOUT;
	say(&b, 4, REQ_STATUS);
	expect_failed(&b, 4, ET_ERR_TIMEOUT, "status, try 0");
	assert_int_equal(script.n_status, 3);

	script.n_status = 0; /* a refusal is final */
	script.status[0] = ET_ERR_DEVICE;
	say(&b, 5, REQ_STATUS);
	expect_failed(&b, 5, ET_ERR_DEVICE, "status, try 0");
	assert_int_equal(script.n_status, 1);
	end(&b);
}

static void off_is_tried_on_the_bare_link(void **state)
{
	struct event ev;
	struct bench b;

	(void)state;
	begin(&b, TO_SOURCE);
	say(&b, 1, REQ_OFF); /* never identified */
	ev = next(&b);
	assert_int_equal(ev.kind, EV_STATUS);
	assert_int_equal(ev.status.output, SOURCE_OFF);
	assert_true(isnan(ev.status.readback.ph[2].curr_a));
	assert_int_equal(script.n_off_bare, 1);

	say(&b, 2, REQ_IDENTIFY);
	expect(&b, EV_IDENTITY, 2);
	script.off[0] = ET_ERR_IO; /* the link broke: opened anew, and again without the driver */
	say(&b, 3, REQ_OFF);
	expect(&b, EV_STATUS, 3);
	assert_int_equal(script.n_reopen, 1);
	assert_int_equal(script.n_off_bare, 2);

	say(&b, 4, REQ_IDENTIFY);
	expect(&b, EV_IDENTITY, 4);
	script.set[0] = ET_ERR_IO;
	say(&b, 5, REQ_SET);
	expect_failed(&b, 5, ET_ERR_IO, "set, try 0");
	say(&b, 6, REQ_IDENTIFY);
	expect(&b, EV_IDENTITY, 6);
	assert_int_equal(script.n_reopen, 2);
	assert_int_equal(script.n_open, 3);
	end(&b);
}

static void a_reader_streams_while_armed(void **state)
{
	uint32_t seq = 0;
	struct event ev;
	struct bench b;

	(void)state;
	begin(&b, TO_READER);
	say(&b, 1, REQ_IDENTIFY);
	expect(&b, EV_IDENTITY, 1);
	expect_silence(&b, 5 * (int64_t)ET_NS_PER_S);
	say(&b, 2, REQ_ARM);
	expect(&b, EV_DONE, 2);
	expect(&b, EV_CLOCK_PAIR, 0);
	while (seq < 100) {
		ev = next(&b);
		if (ev.kind == EV_CLOCK_PAIR)
			continue;
		assert_int_equal(ev.kind, EV_EDGES);
		assert_int_equal(ev.id, 0);
		assert_int_equal(ev.from, TO_READER);
		for (int i = 0; i < ev.edges.n; i++)
			assert_int_equal(ev.edges.e[i].seq, ++seq);
	}
	say(&b, 3, REQ_DISARM);
	do
		ev = next(&b);
	while (ev.kind == EV_CLOCK_PAIR);
	assert_int_equal(ev.kind, EV_DONE);
	assert_int_equal(ev.id, 3);
	expect_silence(&b, 5 * (int64_t)ET_NS_PER_S);

	/* a loss is told once, and the stream is over */
	script.n_edges = 0;
	script.edges[1] = ET_ERR_LOST;
	say(&b, 4, REQ_ARM);
	do
		ev = next(&b);
	while (ev.kind != EV_FAILED);
	assert_int_equal(ev.id, 0);
	assert_int_equal(ev.fault.code, ET_ERR_LOST);
	expect_silence(&b, 5 * (int64_t)ET_NS_PER_S);
	end(&b);
}

static void a_reference_streams_while_armed(void **state)
{
	struct event ev;
	struct bench b;

	(void)state;
	begin(&b, TO_REFERENCE);
	say(&b, 1, REQ_IDENTIFY);
	expect(&b, EV_IDENTITY, 1);
	say(&b, 2, REQ_PREPARE);
	expect(&b, EV_DONE, 2);
	say(&b, 3, REQ_READ);
	expect(&b, EV_READING, 3);
	say(&b, 4, REQ_ARM);
	expect(&b, EV_REGISTER, 4);
	for (uint32_t i = 1; i <= 3; i++) {
		ev = next(&b);
		assert_int_equal(ev.kind, EV_REF_SAMPLES);
		assert_int_equal(ev.samples.n, 1);
		assert_int_equal(ev.samples.s[0].seq, i);
	}
	say(&b, 5, REQ_READ); /* in between */
	do
		ev = next(&b);
	while (ev.kind == EV_REF_SAMPLES);
	assert_int_equal(ev.kind, EV_READING);
	say(&b, 6, REQ_DISARM);
	do
		ev = next(&b);
	while (ev.kind == EV_REF_SAMPLES);
	assert_int_equal(ev.kind, EV_REGISTER);
	assert_int_equal(ev.id, 6);
	expect_silence(&b, 5 * (int64_t)ET_NS_PER_S);

	script.n_sample = 0;
	script.sample[0] = ET_ERR_LOST;
	say(&b, 7, REQ_ARM);
	expect(&b, EV_REGISTER, 7);
	expect_failed(&b, 0, ET_ERR_LOST, "sample, try 0");
	expect_silence(&b, 5 * (int64_t)ET_NS_PER_S);
	say(&b, 8, REQ_DISARM);
	expect(&b, EV_REGISTER, 8);
	end(&b);
	assert_int_equal(script.n_stop, 2);
}

static void stopping_serves_what_was_posted(void **state)
{
	struct event ev;
	struct bench b;

	(void)state;
	begin(&b, TO_SOURCE);
	say(&b, 1, REQ_IDENTIFY);
	say(&b, 2, REQ_OFF);
	instrument_stop(b.in);
	assert_int_equal(queue_get(b.q, &ev, 0), ET_OK);
	assert_int_equal(ev.id, 1);
	assert_int_equal(queue_get(b.q, &ev, 0), ET_OK);
	assert_int_equal(ev.id, 2);
	assert_int_equal(script.n_off, 1);
	queue_free(b.q);
	clk_free(b.c);
}

/* Whoever watches knows when a call of the source's driver should be back; none runs: nothing is promised. */
static void calls_of_the_source_are_announced(void **state)
{
	static const struct {
		enum request_kind kind;
		enum event_kind answer;
		int64_t promised_s;
	} row[] = { { REQ_IDENTIFY, EV_IDENTITY, 3 },
		    { REQ_SET, EV_STATUS, 7 },
		    { REQ_STATUS, EV_STATUS, 3 },
		    { REQ_OFF, EV_STATUS, 5 } };
	struct bench b;

	(void)state;
	begin(&b, TO_SOURCE);
	for (uint32_t i = 0; i < 4; i++) {
		say(&b, i + 1, row[i].kind);
		expect(&b, row[i].answer, i + 1);
		assert_int_equal(script.promised_ns, row[i].promised_s * ET_NS_PER_S);
		assert_int_equal(atomic_load(&call_until_ns), 0);
	}
	end(&b);
}

static void a_missing_facet_is_refused(void **state)
{
	static const struct driver none = { .name = "none" };
	static const struct clk_start start = { .mono_ns = 1 };
	struct clk *c = clk_virtual_new(&start);
	struct port p = { .ops = &no_port_ops, .clk = c };
	const struct instrument_config cfg = {
		.name = "x", .driver = &none, .role = TO_SOURCE, .port = &p, .clk = c
	};
	struct instrument *in = NULL;
	int closed = ports_closed;

	(void)state;
	assert_int_equal(instrument_start(&cfg, &in), ET_ERR_ARG);
	assert_null(in);
	assert_int_equal(ports_closed, closed + 1);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered_once_and_in_order),
		cmocka_unit_test(only_queries_are_repeated),
		cmocka_unit_test(off_is_tried_on_the_bare_link),
		cmocka_unit_test(a_reader_streams_while_armed),
		cmocka_unit_test(a_reference_streams_while_armed),
		cmocka_unit_test(stopping_serves_what_was_posted),
		cmocka_unit_test(calls_of_the_source_are_announced),
		cmocka_unit_test(a_missing_facet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
