/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/scenario_parts.h - what the files about scenarios share among themselves. */
#ifndef SIMULATOR_SCENARIO_PARTS_H
#define SIMULATOR_SCENARIO_PARTS_H

#include <math.h>
#include <stddef.h>

#include "base/quantities.h"
#include "simulator/scenario.h"

const char *scenario_term_word(int term);

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
