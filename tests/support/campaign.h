/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign.h - many simulated runs of one meter at one point, each with its own seed.
 *
 * The whole way: scenario, simulated instruments' bytes, drivers, sequencer, observation; nothing is stored. What a
 * cell declares (certificate, position, meter type, register) is what its scenario draws. Every draw of a run comes
 * from its seed, so a run can be repeated alone. */
#ifndef TESTS_CAMPAIGN_H
#define TESTS_CAMPAIGN_H

#include "procedures/energy_error_eval.h"

/* One cell. All zero but configuration, curr_a, power_factor, kh_wh, update_s and floor_a_pct is fine. */
struct campaign_cell {
	const char *name;
	int configuration; /* 1: 120 V, 2: 240 V, 4: 120 V, two elements in series */
	double curr_a, power_factor;
	double kh_wh;
	/* the meter's pulses */
	double grid_cycles, latency_jitter_s;
	double noise_1s_pct; /* of its power; declared nowhere: the residuals must show it */
	bool no_model; /* the bench knows nothing of this meter type */
	bool half_declared; /* grid, jitter of edges and of the register: half of what is true is declared */
	/* the register of the reference */
	double update_s, update_jitter_s; /* uniform */
	double answer_jitter_s;
	double source_drift_pct,
		source_drift_s; /* of its voltages and currents: sd, time constant; 0: the usual */
	bool typical; /* errors of the meters N(0.05, 0.15) %, else uniform, +-1.5 %: a period that they hardly change */
	/* type B: standard uncertainty of a normal one, half widths of rectangular ones */
	double u_certificate_pct, drift_pct, ratio_pct, ref_phase_min, pos_phase_min;
	/* plan */
	double floor_a_pct, cap_s; /* cap_s 0: 180, or 8 pulses if longer */
	/* disturbances of the meter's light, as in simulator/scenario.h */
	int64_t drop_one_in, drop_every, bounce_one_in;
	double spurious_per_h, bounce_s;
};

struct campaign_run {
	uint64_t seed;
	bool done; /* the run ended by itself and its attempt was evaluated */
	char why[96]; /* it did not: words */
	enum ee_verdict verdict;
	enum ee_cause cause;
	struct ee_observation obs;
	double truth_pct; /* true error over the span of the accepted edges; NAN: no figure */
	double type_b_pct; /* the part of err - truth that the draws of the type B terms explain */
	double true_intervals; /* what the meter registered over the span, in pulses */
	double used_s; /* from arming to the last look */
	double white_U_pct; /* U as it were with residuals taken as independent; NAN: not computed */
};

/** Let @p work fill the elements first, first + step, ... of @p out (@p n elements of @p size bytes, the caller's), in one
 * process for each CPU. @return 0; -1 after a message when a process died or returned something else than 0. */
int campaign_share(int (*work)(const void *arg, int first, int step, int n, void *out),
		   const void *arg, size_t size, int n, void *out);

/** Runs @p seed .. @p seed + n - 1 of one cell, one process for each CPU.
 * @param out  n of them, the caller's. @return 0; -1 after a message when a process died or nothing could be run. */
int campaign_cell_run(const struct campaign_cell *cell, uint64_t seed, int n,
		      struct campaign_run *out);

#endif
