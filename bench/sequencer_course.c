/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer_course.c - the states of a run in which nothing goes wrong. */
#include "bench/sequencer_private.h"

#include <math.h>
#include <string.h>

/* ---- who is there ---- */
void seq_identify_enter(struct seq *s)
{
	seq_ask(s, REQ_IDENTIFY, TO_SOURCE);
	seq_ask(s, REQ_IDENTIFY, TO_REFERENCE);
	for (int k = 0; k < s->cfg.n_readers; k++)
		seq_ask(s, REQ_IDENTIFY, (enum request_target)(TO_READER + k));
}

void seq_identify_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	const char *who = seq_target_word(p->target);
	struct fault f;

	if (ev->identity.simulated != s->cfg.simulated) {
		fault_set(&f, ET_ERR_DEVICE, "%s: %.31s %.31s, serial number %.31s, is %s", who,
			  ev->identity.maker, ev->identity.model, ev->identity.serial,
			  ev->identity.simulated ? "simulated, this laboratory is not"
						 : "real, this laboratory is simulated");
		seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
		return;
	}
	if (s->cfg.serial[p->target][0] &&
	    strncmp(s->cfg.serial[p->target], ev->identity.serial, sizeof(s->cfg.serial[0])) != 0) {
		fault_set(&f, ET_ERR_DEVICE,
			  "%s: %.31s %.31s answers with serial number %.31s, not %.31s", who,
			  ev->identity.maker, ev->identity.model, ev->identity.serial,
			  s->cfg.serial[p->target]);
		seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
		return;
	}
	s->identity[p->target] = ev->identity;
	s->known |= SEQ_BIT(p->target);
	if (!seq_is_pending(s, SEQ_INSTRUMENTS))
		seq_enter(s, SEQ_SWITCHING_OFF);
}

void seq_recovering_enter(struct seq *s)
{
	for (int t = TO_SOURCE; t < TO_READER + s->cfg.n_readers; t++)
		if (s->failed & SEQ_BIT(t))
			seq_ask(s, REQ_IDENTIFY, (enum request_target)t);
}

bool seq_is_who_was(struct seq *s, const struct seq_pending *p, const struct event *ev,
		    struct fault *f)
{
	const struct instrument_id *was = &s->identity[p->target];

	if (strncmp(was->serial, ev->identity.serial, sizeof(was->serial)) == 0 &&
	    strncmp(was->model, ev->identity.model, sizeof(was->model)) == 0)
		return true;
	s->known &= ~SEQ_BIT(p->target);
	fault_set(f, ET_ERR_DEVICE, "%s: %.31s %.31s answers where %.31s %.31s was",
		  seq_target_word(p->target), ev->identity.model, ev->identity.serial, was->model,
		  was->serial);
	return false;
}

void seq_recovering_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	struct fault f;

	if (!seq_is_who_was(s, p, ev, &f)) {
		seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
		return;
	}
	if (seq_is_pending(s, SEQ_INSTRUMENTS))
		return;
	s->failed = 0;
	seq_enter(s, SEQ_SETTING);
}

/* ---- off, and proven ---- */
void seq_switching_off_enter(struct seq *s)
{
	s->source = SEQ_SOURCE_OFF_COMMANDED;
	seq_ask(s, REQ_OFF, TO_SOURCE);
}

void seq_switching_off_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	struct fault f;

	(void)p;
	if (ev->status.output == SOURCE_OFF) {
		s->source = SEQ_SOURCE_OFF_REPORTED;
		memset(&s->flowing, 0, sizeof(s->flowing));
		s->fits = false;
		seq_enter(s, SEQ_PROVE_OFF);
		return;
	}
	fault_set(&f, ET_ERR_DEVICE, "the source does not report off: %.63s", ev->status.word);
	seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
}

void seq_prove_off_enter(struct seq *s)
{
	s->prove_until_ns = seq_after(s->now_ns, s->cfg.prove_s);
	if (s->failed & SEQ_BIT(TO_REFERENCE)) /* open it anew, or it will not read */
		seq_ask(s, REQ_IDENTIFY, TO_REFERENCE);
	seq_ask(s, REQ_READ, TO_REFERENCE);
}

void seq_prove_off_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	enum seq_off off;
	struct fault f;

	if (p->kind == REQ_IDENTIFY) {
		s->failed &= ~SEQ_BIT(TO_REFERENCE);
		if (!seq_is_who_was(s, p, ev, &f))
			seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
		return;
	}
	off = seq_reading_off(s, &ev->reading, &f);
	if (off != SEQ_OFF_PROVEN && s->now_ns < s->prove_until_ns) {
		seq_set_timer(s, s->cfg.look_s);
		return;
	}
	seq_note_off(s, off);
	if (off != SEQ_OFF_PROVEN) {
		seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
		return;
	}
	s->source = SEQ_SOURCE_OFF_PROVEN;
	seq_commit_source(s);
	if (s->opened)
		seq_enter(s, SEQ_CLOSING);
	else
		seq_enter(s, s->cfg.prompts && s->cfg.first_step < s->cfg.n_steps ? SEQ_PROMPT_MOUNT
										  : SEQ_OPENING);
}

void seq_prove_off_timer(struct seq *s)
{
	seq_ask(s, REQ_READ, TO_REFERENCE);
}

/* ---- people and record ---- */
void seq_prompt_enter(struct seq *s)
{
	struct request *r = seq_ask(s, REQ_PROMPT, TO_STATION);

	r->prompt = SEQ_MOUNT_METERS;
	r->touch = TOUCH_DEAD; /* PROVE_OFF is the only way here */
}

void seq_prompt_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	(void)p;
	if (ev->answer.yes)
		seq_enter(s, SEQ_OPENING);
	else
		seq_abort(s);
}

void seq_opening_enter(struct seq *s)
{
	seq_commit(s, s->cfg.resumed ? COMMIT_INTERRUPTED : COMMIT_BATCH_OPENED);
}

void seq_opening_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	(void)p;
	(void)ev;
	s->opened = true;
	if (s->cfg.first_step == s->cfg.n_steps) { /* all is measured, and off is proven */
		seq_enter(s, SEQ_CLOSING);
		return;
	}
	s->step = s->cfg.first_step;
	s->number = s->cfg.first_attempt;
	s->tries = s->cfg.first_tries;
	s->todo = s->cfg.positions;
	if (s->cfg.first_positions != 0)
		s->todo &= s->cfg.first_positions;
	seq_enter(s, SEQ_SETTING);
}

/* ---- the set-point ---- */
static void add_larger(struct setpoint *a, const struct setpoint *b)
{
	for (int i = 0; i < ET_PHASES; i++) {
		a->ph[i].volt_v = fmax(a->ph[i].volt_v, b->ph[i].volt_v);
		a->ph[i].curr_a = fmax(a->ph[i].curr_a, b->ph[i].curr_a);
	}
}

static bool is_same_size(const struct setpoint *a, const struct setpoint *b)
{
	for (int i = 0; i < ET_PHASES; i++)
		if (a->ph[i].volt_v != b->ph[i].volt_v || a->ph[i].curr_a != b->ph[i].curr_a)
			return false;
	return true;
}

static void set_source(struct seq *s)
{
	s->source = SEQ_SOURCE_ENERGISED;
	seq_commit_source(s);
	seq_ask(s, REQ_SET, TO_SOURCE)->sp = s->attempt.sp;
}

static void set_next(struct seq *s)
{
	struct setpoint wide = s->attempt.sp;

	add_larger(&wide, &s->flowing);
	if (s->set_phase == SET_WIDE && s->fits && is_same_size(&wide, &s->flowing))
		s->set_phase = SET_SOURCE;
	if (s->set_phase == SET_NARROW && s->fits && is_same_size(&s->attempt.sp, &s->flowing))
		s->set_phase = SET_DONE;
	switch (s->set_phase) {
	case SET_WIDE:
		seq_ask(s, REQ_PREPARE, TO_REFERENCE)->sp = wide;
		break;
	case SET_SOURCE:
		set_source(s);
		break;
	case SET_NARROW:
		seq_ask(s, REQ_PREPARE, TO_REFERENCE)->sp = s->attempt.sp;
		break;
	default:
		seq_enter(s, SEQ_SETTLING);
	}
}

void seq_setting_enter(struct seq *s)
{
	struct fault f;

	s->set_phase = SET_WIDE;
	if (seq_attempt_begin(s) < 0) {
		fault_set(&f, ET_ERR_ARG, "step %s: a set-up is out of its range",
			  s->cfg.steps[s->step].id);
		seq_fatal(s, EE_INSTRUMENT_FAILED, &f);
		return;
	}
	set_next(s);
}

void seq_setting_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	struct setpoint wide = s->attempt.sp;
	struct fault f;

	if (p->kind == REQ_SET) {
		s->attempt.status = ev->status;
		if (ev->status.output == SOURCE_OFF || !ev->status.healthy) {
			fault_set(&f, ET_ERR_DEVICE, "the source did not take the set-point: %.63s",
				  ev->status.word);
			seq_fatal(s, EE_SOURCE_EVENT, &f);
			return;
		}
		add_larger(&wide, &s->flowing);
		s->fits = is_same_size(&wide, &s->attempt.sp);
		s->flowing = s->attempt.sp;
	} else {
		s->fits = true;
	}
	s->set_phase++;
	set_next(s);
}

void seq_settling_enter(struct seq *s)
{
	seq_set_timer(s, s->cfg.steps[s->step].settle_s);
}

void seq_settling_timer(struct seq *s)
{
	seq_enter(s, SEQ_CHECKING);
}

void seq_checking_enter(struct seq *s)
{
	seq_ask(s, REQ_READ, TO_REFERENCE);
}

void seq_checking_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	enum ee_cause cause;
	struct fault f;

	(void)p;
	s->attempt.reading[s->attempt.n_readings++] = ev->reading;
	cause = seq_attempt_check(s, &ev->reading, &f);
	if (cause != EE_CAUSE_NONE)
		seq_void(s, cause, &f, TO_STATION);
	else
		seq_enter(s, SEQ_ARMING);
}

/* ---- measuring ---- */
void seq_arming_enter(struct seq *s)
{
	s->armed = true;
	seq_ask_readers(s, REQ_ARM);
	seq_ask(s, REQ_ARM, TO_REFERENCE)->positions = s->attempt.positions;
}

void seq_arming_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	if (p->target == TO_REFERENCE) {
		s->attempt.before = ev->reg;
		s->attempt.has_before = true;
		for (int i = 0; i < ET_POSITIONS_MAX && ev->reg.resolution_wh > 0; i++)
			s->setup[i].ref_resolution_wh = ev->reg.resolution_wh;
	}
	if (!seq_is_pending(s, SEQ_INSTRUMENTS))
		seq_enter(s, SEQ_MEASURING);
}

void seq_measuring_enter(struct seq *s)
{
	s->attempt.t_armed_ns = s->now_ns;
	ee_machine_start(s->machine, s->now_ns);
	seq_set_timer(s, s->cfg.look_s);
}

void seq_measuring_timer(struct seq *s)
{
	if (!ee_machine_look(s->machine, s->now_ns)) {
		seq_set_timer(s, s->cfg.look_s);
		return;
	}
	if (ee_machine_cause(s->machine) != EE_CAUSE_NONE)
		seq_attempt_note(s, ee_machine_cause(s->machine), NULL);
	seq_enter(s, SEQ_DISARMING);
}

void seq_disarming_enter(struct seq *s)
{
	s->armed = false;
	s->attempt.t_ended_ns = s->now_ns;
	seq_ask_readers(s, REQ_DISARM);
	seq_ask(s, REQ_DISARM, TO_REFERENCE);
	seq_ask(s, REQ_READ, TO_REFERENCE);
}

void seq_disarming_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	enum ee_cause cause;
	struct fault f;

	if (p->kind == REQ_DISARM && p->target == TO_REFERENCE) {
		s->attempt.after = ev->reg;
		s->attempt.has_after = true;
	}
	if (p->kind == REQ_READ) {
		s->attempt.reading[s->attempt.n_readings++] = ev->reading;
		cause = seq_attempt_check(s, &ev->reading, &f);
		if (cause != EE_CAUSE_NONE)
			seq_attempt_note(s, cause, &f);
	}
	seq_disarming_advance(s);
}

void seq_disarming_advance(struct seq *s)
{
	if (!seq_is_pending(s, SEQ_INSTRUMENTS))
		seq_enter(s, SEQ_STORING);
}

/* ---- the record, and what comes next ---- */
void seq_storing_enter(struct seq *s)
{
	seq_attempt_end(s);
	if (s->attempt.result == SEQ_RESULT_VOID) {
		s->fits = false; /* whatever it was: choose and confirm the ranges anew */
		s->failed |= seq_suspects(s->attempt.cause);
	}
	seq_commit(s, COMMIT_ATTEMPT);
}

void seq_storing_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	(void)p;
	(void)ev;
	seq_attempt_stored(s);
	seq_tell(s, REQ_SHOW, 0);
	if (s->todo == 0 || s->tries > s->cfg.retries) {
		s->step++;
		s->number = s->tries = 0;
		s->todo = s->cfg.positions;
	}
	if (s->step == s->cfg.n_steps) {
		s->step--;
		s->todo = 0;
		seq_enter(s, SEQ_SWITCHING_OFF);
	} else {
		seq_enter(s, s->failed ? SEQ_RECOVERING : SEQ_SETTING);
	}
}

void seq_closing_enter(struct seq *s)
{
	seq_commit(s, COMMIT_BATCH_CLOSED);
}

void seq_closing_answer(struct seq *s, const struct seq_pending *p, const struct event *ev)
{
	(void)p;
	(void)ev;
	if (seq_is_pending(s, SEQ_BIT(TO_STATION)))
		return;
	seq_tell(s, REQ_SHOW, 0);
	seq_enter(s, SEQ_FINISHED);
}
