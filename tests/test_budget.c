/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget.h"

#include "metrology/special.h"
#include "tests/support/near.h"

static const double RAD_PER_DEG = 3.14159265358979323846 / 180;

static double U_of(const struct budget *b)
{
	return budget_coverage(P_K2, budget_dof(b)) * budget_u(b);
}

/* What all budgets of this bench have in common, in %. */
static void add_common(struct budget *b)
{
	budget_add(b, 0.02 / 2, 1, 50); /* reference, U = 0.02, k = 2 */
	budget_add(b, budget_rectangular(0.01), 1, INFINITY); /* its drift */
	budget_add(b, budget_rectangular(5e-4 * 3), 1, INFINITY); /* 5 ppm/K over +-3 K */
	budget_add(b, budget_rectangular(0.02), 1, INFINITY); /* position */
	budget_add(b, budget_rectangular(0.03), 1, INFINITY); /* transformer, ratio */
	budget_add(b, budget_resolution(0.01), 1, INFINITY);
}

static void unity_and_half_power_factor(void **state)
{
	const double grid_u = 1 / 60.0 / sqrt(12) * sqrt(2) / 60 * 100;
	struct budget b = { 0 };

	(void)state;
	budget_add(&b, 0.012 / sqrt(5), 1, 4);
	assert_near(grid_u, 0.01134, 5e-6);
	budget_add(&b, grid_u, 1, INFINITY);
	add_common(&b);
	assert_near(budget_u(&b), 0.02708, 5e-6);
	assert_near(budget_dof(&b), 1319.5, 3);
	assert_near(budget_coverage(P_K2, budget_dof(&b)), 2.0019, 5e-5);
	assert_near(U_of(&b), 0.0542, 5e-5);

	budget_add(&b, 100 * budget_rectangular(RAD_PER_DEG / 60), tan(60 * RAD_PER_DEG), INFINITY);
	budget_add(&b, 100 * budget_rectangular(0.005 * RAD_PER_DEG), tan(60 * RAD_PER_DEG),
		   INFINITY);
	assert_near(budget_u(&b), 0.04069, 5e-6);
	assert_near(budget_dof(&b), 6727.6, 10);
	assert_near(U_of(&b), 0.0814, 5e-5);
}

static void low_load(void **state)
{
	struct budget b = { 0 };

	(void)state;
	budget_add(&b, 0.05 / sqrt(3), 1, 2);
	budget_add(&b, 0.0105, 1, INFINITY);
	add_common(&b);
	assert_near(budget_u(&b), 0.03898, 5e-6);
	assert_near(budget_dof(&b), 6.6, 0.05);
	assert_near(budget_coverage(P_K2, budget_dof(&b)), 2.5165, 5e-5);
	assert_near(U_of(&b), 0.0981, 5e-5);
}

/* JCGM 100, H.1: the end gauge. */
static void end_gauge(void **state)
{
	const double l_s = 50000623;
	struct budget d = { 0 }, b = { 0 };
	double k;

	(void)state;
	budget_add(&d, 5.8, 1, 24);
	budget_add(&d, 3.9, 1, 5);
	budget_add(&d, 6.7, 1, 8);
	assert_near(budget_u(&d), 9.68, 0.01);
	assert_near(budget_dof(&d), 25.4, 0.1);

	budget_add(&b, 25, 1, 18);
	budget_add(&b, budget_u(&d), 1, budget_dof(&d));
	budget_add(&b, budget_rectangular(1e-6), l_s * 0.1, 50);
	budget_add(&b, budget_rectangular(0.05), l_s * 11.5e-6, 2);
	assert_near(budget_rectangular(1e-6) * l_s * 0.1, 2.887, 5e-4);
	assert_near(budget_rectangular(0.05) * l_s * 11.5e-6, 16.599, 1e-3);
	assert_near(budget_u(&b), 31.66, 0.005);
	assert_near(budget_dof(&b), 16.75, 0.01);
	k = budget_coverage(P_99, budget_dof(&b));
	assert_near(k, 2.92, 5e-3);
	assert_near(k * budget_u(&b), 92.5, 0.05);
}

static void simple_lines(void **state)
{
	struct budget b = { 0 };

	(void)state;
	budget_add(&b, 0.57, 1, 9);
	budget_add(&b, 0.25, 1, INFINITY);
	assert_near(budget_dof(&b), 12.8, 0.05);

	assert_near(budget_triangular(1), 0.40825, 1e-5);
	assert_near(budget_arcsine(1), 0.70711, 1e-5);
	assert_near(budget_type_b_dof(0.25), 8, 1e-12);
	assert_near(budget_type_b_dof(0.10), 50, 1e-12);
	/* one arc minute and other phases at power factor 0.5 */
	assert_near(100 * RAD_PER_DEG / 60 * tan(60 * RAD_PER_DEG), 0.05038, 5e-6);
	/* counting a reference of 1e-5 Wh a pulse over 1 Wh: triangular, +-1 count */
	assert_near(100 * budget_triangular(1e-5) / 1.0, 4.1e-4, 5e-6);
}

static void edges_of_the_formulas(void **state)
{
	struct budget b = { 0 };

	(void)state;
	assert_near(budget_u(&b), 0, 0);
	assert_true(isinf(budget_dof(&b)));
	budget_add(&b, 0.1, 1, INFINITY);
	assert_true(isinf(budget_dof(&b)));
	assert_near(budget_coverage(P_K2, budget_dof(&b)), 2, 1e-9);
	assert_near(budget_coverage(P_K2, 0.5), special_t_coverage(P_K2, 0.5), 0);
	budget_add(&b, NAN, 1, 5);
	assert_true(isnan(budget_u(&b)));
	assert_true(isnan(budget_dof(&b)));
	b = (struct budget){ 0 };
	budget_add(&b, 0.1, 1, 0);
	assert_true(isnan(budget_u(&b)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unity_and_half_power_factor),
		cmocka_unit_test(low_load),
		cmocka_unit_test(end_gauge),
		cmocka_unit_test(simple_lines),
		cmocka_unit_test(edges_of_the_formulas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
