/* SPDX-License-Identifier: Apache-2.0 */
/* bench/run.h - one batch on one bench, from what the files say to verdicts on record. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/apparatus.h"
#include "bench/bench_file.h"
#include "bench/station.h"
#include "procedures/approval.h"
#include "procedures/batch.h"
#include "procedures/plan.h"
#include "simulator/simulator.h"

enum { RUN_STEPS_MAX = 32, RUN_FINDINGS_MAX = 16 };

struct replay;

struct run_meter { /* one position of the batch */
	const struct meter_card *card; /* NULL: no meter here */
	bool measured;
	struct approval_finding findings[RUN_FINDINGS_MAX];
	int n_findings;
};

struct run_reader { /* an edge reader that sees at least one meter of the batch */
	const struct bench_instrument *instrument;
	const struct apparatus *apparatus;
	uint8_t channel_of[ET_POSITIONS_MAX]; /* position n at n-1; 0: it does not see it */
};

struct run_input { /* all borrowed, but .source_port; they outlive the run */
	struct db *db; /* NULL: nothing is stored (simulated campaigns) */
	const char *operator_id, *command;
	const struct plan *plan;
	const struct approval *approval; /* of the batch's set-up */
	const struct batch *batch;
	const struct bench_file *bench;
	const char *lab_dir; /* for files of drivers; NULL: none */
	const struct apparatus *reference;
	struct run_reader readers[ET_READERS_MAX]; /* in the order of the bench */
	int n_readers;
	struct run_meter meters[ET_POSITIONS_MAX]; /* position n at n-1 */
	bool simulated; /* the laboratory is: every instrument must answer as simulated; false: none may */
	struct clk *clk;
	/* on a virtual clock */
	struct sim *sim; /* its instruments are the bench; NULL: the ports of bench.yaml */
	uint64_t seed;
	const char *scenario; /* its name, for the record */
	/* on the real clock */
	struct port
		*source_port; /* open already, owned by the run from now on; NULL: opened here */
	/* recording and replay: docs/replay.md */
	const char *record_dir; /* a folder to be made; NULL: nothing is recorded */
	struct replay *
		replay; /* ports, and the order of events, are those of a recording; NULL: no replay */
	bool resume;
	bool prompts;
	prompter_fn *ask; /* NULL: "yes" */
	void (*notice)(void *arg, const struct station_notice *n);
	void *arg;
	const volatile sig_atomic_t *stop_signal;
	struct guard *guard; /* of a live run; NULL: nobody watches */
};

struct run_step_result { /* one meter at one step: what stands */
	enum ee_verdict verdict;
	enum ee_cause cause;
	bool has_observation; /* measured in this session */
	struct ee_setup setup;
	struct ee_observation obs;
	char attempt[48]; /* id; "": none */
	int attempt_number;
	double truth_pct; /* error that the simulator knows, by the Kh of the card; NAN: no figure */
};
struct run_found { /* a session before this one */
	char session[48], batch[64]; /* "": none */
	int64_t last_seq; /* its last entry */
};
struct run_result {
	int exit_code;
	struct fault fault; /* .code ET_OK: nothing failed */
	char session[48], batch[64];
	struct run_found
		unended; /* a session that was found without an end; its batch if that is still open */
	struct run_found before; /* the last one that worked on this batch, when it is resumed */
	char recording_ended
		[TAPES_WHY_MAX]; /* why the recording is not complete; "": it is, or there is none */
	int n_steps;
	double step_time_s[RUN_STEPS_MAX]; /* bench time from setting to storing, all attempts */
	struct run_step_result step[RUN_STEPS_MAX][ET_POSITIONS_MAX];
	enum ee_verdict verdict[ET_POSITIONS_MAX]; /* of the meter, findings included */
};

/** Hold every meter of the batch against its notice and the set-up; fills in->meters, and in->readers without their
 * apparatus. */
void run_check_meters(struct run_input *in);

/** Which of in->readers sees @p position, 0 when none does. */
int run_reader_of(const struct run_input *in, int position);
/** The instrument behind a target: TO_SOURCE, TO_REFERENCE, TO_READER + n. */
const struct bench_instrument *run_instrument(const struct run_input *in, int target);

/** @param out About 2 MB: the caller's, on the heap. @return ET_OK when the run took place (out->exit_code tells how
 * it ended); ET_ERR_ARG, ET_ERR_STATE: nothing was started, the reason is in @p f. */
int run_batch(const struct run_input *in, struct run_result *out, struct fault *f) ET_CHECK;

#endif
