/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer_private.h - what the parts of the sequencer share, and nobody else includes.
 *
 *   sequencer.c          life, and what is known
 *   sequencer_events.c   events in, requests out, deadlines; the table of states
 *   sequencer_course.c   the states of an undisturbed run
 *   sequencer_safe.c     what goes wrong, and the way to the safe state
 *   sequencer_attempt.c  data of the attempt, verdicts
 */
#ifndef BENCH_SEQUENCER_PRIVATE_H
#define BENCH_SEQUENCER_PRIVATE_H

#include "bench/sequencer.h"

/* off is asked for twice (the second time the session tries the bare link); more often only if the
 * source or the reference contradicts later */
enum { SEQ_PENDING_MAX = 32, SEQ_OFF_TRIES = 2, SEQ_OFF_TRIES_MAX = 4, SEQ_TARGETS = ET_TARGETS };

/* Phases of SETTING: ranges that hold what flows and what shall flow; the set-point; ranges for it alone. */
enum { SET_WIDE = 0, SET_SOURCE, SET_NARROW, SET_DONE };

#define SEQ_BIT(target) (1U << (target))
#define SEQ_READERS (SEQ_BIT(ET_TARGETS) - SEQ_BIT(TO_READER))
#define SEQ_INSTRUMENTS (SEQ_BIT(TO_SOURCE) | SEQ_BIT(TO_REFERENCE) | SEQ_READERS)

struct seq_pending {
	uint32_t id;
	enum request_kind kind;
	enum request_target target;
	enum commit_what commit;
	int64_t deadline_ns;
};

struct seq {
	struct seq_config cfg;
	enum seq_state state;
	enum seq_source source;
	int64_t now_ns; /* latest time seen in an event */
	uint32_t last_id;
	uint32_t timer_id; /* of the state; 0: none */
	uint32_t guard_id; /* of the deadlines; 0: none */
	int64_t guard_ns;
	struct seq_pending pending[SEQ_PENDING_MAX];
	int n_pending;
	int64_t busy_ns[SEQ_TARGETS]; /* may still be at work on something forgotten */
	/* requests of the event in hand */
	struct request *out;
	size_t cap, n;
	/* course */
	int step, tries; /* tries: attempts of this step in this session */
	int number; /* of the last attempt of this step */
	uint64_t todo; /* positions of this step without an observation that stands */
	bool opened; /* the batch is on record */
	struct setpoint flowing; /* what the source was last set to; zeros: nothing */
	bool fits; /* ranges of the reference are those for .flowing */
	int set_phase;
	int64_t prove_until_ns;
	unsigned known; /* SEQ_BIT()s: identified, and allowed to be here */
	unsigned failed; /* SEQ_BIT()s: identify before the next use */
	struct instrument_id identity[SEQ_TARGETS];
	/* going wrong */
	struct fault fault;
	bool bench_fault, record_fault, aborted;
	bool off_contradicted; /* a reading saw voltage after the source had said off, and none since proved it off */
	int off_tries;
	int source_on_record; /* enum seq_source; -1: nothing yet */
	/* the attempt */
	struct ee_machine *machine;
	struct ee_setup setup[ET_POSITIONS_MAX];
	struct seq_attempt attempt;
	bool has_attempt, attempt_open; /* open: begun, and not yet handed over to the record */
	bool armed; /* reader and reference, or one of them, may be running */
	struct seq_step_result {
		enum ee_verdict verdict[ET_POSITIONS_MAX];
		int attempt[ET_POSITIONS_MAX];
	} * results; /* [n_steps] */
	int64_t stale, misplaced;
};

/* ---- sequencer_events.c ---- */
/** Leave the state (its timer no longer counts) and enter another. */
void seq_enter(struct seq *s, enum seq_state state);
/** Ask, with the deadline of its kind. The request may be completed until the next call. */
struct request *seq_ask(struct seq *s, enum request_kind kind, enum request_target target);
void seq_commit(struct seq *s, enum commit_what what);
void seq_tell(struct seq *s, enum request_kind kind,
	      int code); /* REQ_SHOW, REQ_FINISH: no answer */
void seq_set_timer(struct seq *s, double in_s);
bool seq_is_pending(const struct seq *s, unsigned targets); /* SEQ_BIT()s */
bool seq_is_reader(const struct seq *s, enum request_target target);
/** REQ_ARM or REQ_DISARM to every reader that has positions in this attempt. */
void seq_ask_readers(struct seq *s, enum request_kind kind);
/** Their answers become stale. All but commits and disarming. */
void seq_forget_pending(struct seq *s);
void seq_commit_source(struct seq *s); /* if it is not on record as it is now */
int64_t seq_after(int64_t t_ns, double s);
const char *seq_target_word(enum request_target target); /* "reference", in words of faults */

/* ---- sequencer_course.c: one of each per state, see sequencer_events.c ---- */
void seq_identify_enter(struct seq *s);
void seq_identify_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
/** Is it the instrument that answered before? If not, in words; it is no longer known then. */
bool seq_is_who_was(struct seq *s, const struct seq_pending *p, const struct event *ev,
		    struct fault *f);
void seq_recovering_enter(struct seq *s);
void seq_recovering_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_switching_off_enter(struct seq *s);
void seq_switching_off_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_prove_off_enter(struct seq *s);
void seq_prove_off_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_prove_off_timer(struct seq *s);
void seq_prompt_enter(struct seq *s);
void seq_prompt_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_opening_enter(struct seq *s);
void seq_opening_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_setting_enter(struct seq *s);
void seq_setting_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_settling_enter(struct seq *s);
void seq_settling_timer(struct seq *s);
void seq_checking_enter(struct seq *s);
void seq_checking_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_arming_enter(struct seq *s);
void seq_arming_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_measuring_enter(struct seq *s);
void seq_measuring_timer(struct seq *s);
void seq_disarming_enter(struct seq *s);
void seq_disarming_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_disarming_advance(struct seq *s);
void seq_storing_enter(struct seq *s);
void seq_storing_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_closing_enter(struct seq *s);
void seq_closing_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);

/* ---- sequencer_safe.c ---- */
/** End the run in the safe state; the first failure is kept. */
void seq_fatal(struct seq *s, enum ee_cause cause, const struct fault *f);
/** End the attempt as void and go on; @p from must be identified anew (TO_STATION: nobody). */
void seq_void(struct seq *s, enum ee_cause cause, const struct fault *f, enum request_target from);
void seq_abort(struct seq *s); /* a person or a signal */
void seq_request_failed(struct seq *s, const struct seq_pending *p, const struct fault *f);
void seq_stream_failed(struct seq *s, const struct event *ev);
void seq_source_reported(struct seq *s, const struct event *ev); /* unasked */
void seq_safe_off_enter(struct seq *s);
void seq_safe_off_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_safe_prove_enter(struct seq *s);
void seq_safe_prove_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_safe_prove_timer(struct seq *s);
void seq_safe_store_enter(struct seq *s);
void seq_safe_disarmed(struct seq *s, const struct seq_pending *p, const struct event *ev);
void seq_safe_store_answer(struct seq *s, const struct seq_pending *p, const struct event *ev);

/* ---- sequencer_attempt.c ---- */
/** A new attempt of the current step for .todo. @return as ee_machine_plan(). */
int seq_attempt_begin(struct seq *s) ET_CHECK;
/** First cause and words win. */
void seq_attempt_note(struct seq *s, enum ee_cause cause, const struct fault *f);
/** Evaluate and judge: from now on it does not change. */
void seq_attempt_end(struct seq *s);
/** Instruments (SEQ_BIT()s) that a common cause points to; readers that the bench has not, too. */
unsigned seq_suspects(enum ee_cause cause);
/** It is on record: its verdicts count. */
void seq_attempt_stored(struct seq *s);
/** @return EE_CAUSE_NONE, or why the reading is not that of the set-point, in words. Fills the power of the setups. */
enum ee_cause seq_attempt_check(struct seq *s, const struct ref_reading *r, struct fault *f);
enum seq_off { SEQ_OFF_PROVEN = 0, SEQ_OFF_NOT_SEEN, SEQ_OFF_REFUTED };
/** Does the reading prove that nothing is on? NOT_SEEN: it cannot tell. */
enum seq_off seq_reading_off(const struct seq *s, const struct ref_reading *r, struct fault *f);
/** The last reading after an "off", when voltage had its time to go: does it contradict what the source reported? */
void seq_note_off(struct seq *s, enum seq_off off);

#endif
