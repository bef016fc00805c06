/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget.h"

#include <math.h>

#include "metrology/special.h"

void budget_add(struct budget *b, double u, double c, double dof)
{
	const double var = c * c * u * u;

	if (!(u >= 0 && dof > 0)) {
		b->var = NAN;
		return;
	}
	b->var += var;
	b->var2_per_dof += var * var / dof;
}

double budget_u(const struct budget *b)
{
	return sqrt(b->var);
}

double budget_dof(const struct budget *b)
{
	if (isnan(b->var))
		return NAN;
	return b->var2_per_dof > 0 ? b->var * b->var / b->var2_per_dof : INFINITY;
}

double budget_coverage(double p, double dof)
{
	return special_t_coverage(p, dof >= 1 ? floor(dof) : dof);
}

double budget_rectangular(double a)
{
	return a / sqrt(3);
}

double budget_triangular(double a)
{
	return a / sqrt(6);
}

double budget_arcsine(double a)
{
	return a / sqrt(2);
}

double budget_resolution(double d)
{
	return d / sqrt(12);
}

double budget_type_b_dof(double relative)
{
	return 0.5 / (relative * relative);
}
