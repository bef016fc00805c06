/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/scenario_parts.h - what the files about scenarios share among themselves. */
#ifndef SIMULATOR_SCENARIO_PARTS_H
#define SIMULATOR_SCENARIO_PARTS_H

#include <math.h>
#include <stddef.h>

#include "base/quantities.h"
#include "simulator/scenario.h"

const char *scenario_term_word(int term);

enum { SCENARIO_NAME_MAX = 15 };
/** Which reader has this name: 0 the first, then those of `readers`. @param name NULL: the first. @return -1: none. */
int scenario_reader_index(const struct scenario *sc, const char *name);

/* What is in force when a key is not said. */
static inline double or_f64(double x, double otherwise)
{
	return isnan(x) ? otherwise : x;
}
static inline int64_t or_i64(int64_t x, int64_t otherwise)
{
	return x == INT64_MIN ? otherwise : x;
}
static inline const char *or_str(const char *x, const char *otherwise)
{
	return x ? x : otherwise;
}
/** The last position of an entry `position .. to`. */
static inline int64_t last_of(int64_t position, int64_t to)
{
	return or_i64(to, position);
}

#define SCENARIO_EPOCH "2026-03-02T13:00:00Z"

#endif
