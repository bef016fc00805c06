/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/special.h - the few distributions that uncertainty and decision need.
 *
 * Degrees of freedom are real numbers > 0; INFINITY is the normal limit. An argument out of range or
 * NAN gives NAN. Relative accuracy better than 1e-9, of distributions 1e-7 beyond 1e5 degrees of freedom. Pure; any thread. */
#ifndef METROLOGY_SPECIAL_H
#define METROLOGY_SPECIAL_H

/* Coverage probabilities that the documents name. */
#define P_95 0.95
#define P_K2 0.9544997361036416 /* +-2 sd of a normal: "95.45 %" */
#define P_99 0.99
#define P_K3 0.9973002039367398 /* +-3 sd of a normal: "99.73 %" */

/** Regularised incomplete beta function I_x(a, b); a, b > 0, 0 <= x <= 1. */
double special_beta_inc(double a, double b, double x);

double special_normal_cdf(double z);
/** @param p 0 < p < 1. */
double special_normal_quantile(double p);

double special_t_cdf(double t, double dof);
/** One-sided. @param p 0 < p < 1. */
double special_t_quantile(double p, double dof);
/** Two-sided coverage factor: P(abs(T) <= k) = @p p; JCGM 100, table G.2. @param p 0 < p < 1. */
double special_t_coverage(double p, double dof);

/** P(F <= f) with @p n1 over @p n2 degrees of freedom, both finite. */
double special_f_cdf(double f, double n1, double n2);

#endif
