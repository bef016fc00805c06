/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated COM5003 against the dialogue of a real one. */
#include <math.h>
#include <stdlib.h>

#include "tests/support/sim_rig.h"

static const char *hear(struct rig *r, double s)
{
	return rig_hear(r, r->reference, '\n', s);
}

static void ask(struct rig *r, const char *question, const char *answer)
{
	rig_ask(r, r->reference, question, answer);
}

/* The number after the last colon. */
static double number(struct rig *r, const char *question)
{
	const char *line, *colon;

	rig_say(r, r->reference, question);
	line = hear(r, 3);
	colon = strrchr(line, ':');
	return line[0] ? strtod(colon ? colon + 1 : line, NULL) : NAN;
}

static void set(struct rig *r, const char *setting)
{
	rig_say(r, r->reference, setting);
	rig_pass(r, 0.01);
}

static void test_identity(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "");
	ask(&r, "*IDN?\n", "ZERA GmbH Koenigswinter, COM5003, SIM-COM-0001, 1.0\n");
	ask(&r, "*ESR?\n", "+0\n");
	ask(&r, "*STB?\n", "+0\n");
	ask(&r, "*OPC?\n", "+1\n");
	ask(&r, "*idn?\r\n", "ZERA GmbH Koenigswinter, COM5003, SIM-COM-0001, 1.0\n");
	ask(&r, "STATUS:DEV1:SERIAL?\n", "SIM-COM-0001\n");
	ask(&r, "SYSTEM:ERROR:COUNT?\n", "0\n");
	ask(&r, "SYSTEM:ERROR?\n", "+0,No error\n");
	ask(&r, "CONFIGURATION:POW1:MMODE?\n", "4LW\n");
	ask(&r, "CONFIGURATION:POW1:MMODE:CATALOG?\n", "4LW;3LW;2LW\n");
	ask(&r, "CONFIGURATION:POW1:NOMINAL_FREQ?\n", "200000\n");
	ask(&r, "SENSE:RNG1:UL1:RANGE:CATALOG?\n", "480V;240V;120V;60V;12V;5V\n");
	rig_close(&r);
}

static void test_unknown_is_silence(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "");
	rig_say(&r, r.reference, "FOO:BAR?\n");
	assert_string_equal(hear(&r, 5), "");
	ask(&r, "SYSTEM:ERROR:COUNT?\n", "1\n");
	ask(&r, "SYSTEM:ERROR?\n", "-100,Command error\n");
	ask(&r, "SYSTEM:ERROR?\n", "+0,No error\n");
	rig_say(&r, r.reference, "MEASURE:RMS1:UL4?\n");
	assert_string_equal(hear(&r, 5), "");
	set(&r, "CONFIGURATION:POW1:MMODE 2LW\n"); /* a parameter ends with a semicolon */
	ask(&r, "SYSTEM:ERROR:ALL?\n", "-100,Command error;-100,Command error\n");
	ask(&r, "CONFIGURATION:POW1:MMODE?\n", "4LW\n");
	rig_close(&r);
}

static void test_settings_take_effect_later(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "reference: {latency_s: 0.0002, jitter_s: 0, apply_s: 0.002}\n");
	ask(&r, "CONFIGURATION:POW1:M0CONSTANT?\n", "2500000\n");
	rig_say(&r, r.reference, "SENSE:RNG1:UL1:RANGE 240V;\n");
	ask(&r, "SENSE:RNG1:UL1:RANGE?\n", "480V\n");
	rig_pass(&r, 0.002);
	ask(&r, "SENSE:RNG1:UL1:RANGE?\n", "240V\n");
	ask(&r, "sens:rng1:ul1:rang?\n", "240V\n");
	set(&r, "SENSE:RNG1:UL2:RANGE 240V;\n");
	set(&r, "SENSE:RNG1:UL3:RANGE 240V;\n");
	ask(&r, "CONFIGURATION:POW1:M0CONSTANT?\n",
	    "5e+06\n"); /* 3.6e6 * 200000 / (3 * 240 * 200) */
	ask(&r, "conf:pow1:m0c?\n", "5e+06\n");
	rig_say(&r, r.reference, "SENSE:RNG1:UL1:RANGE 77V;\n");
	ask(&r, "SYSTEM:ERROR?\n", "+0,No error\n");
	rig_pass(&r, 0.002);
	ask(&r, "SYSTEM:ERROR?\n", "-120,Numeric data error\n");
	rig_say(&r, r.reference, "CONFIGURATION:DSP1:TINTEGRATION 0.5;\n"); /* 1 to 100 s */
	rig_pass(&r, 0.01);
	ask(&r, "SYST:ERR?\n", "-120,Numeric data error\n");
	set(&r, "CONFIGURATION:POW1:MMODE 2LW;\n");
	ask(&r, "CONFIGURATION:POW1:M0CONSTANT?\n", "1.5e+07\n");
	rig_close(&r);
}

static void test_interrupted_query(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, "");
	rig_say(&r, r.reference, "MEASURE:RMS1:UL1?\n");
	rig_pass(&r, 0.002);
	ask(&r, "*OPC?\n", "+1\n");
	assert_string_equal(hear(&r, 5), ""); /* the first answer never comes */
	ask(&r, "SYSTEM:ERROR?\n", "-410,Query INTERRUPTED\n");
	rig_close(&r);
}

/* 240 V, 5 A lagging by 60 degrees: 600 W, 1039.23 var. */
static void test_readings(void **state)
{
	struct rig r;
	int64_t t;

	(void)state;
	rig_open(&r, RIG_QUIET);
	rig_on(&r, 240, 5, 60);
	t = clk_now_ns(r.clk);
	ask(&r, "FETCH:RMS1:UL1?\n", "RMS1:UL1:[V]:240;\n");
	assert_true(clk_now_ns(r.clk) - t < 10000000);
	t = clk_now_ns(r.clk);
	ask(&r, "MEASURE:POW1:P1?\n", "POW1:P1:[W]:600;\n");
	ask(&r, "MEASURE:POW1:PS?\n", "POW1:PS:[W]:600;\n");
	/* the second one waited for one whole integration of 0.5 s */
	assert_true(clk_now_ns(r.clk) - t > 490000000 && clk_now_ns(r.clk) - t < 1010000000);
	ask(&r, "READ:POW2:Q1?\n", "POW2:Q1:[Var]:1039.2305;\n"); /* > 0: lagging */
	ask(&r, "MEAS:POW2:QS?\n", "POW2:QS:[Var]:1039.2305;\n");
	ask(&r, "MEASURE:POW3:SS?\n", "POW3:SS:[VA]:1200;\n");
	ask(&r, "MEASURE:LAM1:LAMBDA1?\n", "LAM1:Lambda1:[]:0.5;\n");
	ask(&r, "MEASURE:RNG1:F?\n", "RNG1:F:[Hz]:60;\n");
	ask(&r, "MEASURE:DFT1:U1?\n", "DFT1:U1:[V]:339.41125,0,0;\n"); /* the peak */
	ask(&r, "MEASURE:DFT1:I1?\n", "DFT1:I1:[A]:7.0710678,-1.0471976,-60;\n");
	ask(&r, "MEASURE:RMS1?\n",
	    "RMS1:UL1:[V]:240;RMS1:UL2:[V]:0;RMS1:UL3:[V]:0;"
	    "RMS1:IL1:[A]:5;RMS1:IL2:[A]:0;RMS1:IL3:[A]:0;\n");
	rig_close(&r);
}

static void test_its_own_error(void **state)
{
	struct rig r;

	(void)state;
	/* + 0.1 % and a voltage that seems to lead by 10': cos(60 deg + 10')/cos(60 deg) = 0.994957 */
	rig_open(&r, RIG_QUIET "reference: {error_pct: 0.1, phase_min: 10}\n");
	rig_on(&r, 240, 5, 60);
	assert_near(number(&r, "MEASURE:POW1:PS?\n"), 600 * 1.001 * 0.99495743, 1e-4);
	assert_near(sim_reference_error_pct(r.sim), 0.1, 0);
	rig_close(&r);
}

/* The register counts whole pulses of its constant, once a second at instants of its own. */
static void test_register(void **state)
{
	struct rig r;
	double last, kwh;

	(void)state;
	rig_open(&r, RIG_QUIET "reference: {update_latency_s: 0.002, update_jitter_s: 0}\n");
	rig_on(&r, 240, 50, 0); /* 12 kW: 1/300 kWh a second */
	ask(&r, "CALCULATE:EM01:0001:MODE?\n", "1\n");
	ask(&r, "CALCULATE:EM01:0001:TXUNIT?\n", "kWh\n");
	ask(&r, "CALCULATE:EM01:0001:REFCONSTANT?\n", "2.5e+06\n");
	set(&r, "CALCULATE:EM01:0001:MODE 0;\n");
	ask(&r, "CALCULATE:EM01:0001:STATUS?\n", "0\n");
	set(&r, "CALCULATE:EM01:0001:START 1;\n");
	ask(&r, "CALCULATE:EM01:0001:STATUS?\n", "2\n");
	ask(&r, "CALCULATE:EM01:0001:ENERGY?\n", "0\n");
	rig_pass(&r, 1);
	last = number(&r, "CALCULATE:EM01:0001:ENERGY?\n");
	assert_true(last > 0 && last <= 1.01 / 300);
	for (int n = 0; n < 20; n++) {
		rig_pass(&r, 1 - 0.003);
		kwh = number(&r, "CALCULATE:EM01:0001:ENERGY?\n");
		assert_near(kwh - last, 1.0 / 300, 0.5e-6 + 1e-9); /* one pulse is 4e-7 kWh */
		assert_near(kwh * 2.5e6, round(kwh * 2.5e6), 1e-4); /* whole pulses */
		last = kwh;
	}
	assert_near(number(&r, "CALCULATE:EM01:0001:POWER?\n"), 12, 0.001);
	set(&r, "CALCULATE:EM01:0001:START 0;\n");
	ask(&r, "CALCULATE:EM01:0001:STATUS?\n", "8\n");
	last = number(&r, "CALCULATE:EM01:0001:ENERGY?\n");
	assert_near(last, number(&r, "CALCULATE:EM01:0001:TIME?\n") / 300, 1e-6);
	rig_pass(&r, 5);
	assert_near(number(&r, "CALCULATE:EM01:0001:ENERGY?\n"), last, 0);
	set(&r, "CALCULATE:EM01:0001:MODE 1;\n");
	set(&r, "CALCULATE:EM01:0001:MTIME 4;\n");
	set(&r, "CALCULATE:EM01:0001:START 1;\n");
	rig_pass(&r, 5);
	ask(&r, "CALCULATE:EM01:0001:STATUS?\n", "4\n");
	ask(&r, "CALCULATE:EM01:0001:TIME?\n", "4\n");
	assert_near(number(&r, "CALCULATE:EM01:0001:ENERGY?\n"), 4.0 / 300, 1e-6);
	rig_close(&r);
}

static void test_ranges_and_overload(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET "events: [{kind: range_change, at_s: 100, value: 130}]\n");
	rig_on(&r, 120, 5, 0);
	ask(&r, "CONFIGURATION:RNG1:RNGAUTO?\n", "0\n");
	ask(&r, "SENSE:RNG1:IL1:RANGE?\n", "200A\n");
	ask(&r, "SENSE:RNG1:OVERLOAD?\n", "0\n");
	set(&r, "SENSE:RNG1:IL1:RANGE 2A;\n");
	rig_pass(&r, 1);
	ask(&r, "SENSE:RNG1:OVERLOAD?\n", "1\n");
	set(&r, "CONFIGURATION:RNG1:RNGAUTO 1;\n");
	rig_pass(&r, 1);
	ask(&r, "SENSE:RNG1:IL1:RANGE?\n", "5A\n");
	ask(&r, "SENSE:RNG1:UL1:RANGE?\n", "120V\n");
	set(&r, "SENSE:RNG1:OVERLOAD 0;\n");
	rig_pass(&r, 1);
	ask(&r, "SENSE:RNG1:OVERLOAD?\n", "0\n");
	set(&r, "CONFIGURATION:RNG1:RNGAUTO 0;\n");
	rig_pass(&r, 100);
	ask(&r, "SENSE:RNG1:UL1:RANGE?\n", "240V\n"); /* somebody turned it */
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_unknown_is_silence),
		cmocka_unit_test(test_settings_take_effect_later),
		cmocka_unit_test(test_interrupted_query),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_its_own_error),
		cmocka_unit_test(test_register),
		cmocka_unit_test(test_ranges_and_overload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
