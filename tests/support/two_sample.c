/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/two_sample.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* 2*sum (-1)^(j-1) exp(-2 j^2 x^2) */
static double kolmogorov(double x)
{
	double sum = 0, sign = 1;

	if (x < 0.2)
		return 1;
	for (int j = 1; j <= 100; j++, sign = -sign)
		sum += sign * exp(-2.0 * j * j * x * x);
	return fmin(1, fmax(0, 2 * sum));
}

double two_sample_distance(double *a, size_t n_a, double *b, size_t n_b, double *p)
{
	const double n = sqrt((double)n_a * (double)n_b / (double)(n_a + n_b));
	double most = 0;
	size_t i = 0, j = 0;

	qsort(a, n_a, sizeof(*a), compare);
	qsort(b, n_b, sizeof(*b), compare);
	while (i < n_a && j < n_b) {
		const double x = fmin(a[i], b[j]);

		while (i < n_a && a[i] <= x)
			i++;
		while (j < n_b && b[j] <= x)
			j++;
		most = fmax(most, fabs((double)i / (double)n_a - (double)j / (double)n_b));
	}
	*p = kolmogorov((n + 0.12 + 0.11 / n) * most);
	return most;
}
