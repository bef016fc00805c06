/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer_events.c - events in, requests out, deadlines of what is pending. */
#include "bench/sequencer_private.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct state_ops {
	const char *word;
	void (*enter)(struct seq *s);
	/* the request was pending; the event is of the kind that answers it */
	void (*answer)(struct seq *s, const struct seq_pending *p, const struct event *ev);
	void (*timer)(struct seq *s);
} state_ops[SEQ_STATES];

/* ---- requests out ---- */
int64_t seq_after(int64_t t_ns, double s)
{
	return t_ns + (int64_t)llround(s * ET_NS_PER_S);
}

static struct request *emit(struct seq *s, enum request_kind kind, enum request_target target)
{
	struct request *r = &s->out[s->n++];

	assert(s->n <= s->cap);
	memset(r, 0, sizeof(*r));
	if (++s->last_id == 0)
		s->last_id = 1;
	r->id = s->last_id;
	r->kind = kind;
	r->target = target;
	return r;
}

static double deadline_s(const struct seq *s, enum request_kind kind)
{
	const struct seq_timeouts *t = &s->cfg.timeout;

	switch ((int)kind) {
	case REQ_IDENTIFY:
		return t->identify_s;
	case REQ_SET:
		return t->set_s;
	case REQ_OFF:
		return t->off_s;
	case REQ_PREPARE:
		return t->prepare_s;
	case REQ_READ:
		return t->read_s;
	case REQ_ARM:
		return t->arm_s;
	case REQ_DISARM:
		return t->disarm_s;
	case REQ_PROMPT:
		return t->prompt_s;
	default:
		assert(kind == REQ_COMMIT);
		return t->commit_s;
	}
}

/* Requests to one session are answered in turn: the later one has the time of those before it, too. */
static int64_t deadline_ns(const struct seq *s, enum request_kind kind, enum request_target target)
{
	int64_t from_ns = s->busy_ns[target] > s->now_ns ? s->busy_ns[target] : s->now_ns;

	for (int i = 0; i < s->n_pending; i++)
		if (s->pending[i].target == target && s->pending[i].deadline_ns > from_ns)
			from_ns = s->pending[i].deadline_ns;
	return seq_after(from_ns, deadline_s(s, kind));
}

struct request *seq_ask(struct seq *s, enum request_kind kind, enum request_target target)
{
	struct request *r = emit(s, kind, target);

	assert(s->n_pending < SEQ_PENDING_MAX);
	s->pending[s->n_pending] = (struct seq_pending){
		.id = r->id,
		.kind = kind,
		.target = target,
		.deadline_ns = deadline_ns(s, kind, target),
	};
	s->n_pending++;
	return r;
}

void seq_commit(struct seq *s, enum commit_what what)
{
	seq_ask(s, REQ_COMMIT, TO_STATION)->commit = what;
	s->pending[s->n_pending - 1].commit = what;
}

void seq_commit_source(struct seq *s)
{
	if (s->source_on_record == (int)s->source)
		return;
	s->source_on_record = (int)s->source;
	seq_commit(s, COMMIT_SOURCE_STATE);
}

void seq_tell(struct seq *s, enum request_kind kind, int code)
{
	emit(s, kind, TO_STATION)->code = code;
}

void seq_set_timer(struct seq *s, double in_s)
{
	struct request *r = emit(s, REQ_TIMER, TO_STATION);

	r->t_ns = seq_after(s->now_ns, in_s);
	s->timer_id = r->id;
}

bool seq_is_pending(const struct seq *s, unsigned targets)
{
	for (int i = 0; i < s->n_pending; i++)
		if (SEQ_BIT(s->pending[i].target) & targets)
			return true;
	return false;
}

bool seq_is_reader(const struct seq *s, enum request_target target)
{
	return target >= TO_READER && (int)target < TO_READER + s->cfg.n_readers;
}

void seq_ask_readers(struct seq *s, enum request_kind kind)
{
	for (int k = 0; k < s->cfg.n_readers; k++) {
		uint64_t positions = 0;

		for (int i = 0; i < ET_POSITIONS_MAX; i++)
			if (s->cfg.reader_of[i] == k)
				positions |= s->attempt.positions & UINT64_C(1) << i;
		if (positions)
			seq_ask(s, kind, (enum request_target)(TO_READER + k))->positions =
				positions;
	}
}

static void remove_pending(struct seq *s, int i)
{
	s->n_pending--;
	memmove(&s->pending[i], &s->pending[i + 1],
		(size_t)(s->n_pending - i) * sizeof(s->pending[0]));
}

void seq_forget_pending(struct seq *s)
{
	for (int i = s->n_pending - 1; i >= 0; i--) {
		const struct seq_pending *p = &s->pending[i];

		if (p->kind == REQ_COMMIT || p->kind == REQ_DISARM)
			continue;
		if (p->target != TO_STATION && p->deadline_ns > s->busy_ns[p->target])
			s->busy_ns[p->target] = p->deadline_ns;
		remove_pending(s, i);
	}
}

void seq_enter(struct seq *s, enum seq_state state)
{
	s->state = state;
	s->timer_id = 0;
	state_ops[state].enter(s);
}

/* ---- deadlines ---- */
static void arm_guard(struct seq *s)
{
	int64_t first_ns = ET_NEVER_NS;
	struct request *r;

	for (int i = 0; i < s->n_pending; i++)
		if (s->pending[i].deadline_ns < first_ns)
			first_ns = s->pending[i].deadline_ns;
	if (first_ns == ET_NEVER_NS || s->state == SEQ_FINISHED)
		return;
	if (s->guard_id != 0 && s->guard_ns <= first_ns)
		return;
	r = emit(s, REQ_TIMER, TO_STATION);
	r->t_ns = s->guard_ns = first_ns;
	s->guard_id = r->id;
}

const char *seq_target_word(enum request_target target)
{
	static const char *const who[SEQ_TARGETS] = { "station",  "source",   "reference",
						      "reader",	  "reader 2", "reader 3",
						      "reader 4", "reader 5", "reader 6",
						      "reader 7", "reader 8" };

	return who[target];
}

static void expire_one(struct seq *s, int i)
{
	static const char *const what[REQ_KINDS] = {
		[REQ_IDENTIFY] = "identify", [REQ_SET] = "set",	      [REQ_OFF] = "off",
		[REQ_PREPARE] = "prepare",   [REQ_READ] = "read",     [REQ_ARM] = "arm",
		[REQ_DISARM] = "disarm",     [REQ_PROMPT] = "prompt", [REQ_COMMIT] = "commit",
	};
	const struct seq_pending p = s->pending[i];
	struct fault f;

	remove_pending(s, i);
	fault_set(&f, ET_ERR_TIMEOUT, "%s: no answer to '%s' in time", seq_target_word(p.target),
		  what[p.kind]);
	seq_request_failed(s, &p, &f);
}

static void expire(struct seq *s)
{
	s->guard_id = 0;
	for (int i = 0; i < s->n_pending;) {
		if (s->pending[i].deadline_ns <= s->now_ns) {
			expire_one(s, i);
			i = 0; /* what was pending may have changed; the new has later deadlines */
		} else {
			i++;
		}
	}
}

/* ---- events in ---- */
static bool answers(const struct event *ev, const struct seq_pending *p)
{
	if (ev->from != p->target)
		return false;
	switch ((int)p->kind) {
	case REQ_IDENTIFY:
		return ev->kind == EV_IDENTITY;
	case REQ_SET:
	case REQ_OFF:
		return ev->kind == EV_STATUS;
	case REQ_PREPARE:
		return ev->kind == EV_DONE;
	case REQ_READ:
		return ev->kind == EV_READING;
	case REQ_ARM:
	case REQ_DISARM:
		return ev->kind == (p->target == TO_REFERENCE ? EV_REGISTER : EV_DONE);
	case REQ_PROMPT:
		return ev->kind == EV_ANSWER;
	default:
		return ev->kind == EV_COMMITTED;
	}
}

static bool is_safe(const struct seq *s)
{
	return s->state == SEQ_SAFE_OFF || s->state == SEQ_SAFE_PROVE || s->state == SEQ_SAFE_STORE;
}

static void answered(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	if (p->commit == COMMIT_ATTEMPT && is_safe(s)) {
		seq_attempt_stored(s);
		seq_tell(s, REQ_SHOW, 0);
	}
	if (p->kind == REQ_DISARM && is_safe(s))
		seq_safe_disarmed(s, p, ev);
	/* only the last states wait for the source to be on record */
	if (p->commit == COMMIT_SOURCE_STATE && s->state != SEQ_CLOSING &&
	    s->state != SEQ_SAFE_STORE)
		return;
	if (state_ops[s->state].answer)
		state_ops[s->state].answer(s, p, ev);
}

static void take_answer(struct seq *s, const struct event *ev)
{
	for (int i = 0; i < s->n_pending; i++) {
		const struct seq_pending p = s->pending[i];

		if (p.id != ev->id || ev->id == 0)
			continue;
		if (ev->kind == EV_FAILED) {
			remove_pending(s, i);
			seq_request_failed(s, &p, &ev->fault);
		} else if (answers(ev, &p)) {
			remove_pending(s, i);
			answered(s, &p, ev);
		} else {
			s->misplaced++; /* the right answer may still come */
		}
		return;
	}
	s->stale++;
}

static void take_timer(struct seq *s, const struct event *ev)
{
	if (ev->id != 0 && ev->id == s->guard_id) {
		expire(s);
	} else if (ev->id != 0 && ev->id == s->timer_id) {
		s->timer_id = 0;
		state_ops[s->state].timer(s);
	} else {
		s->stale++;
	}
}

static void take_data(struct seq *s, const struct event *ev)
{
	const bool expected =
		ev->kind == EV_REF_SAMPLES ? ev->from == TO_REFERENCE : seq_is_reader(s, ev->from);
	const bool open = s->state == SEQ_ARMING || s->state == SEQ_MEASURING ||
			  s->state == SEQ_DISARMING || (is_safe(s) && s->attempt_open);

	if (!open || !expected || ee_machine_event(s->machine, ev) < 0)
		s->misplaced++;
}

static void dispatch(struct seq *s, const struct event *ev)
{
	switch (ev->kind) {
	case EV_START:
		if (s->state == SEQ_IDLE)
			seq_enter(s, SEQ_IDENTIFY);
		else
			s->misplaced++;
		return;
	case EV_ABORT:
		seq_abort(s);
		return;
	case EV_EDGES:
	case EV_CLOCK_PAIR:
	case EV_REF_SAMPLES:
		take_data(s, ev);
		return;
	case EV_TIMER:
		take_timer(s, ev);
		return;
	case EV_STATUS:
		if (ev->id == 0)
			seq_source_reported(s, ev);
		else
			take_answer(s, ev);
		return;
	case EV_FAILED:
		if (ev->id == 0)
			seq_stream_failed(s, ev);
		else
			take_answer(s, ev);
		return;
	case EV_IDENTITY:
	case EV_READING:
	case EV_REGISTER:
	case EV_DONE:
	case EV_ANSWER:
	case EV_COMMITTED:
		take_answer(s, ev);
		return;
	case EV_NONE:
	case EV_KINDS:
		break; /* seq_step() let none in */
	}
}

static bool is_good_event(const struct event *ev)
{
	if (ev->kind <= EV_NONE || ev->kind >= EV_KINDS || (int)ev->from >= ET_TARGETS)
		return false;
	if (ev->kind == EV_EDGES)
		return ev->edges.n <= EV_EDGES_MAX;
	if (ev->kind == EV_REF_SAMPLES)
		return ev->samples.n <= EV_REF_SAMPLES_MAX;
	return ev->kind != EV_FAILED || ev->fault.code < 0;
}

int seq_step(struct seq *s, const struct event *ev, struct request *out, size_t cap, size_t *n)
{
	if (cap < SEQ_REQUESTS_MAX || !is_good_event(ev))
		return ET_ERR_ARG;
	s->out = out;
	s->cap = cap;
	s->n = 0;
	if (ev->t_ns > s->now_ns)
		s->now_ns = ev->t_ns;
	dispatch(s, ev);
	arm_guard(s);
	*n = s->n;
	s->out = NULL;
	return ET_OK;
}

static void finished_enter(struct seq *s)
{
	seq_tell(s, REQ_FINISH, seq_exit_code(s));
}

static const struct state_ops state_ops[SEQ_STATES] = {
	[SEQ_IDLE] = { "idle", NULL, NULL, NULL },
	[SEQ_IDENTIFY] = { "identify", seq_identify_enter, seq_identify_answer, NULL },
	[SEQ_SWITCHING_OFF] = { "switching_off", seq_switching_off_enter, seq_switching_off_answer,
				NULL },
	[SEQ_PROVE_OFF] = { "prove_off", seq_prove_off_enter, seq_prove_off_answer,
			    seq_prove_off_timer },
	[SEQ_PROMPT_MOUNT] = { "prompt_mount", seq_prompt_enter, seq_prompt_answer, NULL },
	[SEQ_OPENING] = { "opening", seq_opening_enter, seq_opening_answer, NULL },
	[SEQ_SETTING] = { "setting", seq_setting_enter, seq_setting_answer, NULL },
	[SEQ_SETTLING] = { "settling", seq_settling_enter, NULL, seq_settling_timer },
	[SEQ_CHECKING] = { "checking", seq_checking_enter, seq_checking_answer, NULL },
	[SEQ_ARMING] = { "arming", seq_arming_enter, seq_arming_answer, NULL },
	[SEQ_MEASURING] = { "measuring", seq_measuring_enter, NULL, seq_measuring_timer },
	[SEQ_DISARMING] = { "disarming", seq_disarming_enter, seq_disarming_answer, NULL },
	[SEQ_STORING] = { "storing", seq_storing_enter, seq_storing_answer, NULL },
	[SEQ_RECOVERING] = { "recovering", seq_recovering_enter, seq_recovering_answer, NULL },
	[SEQ_CLOSING] = { "closing", seq_closing_enter, seq_closing_answer, NULL },
	[SEQ_SAFE_OFF] = { "safe_off", seq_safe_off_enter, seq_safe_off_answer, NULL },
	[SEQ_SAFE_PROVE] = { "safe_prove", seq_safe_prove_enter, seq_safe_prove_answer,
			     seq_safe_prove_timer },
	[SEQ_SAFE_STORE] = { "safe_store", seq_safe_store_enter, seq_safe_store_answer, NULL },
	[SEQ_FINISHED] = { "finished", finished_enter, NULL, NULL },
};

const char *seq_state_word(enum seq_state state)
{
	return state < SEQ_STATES ? state_ops[state].word : "unknown";
}
