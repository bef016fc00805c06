/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/decision.h"

#include "metrology/special.h"
#include "tests/support/near.h"

static void interval_against_limits(void **state)
{
	(void)state;
	assert_int_equal(decision_interval(0.9, 0.1, -1, 1), DECISION_CONFORMING);
	assert_int_equal(decision_interval(0.9, 0.11, -1, 1), DECISION_INCONCLUSIVE);
	assert_int_equal(decision_interval(1.1, 0.11, -1, 1), DECISION_INCONCLUSIVE);
	assert_int_equal(decision_interval(1.2, 0.11, -1, 1), DECISION_NONCONFORMING);
	assert_int_equal(decision_interval(-1.2, 0.11, -1, 1), DECISION_NONCONFORMING);
	assert_int_equal(decision_interval(0, 3, -1, 1), DECISION_INCONCLUSIVE);
	assert_int_equal(decision_interval(0.5, 0.1, 0, 1), DECISION_CONFORMING);
}

static void three_rules(void **state)
{
	static const struct {
		double err;
		enum decision simple, guarded, two_stage;
	} rows[] = {
		{ 0.85, DECISION_CONFORMING, DECISION_CONFORMING, DECISION_CONFORMING },
		{ 0.95, DECISION_CONFORMING, DECISION_NONCONFORMING, DECISION_INCONCLUSIVE },
		{ 1.05, DECISION_NONCONFORMING, DECISION_NONCONFORMING, DECISION_INCONCLUSIVE },
		{ 1.15, DECISION_NONCONFORMING, DECISION_NONCONFORMING, DECISION_NONCONFORMING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const double e = rows[i].err;

		assert_int_equal(decision_apply(RULE_SIMPLE, e, 0.1, -1, 1), rows[i].simple);
		assert_int_equal(decision_apply(RULE_GUARDED, e, 0.1, -1, 1), rows[i].guarded);
		assert_int_equal(decision_apply(RULE_TWO_STAGE, e, 0.1, -1, 1), rows[i].two_stage);
		assert_int_equal(decision_apply(RULE_SIMPLE, -e, 0.1, -1, 1), rows[i].simple);
	}
}

/* An uncertainty that covers the limits decides nothing, unless the error is far outside all the same. */
static void a_blunt_measurement_decides_nothing(void **state)
{
	(void)state;
	assert_int_equal(decision_apply(RULE_SIMPLE, 0.2, 1, -1, 1), DECISION_CONFORMING);
	assert_int_equal(decision_apply(RULE_SIMPLE, 0.2, 1.01, -1, 1), DECISION_INCONCLUSIVE);
	assert_int_equal(decision_apply(RULE_SIMPLE, 16.8, 19.6, -1, 1), DECISION_INCONCLUSIVE);
	assert_int_equal(decision_apply(RULE_SIMPLE, -50, 19.6, -1, 1), DECISION_NONCONFORMING);
}

static void nan_never_passes(void **state)
{
	(void)state;
	for (int rule = RULE_SIMPLE; rule <= RULE_TWO_STAGE; rule++) {
		const enum decision_rule r = (enum decision_rule)rule;

		assert_int_equal(decision_apply(r, NAN, 0.1, -1, 1), DECISION_INCONCLUSIVE);
		assert_int_equal(decision_apply(r, 0, NAN, -1, 1), DECISION_INCONCLUSIVE);
		assert_int_equal(decision_apply(r, 0, INFINITY, -1, 1), DECISION_INCONCLUSIVE);
		assert_int_equal(decision_apply(r, 0, 0.1, NAN, 1), DECISION_INCONCLUSIVE);
		assert_int_equal(decision_apply(r, 0, 0.1, -1, NAN), DECISION_INCONCLUSIVE);
		assert_int_equal(decision_apply(r, 0, -0.1, -1, 1), DECISION_INCONCLUSIVE);
	}
	assert_true(isnan(decision_p_conform(0, 0, -1, 1)));
	assert_true(!(decision_p_conform(NAN, 0.1, -1, 1) >= 0));
}

/* Examples of JCGM 106 and others. */
static void conformance_probability(void **state)
{
	(void)state;
	assert_near(decision_p_conform(-5.47, 0.05, -INFINITY, -5.40), 0.91924, 5e-6);
	assert_near(decision_p_conform(13.6, 1.8, 12.5, 16.3), 0.66263, 5e-6);
	assert_near(100 / (1 - special_normal_quantile(0.999) * 0.02), 106.6, 0.05);
	assert_near(decision_p_conform(0.90, 0.05, -1, 1), 0.977250, 5e-7);
	assert_near(decision_p_conform(0.95, 0.05, -1, 1), 0.841345, 5e-7);
	assert_near(decision_p_conform(0.98, 0.05, -1, 1), 0.655422, 5e-7);
	assert_near(decision_p_conform(1.00, 0.05, -1, 1), 0.500000, 5e-7);
	assert_near(decision_p_conform(1.05, 0.05, -1, 1), 0.158655, 5e-7);
	assert_near(1 - decision_p_conform(10, 0.4, 9, 11), 0.01242, 5e-6);
	assert_near(1 - decision_p_conform(10.5, 0.4, 9, 11), 0.10574, 5e-5);
	assert_near(1 - decision_p_conform(12, 0.4, 9, 11), 0.99379, 5e-6);
}

static void global_risks(void **state)
{
	static const struct {
		double mean, u0, u_m, accept, r_c, r_p, tol;
	} rows[] = {
		{ 0, 0.5, 0.05, 1.0, 0.003810, 0.004892, 5e-7 },
		{ 0, 0.5, 0.05, 0.9, 0.000086, 0.027868, 5e-7 },
		{ 0, 0.5, 0.10, 1.0, 0.006776, 0.011136, 5e-7 },
		{ 0, 0.5, 0.10, 0.8, 0.000161, 0.071325, 5e-7 },
		{ 0.05, 0.3, 0.05, 1.0, 1.72e-4, 3.39e-4, 5e-7 },
		{ 0.05, 0.3, 0.05, 0.9, 4e-6, 2.491e-3, 5e-7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double c = -1, p = -1;

		assert_int_equal(decision_global_risk(rows[i].mean, rows[i].u0, rows[i].u_m, 1,
						      rows[i].accept, &c, &p),
				 ET_OK);
		assert_near(c, rows[i].r_c, rows[i].tol);
		assert_near(p, rows[i].r_p, rows[i].tol);
	}
	{
		double c = -1, p = -1;

		assert_int_equal(decision_global_risk(0, 0, 0.1, 1, 1, &c, &p), ET_ERR_ARG);
		assert_int_equal(decision_global_risk(0, 0.1, NAN, 1, 1, &c, &p), ET_ERR_ARG);
		assert_near(c, -1, 0);
	}
}

static uint64_t seed = 20240611;

static double uniform(void) /* splitmix64 */
{
	uint64_t z = seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static double gauss(void)
{
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* ISO 10576-1 in two stages: L = 1, u = 0.05 a stage (all type A), k = 2. */
static void two_stages(void **state)
{
	static const struct {
		double truth, conf1, nonconf1, conf2, nonconf2;
	} rows[] = {
		{ 0.85, .8407, 0, .9892, 0 },	      { 0.90, .4992, 0, .8175, 0 },
		{ 0.95, .1599, .0013, .3231, .0015 }, { 1.00, .0224, .0225, .0374, .0377 },
		{ 1.05, .0014, .1592, .0016, .3213 }, { 1.10, .0001, .4996, .0001, .8166 },
	};
	enum { RUNS = 40000 };

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n1[3] = { 0 }, n2[3] = { 0 };

		for (int run = 0; run < RUNS; run++) {
			struct decision_stage a = { rows[i].truth + 0.05 * gauss(), 0.05, INFINITY,
						    0, INFINITY };
			enum decision d = decision_apply(RULE_TWO_STAGE, a.err, 2 * a.u_a, -1, 1);

			n1[d]++;
			if (d == DECISION_INCONCLUSIVE) {
				struct decision_stage b = a;

				b.err = rows[i].truth + 0.05 * gauss();
				a = decision_combine(&a, &b);
				d = decision_apply(RULE_TWO_STAGE, a.err, 2 * a.u_a, -1, 1);
			}
			n2[d]++;
		}
		assert_near((double)n1[DECISION_CONFORMING] / RUNS, rows[i].conf1, 0.01);
		assert_near((double)n1[DECISION_NONCONFORMING] / RUNS, rows[i].nonconf1, 0.01);
		assert_near((double)n2[DECISION_CONFORMING] / RUNS, rows[i].conf2, 0.01);
		assert_near((double)n2[DECISION_NONCONFORMING] / RUNS, rows[i].nonconf2, 0.01);
	}
}

static void a_second_stage_leaves_type_b(void **state)
{
	const struct decision_stage a = { 0.8, 0.03, 4, 0.02, 50 }, b = { 1.0, 0.04, 4, 0.02, 50 };
	const struct decision_stage c = decision_combine(&a, &b);

	(void)state;
	assert_near(c.err, 0.9, 1e-15);
	assert_near(c.u_a, 0.025, 1e-15);
	assert_near(c.dof_a, 7.4183976, 1e-6); /* 0.0025^2/((0.03^4 + 0.04^4)/4) */
	assert_near(c.u_b, 0.02, 0);
	assert_near(c.dof_b, 50, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval_against_limits),
		cmocka_unit_test(three_rules),
		cmocka_unit_test(a_blunt_measurement_decides_nothing),
		cmocka_unit_test(nan_never_passes),
		cmocka_unit_test(conformance_probability),
		cmocka_unit_test(global_risks),
		cmocka_unit_test(two_stages),
		cmocka_unit_test(a_second_stage_leaves_type_b),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
