/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/power.h"

#include "tests/support/near.h"

static void power_and_quadrants(void **state)
{
	const double complex v = power_phasor(120, 0);
	const double complex s = power_va(v, power_phasor(50, -60));

	(void)state;
	assert_near(creal(s), 3000, 1e-9);
	assert_near(cimag(s), 5196.152, 1e-3);
	assert_int_equal(power_quadrant(s), 1);
	assert_int_equal(power_quadrant(power_va(v, power_phasor(50, -120))), 2);
	assert_int_equal(power_quadrant(power_va(v, power_phasor(50, 120))), 3);
	assert_int_equal(power_quadrant(power_va(v, power_phasor(50, 60))), 4);
	assert_int_equal(power_quadrant(power_complex(NAN, 1)), 0);
	assert_near(power_deg(v - power_phasor(120, -120)), 30, 1e-9);
	assert_near(cabs(v - power_phasor(120, -120)), 207.846, 1e-3);
}

static void vector_and_arithmetic_va(void **state)
{
	const double complex s[] = { power_va(120, power_phasor(10, 0)),
				     power_va(120, power_phasor(10, -60)) };

	(void)state;
	assert_near(power_vector_va(s, 2), 2078.461, 1e-3);
	assert_near(power_arithmetic_va(s, 2), 2400, 1e-9);
}

/* The network of two elements at unity: the currents add up in the neutral. */
static void network_service(void **state)
{
	const double complex a = power_va(power_phasor(120, 0), power_phasor(50, 0));
	const double complex b = power_va(power_phasor(120, -120), power_phasor(50, -120));

	(void)state;
	assert_near(creal(a + b), 12000, 1e-9);
	assert_near(cabs(power_phasor(50, 0) + power_phasor(50, -120)), 50, 1e-9);
}

static void one_and_a_half_elements(void **state)
{
	const double complex a = power_phasor(120, 0);
	double wrong;

	(void)state;
	/* 122 V and 118 V, load on A alone: 6100 W, and the meter sees 6000 W */
	assert_near(power_one_and_a_half_w(122, -118, 50, 0), 6000, 1e-9);
	assert_near(122 * 50.0, 6100, 0);
	assert_near((6000 / 6100.0 - 1) * 100, -1.6393, 5e-5);
	/* its own service, balanced: exact */
	assert_near(power_one_and_a_half_w(120, -120, power_phasor(50, -60), power_phasor(50, 120)),
		    6000, 1e-9);
	/* on a network service it registers 75 % */
	for (int phi = 0; phi <= 60; phi += 30) {
		const double complex b = power_phasor(120, -120);
		const double complex ia = power_phasor(50, -phi), ib = power_phasor(50, -120 - phi);

		wrong = power_one_and_a_half_w(a, b, ia, ib) /
			creal(power_va(a, ia) + power_va(b, ib));
		assert_near(wrong, 0.75, 1e-12);
	}
	wrong = power_one_and_a_half_w(a, power_phasor(120, -120), 50, 0) / 6000;
	assert_near(wrong, 0.75, 1e-12);
}

static void burdens(void **state)
{
	const double complex ts2 = power_va(240, power_phasor(0.17292, 87.1));
	const double complex sum = power_burden_va(2.2, 0.3, POWER_INDUCTIVE) +
				   power_burden_va(41.5, 0.05, POWER_CAPACITIVE);

	(void)state;
	assert_near(cabs(ts2), 41.501, 5e-4);
	assert_near(creal(ts2), 2.0996, 1e-4);
	assert_near(cimag(ts2), -41.4477, 1e-3);
	assert_int_equal(power_burden_kind(ts2, 0.1), POWER_CAPACITIVE);
	assert_int_equal(power_burden_kind(conj(ts2), 0.1), POWER_INDUCTIVE);
	assert_int_equal(power_burden_kind(power_complex(2, -0.2), 0.1), POWER_UNDETERMINED);
	assert_int_equal(power_burden_kind(power_complex(2, NAN), 0.1), POWER_UNDETERMINED);
	assert_near(cabs(sum), 39.44, 0.005);
	assert_near(power_capacitance_f(41.5, 240, 60) * 1e6, 1.911, 5e-4);
	assert_near(power_capacitance_f(41.5, 120, 60) * 1e6, 7.645, 1e-3);
}

/* 0.5 + j0.3 ohm in front of 240 V positions. */
static void isolation_impedance(void **state)
{
	const double complex z = power_complex(0.5, 0.3);
	const double complex ind22 = power_burden_va(2.2, 0.3, POWER_INDUCTIVE);
	const double complex ts2 = power_burden_va(41.5, 0.05, POWER_CAPACITIVE);
	const struct {
		double complex s;
		double ratio, mrad, e_1, e_05;
	} rows[] = {
		{ ind22, -0.00167, 0.0148, -0.00167, -0.00423 },
		{ power_burden_va(4.95, 0.3, POWER_INDUCTIVE), -0.00375, 0.0333, -0.00375,
		  -0.00951 },
		{ ts2, 0.01978, -0.3705, 0.01977, 0.08396 },
		{ ts2 + ind22, 0.01811, -0.3558, 0.01810, 0.07973 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct power_drop first = power_drop_first_order(240, z, rows[i].s);
		struct power_drop d = { -7, -7 };

		assert_int_equal(power_drop_exact(240, z, rows[i].s, &d), ET_OK);
		assert_near(d.ratio_pct, rows[i].ratio, 1e-5);
		assert_near(d.phase_mrad, rows[i].mrad, 1e-4);
		assert_near(power_drop_error_pct(&d, 0), rows[i].e_1, 1.1e-5);
		assert_near(power_drop_error_pct(&d, sqrt(3)), rows[i].e_05, 1.1e-5);
		assert_near(first.ratio_pct, d.ratio_pct, 2e-5);
		assert_near(first.phase_mrad, d.phase_mrad, 2e-4);
		/* first order of the error as well: r - delta*tan(phi) */
		assert_near(d.ratio_pct - d.phase_mrad / 10 * sqrt(3),
			    power_drop_error_pct(&d, sqrt(3)), 2e-5);
	}
}

static void impossible_drops(void **state)
{
	struct power_drop d = { -7, -7 };

	(void)state;
	assert_int_equal(power_drop_exact(240, 500, 100, &d), ET_ERR_ARG);
	assert_int_equal(power_drop_exact(0, 1, 100, &d), ET_ERR_ARG);
	assert_int_equal(power_drop_exact(NAN, 1, 100, &d), ET_ERR_ARG);
	assert_int_equal(power_drop_exact(240, NAN, 100, &d), ET_ERR_ARG);
	assert_near(d.ratio_pct, -7, 0);
}

static void phases_and_time(void **state)
{
	const double deg = 3.14159265358979323846 / 180, tan60 = tan(60 * deg);
	const struct power_drop by_0_01 = { 0, -0.01 * deg * 1000 };

	(void)state;
	assert_near(power_drop_error_pct(&by_0_01, tan60), 0.03023, 5e-6);
	assert_near(power_drop_error_pct(&by_0_01, 0), -1.5e-6, 5e-8);
	assert_near(100 * 0.02 * deg * tan60, 0.06045, 1e-5);
	assert_near(100 * 0.1 * deg * tan60, 0.302, 5e-4);
	assert_near(1e6 / 360 / 60, 46.2963, 5e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_and_quadrants),
		cmocka_unit_test(vector_and_arithmetic_va),
		cmocka_unit_test(network_service),
		cmocka_unit_test(one_and_a_half_elements),
		cmocka_unit_test(burdens),
		cmocka_unit_test(isolation_impedance),
		cmocka_unit_test(impossible_drops),
		cmocka_unit_test(phases_and_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
