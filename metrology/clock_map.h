/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/clock_map.h - the reader's clock on the bench clock: offset, rate and their uncertainty.
 *
 * Each pair says that the reader showed reader_ns at some instant between host_before_ns and
 * host_after_ns. A straight line host = offset + (1 + rate)*reader is fitted by least squares, weighted
 * by the width of the round trips, so that a long one has no say. A straight line must also pass
 * through every round trip, long or short, within the residual limit: otherwise the clock was
 * stepped, or is none. Pure; safe in any thread. */
#ifndef METROLOGY_CLOCK_MAP_H
#define METROLOGY_CLOCK_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/quantities.h"

/* Stamps beyond it (36 years from 0, either side) are no stamps. */
#define CLOCK_MAP_STAMP_MAX_NS (INT64_MAX / 8)
bool clock_map_is_stamp(int64_t t_ns);

struct clock_map {
	int64_t reader0_ns, host0_ns; /* an instant in the middle, on both clocks */
	double offset_s; /* what is left of the offset there */
	double rate; /* host seconds per reader second - 1 */
	double u_offset_s, u_rate; /* independent at reader0_ns */
	double residual_max_s; /* farthest from the middle of a round trip */
};

/** @param limit_s  How far outside a round trip the line may pass, > 0.
 *  @return ET_OK; ET_ERR_ARG for fewer than 2 pairs, a round trip that ends before it begins, a
 *  reader's clock that does not advance, or what is no stamp; ET_ERR_LOST beyond the limit. @param out Untouched then. */
int clock_map_fit(const struct clock_pair *pairs, size_t n, double limit_s,
		  struct clock_map *out) ET_CHECK;

/** A stamp of the reader (clock_map_is_stamp()) on the bench clock. */
int64_t clock_map_host_ns(const struct clock_map *m, int64_t reader_ns);

/** Standard uncertainty of a mapped stamp. Two stamps share most of it: for a span use u_rate. */
double clock_map_u_s(const struct clock_map *m, int64_t reader_ns);

#endif
