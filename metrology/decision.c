/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/decision.h"

#include <math.h>
#include <stddef.h>

#include "metrology/special.h"

enum decision decision_interval(double err, double U, double lo, double hi)
{
	if (!(U >= 0) || !(lo <= hi))
		return DECISION_INCONCLUSIVE;
	if (err - U >= lo && err + U <= hi)
		return DECISION_CONFORMING;
	if (err - U > hi || err + U < lo)
		return DECISION_NONCONFORMING;
	return DECISION_INCONCLUSIVE;
}

enum decision decision_apply(enum decision_rule rule, double err, double U, double lo, double hi)
{
	/* Without a finite figure there is nothing to decide, whatever the rule. */
	if (!isfinite(err) || !isfinite(U) || U < 0 || !(lo <= hi))
		return DECISION_INCONCLUSIVE;
	switch (rule) {
	case RULE_SIMPLE:
		return decision_interval(err, U <= (hi - lo) / 2 ? 0 : U, lo, hi);
	case RULE_GUARDED:
		return decision_interval(err, U, lo, hi) == DECISION_CONFORMING
			       ? DECISION_CONFORMING
			       : DECISION_NONCONFORMING;
	case RULE_TWO_STAGE:
		return decision_interval(err, U, lo, hi);
	}
	return DECISION_INCONCLUSIVE;
}

struct decision_stage decision_combine(const struct decision_stage *a,
				       const struct decision_stage *b)
{
	const double va = a->u_a * a->u_a, vb = b->u_a * b->u_a;
	const double v2 = va * va / a->dof_a + vb * vb / b->dof_a; /* JCGM 100, G.4.1 */

	return (struct decision_stage){
		.err = (a->err + b->err) / 2,
		.u_a = sqrt(va + vb) / 2,
		.dof_a = v2 > 0 ? (va + vb) * (va + vb) / v2 : INFINITY,
		.u_b = fmax(a->u_b, b->u_b),
		.dof_b = fmin(a->dof_b, b->dof_b),
	};
}

double decision_p_conform(double err, double u, double lo, double hi)
{
	if (!(u > 0) || !(lo <= hi))
		return NAN;
	return special_normal_cdf((hi - err) / u) - special_normal_cdf((lo - err) / u);
}

/* Simpson's rule over both parts of the risk; the integrands are smooth between the kinks at +-limit. */
static double integrate(double from, double to, double mean, double u0, double u_m, double accept,
			int want_accepted)
{
	enum { STEPS = 2000 };
	const double h = (to - from) / STEPS;
	double sum = 0;

	if (!(h > 0))
		return 0;
	for (int i = 0; i <= STEPS; i++) {
		const double x = from + i * h, z = (x - mean) / u0;
		const double p = decision_p_conform(x, u_m, -accept, accept);
		const double weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;

		sum += weight * exp(-z * z / 2) * (want_accepted ? p : 1 - p);
	}
	return sum * h / 3 / (u0 * sqrt(2 * 3.14159265358979323846));
}

int decision_global_risk(double mean, double u0, double u_m, double limit, double accept,
			 double *r_c, double *r_p)
{
	const double lo = mean - 10 * u0, hi = mean + 10 * u0;

	if (!isfinite(mean) || !(u0 > 0 && u_m > 0 && limit >= 0 && accept >= 0) ||
	    !isfinite(u0 + u_m + limit + accept))
		return ET_ERR_ARG;
	*r_c = integrate(lo, fmin(-limit, hi), mean, u0, u_m, accept, 1) +
	       integrate(fmax(limit, lo), hi, mean, u0, u_m, accept, 1);
	*r_p = integrate(fmax(-limit, lo), fmin(limit, hi), mean, u0, u_m, accept, 0);
	return ET_OK;
}
