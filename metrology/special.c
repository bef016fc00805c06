/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/special.h"

#include <math.h>
#include <stdbool.h>

static const double PI = 3.14159265358979323846;

/* Beyond this Student's t and the normal differ by less than 1e-9. */
static const double DOF_NORMAL = 1e9;

static double log_gamma(double x)
{
	int sign; /* lgamma() itself writes a global */

	return lgamma_r(x, &sign);
}

/* Continued fraction of the incomplete beta function, DLMF 8.17.22, by the method of Lentz. It
 * converges in O(sqrt(max(a, b))) steps for x < (a + 1)/(a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	if (fabs(d) < tiny)
		d = tiny;
	d = 1 / d;
	f = d;
	for (int m = 1; m < 200000; m++) {
		const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		f *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		f *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return f;
}

/* As the public function, with y = 1 - x given apart so that a small y keeps its digits. */
static double beta_inc_xy(double a, double b, double x, double y)
{
	double front;

	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, y) / b;
}

double special_beta_inc(double a, double b, double x)
{
	if (!(a > 0 && b > 0 && x >= 0 && x <= 1) || isinf(a) || isinf(b))
		return NAN;
	return beta_inc_xy(a, b, x, 1 - x);
}

double special_normal_cdf(double z)
{
	return erfc(-z / sqrt(2)) / 2;
}

double special_normal_quantile(double p)
{
	const double q = p < 0.5 ? p : 1 - p; /* the lower tail */
	double t, z;

	if (!(p > 0 && p < 1))
		return NAN;
	/* Abramowitz and Stegun 26.2.23 is good to 4.5e-4; each Halley step trebles the digits. */
	t = sqrt(-2 * log(q));
	z = -t + (2.515517 + t * (0.802853 + t * 0.010328)) /
			 (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
	for (int i = 0; i < 3; i++) {
		const double e = special_normal_cdf(z) - q;
		const double u = e * sqrt(2 * PI) * exp(z * z / 2);

		z -= u / (1 + z * u / 2);
	}
	return p < 0.5 ? z : -z;
}

static bool is_dof(double dof)
{
	return dof > 0; /* false for NAN */
}

/* P(abs(T) > t), t >= 0. */
static double t_tails(double t, double dof)
{
	const double t2 = t * t;

	if (dof > DOF_NORMAL)
		return erfc(t / sqrt(2));
	return beta_inc_xy(dof / 2, 0.5, dof / (dof + t2), t2 / (dof + t2));
}

double special_t_cdf(double t, double dof)
{
	double tails;

	if (!is_dof(dof) || isnan(t))
		return NAN;
	if (isinf(t))
		return t > 0;
	tails = t_tails(fabs(t), dof);
	return t > 0 ? 1 - tails / 2 : tails / 2;
}

/* Where the expansion below is good to 1e-12, relative: its first missing term was compared for z up to 7. */
static bool is_expansion_good(double z, double dof)
{
	return dof >= 200 && dof >= 54 * z * z;
}

/* Student's quantile from the normal one, Abramowitz and Stegun 26.7.5. */
static double t_expansion(double z, double dof)
{
	const double z2 = z * z, x = 1 / dof;
	const double g1 = (z2 + 1) / 4;
	const double g2 = ((5 * z2 + 16) * z2 + 3) / 96;
	const double g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
	const double g4 = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;

	return z * (1 + x * (g1 + x * (g2 + x * (g3 + x * g4))));
}

/* t with P(abs(T) > t) = tails: Newton on log(tails) over log(t), which is nearly a straight line far
 * out and concave, so it comes home from everywhere. */
static double t_from_tails(double tails, double dof)
{
	const double z = -special_normal_quantile(tails / 2);
	double log_t, log_pdf0;

	if (dof > DOF_NORMAL || z <= 0)
		return z;
	if (is_expansion_good(z, dof))
		return t_expansion(z, dof);
	log_pdf0 = log_gamma((dof + 1) / 2) - log_gamma(dof / 2) - log(dof * PI) / 2;
	log_t = log(z);
	for (int i = 0; i < 100; i++) {
		const double t = exp(log_t);
		const double now = t_tails(t, dof);
		const double pdf = exp(log_pdf0 - (dof + 1) / 2 * log1p(t * t / dof));
		const double step = log(now / tails) * now / (2 * pdf * t);

		log_t += step;
		if (fabs(step) < 1e-12)
			break;
	}
	return exp(log_t);
}

double special_t_quantile(double p, double dof)
{
	if (!is_dof(dof) || !(p > 0 && p < 1))
		return NAN;
	if (p == 0.5)
		return 0;
	return p > 0.5 ? t_from_tails(2 * (1 - p), dof) : -t_from_tails(2 * p, dof);
}

double special_t_coverage(double p, double dof)
{
	if (!is_dof(dof) || !(p > 0 && p < 1))
		return NAN;
	return t_from_tails(1 - p, dof);
}

double special_f_cdf(double f, double n1, double n2)
{
	if (!(n1 > 0 && n2 > 0) || isinf(n1) || isinf(n2) || isnan(f))
		return NAN;
	if (f <= 0)
		return 0;
	if (isinf(f))
		return 1;
	return beta_inc_xy(n1 / 2, n2 / 2, n1 * f / (n1 * f + n2), n2 / (n1 * f + n2));
}
