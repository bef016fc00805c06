/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/budget.h - uncertainty budget after JCGM 100: lines of u, c and degrees of freedom.
 *
 * Lines are independent. Pure; safe in any thread. */
#ifndef METROLOGY_BUDGET_H
#define METROLOGY_BUDGET_H

/* Begin with all members zero. */
struct budget {
	double var; /* sum of (c*u)^2 */
	double var2_per_dof; /* sum of (c*u)^4/dof */
};

/** @param u    Standard uncertainty of the quantity, >= 0.
 *  @param c    Sensitivity of the result.
 *  @param dof  > 0; INFINITY allowed. A NAN in a line makes the whole budget NAN. */
void budget_add(struct budget *b, double u, double c, double dof);

/** Combined standard uncertainty (JCGM 100, 5.1.2). */
double budget_u(const struct budget *b);

/** Effective degrees of freedom by Welch-Satterthwaite (JCGM 100, G.4.1), not truncated;
 * INFINITY when no line has finite ones. */
double budget_dof(const struct budget *b);

/** Coverage factor t_p(dof), dof truncated to the integer below as JCGM 100, G.4.1 demands;
 * degrees of freedom below 1 are taken as they are. @param p As in metrology/special.h. */
double budget_coverage(double p, double dof);

/* Type B from bounds +-a (JCGM 100, 4.3). */
double budget_rectangular(double a);
double budget_triangular(double a);
double budget_arcsine(double a);
/** Of a displayed value with steps of @p d. */
double budget_resolution(double d);

/** Degrees of freedom of a type B uncertainty that is itself doubtful by @p relative,
 * e.g. 0.25 gives 8 (JCGM 100, G.4.2). */
double budget_type_b_dof(double relative);

#endif
