/* SPDX-License-Identifier: Apache-2.0 */
/* bench/replay.h - a recorded run once more: the same drivers, sessions, sequencer and evaluation on a virtual clock, told
 * what they were told then. Nothing is stored in any laboratory. */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include "bench/recording_file.h"

enum replay_result {
	REPLAY_EXACT =
		0, /* every question, event, figure and byte of raw data is the recorded one */
	/* same verdicts and causes, errors within REPLAY_SHARE_OF_U: on the real clock, or where all that was said is exact and
	 * only today's evaluation is another one */
	REPLAY_AGREES,
	REPLAY_DIFFERS
};
#define REPLAY_SHARE_OF_U 0.01

/** Run the recording in @p dir again and compare.
 * @param report  New reference: docs/json.md, "replay". @param d  What is wrong with its files.
 * @return ET_OK with @p report and @p result; ET_ERR_FILE (in @p d); others with @p f. */
int replay_run(const char *dir, json_t **report, enum replay_result *result, struct diag *d,
	       struct fault *f) ET_CHECK;

/* ---- for bench/run.c: what a replay gives in the place of a bench and a record ---- */
struct replay;

int replay_port(struct replay *rp, const struct bench_instrument *b, struct clk *c,
		struct port **out, struct fault *f) ET_CHECK;
struct follow *replay_follow(struct replay *rp);
/** What stood before a run that was resumed. */
int replay_resume(const struct replay *rp, struct seq_config *cfg, struct run_result *out,
		  struct fault *f) ET_CHECK;
/** An attempt ended. Takes the reference. */
void replay_attempt(struct replay *rp, json_t *attempt);

#endif
