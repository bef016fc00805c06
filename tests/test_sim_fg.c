/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated FG30x against literal lines of its protocol. */
#include "tests/support/sim_rig.h"

static const char *hear(struct rig *r, double s)
{
	return rig_hear(r, r->source, '\r', s);
}

static void test_identity(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "");
	rig_say(&r, r.source, "\r");
	rig_ask(&r, r.source, "TS\r", "TSSIMFG301V299\r");
	rig_ask(&r, r.source, "SM\r", "SM0000000000000000\r");
	rig_close(&r);
	rig_open(&r, "source: {model: FG301, firmware: V300}");
	rig_ask(&r, r.source, "TS\r", "TSFG301   V300\r");
	rig_close(&r);
}

static void test_initialisation(void **state)
{
	static const char *const dialogue[][2] = {
		{ "RE1\r", "OKRE\r" },
		{ "SE1\r", "OKSE\r" },
		{ "HP11\r", "OKHP\r" },
		{ "OL1111111111111111\r", "OKOL\r" },
		{ "SF0\r", "OKSF\r" },
		{ "HEAAAAAAAAAAAAAAAA\r", "OKHE\r" },
		{ "3CM4\r", "OK3CM4\r" },
		{ "2S1xx\r", "2OK\r" },
		{ "2X0000\r", "2OK\r" },
		{ "2X0200\r", "2OK\r" },
		{ "OF11111111+000.000\r", "OKOF\r" },
		{ "ZP2135224265\r", "OKZP\r" },
		{ "DS1\r", "OKDS\r" },
		{ "PL\r", "OKPL\r" },
	};
	struct rig r;

	(void)state;
	rig_open(&r, "");
	for (size_t n = 0; n < sizeof(dialogue) / sizeof(dialogue[0]); n++)
		rig_ask(&r, r.source, dialogue[n][0], dialogue[n][1]);
	rig_close(&r);
}

static void test_three_phases_in_din_sense(void **state)
{
	struct setpoint sp;
	struct rig r;
	int64_t t;

	(void)state;
	rig_open(&r, RIG_QUIET);
	rig_ask(&r, r.source, "DS1\r", "OKDS\r");
	rig_ask(&r, r.source, "FR50.00\r", "OKFR\r");
	rig_ask(&r, r.source, "UPAER230.000000.00S230.000120.00T230.000240.00\r", "OKUP\r");
	rig_ask(&r, r.source, "IPAAR005.000060.00S005.000180.00T005.000300.00\r", "OKIP\r");
	sim_terminals(r.sim, &sp);
	assert_near(sp.ph[0].volt_v, 0, 0); /* programmed, not switched */
	t = clk_now_ns(r.clk);
	rig_ask(&r, r.source, "UIEEEPPPAAA\r", "OKUI\r");
	assert_near((double)(clk_now_ns(r.clk) - t) * 1e-9, 3.02,
		    0.02); /* 3 s and 17 bytes at 9600 8N2 */
	rig_pass(&r, 10);
	sim_terminals(r.sim, &sp);
	assert_near(sp.freq_hz, 50, 0);
	assert_near(sp.ph[0].volt_v, 230, 1e-9);
	assert_near(sp.ph[1].volt_deg, -120, 1e-9);
	assert_near(sp.ph[2].volt_deg, 120, 1e-9);
	assert_near(sp.ph[0].curr_deg, -60, 1e-9); /* lagging */
	assert_near(fabs(sp.ph[1].curr_deg), 180, 1e-9);
	assert_near(sp.ph[2].curr_deg, 60, 1e-9);
	rig_ask(&r, r.source, "BU\r", "BU240.000\r");
	rig_ask(&r, r.source, "BI\r", "BI5.000\r");
	rig_ask(&r, r.source, "AU\r", "AUR19167S19167T19167\r"); /* 230 * 20000 / 240 */
	rig_ask(&r, r.source, "AI\r", "AIR20000S20000T20000\r");
	rig_ask(&r, r.source, "AW\r", "AWR000.0060.0S120.0180.0T240.0300.0\r");
	rig_ask(&r, r.source, "MP\r", "MPR575.000;S575.000;T575.000;\r");
	rig_ask(&r, r.source, "MQ\r", "MQR995.929;S995.929;T995.929;\r"); /* Q > 0: lagging */
	rig_ask(&r, r.source, "MS\r", "MSR1150.000;S1150.000;T1150.000;\r");
	rig_ask(&r, r.source, "AF\r", "AF50.00\r");
	rig_ask(&r, r.source, "FI\r", "FI 60000\r");
	t = clk_now_ns(r.clk);
	rig_ask(&r, r.source, "UIAAAAAAAAA\r", "OKUI\r");
	assert_near((double)(clk_now_ns(r.clk) - t) * 1e-9, 1.02, 0.02);
	rig_pass(&r, 10);
	sim_terminals(r.sim, &sp);
	for (int k = 0; k < ET_PHASES; k++) {
		assert_near(sp.ph[k].volt_v, 0, 0);
		assert_near(sp.ph[k].curr_a, 0, 0);
	}
	rig_close(&r);
}

static void test_milliamperes(void **state)
{
	struct setpoint sp;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET);
	rig_ask(&r, r.source, "IPAMR025.000000.00S000.000000.00T000.000000.00\r", "OKIP\r");
	rig_ask(&r, r.source, "UIAAAPAAAAA\r", "OKUI\r");
	rig_pass(&r, 10);
	sim_terminals(r.sim, &sp);
	assert_near(sp.ph[0].curr_a, 0.025, 1e-12);
	rig_close(&r);
}

static void test_refusals(void **state)
{
	static const char *const refused[][2] = {
		{ "UPAER230.00000.00S230.000120.00T230.000240.00\r", "UPNAK\r" }, /* width */
		{ "UPAER230,000000.00S230.000120.00T230.000240.00\r", "UPNAK\r" }, /* comma */
		{ "UPAER 30.000000.00S230.000120.00T230.000240.00\r", "UPNAK\r" },
		{ "UPXER230.000000.00S230.000120.00T230.000240.00\r", "UPNAK\r" },
		{ "UPAES230.000000.00S230.000120.00T230.000240.00\r", "UPNAK\r" },
		{ "UPAER230.000360.00S230.000120.00T230.000240.00\r", "UPNAK\r" },
		{ "UPAER320.001000.00S230.000120.00T230.000240.00\r",
		  "UPNAK\r" }, /* over its limit */
		{ "IPAAR200.001000.00S000.000000.00T000.000000.00\r", "IPNAK\r" },
		{ "IPABR005.000000.00S000.000000.00T000.000000.00\r", "IPNAK\r" },
		{ "FR60.0\r", "FRNAK\r" },
		{ "FR39.99\r", "FRNAK\r" },
		{ "UIEEE\r", "UINAK\r" },
		{ "UIEEEEEEAAA\r", "UINAK\r" },
		{ "OL111\r", "OLNAK\r" },
		{ "DS2\r", "DSNAK\r" },
	};
	struct setpoint sp;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET);
	for (size_t n = 0; n < sizeof(refused) / sizeof(refused[0]); n++)
		rig_ask(&r, r.source, refused[n][0], refused[n][1]);
	rig_say(&r, r.source, "XYZZY\r");
	assert_string_equal(hear(&r, 30), ""); /* unknown: silence */
	rig_say(&r, r.source, "3CM1\r"); /* no dosage in this one */
	assert_string_equal(hear(&r, 30), "");
	rig_say(&r, r.source, "STS\r"); /* the dialect of an MT */
	assert_string_equal(hear(&r, 30), "");
	rig_ask(&r, r.source, "UIEEEPPPAAA\r", "OKUI\r");
	sim_terminals(r.sim, &sp);
	assert_near(sp.ph[0].volt_v, 0, 0); /* nothing refused was kept */
	rig_ask(&r, r.source, "FR00.00\r", "OKFR\r");
	rig_close(&r);
}

/* A half-sent switch-on that is spoilt by a byte that can't be there does nothing. */
static void test_spoilt_line(void **state)
{
	struct setpoint sp;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET);
	rig_ask(&r, r.source, "UPAER230.000000.00S230.000120.00T230.000240.00\r", "OKUP\r");
	rig_say(&r, r.source, "UIEEEPPPAAA");
	rig_say(&r, r.source, "\xff\r");
	assert_string_equal(hear(&r, 20), "UINAK\r");
	sim_terminals(r.sim, &sp);
	assert_near(sp.ph[0].volt_v, 0, 0);
	rig_close(&r);
}

static void test_commands_wait_their_turn(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET);
	rig_say(&r, r.source, "UIEAAAAAAAA\rSM\rTS\r");
	assert_string_equal(hear(&r, 2.9), "");
	assert_string_equal(hear(&r, 1), "OKUI\r");
	assert_string_equal(hear(&r, 1), "SM0000000000000000\r");
	assert_string_equal(hear(&r, 1), "TSSIMFG301V299\r");
	rig_close(&r);
}

static void test_trip(void **state)
{
	struct setpoint sp;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET "events: [{kind: source_trip, at_s: 60}]\n");
	rig_ask(&r, r.source, "SE1\r", "OKSE\r");
	rig_ask(&r, r.source, "UPAER120.000000.00S000.000000.00T000.000000.00\r", "OKUP\r");
	rig_say(&r, r.source, "UIEAAAAAAAA\r");
	assert_string_equal(hear(&r, 20),
			    "SM0000000000000000\r"); /* an event may stand before the reply */
	assert_string_equal(hear(&r, 20), "OKUI\r");
	assert_string_equal(hear(&r, 60), "SM0008000000000000\r");
	assert_near((double)(clk_now_ns(r.clk)) * 1e-9, 1060.02, 0.02);
	rig_pass(&r, 10);
	sim_terminals(r.sim, &sp);
	assert_near(sp.ph[0].volt_v, 0, 0);
	rig_ask(&r, r.source, "SM\r", "SM0008000000000000\r");
	rig_close(&r);
}

/* The regulation: exp(-t/tau) of the way is left, tau 0.4 s. */
static void test_settling(void **state)
{
	struct setpoint sp;
	struct rig r;

	(void)state;
	rig_open(&r, "source: {noise_pct: 0, drift_pct: 0, on_time_s: 2}\n");
	rig_ask(&r, r.source, "UPAER120.000000.00S000.000000.00T000.000000.00\r", "OKUP\r");
	rig_say(&r, r.source, "UIEAAAAAAAA\r");
	rig_pass(&r, 12 * 0.001145833 + 1 + 0.4 + 1e-6); /* half of on_time_s, then one tau */
	sim_terminals(r.sim, &sp);
	assert_near(sp.ph[0].volt_v, 120 * (1 - 0.36787944117144233), 1e-6);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_initialisation),
		cmocka_unit_test(test_three_phases_in_din_sense),
		cmocka_unit_test(test_milliamperes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_spoilt_line),
		cmocka_unit_test(test_commands_wait_their_turn),
		cmocka_unit_test(test_trip),
		cmocka_unit_test(test_settling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
