/* SPDX-License-Identifier: Apache-2.0 */
/* bench/recompute.h - today's code against the stored figures: every attempt evaluated again from its raw data. */
#ifndef BENCH_RECOMPUTE_H
#define BENCH_RECOMPUTE_H

#include "db/journal.h"

struct recompute_count {
	int64_t attempts, observations, different;
};

/** @param batch  NULL: all. @param differs  Called for each observation whose figures are not the stored ones: the
 * first member that differs, stored and new (NULL: there is none); or whose verdict is not that of its figures. NULL is allowed.
 * @return ET_OK (differences are counted, not an error); ET_ERR_INTEGRITY: an entry or its raw data do not read. */
int recompute(struct db *db, const char *batch,
	      void (*differs)(void *arg, const char *attempt, int position, const char *key,
			      const json_t *stored, const json_t *now),
	      void *arg, struct recompute_count *out, struct fault *f) ET_CHECK;

#endif
