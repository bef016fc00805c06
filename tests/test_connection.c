/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/connection.h"

#include "tests/support/near.h"

static void the_table_of_m(void **state)
{
	static const struct {
		int conf;
		enum connection conn;
		int err;
		int num, den;
	} cases[] = {
		{ 1, CONNECTION_SERIES, ET_OK, 1, 1 },
		{ 2, CONNECTION_SERIES, ET_OK, 1, 1 },
		{ 4, CONNECTION_SERIES, ET_OK, 2, 1 },
		{ 1, CONNECTION_TRUE_SERVICE, ET_OK, 1, 1 },
		{ 2, CONNECTION_TRUE_SERVICE, ET_OK, 1, 1 },
		{ 4, CONNECTION_TRUE_SERVICE, ET_OK, 1, 1 },
		{ 1, CONNECTION_ELEMENT_A, ET_OK, 1, 1 },
		{ 2, CONNECTION_ELEMENT_A, ET_OK, 1, 2 },
		{ 4, CONNECTION_ELEMENT_A, ET_OK, 1, 1 },
		{ 1, CONNECTION_ELEMENT_B, ET_ERR_ARG, -7, -7 },
		{ 2, CONNECTION_ELEMENT_B, ET_OK, 1, 2 },
		{ 4, CONNECTION_ELEMENT_B, ET_OK, 1, 1 },
		{ 3, CONNECTION_SERIES, ET_ERR_ARG, -7, -7 },
		{ 0, CONNECTION_SERIES, ET_ERR_ARG, -7, -7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t num = -7, den = -7;

		print_message("configuration %d, connection %d\n", cases[i].conf, cases[i].conn);
		assert_int_equal(connection_m(cases[i].conf, cases[i].conn, &num, &den),
				 cases[i].err);
		assert_int_equal(num, cases[i].num);
		assert_int_equal(den, cases[i].den);
	}
}

/* 60 degrees of lag: P and Q of the set-points at 50 A. */
static void true_service_setpoints(void **state)
{
	struct setpoint sp;
	double p, q;

	(void)state;
	assert_int_equal(
		connection_setpoint(1, CONNECTION_TRUE_SERVICE, 120, 50, 0.5, true, false, 60, &sp),
		ET_OK);
	assert_near(sp.ph[0].volt_v, 120, 0);
	assert_near(sp.ph[0].curr_deg, -60, 1e-9);
	assert_near(sp.ph[1].volt_v, 0, 0);
	setpoint_power(&sp, &p, &q);
	assert_near(p, 3000, 1e-6);
	assert_near(q, 5196.152, 1e-3);

	assert_int_equal(
		connection_setpoint(2, CONNECTION_TRUE_SERVICE, 240, 50, 0.5, true, false, 60, &sp),
		ET_OK);
	assert_near(sp.ph[0].volt_v, 120, 0);
	assert_near(sp.ph[1].volt_v, 120, 0);
	assert_near(sp.ph[1].volt_deg, 180, 0);
	assert_near(sp.ph[1].curr_deg, 120, 1e-9);
	setpoint_power(&sp, &p, &q);
	assert_near(p, 6000, 1e-6);
	assert_near(q, 10392.305, 1e-3);

	assert_int_equal(
		connection_setpoint(4, CONNECTION_TRUE_SERVICE, 120, 50, 0.5, true, false, 60, &sp),
		ET_OK);
	assert_near(sp.ph[1].volt_deg, -120, 0);
	assert_near(fabs(sp.ph[1].curr_deg), 180, 1e-9);
	assert_near(sp.ph[2].volt_v, 0, 0);
	setpoint_power(&sp, &p, &q);
	assert_near(p, 6000, 1e-6);
	assert_near(q, 10392.305, 1e-3);
}

static void lead_unity_and_received(void **state)
{
	struct setpoint sp;
	double p, q;

	(void)state;
	assert_int_equal(
		connection_setpoint(1, CONNECTION_SERIES, 120, 50, 0.8, false, false, 60, &sp),
		ET_OK);
	setpoint_power(&sp, &p, &q);
	assert_near(p, 4800, 1e-6);
	assert_near(q, -3600, 1e-6);

	assert_int_equal(connection_setpoint(1, CONNECTION_SERIES, 120, 50, 1, true, true, 60, &sp),
			 ET_OK);
	assert_near(sp.ph[0].curr_deg, 180, 1e-9);
	setpoint_power(&sp, &p, &q);
	assert_near(p, -6000, 1e-6);
	assert_near(q, 0, 1e-6);
}

/* In series the source sees one phase only, whatever the meter. */
static void series_energises_one_phase(void **state)
{
	static const int configurations[] = { 1, 2, 4 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct setpoint sp;

		assert_int_equal(connection_setpoint(configurations[i], CONNECTION_SERIES, 240, 30,
						     1, true, false, 60, &sp),
				 ET_OK);
		assert_near(sp.ph[0].volt_v, 240, 0);
		assert_near(sp.ph[0].curr_a, 30, 0);
		for (int k = 1; k < ET_PHASES; k++) {
			assert_near(sp.ph[k].volt_v, 0, 0);
			assert_near(sp.ph[k].curr_a, 0, 0);
		}
	}
}

static void nonsense_is_refused(void **state)
{
	struct setpoint sp = { .freq_hz = -1 };

	(void)state;
	assert_int_equal(
		connection_setpoint(1, CONNECTION_ELEMENT_B, 120, 5, 1, true, false, 60, &sp),
		ET_ERR_ARG);
	assert_int_equal(
		connection_setpoint(1, CONNECTION_SERIES, 120, 5, 1.01, true, false, 60, &sp),
		ET_ERR_ARG);
	assert_int_equal(connection_setpoint(1, CONNECTION_SERIES, 120, 5, 0, true, false, 60, &sp),
			 ET_ERR_ARG);
	assert_int_equal(connection_setpoint(1, CONNECTION_SERIES, NAN, 5, 1, true, false, 60, &sp),
			 ET_ERR_ARG);
	assert_int_equal(
		connection_setpoint(1, CONNECTION_SERIES, 120, -5, 1, true, false, 60, &sp),
		ET_ERR_ARG);
	assert_int_equal(connection_setpoint(1, CONNECTION_SERIES, 120, 5, 1, true, false, 0, &sp),
			 ET_ERR_ARG);
	assert_near(sp.freq_hz, -1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_m),
		cmocka_unit_test(true_service_setpoints),
		cmocka_unit_test(lead_unity_and_received),
		cmocka_unit_test(series_energises_one_phase),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
