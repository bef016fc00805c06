/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/special.h"

#include "tests/support/near.h"

/* JCGM 100, table G.2 (95, 95.45, 99, 99.73 %); every figure there is rounded to its last digit. */
static void coverage_factors_of_the_gum(void **state)
{
	static const struct {
		double dof, k95, k9545, k99, k9973;
	} rows[] = {
		{ 1, 12.706, 13.968, 63.657, 235.80 },	  { 2, 4.303, 4.527, 9.925, 19.21 },
		{ 3, 3.182, 3.307, 5.841, 9.219 },	  { 4, 2.776, 2.869, 4.604, 6.620 },
		{ 5, 2.571, 2.649, 4.032, 5.507 },	  { 8, 2.306, 2.366, 3.355, 4.277 },
		{ 9, 2.262, 2.320, 3.250, 4.094 },	  { 10, 2.228, 2.284, 3.169, 3.957 },
		{ 16, 2.120, 2.169, 2.921, 3.544 },	  { 20, 2.086, 2.133, 2.845, 3.422 },
		{ 50, 2.009, 2.051, 2.678, 3.157 },	  { 100, 1.984, 2.025, 2.626, 3.077 },
		{ INFINITY, 1.960, 2.000, 2.576, 3.000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("dof %g\n", rows[i].dof);
		assert_near(special_t_coverage(P_95, rows[i].dof), rows[i].k95, 5.1e-4);
		assert_near(special_t_coverage(P_K2, rows[i].dof), rows[i].k9545, 5.1e-4);
		assert_near(special_t_coverage(P_99, rows[i].dof), rows[i].k99, 5.1e-4);
		assert_near(special_t_coverage(P_K3, rows[i].dof), rows[i].k9973,
			    i > 1 ? 5.1e-4 : 5.1e-3);
	}
	assert_near(special_t_coverage(P_K2, 1319), 2.0019, 5e-5);
	assert_near(special_t_coverage(P_K2, 6727), 2.0004, 5e-5);
	assert_near(special_t_coverage(P_K2, 6), 2.5165, 5e-5);
}

/* dof 1, 2 and 4 have closed forms. */
static void t_against_closed_forms(void **state)
{
	static const double ts[] = { -40, -2.5, -1e-6, 0.3, 1, 3, 1e4 };

	(void)state;
	for (size_t i = 0; i < sizeof(ts) / sizeof(ts[0]); i++) {
		const double t = ts[i], w = sqrt(4 + t * t);

		assert_near(special_t_cdf(t, 1), 0.5 + atan(t) / 3.14159265358979323846, 1e-13);
		assert_near(special_t_cdf(t, 2), 0.5 + t / (2 * sqrt(2 + t * t)), 1e-13);
		assert_near(special_t_cdf(t, 4), 0.5 + t * (t * t + 6) / (2 * w * w * w), 1e-12);
	}
	assert_near(special_t_cdf(0, 7.3), 0.5, 1e-15);
	assert_near(special_t_cdf(INFINITY, 3), 1, 0);
	assert_near(special_t_cdf(-INFINITY, 3), 0, 0);
	assert_near(special_t_quantile(0.5, 3), 0, 0);
	assert_near(special_t_quantile(0.025, 5), -2.5705818, 1e-6);
}

/* Quantile and distribution undo each other, for dof from 0.3 to a million. */
static void quantiles_return(void **state)
{
	static const double ps[] = { 1e-6, 0.02, 0.4, 0.6, 0.95, 0.99865, 0.999999 };
	static const double dofs[] = { 0.3, 0.9, 1.7, 3, 12.5, 400, 1e6, 1e8, 1e12, INFINITY };

	(void)state;
	for (size_t i = 0; i < sizeof(ps) / sizeof(ps[0]); i++) {
		assert_near(special_normal_cdf(special_normal_quantile(ps[i])), ps[i],
			    1e-12 * ps[i] + 1e-16);
		for (size_t k = 0; k < sizeof(dofs) / sizeof(dofs[0]); k++)
			assert_near(special_t_cdf(special_t_quantile(ps[i], dofs[k]), dofs[k]),
				    ps[i], 1e-7 * ps[i]);
	}
	assert_near(special_normal_quantile(0.95), 1.6448536269514722, 1e-12);
	assert_near(special_normal_quantile(0.975), 1.959963984540054, 1e-12);
	assert_near(special_normal_quantile(0.99), 2.3263478740408408, 1e-12);
	assert_near(special_normal_quantile(0.999), 3.090232306167813, 1e-12);
	assert_near(special_normal_quantile(1e-12), -7.034483779, 1e-6);
}

/* On both sides of where the expansion takes over, and far out: roots of the incomplete beta function, computed
 * with 40 digits. */
static void large_dof_to_twelve_digits(void **state)
{
	static const struct {
		double dof, k95, k9545, k99, k9973;
	} rows[] = {
		{ 100, 1.983971518523552, 2.025309127903459, 2.625890521438018, 3.076755577096672 },
		{ 207, 1.971490391867334, 2.012149089979716, 2.599788300617006, 3.036637885090134 },
		{ 208, 1.971434658520241, 2.012090335838481, 2.59967211346475, 3.036459782461311 },
		{ 215, 1.971059122133646, 2.011694447580312, 2.598889319611885, 3.03525995123079 },
		{ 216, 1.971007472004472, 2.011639998659525, 2.598781668221913, 3.03509496287395 },
		{ 217, 1.970956300527389, 2.011586054409528, 2.598675017246374, 3.034931511311541 },
		{ 358, 1.966612518845521, 2.00700719782067, 2.589631875403978, 3.021084974131503 },
		{ 359, 1.966593937768231, 2.006987612442176, 2.589593235174323, 3.021025864076364 },
		{ 485, 1.96486728700309, 2.005167683721823, 2.586004180532682, 3.01553751687399 },
		{ 486, 1.964857173172491, 2.005157023790846, 2.585983167011343, 3.015505395002189 },
		{ 487, 1.964847100978674, 2.005146407748017, 2.585962240106601, 3.015473405671568 },
		{ 1000, 1.962339080826408, 2.00250306536122, 2.580754698065951, 3.007517280226135 },
		{ 10000, 1.960201239890626, 2.00025003062786, 2.576321046668529,
		  3.000750172530189 },
		{ 123456, 1.959983200245187, 2.000020250330536, 2.575869128418988,
		  3.000060751520604 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const double dof = rows[i].dof;

		assert_near(special_t_coverage(P_95, dof) / rows[i].k95, 1, 1e-12);
		assert_near(special_t_coverage(P_K2, dof) / rows[i].k9545, 1, 1e-12);
		assert_near(special_t_coverage(P_99, dof) / rows[i].k99, 1, 1e-12);
		assert_near(special_t_coverage(P_K3, dof) / rows[i].k9973, 1, 1e-12);
	}
}

/* Every whole dof that a budget may have, against the distribution: one step of Newton's from the quantile. */
static void quantiles_are_those_of_the_distribution(void **state)
{
	static const double ps[] = { 0.5, P_95, P_K2, P_99, P_K3, 0.999999 };

	(void)state;
	for (size_t i = 0; i < sizeof(ps) / sizeof(ps[0]); i++)
		for (int dof = 1; dof <= 3000; dof++) {
			const double t = special_t_coverage(ps[i], dof);
			const double pdf = exp(lgamma((dof + 1) / 2.0) - lgamma(dof / 2.0) -
					       log(dof * 3.14159265358979323846) / 2 -
					       (dof + 1) / 2.0 * log1p(t * t / dof));
			const double tail = special_t_cdf(-t, dof);
			const double step = (tail - (1 - ps[i]) / 2) / pdf;

			assert_near(step / t, 0, 1e-11); /* as good as the distribution is */
		}
}

static void beta_and_f(void **state)
{
	(void)state;
	/* I_x(2,3) = 6x^2 - 8x^3 + 3x^4; I_x(1/2,1/2) = 2/pi asin(sqrt x) */
	assert_near(special_beta_inc(2, 3, 0.3), 0.3483, 1e-13);
	assert_near(special_beta_inc(2, 3, 0.9), 0.9963, 1e-13);
	assert_near(special_beta_inc(0.5, 0.5, 0.25), 1.0 / 3, 1e-13);
	assert_near(special_beta_inc(5, 1, 0.5), 0.03125, 1e-14);
	assert_near(special_beta_inc(3, 4, 0), 0, 0);
	assert_near(special_beta_inc(3, 4, 1), 1, 0);
	assert_near(special_f_cdf(2.124, 9, 40), 0.95, 1e-4);
	assert_near(special_f_cdf(2.452, 9, 40), 0.975, 1e-4);
	assert_near(special_f_cdf(-1, 9, 40), 0, 0);
	assert_near(special_f_cdf(INFINITY, 9, 40), 1, 0);
	/* F(1, n) is t squared */
	assert_near(special_f_cdf(2.25, 1, 7), 2 * special_t_cdf(1.5, 7) - 1, 1e-13);
}

static void nonsense_is_nan(void **state)
{
	(void)state;
	assert_true(isnan(special_beta_inc(0, 1, 0.5)));
	assert_true(isnan(special_beta_inc(1, 1, 1.5)));
	assert_true(isnan(special_beta_inc(1, NAN, 0.5)));
	assert_true(isnan(special_normal_quantile(0)));
	assert_true(isnan(special_normal_quantile(1)));
	assert_true(isnan(special_t_coverage(0.95, 0)));
	assert_true(isnan(special_t_coverage(0.95, NAN)));
	assert_true(isnan(special_t_coverage(1, 3)));
	assert_true(isnan(special_t_cdf(NAN, 3)));
	assert_true(isnan(special_f_cdf(1, 0, 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coverage_factors_of_the_gum),
		cmocka_unit_test(t_against_closed_forms),
		cmocka_unit_test(quantiles_return),
		cmocka_unit_test(large_dof_to_twelve_digits),
		cmocka_unit_test(quantiles_are_those_of_the_distribution),
		cmocka_unit_test(beta_and_f),
		cmocka_unit_test(nonsense_is_nan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
