/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stats.h"

#include <math.h>

void stats_add(struct stats_acc *a, double x)
{
	const double d = x - a->mean;

	a->n++;
	a->mean += d / (double)a->n;
	a->m2 += d * (x - a->mean);
}

double stats_sd(const struct stats_acc *a)
{
	return a->n < 2 ? NAN : sqrt(a->m2 / (double)(a->n - 1));
}

static double mean_of(const double *v, size_t n)
{
	struct stats_acc a = { 0 };

	for (size_t i = 0; i < n; i++)
		stats_add(&a, v[i]);
	return a.mean;
}

int stats_line_fit(const double *x, const double *y, size_t n, struct stats_line *out)
{
	struct stats_line l = { .n = n };
	double sxy = 0, sum2 = 0;

	if (n < 2)
		return ET_ERR_ARG;
	l.x_mean = mean_of(x, n);
	l.y_mean = mean_of(y, n);
	for (size_t i = 0; i < n; i++) {
		l.sxx += (x[i] - l.x_mean) * (x[i] - l.x_mean);
		sxy += (x[i] - l.x_mean) * (y[i] - l.y_mean);
	}
	if (!(l.sxx > 0))
		return ET_ERR_ARG;
	l.slope = sxy / l.sxx;
	l.intercept = l.y_mean - l.slope * l.x_mean;
	for (size_t i = 0; i < n; i++) {
		const double r = stats_line_residual(&l, x[i], y[i]);

		sum2 += r * r;
	}
	l.s = n > 2 ? sqrt(sum2 / (double)(n - 2)) : NAN;
	l.u_slope = l.s / sqrt(l.sxx);
	l.u_intercept = l.s * sqrt(1 / (double)n + l.x_mean * l.x_mean / l.sxx);
	*out = l;
	return ET_OK;
}

double stats_line_residual(const struct stats_line *l, double x, double y)
{
	return (y - l->y_mean) - l->slope * (x - l->x_mean);
}

void stats_line_predict(const struct stats_line *l, double x, double *y, double *u)
{
	const double dx = x - l->x_mean;

	*y = l->y_mean + l->slope * dx;
	*u = l->s * sqrt(1 + 1 / (double)l->n + dx * dx / l->sxx);
}

double stats_lag1(const double *v, size_t n)
{
	const double mean = mean_of(v, n);
	double num = 0, den = 0;

	if (n < 3)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		den += (v[i] - mean) * (v[i] - mean);
		if (i > 0)
			num += (v[i] - mean) * (v[i - 1] - mean);
	}
	return den > 0 ? num / den : NAN;
}

double stats_durbin_watson(const double *residual, size_t n)
{
	double num = 0, den = 0;

	for (size_t i = 0; i < n; i++) {
		den += residual[i] * residual[i];
		if (i > 0)
			num += (residual[i] - residual[i - 1]) * (residual[i] - residual[i - 1]);
	}
	return n >= 2 && den > 0 ? num / den : NAN;
}
