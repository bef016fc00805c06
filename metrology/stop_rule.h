/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/stop_rule.h - may this position stop?
 *
 * Guaranteed: error +- t(99.73 %, dof)*u lies wholly inside or wholly outside the limits, and the type
 * A part is small enough to be certified: t(95.45 %, dof_a)*u_a <= floor_a. The wide k pays for many
 * looks and for jitter that is not normal. No more information: u_a <= u_b/3, longer would not help.
 * Both only from min_intervals on. Cap: time is up. Pure; safe in any thread. */
#ifndef METROLOGY_STOP_RULE_H
#define METROLOGY_STOP_RULE_H

#include <stdint.h>

enum stop { STOP_GO_ON = 0, STOP_GUARANTEED, STOP_NO_MORE_INFORMATION, STOP_CAP };

/* Error and uncertainties in one unit; a NAN never stops, but for the cap. */
struct stop_look {
	double err, u, dof; /* combined */
	double u_a, dof_a, u_b;
	double limit_lo, limit_hi, floor_a;
	int64_t n_intervals, min_intervals;
	double elapsed_s, cap_s;
};

enum stop stop_rule(const struct stop_look *look);

#endif
