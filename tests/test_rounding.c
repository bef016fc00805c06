/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/rounding.h"

#include "tests/support/near.h"

static void ties_by_both_rules(void **state)
{
	static const struct {
		double v;
		int digits;
		const char *even, *away;
	} cases[] = {
		{ 0.25, 1, "0.2", "0.3" },
		{ 0.25, 2, "0.25", "0.25" },
		{ 0.35, 1, "0.4", "0.4" },
		{ 0.45, 1, "0.4", "0.5" },
		{ -0.25, 1, "-0.2", "-0.3" },
		{ -0.25, 2, "-0.25", "-0.25" },
		{ 0.145, 1, "0.1", "0.1" },
		{ 0.145, 2, "0.14", "0.15" },
		{ 0.155, 1, "0.2", "0.2" },
		{ 0.155, 2, "0.16", "0.16" },
		{ 1.005, 1, "1.0", "1.0" },
		{ 1.005, 2, "1.00", "1.01" },
		{ -1.05, 1, "-1.0", "-1.1" },
		{ -1.05, 2, "-1.05", "-1.05" },
		{ 0.995, 1, "1.0", "1.0" },
		{ 0.995, 2, "1.00", "1.00" },
		{ 3.965, 2, "3.96", "3.97" },
		{ 3.955, 2, "3.96", "3.96" },
		{ 127.5, 0, "128", "128" },
		{ 126.5, 0, "126", "127" },
		{ 125.5, 0, "126", "126" },
		{ 2.15, 1, "2.2", "2.2" },
		{ -0.04, 1, "0.0", "0.0" },
		{ 0.000001, 6, "0.000001", "0.000001" },
		{ -12.3456785, 6, "-12.345678", "-12.345678" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int64_t u6 = rounding_u6(cases[i].v);
		const int d = cases[i].digits;
		char buf[32];

		print_message("%.9g to %d digits\n", cases[i].v, d);
		assert_string_equal(rounding_format(buf, rounding_round(u6, d, ROUND_HALF_EVEN), d),
				    cases[i].even);
		assert_string_equal(rounding_format(buf, rounding_round(u6, d, ROUND_HALF_AWAY), d),
				    cases[i].away);
	}
}

static void an_uncertainty_never_shrinks(void **state)
{
	(void)state;
	assert_int_equal(rounding_up(54200, 2), 60000);
	assert_int_equal(rounding_up(60000, 2), 60000);
	assert_int_equal(rounding_up(60001, 2), 70000);
	assert_int_equal(rounding_up(0, 2), 0);
	assert_int_equal(rounding_up(1, 0), 1000000);
}

static void what_does_not_exist_stays_so(void **state)
{
	char buf[32];

	(void)state;
	assert_int_equal(rounding_u6(NAN), ROUNDING_NONE);
	assert_int_equal(rounding_u6(INFINITY), ROUNDING_NONE);
	assert_int_equal(rounding_u6(-1e13), ROUNDING_NONE);
	assert_int_equal(rounding_round(ROUNDING_NONE, 2, ROUND_HALF_EVEN), ROUNDING_NONE);
	assert_int_equal(rounding_round(5, 7, ROUND_HALF_EVEN), ROUNDING_NONE);
	assert_int_equal(rounding_round(5, -1, ROUND_HALF_EVEN), ROUNDING_NONE);
	assert_int_equal(rounding_up(ROUNDING_NONE, 2), ROUNDING_NONE);
	assert_string_equal(rounding_format(buf, ROUNDING_NONE, 2), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ties_by_both_rules),
		cmocka_unit_test(an_uncertainty_never_shrinks),
		cmocka_unit_test(what_does_not_exist_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
