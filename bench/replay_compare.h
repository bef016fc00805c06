/* SPDX-License-Identifier: Apache-2.0 */
/* bench/replay_compare.h - attempts of a recording beside those of its replay. */
#ifndef BENCH_REPLAY_COMPARE_H
#define BENCH_REPLAY_COMPARE_H

#include <jansson.h>
#include <stdbool.h>

struct comparison {
	bool exact; /* every attempt, in all that its record has */
	bool agrees; /* as many attempts, of the same results, causes and verdicts */
	double most_of_U; /* largest difference of two errors, as part of U; NAN: no figure could be compared */
	char first[300]; /* the first difference, with its place and both values; "": none */
};

/** @param recorded, replayed  Arrays of run_record_attempt(). What a session is called is not compared.
 * @param cut  The recording has no end: attempts that only one of them has are left out.
 * @return one object an attempt (docs/json.md, "replay"), new reference; NULL: out of memory. */
json_t *replay_compare(const json_t *recorded, const json_t *replayed, bool cut,
		       struct comparison *out);

#endif
