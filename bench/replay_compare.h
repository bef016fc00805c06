/* SPDX-License-Identifier: Apache-2.0 */
/* bench/replay_compare.h - attempts of a recording beside those of its replay. */
#ifndef BENCH_REPLAY_COMPARE_H
#define BENCH_REPLAY_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct comparison {
	bool exact; /* every attempt, in all that its record has */
	bool agrees; /* as many attempts, of the same results, causes and verdicts */
	size_t n_compared; /* attempts that both of them have */
	double most_of_U; /* largest difference of two errors, as part of U; NAN: no figure could be compared */
	char first[300]; /* the first difference, with its place and both values; "": none */
};

/** @param recorded, replayed  Arrays of run_record_attempt(). What a session is called is not compared.
 * @param until_ns  The recording was cut there (its last event): what ended later, and only one of them has, is left out.
 * INT64_MAX: it is complete.
 * @return one object an attempt (docs/json.md, "replay"), new reference; NULL: out of memory. */
json_t *replay_compare(const json_t *recorded, const json_t *replayed, int64_t until_ns,
		       struct comparison *out);

#endif
