/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/decision.h - does a measured error lie within its limits? Three-valued, by a named rule.
 *
 * All figures in one unit (here %). NAN anywhere is inconclusive, or a NAN, never conforming.
 * Pure; safe in any thread. */
#ifndef METROLOGY_DECISION_H
#define METROLOGY_DECISION_H

#include "base/err.h"

/* simple:    the error itself against the limits (JCGM 106, 8.2), while U is at most half of their distance: 8.2 takes
 *            the uncertainty for acceptable, and one that covers the limits is not. Beyond that as two-stage.
 * guarded:   conforming when error +- U is inside the limits, otherwise nonconforming
 *            (JCGM 106, 8.3: guarded acceptance with w = U; the risk is the owner's).
 * two-stage: ISO 10576-1: inside, outside, or inconclusive; an inconclusive first stage is repeated
 *            once, the two are combined by decision_combine() and decided again. */
enum decision_rule { RULE_SIMPLE = 0, RULE_GUARDED, RULE_TWO_STAGE };

enum decision { DECISION_INCONCLUSIVE = 0, DECISION_CONFORMING, DECISION_NONCONFORMING };

/** ISO 10576-1: interval err +- U wholly inside [lo, hi] conforming, wholly outside nonconforming. */
enum decision decision_interval(double err, double U, double lo, double hi);

enum decision decision_apply(enum decision_rule rule, double err, double U, double lo, double hi);

/* One stage of a measurement: error, its type A part (new in every stage) and type B part (common). */
struct decision_stage {
	double err, u_a, dof_a, u_b, dof_b;
};

/** Mean of two stages: the type A parts are independent, the type B part stays. */
struct decision_stage decision_combine(const struct decision_stage *a,
				       const struct decision_stage *b);

/** Probability that the true value lies in [lo, hi] (JCGM 106, 7.2); u > 0. */
double decision_p_conform(double err, double u, double lo, double hi);

/** Consumer's and producer's global risk (JCGM 106, 9.5) when the population is normal
 * (@p mean, @p u0), the measurement normal with @p u_m, tolerance [-limit, limit] and acceptance
 * [-accept, accept]; u0, u_m > 0.
 * @param r_c  P(outside the tolerance and accepted). @param r_p P(inside and rejected). */
int decision_global_risk(double mean, double u0, double u_m, double limit, double accept,
			 double *r_c, double *r_p) ET_CHECK;

#endif
