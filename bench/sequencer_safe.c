/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer_safe.c - what goes wrong, and the way to the safe state: off, proven off, on record. */
#include "bench/sequencer_private.h"

#include <string.h>

static bool is_safe_state(enum seq_state state)
{
	return state == SEQ_SAFE_OFF || state == SEQ_SAFE_PROVE || state == SEQ_SAFE_STORE;
}

static void keep_fault(struct seq *s, const struct fault *f)
{
	if (s->fault.code == ET_OK && f)
		s->fault = *f;
}

/* ---- ends ---- */
static void go_safe(struct seq *s, enum ee_cause cause, const struct fault *f)
{
	if (s->attempt_open) {
		seq_attempt_note(s, cause, f);
		s->attempt.t_ended_ns = s->now_ns;
	}
	seq_forget_pending(s);
	seq_enter(s, SEQ_SAFE_OFF);
}

void seq_fatal(struct seq *s, enum ee_cause cause, const struct fault *f)
{
	s->bench_fault = true;
	keep_fault(s, f);
	go_safe(s, cause, f);
}

void seq_abort(struct seq *s)
{
	if (is_safe_state(s->state) || s->state == SEQ_FINISHED) {
		s->misplaced++; /* it is on its way already */
		return;
	}
	s->aborted = true;
	go_safe(s, EE_ABORTED, NULL);
}

void seq_void(struct seq *s, enum ee_cause cause, const struct fault *f, enum request_target from)
{
	seq_attempt_note(s, cause, f);
	keep_fault(s, f);
	if (from != TO_STATION)
		s->failed |= SEQ_BIT(from);
	if (s->state == SEQ_DISARMING)
		return;
	seq_forget_pending(s);
	s->attempt.t_ended_ns = s->now_ns;
	seq_enter(s, s->armed ? SEQ_DISARMING : SEQ_STORING);
}

static void record_failed(struct seq *s, const struct fault *f)
{
	s->record_fault = true;
	keep_fault(s, f);
	if (s->state == SEQ_SAFE_STORE)
		seq_safe_store_answer(s, NULL, NULL);
	else if (!is_safe_state(s->state))
		go_safe(s, EE_ABORTED, f);
}

/* ---- failures of instruments ---- */
static enum ee_cause cause_of(enum request_target from, enum request_kind kind, int code)
{
	if (from >= TO_READER)
		return code == ET_ERR_LOST ? EE_READER_LOSS : EE_INSTRUMENT_FAILED;
	if (from == TO_REFERENCE && code == ET_ERR_LOST)
		return kind == REQ_DISARM ? EE_CONSTANT_CHANGED : EE_RANGE_CHANGED;
	if (from == TO_REFERENCE && code == ET_ERR_TIMEOUT && kind == REQ_NONE)
		return EE_REFERENCE_SILENT;
	return EE_INSTRUMENT_FAILED;
}

/* Our own mistake, or nothing that a second attempt would change. */
static bool is_hopeless(int code)
{
	return code == ET_ERR_ARG || code == ET_ERR_STATE || code == ET_ERR_NOMEM;
}

static void off_failed(struct seq *s)
{
	if (s->off_tries < SEQ_OFF_TRIES) {
		s->off_tries++;
		seq_ask(s, REQ_OFF, TO_SOURCE);
		return;
	}
	s->source = SEQ_SOURCE_UNKNOWN;
	seq_enter(s, SEQ_SAFE_PROVE);
}

static void failed_while_safe(struct seq *s, const struct seq_pending *p, const struct fault *f)
{
	keep_fault(s, f);
	s->bench_fault = true;
	if (s->state == SEQ_SAFE_OFF && p->kind == REQ_OFF)
		off_failed(s);
	else if (s->state == SEQ_SAFE_PROVE && p->kind == REQ_READ)
		seq_enter(
			s,
			SEQ_SAFE_STORE); /* nobody to prove it: what the source says is all there is */
	else if (s->state == SEQ_SAFE_STORE)
		seq_safe_store_answer(s, p, NULL);
}

void seq_request_failed(struct seq *s, const struct seq_pending *p, const struct fault *f)
{
	const enum ee_cause cause = cause_of(p->target, p->kind, f->code);

	if (p->target != TO_STATION)
		s->failed |= SEQ_BIT(p->target);
	if (p->kind == REQ_COMMIT) {
		record_failed(s, f);
	} else if (is_safe_state(s->state)) {
		failed_while_safe(s, p, f);
	} else if (s->state == SEQ_DISARMING) {
		seq_void(s, cause, f, p->target);
		seq_disarming_advance(s);
	} else if (s->state == SEQ_PROVE_OFF && p->kind == REQ_IDENTIFY) {
		keep_fault(s, f); /* the reading behind it will tell */
	} else if ((s->state == SEQ_SETTING || s->state == SEQ_CHECKING ||
		    s->state == SEQ_ARMING) &&
		   p->target != TO_SOURCE && !is_hopeless(f->code)) {
		seq_void(s, cause, f, p->target);
	} else {
		seq_fatal(s, cause, f);
	}
}

void seq_stream_failed(struct seq *s, const struct event *ev)
{
	const bool runs =
		s->state == SEQ_ARMING || s->state == SEQ_MEASURING || s->state == SEQ_DISARMING;
	const bool over =
		s->state == SEQ_IDLE || s->state == SEQ_FINISHED || is_safe_state(s->state);

	if (ev->from == TO_SOURCE && !over)
		seq_fatal(s, EE_INSTRUMENT_FAILED, &ev->fault);
	else if ((ev->from == TO_REFERENCE || seq_is_reader(s, ev->from)) && runs)
		seq_void(s, cause_of(ev->from, REQ_NONE, ev->fault.code), &ev->fault, ev->from);
	else
		s->misplaced++;
}

/* ---- what the source says unasked ---- */
static void source_event(struct seq *s, const struct source_status *st)
{
	struct fault f;

	if (st->healthy && st->output != SOURCE_OFF)
		return;
	if (st->output == SOURCE_OFF)
		memset(&s->flowing, 0, sizeof(s->flowing));
	fault_set(&f, ET_ERR_DEVICE, "the source reports by itself: %.63s", st->word);
	seq_void(s, EE_SOURCE_EVENT, &f, TO_STATION);
}

static void source_woke(struct seq *s, const struct source_status *st)
{
	struct fault f;

	if (st->output == SOURCE_OFF)
		return;
	fault_set(&f, ET_ERR_DEVICE, "the source no longer reports off: %.63s", st->word);
	s->source = SEQ_SOURCE_UNKNOWN;
	if (!is_safe_state(s->state)) {
		seq_fatal(s, EE_SOURCE_EVENT, &f);
		return;
	}
	keep_fault(s, &f);
	s->bench_fault = true;
	if (s->off_tries < SEQ_OFF_TRIES_MAX)
		seq_enter(s, SEQ_SAFE_OFF);
}

void seq_source_reported(struct seq *s, const struct event *ev)
{
	if (ev->from != TO_SOURCE) {
		s->misplaced++;
		return;
	}
	switch (s->state) {
	case SEQ_SETTLING:
	case SEQ_CHECKING:
	case SEQ_ARMING:
	case SEQ_MEASURING:
	case SEQ_DISARMING:
		source_event(s, &ev->status);
		break;
	case SEQ_PROVE_OFF:
	case SEQ_PROMPT_MOUNT:
	case SEQ_OPENING:
	case SEQ_CLOSING:
	case SEQ_SAFE_PROVE:
	case SEQ_SAFE_STORE:
		source_woke(s, &ev->status);
		break;
	case SEQ_SETTING: /* before REQ_SET is answered, its answer tells */
		if (s->set_phase > SET_SOURCE)
			source_event(s, &ev->status);
		break;
	case SEQ_IDENTIFY: /* its state is asked for, or set anew, before it matters */
	case SEQ_SWITCHING_OFF:
	case SEQ_STORING:
	case SEQ_RECOVERING:
	case SEQ_SAFE_OFF:
		break;
	case SEQ_IDLE:
	case SEQ_FINISHED:
	case SEQ_STATES:
		s->misplaced++;
	}
}

/* ---- SAFE_OFF ---- */
void seq_safe_off_enter(struct seq *s)
{
	s->source = SEQ_SOURCE_OFF_COMMANDED;
	s->off_tries++;
	seq_ask(s, REQ_OFF, TO_SOURCE);
	if (!s->armed)
		return;
	s->armed = false;
	seq_ask_readers(s, REQ_DISARM);
	seq_ask(s, REQ_DISARM, TO_REFERENCE);
}

/* The raw data of an attempt that was cut short are kept too. */
void seq_safe_disarmed(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	if (!s->attempt_open || p->target != TO_REFERENCE)
		return;
	s->attempt.after = ev->reg;
	s->attempt.has_after = true;
}

void seq_safe_off_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	struct fault f;

	if (p->kind != REQ_OFF)
		return;
	if (ev->status.output == SOURCE_OFF) {
		s->source = SEQ_SOURCE_OFF_REPORTED;
		seq_enter(s, SEQ_SAFE_PROVE);
		return;
	}
	fault_set(&f, ET_ERR_DEVICE, "the source does not report off: %.63s", ev->status.word);
	failed_while_safe(s, p, &f);
}

/* ---- SAFE_PROVE ---- */
void seq_safe_prove_enter(struct seq *s)
{
	seq_forget_pending(s); /* a reading asked for before the last "off" proves nothing */
	if (!(s->known & SEQ_BIT(TO_REFERENCE))) {
		seq_enter(s, SEQ_SAFE_STORE); /* a stranger proves nothing */
		return;
	}
	s->prove_until_ns = seq_after(s->now_ns, s->cfg.prove_s);
	if (s->failed & SEQ_BIT(TO_REFERENCE))
		seq_ask(s, REQ_IDENTIFY, TO_REFERENCE);
	seq_ask(s, REQ_READ, TO_REFERENCE);
}

void seq_safe_prove_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	enum seq_off off;
	struct fault f;

	if (p->kind == REQ_IDENTIFY && !seq_is_who_was(s, p, ev, &f)) {
		keep_fault(s, &f);
		s->bench_fault = true;
		seq_enter(s, SEQ_SAFE_STORE); /* a stranger proves nothing */
		return;
	}
	if (p->kind != REQ_READ)
		return;
	off = seq_reading_off(s, &ev->reading, &f);
	if (off != SEQ_OFF_PROVEN && s->now_ns < s->prove_until_ns) {
		seq_set_timer(s, s->cfg.look_s);
		return;
	}
	seq_note_off(s, off);
	if (off == SEQ_OFF_PROVEN) {
		s->source = SEQ_SOURCE_OFF_PROVEN;
	} else {
		keep_fault(s, &f);
		s->bench_fault = true;
	}
	if (off == SEQ_OFF_REFUTED) {
		s->source = SEQ_SOURCE_UNKNOWN; /* whatever the source says */
		if (s->off_tries < SEQ_OFF_TRIES_MAX) {
			seq_enter(s, SEQ_SAFE_OFF);
			return;
		}
	}
	seq_enter(s, SEQ_SAFE_STORE);
}

void seq_safe_prove_timer(struct seq *s)
{
	seq_ask(s, REQ_READ, TO_REFERENCE);
}

/* ---- SAFE_STORE: first what the instruments still owe, then the record ---- */
void seq_safe_store_enter(struct seq *s)
{
	if (s->off_contradicted)
		s->source =
			SEQ_SOURCE_UNKNOWN; /* its word no longer counts, and nobody proved the contrary */
	seq_forget_pending(s);
	seq_safe_store_answer(s, NULL, NULL);
}

void seq_safe_store_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	(void)p;
	(void)ev;
	if (seq_is_pending(s, SEQ_INSTRUMENTS))
		return;
	if (!s->record_fault) {
		if (s->attempt_open) {
			seq_attempt_end(s);
			seq_commit(s, COMMIT_ATTEMPT);
		}
		seq_commit_source(s);
	}
	if (s->record_fault || !seq_is_pending(s, SEQ_BIT(TO_STATION)))
		seq_enter(s, SEQ_FINISHED);
}
