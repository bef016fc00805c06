/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/energy_error_eval.h"

#include "tests/support/near.h"
#include "tests/support/pulse_sim.h"

static const struct sim GOOD = {
	.power_w = 12000, .kh_wh = 7.2, .m = 1, .err_pct = 0.4, .grid_s = 1 / 60.0,
	.edge_sigma_s = 1e-4, .update_s = 0.5, .update_sigma_s = 5e-4, .window_s = 1e-3,
	.resolution_wh = 1e-4, .seconds = 60,
};

static struct ee_observation evaluate(const struct ee_setup *setup, const struct ee_raw *raw)
{
	struct ee_observation o;

	assert_int_equal(ee_evaluate(setup, raw, &o), ET_OK);
	return o;
}

static struct ee_observation observe(const struct sim *s)
{
	const struct ee_raw raw = sim_run(s);
	const struct ee_setup setup = sim_setup(s);

	return evaluate(&setup, &raw);
}

static void a_good_meter_passes(void **state)
{
	const struct ee_observation o = observe(&GOOD);

	(void)state;
	assert_int_equal(o.cause, EE_CAUSE_NONE);
	assert_int_equal(o.verdict, EE_CONFORMING);
	assert_int_equal(o.stop, EE_STOP_GUARANTEED);
	assert_near(o.err_pct, 0.4, 0.03);
	assert_near(o.first_last_pct, 0.4, 0.06);
	assert_true(o.set_lo_pct < 0.4 && o.set_hi_pct > 0.4);
	assert_near(o.period_ratio, 1 / 1.004, 1e-3);
	assert_int_equal(o.n_missed, 0);
	assert_int_equal(o.n_rejected, 0);
	assert_true(o.U_pct > 0.001 && o.U_pct < 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_meter_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
