/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/stats.h - mean, scatter and straight lines, with sums that are centred first.
 *
 * Pure; no allocation; safe in any thread. */
#ifndef METROLOGY_STATS_H
#define METROLOGY_STATS_H

#include <stddef.h>

#include "base/err.h"

/* Mean and scatter, one value at a time (Welford). Begin with all members zero. */
struct stats_acc {
	size_t n;
	double mean, m2;
};
void stats_add(struct stats_acc *a, double x);
/** Standard deviation of one value, divisor n - 1; NAN for n < 2. */
double stats_sd(const struct stats_acc *a);

/* Straight line y = y_mean + slope*(x - x_mean). */
struct stats_line {
	size_t n;
	double x_mean, y_mean;
	double slope, intercept; /* intercept: y at x = 0 */
	double sxx; /* sum of (x - x_mean)^2 */
	double s; /* residual standard deviation, divisor n - 2; NAN for n = 2 */
	double u_slope, u_intercept; /* s/sqrt(sxx) ...; for white residuals */
};

/** Least squares. @return ET_ERR_ARG for n < 2 or when all x are equal. @param out Untouched then. */
int stats_line_fit(const double *x, const double *y, size_t n, struct stats_line *out) ET_CHECK;

/** Residual of one point. */
double stats_line_residual(const struct stats_line *l, double x, double y);

/** Prediction of a new y at @p x: @p u includes the scatter of that new value; dof = n - 2. */
void stats_line_predict(const struct stats_line *l, double x, double *y, double *u);

/** Autocorrelation at lag 1 about the mean of @p v; NAN for n < 3 or constant values. */
double stats_lag1(const double *v, size_t n);

/** Durbin-Watson statistic of residuals; NAN for n < 2 or all zero. */
double stats_durbin_watson(const double *residual, size_t n);

#endif
