/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/instrument.c - the worker of an instrument session: requests in order, streams in between. */
#include "drivers/instrument.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/worker.h"

enum { REQUESTS_MAX = 32, TRIES = 3, LISTEN_MAX = 16, CHANNELS_MAX = 64 };
#define SLICE_NS \
	((int64_t)ET_NS_PER_S / 2) /* longest wait of a stream before requests are looked at */
#define REAL_FLUSH_NS ((int64_t)ET_NS_PER_S / 20) /* the kernel's buffer of a real line is small */
#define POST_AGAIN_NS ((int64_t)5000000)

struct instrument {
	struct instrument_config cfg;
	struct worker *worker;
	struct queue *requests;
	uint8_t position_of[CHANNELS_MAX + 1]; /* by channel of a reader; 0: none */
	atomic_bool stopping;

	/* of the worker alone from here on */
	struct driver_inst *inst; /* NULL: not identified, or the link failed */
	bool link_failed;
	bool streaming; /* armed, or for a source: listening */
	int64_t flush_ns, sync_ns, next_flush_ns, next_sync_ns;
	struct fault fault;
	struct event batch; /* edges not yet posted */
};

/* ---- events ---- */

/* The consumer may be busy, but no event may be dropped: wait for room, unless nobody reads any more. */
static void post(struct instrument *in, struct event *ev, enum event_kind kind, uint32_t id)
{
	ev->kind = kind;
	ev->id = id;
	ev->from = (enum request_target)((int)in->cfg.role + in->cfg.index);
	ev->t_ns = clk_now_ns(in->cfg.clk);
	while (queue_put(in->cfg.events, ev) != ET_OK && !atomic_load(&in->stopping))
		clk_sleep_until(in->cfg.clk, clk_now_ns(in->cfg.clk) + POST_AGAIN_NS);
}

static void post_failed(struct instrument *in, uint32_t id, int code)
{
	struct event ev = { .fault = in->fault };

	if (ev.fault.code == ET_OK)
		fault_set(&ev.fault, code, "\"%s\": %s", in->cfg.name, et_err_name(code));
	ev.fault.code = code;
	post(in, &ev, EV_FAILED, id);
}

static void post_edges(struct instrument *in)
{
	if (in->batch.edges.n)
		post(in, &in->batch, EV_EDGES, 0);
	in->batch.edges.n = 0;
	in->next_flush_ns = clk_now_ns(in->cfg.clk) + in->flush_ns;
}

/* ---- calls of the source's driver, which somebody may watch ---- */

static void call_begins(struct instrument *in, double longest_s)
{
	if (in->cfg.call_until_ns)
		atomic_store(in->cfg.call_until_ns,
			     clk_now_ns(in->cfg.clk) + (int64_t)(longest_s * ET_NS_PER_S));
}

static int call_ended(struct instrument *in, int err)
{
	if (in->cfg.call_until_ns)
		atomic_store(in->cfg.call_until_ns, 0);
	return err;
}

static double other_s(const struct instrument *in)
{
	return in->cfg.driver->source ? in->cfg.driver->source->times.other_s : 0;
}

/* ---- the link ---- */

static void drop_instance(struct instrument *in)
{
	in->cfg.driver->close(in->inst);
	in->inst = NULL;
	in->streaming = false;
}

/* After a failure of the link itself nothing that the driver knows holds any more. */
static void note_link(struct instrument *in, int err)
{
	if (err != ET_ERR_IO)
		return;
	in->link_failed = true;
	drop_instance(in);
}

static int open_driver(struct instrument *in, struct instrument_id *id)
{
	struct driver_env env = {
		.name = in->cfg.name,
		.port = in->cfg.port,
		.clk = in->cfg.clk,
		.params = in->cfg.params,
		.n_params = in->cfg.n_params,
		.dir = in->cfg.dir,
		.serial = in->cfg.serial,
		.fault = &in->fault,
	};
	int err;

	if (in->link_failed) {
		call_begins(in, other_s(in));
		err = call_ended(in, port_reopen(in->cfg.port, &in->fault));
		if (err != ET_OK)
			return err;
		in->link_failed = false;
	}
	call_begins(in, other_s(in));
	return call_ended(in, in->cfg.driver->open(&env, &in->inst, id));
}

static int identify(struct instrument *in, struct instrument_id *id)
{
	call_begins(in, other_s(in));
	return call_ended(in, in->cfg.driver->identify(in->inst, id));
}

/* ---- queries, which may be asked again ---- */

union answer {
	struct instrument_id identity;
	struct source_status status;
	struct ref_reading reading;
	struct clock_pair pair;
};
typedef int (*query_fn)(struct instrument *in, union answer *a);

static int query_identity(struct instrument *in, union answer *a)
{
	if (!in->inst)
		return open_driver(in, &a->identity);
	return identify(in, &a->identity);
}

static int query_status(struct instrument *in, union answer *a)
{
	call_begins(in, other_s(in));
	return call_ended(in, in->cfg.driver->source->status(in->inst, &a->status));
}

static int query_reading(struct instrument *in, union answer *a)
{
	return in->cfg.driver->reference->read(in->inst, &a->reading);
}

static int query_pair(struct instrument *in, union answer *a)
{
	return in->cfg.driver->reader->sync(in->inst, &a->pair);
}

/* The text of the first failure stays: it names the question that mattered. */
static int ask(struct instrument *in, query_fn query, union answer *a)
{
	struct fault first;
	struct instrument_id id;
	int err = query(in, a), first_err = err;

	first = in->fault;
	for (int i = 1; i < TRIES && (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO); i++) {
		if (in->inst && identify(in, &id) != ET_OK)
			break;
		err = query(in, a);
	}
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO) {
		in->fault = first;
		err = first_err;
	}
	return err;
}

/* ---- requests ---- */

static bool is_same_identity(const struct instrument_id *a, const struct instrument_id *b)
{
	return !strcmp(a->maker, b->maker) && !strcmp(a->model, b->model) &&
	       !strcmp(a->serial, b->serial) && !strcmp(a->firmware, b->firmware);
}

/* An identity goes into the record, and mostly no checksum guards it: two answers in a row must agree. */
static int ask_identity(struct instrument *in, struct instrument_id *out)
{
	union answer a, b;
	int err = ask(in, query_identity, &a);

	for (int i = 0; i < TRIES && err == ET_OK; i++) {
		err = ask(in, query_identity, &b);
		if (err != ET_OK || is_same_identity(&a.identity, &b.identity)) {
			*out = b.identity;
			return err;
		}
		a = b;
	}
	return err == ET_OK
		       ? fault_set(&in->fault, ET_ERR_PROTO,
				   "\"%s\": answers with another identity each time", in->cfg.name)
		       : err;
}

static int do_identify(struct instrument *in, const struct request *req)
{
	struct event ev = { 0 };
	int err = ask_identity(in, &ev.identity);

	if (err != ET_OK)
		return err;
	if (in->cfg.role == TO_SOURCE)
		in->streaming = true; /* listen between requests */
	if (in->cfg.driver->reader) {
		const struct edge_reader_caps caps = in->cfg.driver->reader->caps(in->inst);

		ev.identity.resolution_s = caps.resolution_s;
		ev.identity.u_stamp_s = caps.u_stamp_s;
	}
	post(in, &ev, EV_IDENTITY, req->id);
	return ET_OK;
}

/* Off must be tried whatever is known of the link. */
static int switch_off(struct instrument *in, struct source_status *out)
{
	const struct source_ops *ops = in->cfg.driver->source;
	int err = ET_ERR_STATE;

	if (in->inst) {
		call_begins(in, ops->times.off_s);
		err = call_ended(in, ops->off(in->inst, out));
	}
	note_link(in, err);
	if (in->inst)
		return err;
	if (in->link_failed) {
		call_begins(in, ops->times.other_s);
		in->link_failed = call_ended(in, port_reopen(in->cfg.port, &in->fault)) != ET_OK;
	}
	call_begins(in, ops->times.off_s);
	err = call_ended(in, ops->off_bare(in->cfg.port, &in->fault));
	if (err != ET_OK)
		return err;
	*out = (struct source_status){
		.t_ns = clk_now_ns(in->cfg.clk),
		.output = SOURCE_OFF,
		.healthy = true,
		.readback.freq_hz = NAN,
	};
	for (int i = 0; i < ET_PHASES; i++)
		out->readback.ph[i] = (struct phase_setpoint){ NAN, NAN, NAN, NAN };
	return ET_OK;
}

static int set(struct instrument *in, const struct setpoint *sp, struct source_status *out)
{
	call_begins(in, in->cfg.driver->source->times.set_s);
	return call_ended(in, in->cfg.driver->source->set(in->inst, sp, out));
}

static int do_source(struct instrument *in, const struct request *req)
{
	union answer a;
	struct event ev = { 0 };
	int err;

	if (req->kind == REQ_OFF)
		err = switch_off(in, &a.status);
	else if (!in->inst)
		return fault_set(&in->fault, ET_ERR_STATE, "\"%s\": not identified", in->cfg.name);
	else if (req->kind == REQ_SET)
		err = set(in, &req->sp, &a.status);
	else
		err = ask(in, query_status, &a);
	if (err != ET_OK)
		return err;
	ev.status = a.status;
	post(in, &ev, EV_STATUS, req->id);
	return ET_OK;
}

static int do_reference(struct instrument *in, const struct request *req)
{
	const struct reference_ops *ops = in->cfg.driver->reference;
	struct event ev = { 0 };
	union answer a;
	int err;

	if (req->kind == REQ_PREPARE) {
		err = ops->prepare(in->inst, &req->sp);
		if (err == ET_OK)
			post(in, &ev, EV_DONE, req->id);
	} else if (req->kind == REQ_READ) {
		err = ask(in, query_reading, &a);
		ev.reading = a.reading;
		if (err == ET_OK)
			post(in, &ev, EV_READING, req->id);
	} else {
		bool arm = req->kind == REQ_ARM;

		in->streaming = false;
		err = arm ? ops->start(in->inst, &ev.reg) : ops->stop(in->inst, &ev.reg);
		in->streaming = arm && err == ET_OK;
		if (err == ET_OK)
			post(in, &ev, EV_REGISTER, req->id);
	}
	return err;
}

static uint64_t channels_of(const struct instrument *in, uint64_t positions)
{
	uint64_t channels = 0;

	for (int c = 1; c <= CHANNELS_MAX; c++)
		if (in->position_of[c] && positions >> (in->position_of[c] - 1) & 1)
			channels |= UINT64_C(1) << (c - 1);
	return channels;
}

static int fetch_edges(struct instrument *in)
{
	struct edge_batch b;
	int err;

	do {
		err = in->cfg.driver->reader->read_edges(in->inst, clk_now_ns(in->cfg.clk), &b);
		if (err != ET_OK)
			return err;
		for (uint16_t i = 0; i < b.n; i++) {
			b.e[i].position = b.e[i].position <= CHANNELS_MAX
						  ? in->position_of[b.e[i].position]
						  : 0;
			in->batch.edges.e[in->batch.edges.n++] = b.e[i];
			if (in->batch.edges.n == EV_EDGES_MAX)
				post_edges(in);
		}
	} while (b.n == EV_EDGES_MAX);
	return ET_OK;
}

static int post_pair(struct instrument *in)
{
	struct event ev = { 0 };
	union answer a;
	int err = ask(in, query_pair, &a);

	if (err != ET_OK)
		return err;
	in->next_sync_ns = clk_now_ns(in->cfg.clk) + in->sync_ns;
	ev.pair = a.pair;
	post(in, &ev, EV_CLOCK_PAIR, 0);
	return ET_OK;
}

static int disarm_reader(struct instrument *in)
{
	int err = in->cfg.driver->reader->disarm(in->inst);

	if (err == ET_OK)
		err = fetch_edges(in);
	if (err != ET_OK)
		return err;
	post_edges(in);
	return post_pair(in);
}

static int do_reader(struct instrument *in, const struct request *req)
{
	struct event ev = { 0 };
	int err;

	if (req->kind == REQ_ARM) {
		in->batch.edges.n = 0;
		err = in->cfg.driver->reader->arm(in->inst, channels_of(in, req->positions));
		in->next_sync_ns = in->next_flush_ns = clk_now_ns(in->cfg.clk);
	} else {
		err = disarm_reader(in);
	}
	in->streaming = req->kind == REQ_ARM && err == ET_OK;
	if (err == ET_OK)
		post(in, &ev, EV_DONE, req->id);
	return err;
}

static bool takes(enum request_target role, enum request_kind kind)
{
	static const unsigned of_role[] = {
		[TO_SOURCE] = 1u << REQ_SET | 1u << REQ_OFF | 1u << REQ_STATUS,
		[TO_REFERENCE] =
			1u << REQ_PREPARE | 1u << REQ_READ | 1u << REQ_ARM | 1u << REQ_DISARM,
		[TO_READER] = 1u << REQ_ARM | 1u << REQ_DISARM,
	};

	return (unsigned)kind < REQ_KINDS && of_role[role] >> kind & 1;
}

static void serve(struct instrument *in, const struct request *req)
{
	int err;

	in->fault = (struct fault){ 0 };
	if (req->kind == REQ_IDENTIFY)
		err = do_identify(in, req);
	else if (!takes(in->cfg.role, req->kind))
		err = fault_set(&in->fault, ET_ERR_ARG, "\"%s\": not a request for this instrument",
				in->cfg.name);
	else if (in->cfg.role == TO_SOURCE)
		err = do_source(in, req);
	else if (!in->inst)
		err = fault_set(&in->fault, ET_ERR_STATE, "\"%s\": not identified", in->cfg.name);
	else if (in->cfg.role == TO_REFERENCE)
		err = do_reference(in, req);
	else
		err = do_reader(in, req);
	if (err != ET_OK)
		post_failed(in, req->id, err);
	note_link(in, err);
}

/* ---- streams ---- */

/* Samples come from ops->sample(), which waits by itself; "none yet" leaves no fault. */
static int stream_reference(struct instrument *in)
{
	struct event ev = { 0 };
	int err = in->cfg.driver->reference->sample(in->inst, clk_now_ns(in->cfg.clk) + SLICE_NS,
						    &ev.samples.s[0]);

	if (err == ET_ERR_TIMEOUT && in->fault.code == ET_OK)
		return ET_OK;
	if (err != ET_OK)
		return err;
	ev.samples.n = 1;
	post(in, &ev, EV_REF_SAMPLES, 0);
	return ET_OK;
}

static int stream_reader(struct instrument *in)
{
	int64_t now_ns = clk_now_ns(in->cfg.clk);
	int err;

	if (now_ns >= in->next_sync_ns) {
		err = post_pair(in);
		if (err != ET_OK)
			return err;
	}
	err = fetch_edges(in);
	if (err == ET_OK && clk_now_ns(in->cfg.clk) >= in->next_flush_ns)
		post_edges(in);
	return err;
}

static int stream_source(struct instrument *in)
{
	int err = ET_OK;

	for (int i = 0; i < LISTEN_MAX && err == ET_OK; i++) {
		struct event ev = { 0 };

		err = in->cfg.driver->source->listen(in->inst, clk_now_ns(in->cfg.clk), &ev.status);
		if (err == ET_OK)
			post(in, &ev, EV_STATUS, 0);
	}
	return err == ET_ERR_TIMEOUT ? ET_OK : err;
}

static void stream(struct instrument *in)
{
	int err = ET_OK;

	in->fault = (struct fault){ 0 };
	switch (in->cfg.role) {
	case TO_SOURCE:
		err = stream_source(in);
		break;
	case TO_REFERENCE:
		err = stream_reference(in);
		break;
	case TO_READER:
		err = stream_reader(in);
		break;
	case TO_STATION:
		break;
	}
	if (err == ET_OK)
		return;
	in->streaming = false;
	post_failed(in, 0, err);
	note_link(in, err);
}

/* When the stream wants to be looked after next, if no request comes. */
static int64_t next_turn_ns(const struct instrument *in)
{
	int64_t now_ns = clk_now_ns(in->cfg.clk), flush_ns = in->next_flush_ns;

	if (!in->streaming)
		return ET_NEVER_NS;
	if (in->cfg.role == TO_REFERENCE)
		return now_ns; /* sample() does the waiting */
	if (in->cfg.role == TO_SOURCE)
		return now_ns + SLICE_NS;
	if (!clk_is_virtual(in->cfg.clk) && flush_ns > now_ns + REAL_FLUSH_NS)
		flush_ns = now_ns + REAL_FLUSH_NS;
	return flush_ns < in->next_sync_ns ? flush_ns : in->next_sync_ns;
}

/* The next request, or ET_ERR_TIMEOUT when the stream's turn has come. Which of the two was first is chance, so a recording
 * keeps it, and a port that replays one knows. */
static int next_request(struct instrument *in, struct request *req)
{
	const bool stopping = atomic_load(&in->stopping);
	int64_t turn_ns = stopping ? INT64_MIN : next_turn_ns(in);
	int64_t then_ns = turn_ns;
	int err;

	switch (in->streaming && !stopping ? port_next(in->cfg.port, &then_ns) : PORT_NEXT_ANY) {
	case PORT_NEXT_STREAM: /* a reference began before that: sample() waits by itself */
		clk_sleep_until(in->cfg.clk, in->cfg.role == TO_REFERENCE ? turn_ns : then_ns);
		return ET_ERR_TIMEOUT;
	case PORT_NEXT_REQUEST:
		turn_ns = then_ns;
		break;
	case PORT_NEXT_ANY:
		break;
	}
	err = queue_get(in->requests, req, turn_ns);
	if (err == ET_OK && req->kind != REQ_NONE)
		port_taken(in->cfg.port);
	return err;
}

static void run(void *arg)
{
	struct instrument *in = arg;
	struct request req;

	for (;;) {
		int err = next_request(in, &req);

		if (err == ET_OK && req.kind != REQ_NONE)
			serve(in, &req);
		else if (atomic_load(&in->stopping))
			return;
		if (err != ET_OK && in->streaming)
			stream(in);
	}
}

/* ---- from outside ---- */

static bool has_facet(const struct instrument_config *cfg)
{
	switch (cfg->role) {
	case TO_SOURCE:
		return cfg->driver->source;
	case TO_REFERENCE:
		return cfg->driver->reference;
	case TO_READER:
		return cfg->driver->reader;
	case TO_STATION:
		break;
	}
	return false;
}

static void map_channels(struct instrument *in)
{
	for (int p = 1; p <= ET_POSITIONS_MAX; p++) {
		const int c = in->cfg.channel_of ? in->cfg.channel_of[p - 1] : p;

		if (c >= 1 && c <= CHANNELS_MAX)
			in->position_of[c] = (uint8_t)p;
	}
}

int instrument_start(const struct instrument_config *cfg, struct instrument **out)
{
	struct instrument *in;
	int err = ET_ERR_NOMEM;

	if (!has_facet(cfg) || cfg->port->kind != cfg->driver->link) {
		port_close(cfg->port);
		return ET_ERR_ARG;
	}
	in = calloc(1, sizeof(*in));
	if (!in)
		goto close_port;
	in->cfg = *cfg;
	map_channels(in);
	in->flush_ns = (int64_t)((cfg->edge_flush_s > 0 ? cfg->edge_flush_s : 0.5) * ET_NS_PER_S);
	in->sync_ns =
		(int64_t)((cfg->sync_interval_s > 0 ? cfg->sync_interval_s : 1) * ET_NS_PER_S);
	atomic_init(&in->stopping, false);
	in->requests = queue_new(cfg->clk, sizeof(struct request), REQUESTS_MAX);
	if (!in->requests)
		goto free_session;
	err = worker_start(cfg->clk, cfg->name, run, in, &in->worker);
	if (err != ET_OK)
		goto free_queue;
	*out = in;
	return ET_OK;
free_queue:
	queue_free(in->requests);
free_session:
	free(in);
close_port:
	port_close(cfg->port);
	return err;
}

int instrument_post(struct instrument *in, const struct request *req)
{
	return queue_put(in->requests, req);
}

void instrument_stop(struct instrument *in)
{
	const struct request wake = { .kind = REQ_NONE };
	int err;

	if (!in)
		return;
	atomic_store(&in->stopping, true);
	err = queue_put(in->requests, &wake);
	(void)err; /* a worker whose queue is full is awake */
	worker_join(in->worker);
	in->cfg.driver->close(in->inst);
	queue_free(in->requests);
	port_close(in->cfg.port);
	free(in);
}
