/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer.h - the course of a run, pure: (state, event) -> (state, requests).
 *
 * No I/O, no clock, no text, no allocation after seq_new(). One thread. The station posts every request
 * in the order given, and feeds back every event in the order it came; EV_START is the first.
 *
 *   IDLE > IDENTIFY > SWITCHING_OFF > PROVE_OFF > PROMPT > OPENING
 *     > { SETTING > SETTLING > CHECKING > ARMING > MEASURING > DISARMING > STORING [> RECOVERING] } per attempt
 *     > SWITCHING_OFF > PROVE_OFF > CLOSING > FINISHED
 *   from anywhere: SAFE_OFF > SAFE_PROVE > SAFE_STORE > FINISHED
 *
 * Ranges are never too small for what flows: up to a larger load the reference is prepared before the
 * source is set, down to a smaller one after it.
 *
 * What is void because an instrument failed is repeated after that instrument was identified anew;
 * whatever the source fails to do ends the run in the safe state. */
#ifndef BENCH_SEQUENCER_H
#define BENCH_SEQUENCER_H

#include "base/quantities.h"
#include "procedures/energy_error.h"

struct seq;

enum { SEQ_ID_MAX = 32, SEQ_REQUESTS_MAX = 32, SEQ_READINGS_MAX = 2 };

enum seq_state {
	SEQ_IDLE = 0,
	SEQ_IDENTIFY,
	SEQ_SWITCHING_OFF,
	SEQ_PROVE_OFF,
	SEQ_PROMPT_MOUNT,
	SEQ_OPENING,
	SEQ_SETTING,
	SEQ_SETTLING,
	SEQ_CHECKING,
	SEQ_ARMING,
	SEQ_MEASURING,
	SEQ_DISARMING,
	SEQ_STORING,
	SEQ_RECOVERING,
	SEQ_CLOSING,
	SEQ_SAFE_OFF,
	SEQ_SAFE_PROVE,
	SEQ_SAFE_STORE,
	SEQ_FINISHED,
	SEQ_STATES
};
const char *seq_state_word(enum seq_state state); /* "measuring" ... */

/* What is known of the source. Only off_proven lets a person touch. */
enum seq_source {
	SEQ_SOURCE_UNKNOWN = 0,
	SEQ_SOURCE_ENERGISED,
	SEQ_SOURCE_OFF_COMMANDED,
	SEQ_SOURCE_OFF_REPORTED,
	SEQ_SOURCE_OFF_PROVEN
};
const char *seq_source_word(enum seq_source source); /* as in "source.state" of docs/json.md */

enum seq_prompt { SEQ_MOUNT_METERS = 1 }; /* request.prompt; touch dead; "no" ends the run */
enum seq_exit {
	SEQ_EXIT_CONFORMING = 0,
	SEQ_EXIT_FINDINGS = 1,
	SEQ_EXIT_BENCH = 3,
	SEQ_EXIT_RECORD = 4,
	SEQ_EXIT_NOT_OFF = 6
}; /* .code of REQ_FINISH */

/* ---- configuration ---- */
struct seq_window {
	double volt_pct, curr_pct, phase_deg, freq_pct;
}; /* +-, > 0; NAN: not checked */

struct seq_step {
	char id[SEQ_ID_MAX]; /* of the plan's step */
	struct setpoint sp;
	double settle_s, cap_s;
	struct seq_window window;
	/* position n at n-1; .ref_power_w is filled from the reading, .cap_s is that of the step */
	struct ee_setup setup[ET_POSITIONS_MAX];
};

struct seq_timeouts { /* from request to answer, s; > 0, finite */
	double identify_s, off_s, set_s, prepare_s, read_s, arm_s, disarm_s, commit_s, prompt_s;
};

struct seq_config {
	const struct seq_step *steps; /* borrowed: outlive the sequencer */
	int n_steps; /* >= 1 */
	uint64_t positions; /* with a meter to be measured: bit n-1 = position n; not 0 */
	int retries; /* attempts after the first, per step; 0..9 */
	bool prompts; /* ask for the meters to be mounted */
	bool simulated; /* every instrument must answer as simulated; false: none may */
	/* readers are TO_READER .. TO_READER + n_readers-1, and each sees some of the positions */
	int n_readers; /* 1..ET_READERS_MAX */
	uint8_t reader_of[ET_POSITIONS_MAX]; /* position n at n-1: 0 .. n_readers-1 */
	char serial[ET_TARGETS]
		   [32]; /* by enum request_target: the serial number that must answer; "": any */
	/* resume; all zero: from the beginning */
	bool resumed; /* OPENING commits COMMIT_INTERRUPTED instead of COMMIT_BATCH_OPENED */
	int first_step; /* 0..n_steps-1; resumed: n_steps when there is only to prove off and to close */
	int first_attempt; /* attempts of first_step that are on record */
	int first_tries; /* those of them that used up a try: all but aborted ones */
	uint64_t first_positions; /* still to be measured in first_step; 0: all */
	enum ee_verdict prior[ET_POSITIONS_MAX]; /* all that stands already; EE_NOT_RUN: nothing */
	/* times */
	struct seq_timeouts timeout; /* longer than a session may need, repeated queries included */
	double look_s; /* between two looks, and between two readings that shall prove off; >= 1 */
	double prove_s; /* longest wait from "off" to a reading that proves it */
	double ref_silence_s, reader_silence_s; /* see struct ee_plan */
	double off_volt_v, off_curr_a; /* a reference that reads less proves off */
};

/** Times and thresholds of an ordinary bench, one reader; everything else zero. */
void seq_config_init(struct seq_config *cfg);

/** @param cfg Copied, except steps. @return ET_OK, ET_ERR_ARG (a value out of its range), ET_ERR_NOMEM.
 * @param out Freed with seq_free(); untouched on failure. */
int seq_new(const struct seq_config *cfg, struct seq **out) ET_CHECK;
void seq_free(struct seq *s); /* NULL is allowed */

/** One event in, requests out.
 * @param cap  At least SEQ_REQUESTS_MAX.
 * @return ET_OK (also for an event that has no place: ignored and counted), ET_ERR_ARG: @p cap, or an event of
 * no kind or with a count out of its range; nothing happened. */
int seq_step(struct seq *s, const struct event *ev, struct request *out, size_t cap,
	     size_t *n) ET_CHECK;

/* ---- what is known; true for the requests just returned, until the next seq_step() ---- */
enum seq_state seq_state(const struct seq *s);
enum seq_source seq_source(const struct seq *s);
/** Another instrument read voltage after the source had said off, and nothing since proved the contrary. */
bool seq_off_contradicted(const struct seq *s);
int seq_current_step(const struct seq *s); /* 0..n_steps-1 */
int64_t seq_stale(const struct seq *s); /* answers to requests no longer pending */
int64_t seq_misplaced(const struct seq *s); /* events without a place in their state */

/** First failure that ended or disturbed the run; .code ET_OK: none. */
const struct fault *seq_fault(const struct seq *s);
int seq_exit_code(const struct seq *s); /* of REQ_FINISH; before it: as if it came now */

/** As it answered; all empty before. @param from TO_SOURCE, TO_REFERENCE or TO_READER + n. */
const struct instrument_id *seq_identity(const struct seq *s, enum request_target from);

/* ---- the attempt: does not change between REQ_COMMIT COMMIT_ATTEMPT and its answer ---- */
enum seq_result { SEQ_RESULT_NONE = 0, SEQ_RESULT_DONE, SEQ_RESULT_VOID, SEQ_RESULT_ABORTED };
const char *
seq_result_word(enum seq_result result); /* "done", "void", "aborted"; "none" while it runs */

struct seq_observation { /* one position in this attempt */
	/* EE_VOID, EE_ABORTED_RUN with the attempt's cause when that is so; else its own, as struct ee_position */
	enum ee_verdict verdict;
	enum ee_cause cause;
	struct ee_setup setup; /* as evaluated */
	struct ee_observation obs;
};

struct seq_attempt {
	int step; /* 0..n_steps-1 */
	int number; /* 1.. of this step, those on record included */
	uint64_t positions; /* measured in this attempt */
	enum seq_result result;
	enum ee_cause cause; /* common cause; EE_CAUSE_NONE when done */
	struct fault fault; /* words to it; .code ET_OK: none */
	/* t_armed_ns: ET_NEVER_NS if never armed; t_ended_ns: of the last look, .t_now_ns of every evaluation */
	int64_t t_started_ns, t_armed_ns, t_ended_ns;
	struct setpoint sp;
	struct source_status status; /* what the source said after it was set; .t_ns 0: nothing */
	struct ref_reading reading[SEQ_READINGS_MAX]; /* before arming, after disarming */
	int n_readings;
	bool has_before, has_after;
	struct ref_register before, after;
	struct ee_raw_all raw;
	struct seq_observation pos[ET_POSITIONS_MAX]; /* position n at n-1; only .positions */
};
/** The current attempt, or the last one. NULL: none yet. */
const struct seq_attempt *seq_attempt(const struct seq *s);

/** Verdict of the meter at @p position over all steps, and of one step: the worst of nonconforming, aborted, not run
 * (a step is missing), void, inconclusive, conforming. Only what was committed counts. */
enum ee_verdict seq_verdict(const struct seq *s, int position);
enum ee_verdict seq_step_verdict(const struct seq *s, int step, int position);
/** Number of the attempt in which that verdict was found; 0: none in this session. */
int seq_step_attempt(const struct seq *s, int step, int position);

struct seq_progress { /* for a live line: figures, never a verdict */
	bool measured; /* in this attempt */
	bool stopped; /* needs no more pulses */
	int64_t n_pulses;
	enum ee_cause cause; /* as of the last look */
	double err_pct, U_pct; /* NAN: not yet */
	double remaining_s; /* at least; NAN: not known */
};
struct seq_progress seq_progress(const struct seq *s, int position);

#endif
