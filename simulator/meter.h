/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/meter.h - one meter: what it registers, with its errors, and the flashes of its LED.
 *
 * The power is constant between two calls of meter_begin(), so every pulse is found analytically. What the
 * meter accumulates and what passes its terminals is known at each pulse, before its pulse grid. */
#ifndef SIMULATOR_METER_H
#define SIMULATOR_METER_H

#include <stdbool.h>

#include "base/quantities.h"
#include "simulator/phasor.h"
#include "simulator/rng.h"
#include "simulator/scenario.h"
#include "simulator/truth.h"

enum { METER_QUEUE = 512 }; /* flashes not yet taken; older ones are forgotten */

struct meter_input { /* what its form measures: 1 or 2 elements */
	int n;
	struct phasor v[2], i[2];
	double freq_hz;
	double line_cycles; /* of the voltage since the start, at the begin of the segment */
};

struct meter {
	struct scenario_meter p; /* no member absent */
	double extra_gain_pct; /* drawn */
	double temperature_c;
	bool dead; /* LED */
	/* segment */
	int64_t t0_ns;
	double power_w, true_w; /* as counted: never negative */
	double meter_wh, true_wh; /* at t0 */
	double rest_wh; /* at t0, since the last pulse */
	int64_t in_segment; /* pulses since t0 */
	int64_t next_cross_ns;
	double freq_hz, line_cycles;
	double noise; /* relative, of this segment */
	/* pulses */
	int64_t index; /* of the last one */
	int64_t last_led_ns, next_spurious_ns;
	struct rng noise_rng, flash_rng, dark_rng, spurious_rng, bounce_rng;
	struct sim_edge queue[METER_QUEUE];
	unsigned head, n_queued;
};

/** @param p  Copied; members not said get their defaults. @param t_ns Start of the world. */
void meter_init(struct meter *m, const struct scenario_meter *p, uint64_t seed, int64_t t_ns);

/** A new power from @p t_ns on (not before any time already advanced to). */
void meter_begin(struct meter *m, int64_t t_ns, const struct meter_input *in);
/** Draw the noise of its power for the next @p segment_s. */
void meter_draw_noise(struct meter *m, double segment_s);
/** Find all pulses up to @p t_ns. */
void meter_advance(struct meter *m, int64_t t_ns);

/** The oldest flash at or before @p t_ns. @return false: none. */
bool meter_take(struct meter *m, int64_t t_ns, struct sim_edge *out);
/** Relative gain of the meter besides phase, for a current: 1 = no error. */
double meter_gain(const struct meter *m, double curr_a);

#endif
