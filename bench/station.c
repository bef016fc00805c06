/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/station.h"

#include <string.h>

enum { TIMERS_MAX = 64, LATER_MAX = 16, COMMITS_MAX = 4 };
#define SIGNAL_POLL_NS (200 * INT64_C(1000000)) /* real clock: how soon a signal is noticed */

struct timer {
	uint32_t id;
	int64_t t_ns;
};
struct commit {
	struct job job;
	enum commit_what what;
	bool out; /* the recorder has it */
};
struct station {
	const struct station_config *cfg;
	struct timer timers[TIMERS_MAX];
	size_t n_timers;
	struct event later[LATER_MAX]; /* answers that the station itself gives */
	size_t n_later;
	struct commit commits[COMMITS_MAX];
	struct commit *last_commit; /* the last that was answered */
	struct prompter *prompter; /* NULL: nothing was asked yet */
	bool signalled, finished;
	int code;
	enum seq_state last_state;
};

static void notify(struct station *s, enum station_notice_kind kind, enum commit_what commit,
		   const char *new_id)
{
	const struct station_notice n = { kind, s->cfg->seq, commit, new_id };

	if (s->cfg->notice)
		s->cfg->notice(s->cfg->arg, &n);
}

static void answer_later(struct station *s, enum event_kind kind, uint32_t id, const char *why)
{
	struct event ev = {
		.kind = kind, .id = id, .from = TO_STATION, .t_ns = clk_now_ns(s->cfg->clk)
	};

	if (kind == EV_FAILED)
		(void)fault_set(&ev.fault, ET_ERR_RECORD, "%s", why);
	if (s->n_later < LATER_MAX)
		s->later[s->n_later++] = ev;
}

/* ---- requests ---- */

static void start_timer(struct station *s, const struct request *r)
{
	if (s->n_timers < TIMERS_MAX)
		s->timers[s->n_timers++] = (struct timer){ r->id, r->t_ns };
}

static void commit(struct station *s, const struct request *r)
{
	struct commit *c = s->commits;

	while (c < s->commits + COMMITS_MAX && (c->out || c == s->last_commit))
		c++;
	if (c == s->commits + COMMITS_MAX) {
		answer_later(s, EV_FAILED, r->id, "record: the database does not answer");
		return;
	}
	job_clear(&c->job);
	c->job.id = r->id;
	c->what = r->commit;
	if (s->cfg->record(s->cfg->arg, r->commit, &c->job) != ET_OK) {
		answer_later(s, EV_FAILED, r->id, "record: the entry could not be made");
		return;
	}
	notify(s, NOTICE_COMMITTING, r->commit, NULL);
	c->out = recorder_post(s->cfg->recorder, &c->job) == ET_OK;
	if (!c->out)
		answer_later(s, EV_FAILED, r->id, "record: the database does not answer");
}

static void take_commit_answer(struct station *s, const struct event *ev)
{
	for (struct commit *c = s->commits; c < s->commits + COMMITS_MAX; c++)
		if (c->out && c->job.id == ev->id) {
			c->out = false;
			s->last_commit = c;
			if (ev->kind == EV_COMMITTED)
				notify(s, NOTICE_COMMITTED, c->what, c->job.new_id);
		}
}

static void prompt(struct station *s, const struct request *r)
{
	if (!s->prompter)
		s->prompter = prompter_new(s->cfg->clk, s->cfg->events, s->cfg->ask, s->cfg->arg);
	if (!s->prompter || prompter_ask(s->prompter, r) != ET_OK)
		answer_later(s, EV_FAILED, r->id, "nobody can be asked: out of memory");
}

static void to_instrument(struct station *s, const struct request *r)
{
	if (instrument_post(s->cfg->instruments[r->target], r) != ET_OK)
		answer_later(s, EV_FAILED, r->id, "the instrument's session is stuck");
}

static void carry_out(struct station *s, const struct request *r)
{
	if (r->target != TO_STATION) {
		to_instrument(s, r);
	} else if (r->kind == REQ_TIMER) {
		start_timer(s, r);
	} else if (r->kind == REQ_COMMIT) {
		commit(s, r);
	} else if (r->kind == REQ_PROMPT) {
		prompt(s, r);
	} else if (r->kind == REQ_SHOW) {
		notify(s, NOTICE_SHOW, s->last_commit ? s->last_commit->what : COMMIT_NONE,
		       s->last_commit ? s->last_commit->job.new_id : NULL);
	} else if (r->kind == REQ_FINISH) {
		s->finished = true;
		s->code = r->code;
	}
}

/* ---- events ---- */

static void feed(struct station *s, const struct event *ev)
{
	struct request out[SEQ_REQUESTS_MAX];
	size_t n = 0;

	if (ev->from == TO_STATION && (ev->kind == EV_COMMITTED || ev->kind == EV_FAILED))
		take_commit_answer(s, ev);
	if (seq_step(s->cfg->seq, ev, out, SEQ_REQUESTS_MAX, &n) != ET_OK)
		return; /* an event out of its range: counted by nobody, changes nothing */
	if (seq_state(s->cfg->seq) != s->last_state) {
		s->last_state = seq_state(s->cfg->seq);
		notify(s, NOTICE_STATE, COMMIT_NONE, NULL);
	}
	for (size_t i = 0; i < n; i++)
		carry_out(s, &out[i]);
	if (ev->kind == EV_TIMER && s->last_state == SEQ_MEASURING)
		notify(s, NOTICE_LOOK, COMMIT_NONE, NULL);
}

static bool take_later(struct station *s, struct event *ev)
{
	if (!s->n_later)
		return false;
	*ev = s->later[0];
	memmove(s->later, s->later + 1, --s->n_later * sizeof(s->later[0]));
	return true;
}

static bool take_signal(struct station *s, struct event *ev)
{
	if (s->signalled || !s->cfg->stop_signal || !*s->cfg->stop_signal)
		return false;
	s->signalled = true;
	*ev = (struct event){ .kind = EV_ABORT,
			      .t_ns = clk_now_ns(s->cfg->clk),
			      .signal = *s->cfg->stop_signal };
	return true;
}

/* The timer that is due first; ties in the order of their requests. */
static size_t first_timer(const struct station *s)
{
	size_t first = 0;

	for (size_t i = 1; i < s->n_timers; i++)
		if (s->timers[i].t_ns < s->timers[first].t_ns)
			first = i;
	return first;
}

static void take_timer(struct station *s, size_t i, struct event *ev)
{
	*ev = (struct event){ .kind = EV_TIMER,
			      .id = s->timers[i].id,
			      .t_ns = clk_now_ns(s->cfg->clk) };
	memmove(&s->timers[i], &s->timers[i + 1], (--s->n_timers - i) * sizeof(s->timers[0]));
}

/* @param deadline  Not later than this. */
static bool next_event(struct station *s, int64_t deadline, struct event *ev)
{
	size_t first = 0;

	/* the run begins before it is ended */
	if ((s->last_state != SEQ_IDLE && take_signal(s, ev)) || take_later(s, ev))
		return true;
	if (s->n_timers) {
		first = first_timer(s);
		if (s->timers[first].t_ns < deadline)
			deadline = s->timers[first].t_ns;
	}
	if (!clk_is_virtual(s->cfg->clk) && deadline - clk_now_ns(s->cfg->clk) > SIGNAL_POLL_NS)
		deadline = clk_now_ns(s->cfg->clk) + SIGNAL_POLL_NS;
	if (queue_get(s->cfg->events, ev, deadline) == ET_OK) {
		const struct event came = *ev;

		if (s->n_later < LATER_MAX && take_signal(s, ev)) /* it goes first */
			s->later[s->n_later++] = came;
		return true;
	}
	if (s->n_timers && s->timers[first].t_ns <= clk_now_ns(s->cfg->clk)) {
		take_timer(s, first, ev);
		return true;
	}
	return false;
}

/* A replay that goes on after the end of its recording has nobody to talk to. */
static bool next_as_recorded(struct station *s, struct event *ev)
{
	struct follow *f = s->cfg->follow;
	int64_t until_ns = 0;

	switch (follow_turn(f, clk_now_ns(s->cfg->clk), ev, &until_ns)) {
	case FOLLOW_TAKE:
		return true;
	case FOLLOW_OVER:
		s->finished = true;
		s->code = SEQ_EXIT_BENCH;
		return false;
	case FOLLOW_WAIT:
		break;
	}
	if (next_event(s, until_ns, ev) && follow_offer(f, clk_now_ns(s->cfg->clk), ev) != ET_OK) {
		s->finished = true;
		s->code = SEQ_EXIT_BENCH;
	}
	return false;
}

int station_run(const struct station_config *cfg)
{
	struct station s = { .cfg = cfg, .last_state = SEQ_IDLE };
	struct event ev;

	s.later[s.n_later++] = (struct event){ .kind = EV_START, .t_ns = clk_now_ns(cfg->clk) };
	while (!s.finished) {
		guard_beat(cfg->guard, clk_now_ns(cfg->clk), cfg->seq);
		if (!(cfg->follow ? next_as_recorded(&s, &ev) : next_event(&s, ET_NEVER_NS, &ev)))
			continue;
		if (cfg->taken)
			cfg->taken(cfg->arg, &ev);
		feed(&s, &ev);
	}
	guard_beat(cfg->guard, clk_now_ns(cfg->clk), cfg->seq);
	if (cfg->guard) /* from here on the record may take any time */
		atomic_store(&cfg->guard->phase, GUARD_OVER);
	prompter_free(s.prompter);
	notify(&s, NOTICE_FINISHED, COMMIT_NONE, NULL);
	recorder_stop(
		cfg->recorder); /* a job that was never answered is still its own until then */
	for (int i = 0; i < COMMITS_MAX; i++)
		job_clear(&s.commits[i].job);
	return s.code;
}
