/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stats.h"

#include "metrology/special.h"
#include "tests/support/near.h"

/* NIST StRD, Univariate, NumAcc4: a naive sum of squares gives s = 0.179. */
static void numacc4(void **state)
{
	static double v[1001];
	struct stats_acc a = { 0 };

	(void)state;
	for (int i = 0; i < 1001; i++) {
		v[i] = 10000000 + (i == 0 ? 0.2 : i % 2 ? 0.1 : 0.3);
		stats_add(&a, v[i]);
	}
	assert_int_equal(a.n, 1001);
	assert_near(a.mean, 10000000.2, 1e-8);
	assert_near(stats_sd(&a), 0.1, 1e-8);
	assert_near(stats_lag1(v, 1001), -0.999, 1e-6);
}

/* NIST StRD, Linear regression, Norris: pairs of (y, x). */
static void norris(void **state)
{
	static const double yx[][2] = {
		{ 0.1, 0.2 },	  { 338.8, 337.4 }, { 118.1, 118.2 }, { 888.0, 884.6 },
		{ 9.2, 10.1 },	  { 228.1, 226.5 }, { 668.5, 666.3 }, { 998.5, 996.3 },
		{ 449.1, 448.6 }, { 778.9, 777.0 }, { 559.2, 558.2 }, { 0.3, 0.4 },
		{ 0.1, 0.6 },	  { 778.1, 775.5 }, { 668.8, 666.9 }, { 339.3, 338.0 },
		{ 448.9, 447.5 }, { 10.8, 11.6 },   { 557.7, 556.0 }, { 228.3, 228.1 },
		{ 998.0, 995.8 }, { 888.8, 887.6 }, { 119.6, 120.2 }, { 0.3, 0.3 },
		{ 0.6, 0.3 },	  { 557.6, 556.8 }, { 339.3, 339.1 }, { 888.0, 887.2 },
		{ 998.5, 999.0 }, { 778.9, 779.0 }, { 10.2, 11.1 },   { 117.6, 118.3 },
		{ 228.9, 229.2 }, { 668.4, 669.1 }, { 449.2, 448.9 }, { 0.2, 0.5 },
	};
	double x[36], y[36];
	struct stats_line l;

	(void)state;
	for (int i = 0; i < 36; i++) {
		y[i] = yx[i][0];
		x[i] = yx[i][1];
	}
	assert_int_equal(stats_line_fit(x, y, 36, &l), ET_OK);
	assert_near(l.intercept, -0.262323073774029, 1e-11);
	assert_near(l.slope, 1.00211681802045, 1e-13);
	assert_near(l.s, 0.884796396144373, 1e-11);
	assert_near(l.u_intercept, 0.232818234301152, 1e-11);
	assert_near(l.u_slope, 0.429796848199937e-3, 1e-14);
}

/* Certificates of a reference: days and ppm; prediction half a year and a year ahead. */
static void drift_of_a_reference(void **state)
{
	static const double day[] = { 0, 365, 730, 1096, 1461 }, ppm[] = { 12, 15, 21, 22, 29 };
	const double k = special_t_coverage(P_95, 3);
	struct stats_line l;
	double y, u;

	(void)state;
	assert_int_equal(stats_line_fit(day, ppm, 5, &l), ET_OK);
	assert_near(l.slope, 0.011223, 5e-7);
	assert_near(l.slope * 365.25, 4.099, 5e-4);
	assert_near(l.s, 1.4967, 5e-5);
	stats_line_predict(&l, 1641, &y, &u);
	assert_near(y, 30.020, 5e-4);
	assert_near(u, 2.020, 5e-4);
	assert_near(k * u, 6.43, 5e-3);
	stats_line_predict(&l, 1826, &y, &u);
	assert_near(y, 32.096, 5e-4);
	assert_near(u, 2.169, 5e-4);
	assert_near(k * u, 6.90, 5e-3);
	/* the way for too few certificates: the largest change, rectangular */
	assert_near((29 - 22) / sqrt(3), 4.041, 5e-4);
}

static void residuals_and_their_autocorrelation(void **state)
{
	static const double x[] = { 0, 1, 2, 3, 4, 5 },
			    e[] = { 0.0000, 7.1631, 14.3270, 21.4889, 28.6530, 35.8160 };
	struct stats_line l;
	double r[6];

	(void)state;
	assert_int_equal(stats_line_fit(x, e, 6, &l), ET_OK);
	for (int i = 0; i < 6; i++)
		r[i] = stats_line_residual(&l, x[i], e[i]);
	assert_near(l.slope, 7.1631885714, 5e-11);
	assert_near(l.intercept, 2.85714e-5, 5e-11);
	assert_near(l.s, 4.737389e-4, 5e-11);
	assert_near(l.u_slope, 1.132453e-4, 5e-11);
	assert_near((7.2 / l.slope - 1) * 100, 0.51389724, 5e-9);
	assert_near((7.2 * 5 / e[5] - 1) * 100, 0.51373688, 5e-9);
	assert_near(7.2 / l.slope * l.u_slope / l.slope * 100, 0.00158906, 5e-9);
	assert_near(stats_lag1(r, 6), -0.694462, 5e-7);
	assert_near(stats_durbin_watson(r, 6), 3.387106, 5e-7);
}

/* JCGM 100, H.5: ten days of five readings each; the same arithmetic finds the spread of positions. */
static void analysis_of_variance(void **state)
{
	static const double day_uv[] = { 172, 116, 13, 144, 106, 31, 60, 125, 163, 41 },
			    s_uv[] = { 60, 77, 111, 101, 67, 93, 80, 73, 88, 86 };
	struct stats_acc mean = { 0 }, var = { 0 };
	double s_a, s_b;

	(void)state;
	for (int i = 0; i < 10; i++) {
		stats_add(&mean, day_uv[i]);
		stats_add(&var, s_uv[i] * s_uv[i]);
	}
	assert_near(mean.mean, 97.1, 0.05);
	assert_near(stats_sd(&mean), 57.1, 0.05);
	s_a = sqrt(5) * stats_sd(&mean);
	s_b = sqrt(var.mean);
	assert_near(s_a, 127.7, 0.05);
	assert_near(s_b, 84.9, 0.05);
	assert_near(s_a * s_a / (s_b * s_b), 2.26, 0.005);
	assert_true(special_f_cdf(s_a * s_a / (s_b * s_b), 9, 40) > 0.95);
	assert_true(special_f_cdf(s_a * s_a / (s_b * s_b), 9, 40) < 0.975);
	assert_near(sqrt((s_a * s_a - s_b * s_b) / 5), 42.6, 0.1);
	assert_near(stats_sd(&mean) / sqrt(10), 18.1, 0.05);
}

static void too_little_is_refused(void **state)
{
	static const double x[] = { 2, 2, 2 }, y[] = { 1, 2, 3 };
	struct stats_acc one = { 0 };
	struct stats_line l = { .slope = -7 };

	(void)state;
	stats_add(&one, 5);
	assert_true(isnan(stats_sd(&one)));
	assert_int_equal(stats_line_fit(x, y, 3, &l), ET_ERR_ARG);
	assert_int_equal(stats_line_fit(y, x, 1, &l), ET_ERR_ARG);
	assert_near(l.slope, -7, 0);
	assert_true(isnan(stats_lag1(x, 3)));
	assert_true(isnan(stats_lag1(y, 2)));
	assert_true(isnan(stats_durbin_watson(y, 1)));
	assert_int_equal(stats_line_fit(y, x, 2, &l), ET_OK);
	assert_true(isnan(l.u_slope));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numacc4),
		cmocka_unit_test(norris),
		cmocka_unit_test(drift_of_a_reference),
		cmocka_unit_test(residuals_and_their_autocorrelation),
		cmocka_unit_test(analysis_of_variance),
		cmocka_unit_test(too_little_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
