/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/reference_energy.h - energy of the reference at an instant, from updates of its register.
 *
 * The energy at an instant is a linear form of the two neighbouring updates, never an extrapolation;
 * the weights are kept, so that whoever adds such forms up knows how often one update's error was used.
 * Seconds count from an instant that the caller chose. Pure; safe in any thread. */
#ifndef METROLOGY_REFERENCE_ENERGY_H
#define METROLOGY_REFERENCE_ENERGY_H

#include <stddef.h>

#include "base/err.h"

/* One update of the register. */
struct ref_point {
	double t_s; /* middle of (t_lo, t_hi], in which it happened */
	double width_s; /* t_hi - t_lo */
	double energy_wh; /* as indicated, from the first point on */
};

/* energy(t) = (1 - w)*point[k] + w*point[k + 1] */
struct ref_form {
	size_t k;
	double w;
};

/** @param p  In rising order of t_s. @param hint  Where to look first; updated. Begin with 0.
 *  @return ET_ERR_STATE when @p t_s is not between two points. @param out Untouched then. */
int ref_form_at(const struct ref_point *p, size_t n, double t_s, size_t *hint,
		struct ref_form *out) ET_CHECK;

double ref_form_energy_wh(const struct ref_point *p, const struct ref_form *f);

/** Standard uncertainty of one point, in Wh, from what is declared: its instant is uniform in its width
 * and has besides a standard deviation of @p sigma_s; the register has steps of @p resolution_wh. */
double ref_point_sigma_wh(const struct ref_point *p, double power_w, double sigma_s,
			  double resolution_wh);

/** Standard deviation of one point, in Wh, as the register itself shows it: each inner point against
 * the straight line between its neighbours. White errors are assumed; a load that wanders adds to it.
 * @param dof  Its degrees of freedom. @return NAN (and dof 0) for fewer than 4 points.
 *
 * With a = (t1 - t0)/(t2 - t0), r = e1 - (1-a)*e0 - a*e2 has the variance s^2*(1 + (1-a)^2 + a^2). For
 * equal steps neighbouring r correlate by -2/3 and 1/6, so m of them are worth
 * m/(1 + 2*(4/9 + 1/36)) = m*18/35 independent ones. */
double ref_sigma_estimate_wh(const struct ref_point *p, size_t n, double *dof);

#endif
