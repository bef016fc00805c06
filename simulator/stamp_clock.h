/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/stamp_clock.h - the reader's own clock: an offset, a rate error, and a rate that wanders slowly
 * (Ornstein-Uhlenbeck, new every second). */
#ifndef SIMULATOR_STAMP_CLOCK_H
#define SIMULATOR_STAMP_CLOCK_H

#include <stdint.h>

#include "simulator/rng.h"

enum { STAMP_PIECES = 8 }; /* how many seconds back a time can be asked */

struct stamp_clock {
	double rate_ppm, wander_ppm;
	int64_t tick_ns;
	struct {
		int64_t t_ns; /* true time at the begin of the piece */
		double reader_ns; /* its clock then */
		double rate; /* relative, from then on */
	} piece[STAMP_PIECES]; /* the newest last */
	double wander;
	struct rng rng;
};

void stamp_clock_init(struct stamp_clock *c, double rate_ppm, double wander_ppm, int64_t tick_ns,
		      uint64_t seed, int64_t t_ns);
/** It shows this at @p t_ns, plus @p jitter_ns. Calls in any order within some seconds. */
uint64_t stamp_clock_ticks(struct stamp_clock *c, int64_t t_ns, double jitter_ns);

#endif
