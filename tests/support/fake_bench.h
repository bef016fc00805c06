/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/fake_bench.h - a bench around a sequencer, without threads: it keeps the requests, answers
 * them when the test says so, and watches the rules that hold whatever happens. */
#ifndef TESTS_FAKE_BENCH_H
#define TESTS_FAKE_BENCH_H

#include <stdio.h>
#include <string.h>

#include "bench/sequencer.h"
#ifndef FAKE_BENCH_REAL_EVALUATION
#include "tests/support/fake_evaluation.h"
#endif
#include "tests/support/near.h"

#define SEC INT64_C(1000000000)

enum { FB_OPEN_MAX = 64, FB_STEPS = 2 };

struct fake_bench {
	double reader_resolution_s, reader_u_s; /* declared; 0: nothing */
	double ref_resolution_wh; /* one step of its register; 0: not told */
	struct seq *seq;
	struct seq_config cfg;
	struct seq_step steps[FB_STEPS];
	int64_t now_ns;
	struct request open[FB_OPEN_MAX]; /* not answered yet, oldest first */
	int n_open;
	struct request last[SEQ_REQUESTS_MAX]; /* of the last event */
	size_t n_last;
	uint32_t pulse_seq;
	uint64_t pulsing; /* positions whose sensor is alive */
	uint64_t armed;
	struct setpoint sp; /* what the source gives */
	bool on, stuck_on, mute; /* stuck: off does nothing; mute: ... and it does not say so */
	double volt_factor; /* what the reference reads of it */
	double freq_hz; /* what the reference reads; 0: what is set */
	void (*twist)(struct ref_reading *r); /* what else the reference reads; NULL: nothing */
	struct ref_register after; /* besides the range of L1 */
	double range_after_v; /* of L1, after the measurement */
	char model[32];
	char serial[32]; /* of every instrument */
	/* watched */
	int n_set, n_off, n_show, n_attempts, n_finish, code;
	bool lied; /* the source said off, and was on */
	bool set_after_off, touch_dead_while_on, show_before_commit, ask_after_finish;
	bool attempt_stored;
	char commits[256];
};

static inline void fb_watch(struct fake_bench *b, const struct request *r)
{
	static const char *const commit[] = { "?",	 "opened ", "attempt ",
					      "closed ", "source ", "interrupted " };

	b->ask_after_finish = b->ask_after_finish || b->n_finish > 0;
	if (r->kind == REQ_SET) {
		b->n_set++;
		b->set_after_off = true;
	} else if (r->kind == REQ_OFF) {
		b->n_off++;
		b->set_after_off = false;
	} else if (r->kind == REQ_SHOW) {
		b->n_show++;
		b->show_before_commit = b->show_before_commit || !b->attempt_stored;
		b->attempt_stored = false;
	} else if (r->kind == REQ_PROMPT) {
		b->touch_dead_while_on =
			b->touch_dead_while_on ||
			(r->touch == TOUCH_DEAD && (b->on || b->set_after_off ||
						    seq_source(b->seq) != SEQ_SOURCE_OFF_PROVEN));
	} else if (r->kind == REQ_FINISH) {
		b->n_finish++;
		b->code = r->code;
	} else if (r->kind == REQ_COMMIT && strlen(b->commits) < 200) {
		strcat(b->commits, commit[r->commit]);
	}
	if (r->kind == REQ_COMMIT && r->commit == COMMIT_ATTEMPT)
		b->n_attempts++;
}

static inline void fb_feed(struct fake_bench *b, struct event *ev)
{
	if (ev->t_ns == 0)
		ev->t_ns = b->now_ns;
	assert_int_equal(seq_step(b->seq, ev, b->last, SEQ_REQUESTS_MAX, &b->n_last), ET_OK);
	for (size_t i = 0; i < b->n_last; i++) {
		assert_true(b->last[i].id > 0);
		fb_watch(b, &b->last[i]);
		if (b->last[i].kind == REQ_SHOW || b->last[i].kind == REQ_FINISH)
			continue;
		assert_true(b->n_open < FB_OPEN_MAX);
		b->open[b->n_open++] = b->last[i];
	}
}

static inline void fb_event(struct fake_bench *b, enum event_kind kind, enum request_target from)
{
	struct event ev = { .kind = kind, .from = from };

	fb_feed(b, &ev);
}

static inline struct request fb_take(struct fake_bench *b, int i)
{
	const struct request r = b->open[i];

	b->n_open--;
	memmove(&b->open[i], &b->open[i + 1], (size_t)(b->n_open - i) * sizeof(r));
	return r;
}

/* The youngest that is open. @return -1: none. */
static inline int fb_find(const struct fake_bench *b, enum request_kind kind,
			  enum request_target to)
{
	for (int i = b->n_open - 1; i >= 0; i--)
		if (b->open[i].kind == kind && b->open[i].target == to)
			return i;
	return -1;
}

static inline struct source_status fb_status(const struct fake_bench *b)
{
	struct source_status st = { .t_ns = b->now_ns, .healthy = true, .readback = b->sp };

	st.output = b->on && !(b->stuck_on && b->mute) ? SOURCE_ON : SOURCE_OFF;
	strcpy(st.word, b->on ? "SM on" : "SM off");
	return st;
}

static inline struct ref_reading fb_reading(const struct fake_bench *b)
{
	struct ref_reading r = { .t_before_ns = b->now_ns - 1, .t_after_ns = b->now_ns };

	r.freq_hz = b->freq_hz > 0 ? b->freq_hz : b->sp.freq_hz;
	for (int i = 0; b->on && i < ET_PHASES; i++) {
		r.volt_v[i] = b->sp.ph[i].volt_v * b->volt_factor;
		r.curr_a[i] = b->sp.ph[i].curr_a;
		r.volt_deg[i] = b->sp.ph[i].volt_deg;
		r.curr_deg[i] = b->sp.ph[i].curr_deg;
		r.power_w[i] = r.volt_v[i] * r.curr_a[i]; /* unity power factor */
		r.power_sum_w += r.power_w[i];
	}
	if (b->twist)
		b->twist(&r);
	return r;
}

static inline void fb_answer_ok(struct fake_bench *b, const struct request *r, struct event *ev)
{
	switch ((int)r->kind) {
	case REQ_IDENTIFY:
		ev->kind = EV_IDENTITY;
		strcpy(ev->identity.model, b->model);
		strcpy(ev->identity.serial, b->serial);
		ev->identity.simulated = strncmp(b->serial, "SIM", 3) == 0;
		if (r->target == TO_READER) {
			ev->identity.resolution_s = b->reader_resolution_s;
			ev->identity.u_stamp_s = b->reader_u_s;
		}
		break;
	case REQ_SET:
		b->sp = r->sp;
		b->on = true;
		ev->kind = EV_STATUS;
		ev->status = fb_status(b);
		break;
	case REQ_OFF:
		b->on = b->on && b->stuck_on;
		ev->kind = EV_STATUS;
		ev->status = fb_status(b);
		b->lied = b->lied || (b->on && ev->status.output == SOURCE_OFF);
		break;
	case REQ_READ:
		ev->kind = EV_READING;
		ev->reading = fb_reading(b);
		break;
	case REQ_ARM:
	case REQ_DISARM:
		ev->kind = r->target == TO_REFERENCE ? EV_REGISTER : EV_DONE;
		if (r->target == TO_REFERENCE && r->kind == REQ_DISARM)
			ev->reg = b->after;
		if (r->target == TO_REFERENCE) {
			ev->reg.range_v[0] = r->kind == REQ_ARM ? 300 : b->range_after_v;
			ev->reg.resolution_wh = b->ref_resolution_wh;
		} else {
			b->armed = r->positions;
		}
		break;
	case REQ_PREPARE:
		ev->kind = EV_DONE;
		break;
	case REQ_PROMPT:
		ev->kind = EV_ANSWER;
		ev->answer.yes = true;
		break;
	case REQ_COMMIT:
		ev->kind = EV_COMMITTED;
		if (r->commit == COMMIT_ATTEMPT || r->commit == COMMIT_BATCH_CLOSED)
			b->attempt_stored = true;
		break;
	default:
		assert_int_equal(r->kind, REQ_TIMER);
		ev->kind = EV_TIMER;
		if (r->t_ns > b->now_ns)
			b->now_ns = r->t_ns;
	}
	ev->id = r->id;
	ev->from = r->target;
	ev->t_ns = b->now_ns;
}

static inline void fb_answer_at(struct fake_bench *b, int i)
{
	struct event ev = { 0 };
	struct request r;

	assert_true(i >= 0);
	r = fb_take(b, i);
	fb_answer_ok(b, &r, &ev);
	fb_feed(b, &ev);
}

static inline void fb_answer(struct fake_bench *b, enum request_kind kind, enum request_target to)
{
	fb_answer_at(b, fb_find(b, kind, to));
}

static inline void fb_fail_at(struct fake_bench *b, int i, int code)
{
	struct event ev = { .kind = EV_FAILED };
	struct request r;

	assert_true(i >= 0);
	r = fb_take(b, i);
	ev.id = r.id;
	ev.from = r.target;
	fault_set(&ev.fault, code, "fake");
	fb_feed(b, &ev);
}

static inline void fb_fail(struct fake_bench *b, enum request_kind kind, enum request_target to,
			   int code)
{
	fb_fail_at(b, fb_find(b, kind, to), code);
}

static inline void fb_stream_fails(struct fake_bench *b, enum request_target from, int code)
{
	struct event ev = { .kind = EV_FAILED, .from = from };

	fault_set(&ev.fault, code, "stream of %d", (int)from);
	fb_feed(b, &ev);
}

static inline void fb_source_says(struct fake_bench *b, enum source_output output, bool healthy)
{
	struct event ev = { .kind = EV_STATUS, .from = TO_SOURCE };

	ev.status = (struct source_status){ .output = output, .healthy = healthy, .word = "SM 1" };
	fb_feed(b, &ev);
}

/* The timer that is due first. */
static inline int fb_first_timer(const struct fake_bench *b)
{
	int first = -1;

	for (int i = 0; i < b->n_open; i++)
		if (b->open[i].kind == REQ_TIMER &&
		    (first < 0 || b->open[i].t_ns < b->open[first].t_ns))
			first = i;
	return first;
}

/* What reader and reference send in a second. */
static inline void fb_data(struct fake_bench *b)
{
	struct event edges = { .kind = EV_EDGES, .from = TO_READER };
	struct event pair = { .kind = EV_CLOCK_PAIR, .from = TO_READER };
	struct event samples = { .kind = EV_REF_SAMPLES, .from = TO_REFERENCE };
	const uint64_t positions = b->armed & b->pulsing;

	b->pulse_seq++;
	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		if (positions >> i & 1)
			edges.edges.e[edges.edges.n++] =
				(struct edge){ b->now_ns, b->pulse_seq, (uint16_t)(i + 1), 0 };
	pair.pair = (struct clock_pair){ b->now_ns - 1000, b->now_ns, b->now_ns };
	samples.samples.n = 1;
	samples.samples.s[0] =
		(struct ref_sample){ b->now_ns - 1000, b->now_ns, 1, b->pulse_seq, 0 };
	fb_feed(b, &edges);
	fb_feed(b, &pair);
	fb_feed(b, &samples);
}

/* Whatever is due next, as a bench that works does it. */
static inline void fb_go_on(struct fake_bench *b)
{
	for (int i = 0; i < b->n_open; i++)
		if (b->open[i].kind != REQ_TIMER) {
			fb_answer_at(b, i);
			return;
		}
	if (seq_state(b->seq) == SEQ_MEASURING)
		fb_data(b);
	fb_answer_at(b, fb_first_timer(b));
}

static inline void fb_until(struct fake_bench *b, enum seq_state state)
{
	for (int i = 0; i < 5000 && seq_state(b->seq) != state; i++)
		fb_go_on(b);
	if (seq_state(b->seq) != state)
		print_error("%s, not %s\n", seq_state_word(seq_state(b->seq)),
			    seq_state_word(state));
	assert_int_equal(seq_state(b->seq), state);
}

/* Requests of the last event in short: "off>source commit:attempt timer". */
static inline const char *fb_last(const struct fake_bench *b)
{
	static const char *const kind[REQ_KINDS] = { "none",   "identify", "set",    "off",
						     "status", "prepare",  "read",   "arm",
						     "disarm", "timer",	   "prompt", "commit",
						     "show",   "finish" };
	static const char *const who[] = { "", ">source", ">reference", ">reader" };
	static const char *const what[] = { "",	       ":opened", ":attempt",
					    ":closed", ":source", ":interrupted" };
	static char text[512];

	text[0] = '\0';
	for (size_t i = 0; i < b->n_last; i++) {
		const struct request *r = &b->last[i];
		const size_t len = strlen(text);

		if (r->kind == REQ_TIMER)
			continue;
		snprintf(text + len, sizeof(text) - len, "%s%s%s%s", len ? " " : "", kind[r->kind],
			 who[r->target], what[r->commit]);
	}
	return text;
}

static inline void fb_start(struct fake_bench *b)
{
	assert_int_equal(seq_new(&b->cfg, &b->seq), ET_OK);
	fb_event(b, EV_START, TO_STATION);
}

/* Two steps, 10 A then 1 A at 240 V, positions 1 to 3, one retry. Not started. */
static inline void fb_init(struct fake_bench *b)
{
	memset(b, 0, sizeof(*b));
#ifndef FAKE_BENCH_REAL_EVALUATION
	fake_reset();
#endif
	b->now_ns = 1000 * SEC;
	b->pulsing = UINT64_MAX;
	b->volt_factor = 1;
	b->range_after_v = 300;
	strcpy(b->model, "ONE");
	strcpy(b->serial, "SIM1");
	for (int k = 0; k < FB_STEPS; k++) {
		struct seq_step *st = &b->steps[k];

		snprintf(st->id, sizeof(st->id), "S%d", k);
		st->sp.freq_hz = 60;
		st->sp.ph[0] = (struct phase_setpoint){ 240, 0, k ? 1 : 10, 0 };
		st->settle_s = 5;
		st->cap_s = 60;
		st->window.volt_pct = st->window.curr_pct = st->window.phase_deg =
			st->window.freq_pct = 1;
		for (int i = 0; i < ET_POSITIONS_MAX; i++)
			st->setup[i] = (struct ee_setup){ .kh_wh = 1, .m_num = 1, .m_den = 1 };
	}
	seq_config_init(&b->cfg);
	b->cfg.steps = b->steps;
	b->cfg.n_steps = FB_STEPS;
	b->cfg.positions = 7;
	b->cfg.retries = 1;
	b->cfg.prompts = true;
	b->cfg.simulated = true;
}

#endif
