/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated bench as a whole: truth behind the pulses, the same bytes again, chance, interruptions. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "simulator/rng.h"
#include "tests/support/sim_rig.h"

#define ARM_1 "?1 ARM 1*26C6\n"

static void arm(struct rig *r, const char *line, const char *begins)
{
	const char *reply;

	rig_say(r, r->reader, line);
	do
		reply = rig_hear(r, r->reader, '\n', 1);
	while (reply[0] == '!');
	assert_memory_equal(reply, begins, strlen(begins));
}

/* Read all edges; the first and last number of channel 1, and how many came. */
static unsigned read_edges(struct rig *r, uint32_t *first, uint32_t *last)
{
	unsigned n = 0;

	for (const char *line = rig_hear(r, r->reader, '\n', 0.2); line[0];
	     line = rig_hear(r, r->reader, '\n', 0)) {
		unsigned number, seq;

		if (sscanf(line, "!%u E 1 %u ", &number, &seq) != 2)
			continue;
		if (n++ == 0)
			*first = seq;
		*last = seq;
	}
	return n;
}

/* One hour at 240 V, 50 A, 0.5 lagging, Kh 7.2: 6 kW are 833.3 pulses. */
static void test_pulses_of_an_hour(void **state)
{
	uint32_t first = 0, last = 0;
	struct sim_truth t;
	struct rig r;
	int64_t t0;
	double wh;

	(void)state;
	rig_open(&r,
		 RIG_QUIET "meters: [{position: 1, kh_wh: 7.2, gain_pct: 0.4, grid_cycles: 1}]\n");
	rig_on(&r, 240, 50, 60);
	arm(&r, ARM_1, "=1 ARM mask=1 t=");
	wh = sim_energy_wh(r.sim);
	t0 = clk_now_ns(r.clk);
	for (int k = 0; k < 36; k++) {
		uint32_t a, b;

		rig_pass(&r, 100);
		assert_true(read_edges(&r, first ? &a : &first, &b) > 0);
		last = b;
	}
	wh = sim_energy_wh(r.sim) - wh;
	assert_near(wh, 6000 * (double)(clk_now_ns(r.clk) - t0) * 1e-9 / 3600, 1e-6);
	assert_int_equal(first, 1);
	assert_near(last, wh * 1.004 / 7.2, 1.01);
	assert_int_equal(sim_truth_error(r.sim, 1, first, last, &t), ET_OK);
	assert_near(t.err_pct, 0.4, 1e-6);
	assert_int_equal(t.n_pulses, last - first);
	assert_near(t.meter_wh, 7.2 * (double)t.n_pulses, 1e-6);
	assert_near(t.true_wh, 7.2 * (double)t.n_pulses / 1.004, 1e-6);
	assert_near(t.span_s, t.true_wh * 3600 / 6000, 1e-3);
	assert_int_equal(sim_truth_error(r.sim, 1, 1, last + 1, &t), ET_ERR_ARG);
	assert_int_equal(sim_truth_error(r.sim, 2, 1, 2, &t), ET_ERR_ARG);
	assert_int_equal(sim_truth_error(r.sim, 1, 5, 5, &t), ET_ERR_ARG);
	rig_close(&r);
}

/* Every eighth flash is dark: the numbers of the reader go on, those of the meter jump. */
static void test_every_eighth_is_dark(void **state)
{
	uint32_t first = 0, last = 0;
	struct sim_edge e, before;
	struct sim_truth t;
	unsigned jumps = 0, n;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET "meters: [{position: 1, drop_every: 8}]\n");
	rig_on(&r, 240, 100, 0);
	arm(&r, ARM_1, "=1 ARM mask=1 t=");
	rig_pass(&r, 60);
	n = read_edges(&r, &first, &last);
	assert_int_equal(n, last - first + 1);
	assert_int_equal(sim_truth_edge(r.sim, 1, first, &before), ET_OK);
	for (uint32_t seq = first + 1; seq <= last; seq++) {
		assert_int_equal(sim_truth_edge(r.sim, 1, seq, &e), ET_OK);
		assert_true(e.index % 8 != 0);
		assert_in_range(e.index - before.index, 1, 2);
		jumps += e.index - before.index == 2;
		before = e;
	}
	assert_in_range(jumps, 48, 52); /* 400 pulses */
	assert_int_equal(sim_truth_error(r.sim, 1, first, last, &t), ET_OK);
	assert_int_equal(t.n_pulses, last - first + jumps);
	assert_near(t.err_pct, 0, 1e-6);
	rig_close(&r);
}

static void test_spurious_flashes_have_no_number(void **state)
{
	uint32_t first = 0, last = 0, spurious = 0;
	struct sim_edge e;
	struct sim_truth t;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET "meters: [{position: 1, spurious_per_h: 3600}]\n");
	rig_on(&r, 240, 10, 0);
	arm(&r, ARM_1, "=1 ARM mask=1 t=");
	rig_pass(&r, 600);
	read_edges(&r, &first, &last);
	for (uint32_t seq = first; seq <= last; seq++) {
		assert_int_equal(sim_truth_edge(r.sim, 1, seq, &e), ET_OK);
		if (e.index >= 0)
			continue;
		if (seq > first && spurious++ == 0) {
			assert_int_equal(sim_truth_error(r.sim, 1, first, seq, &t), ET_OK);
			assert_int_equal(t.n_pulses, -1);
			assert_near(t.err_pct, 0, 1e-6); /* energy is known all the same */
		}
	}
	assert_in_range(spurious, 500, 700); /* 600 expected, sd 24 */
	rig_close(&r);
}

static void test_dead_led_and_swapped_channels(void **state)
{
	uint32_t first = 0, last = 0;
	struct sim_truth t;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET "meters:\n"
			       "  - {position: 2, channel: 1, gain_pct: 3}\n"
			       "  - {position: 1, channel: 2, led: dead}\n"
			       "events: [{kind: led_dead, at_s: 100, position: 2}]\n");
	rig_on(&r, 240, 100, 0);
	arm(&r, "?1 ARM 3*0684\n", "=1 ARM mask=3 t=");
	rig_pass(&r, 200);
	read_edges(&r, &first, &last);
	assert_int_equal(sim_truth_error(r.sim, 2, first, last, &t), ET_OK);
	assert_near(t.err_pct, 3, 1e-6);
	assert_in_range(last, 550, 600); /* alive for 84 s at 6.87 a second */
	assert_int_equal(sim_truth_error(r.sim, 1, 1, 2, &t), ET_ERR_ARG); /* not one */
	rig_close(&r);
}

/* FNV-1a over everything that comes out of the three links in a short session. */
static uint64_t session(const char *yaml, uint64_t seed, uint64_t of[3])
{
	struct rig r;
	uint64_t all = 0;

	rig_open_at(&r, yaml, seed, 0);
	rig_on(&r, 240, 100, 60);
	rig_say(&r, r.reader, "?1 ARM 3*0684\n");
	rig_say(&r, r.reference, "CALCULATE:EM01:0001:MODE 0;\nCALCULATE:EM01:0001:START 1;\n");
	for (int k = 0; k < 3; k++)
		of[k] = UINT64_C(14695981039346656037);
	for (int k = 0; k < 40; k++) {
		struct port *const port[3] = { r.source, r.reference, r.reader };

		rig_say(&r, r.source, "MP\r");
		rig_say(&r, r.reference,
			k % 2 ? "MEASURE:POW1?\n" : "CALCULATE:EM01:0001:ENERGY?\n");
		rig_say(&r, r.reader, "?5 CLK*099B\n");
		rig_pass(&r, 1);
		for (int p = 0; p < 3; p++) {
			unsigned char buf[8192];
			const int n = port_read(port[p], buf, sizeof(buf), rig_in(&r, 0));

			for (int i = 0; i < n; i++)
				of[p] = (of[p] ^ buf[i]) * UINT64_C(1099511628211);
		}
	}
	for (int k = 0; k < 3; k++)
		all ^= of[k];
	rig_close(&r);
	return all;
}

static void test_same_seed_same_bytes(void **state)
{
	const char *yaml =
		"meters: [{position: 1, to: 2, noise_1s_pct: 0.1, latency_jitter_s: 0.001}]\n"
		"type_b: [{term: reference_gain_pct, u: 0.01}]\n";
	const char *more =
		"meters: [{position: 1, to: 2, noise_1s_pct: 0.1, latency_jitter_s: 0.001, "
		"drop_one_in: 5},"
		" {position: 30, spurious_per_h: 100}]\n"
		"type_b: [{term: reference_gain_pct, u: 0.01}, {term: position_ratio_pct, u: 1}]\n";
	uint64_t a[3], b[3], c[3], d[3];

	(void)state;
	session(yaml, 0, a);
	session(yaml, 0, b);
	session(yaml, 2, c);
	assert_memory_equal(a, b, sizeof(a));
	for (int k = 0; k < 3; k++)
		assert_true(a[k] != c[k]);
	/* Chance at the meters moves nothing in source and reference. */
	session(more, 0, d);
	assert_true(a[0] == d[0]);
	assert_true(a[1] == d[1]);
	assert_true(a[2] != d[2]);
}

static void test_type_b(void **state)
{
	const char *yaml = "meters: [{position: 1, to: 40, gain_pct: 0.5}]\n"
			   "type_b:\n"
			   "  - {term: reference_gain_pct, u: 0.02}\n"
			   "  - {term: position_ratio_pct, distribution: rectangular, u: 1}\n"
			   "  - {term: position_phase_min, distribution: triangular, u: 1}\n"
			   "  - {term: meter_gain_pct, u: 1}\n";
	double sum2[TERM_KINDS] = { 0 }, most[TERM_KINDS] = { 0 };
	struct sim_draw d;
	struct rig r;
	size_t n = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		rig_open_at(&r, yaml, seed, 0);
		for (n = 0; sim_drawn(r.sim, n, &d); n++) {
			sum2[d.term] += d.value * d.value;
			most[d.term] = fabs(d.value) > most[d.term] ? fabs(d.value) : most[d.term];
			if (d.term == TERM_REFERENCE_GAIN)
				assert_near(sim_reference_error_pct(r.sim), d.value, 0);
			if (d.term == TERM_METER_GAIN)
				assert_near(sim_meter_gain_pct(r.sim, d.position), 0.5 + d.value,
					    0);
		}
		assert_int_equal(n, 1 + 3 * 40);
		rig_close(&r);
	}
	assert_near(sum2[TERM_REFERENCE_GAIN] / 50, 0.0004, 4 * 0.0004 * sqrt(2.0 / 50));
	for (int t = TERM_POSITION_RATIO; t <= TERM_METER_GAIN; t++)
		assert_near(sum2[t] / 2000, 1,
			    0.12); /* u is the standard uncertainty, whatever the distribution */
	assert_in_range(1000 * most[TERM_POSITION_RATIO], 1720, 1733); /* sqrt 3 */
	assert_in_range(1000 * most[TERM_POSITION_PHASE], 2300, 2450); /* sqrt 6 */
	assert_true(most[TERM_METER_GAIN] > 3);
}

static void test_clock_and_resume(void **state)
{
	const char *yaml = "epoch: 2026-03-02T08:00:00-05:00\nutc_offset_s: -18000\n"
			   "meters: [{position: 1}]\ntype_b: [{term: meter_gain_pct, u: 1}]\n"
			   "events: [{kind: temperature, at_s: 10, value: 40}, {kind: source_trip, "
			   "at_s: 20}]\n";
	struct clk_start a, b;
	struct sim_options opt = { 0 };
	struct rig r, again;
	double gain;

	(void)state;
	rig_open(&r, yaml);
	assert_true(clk_utc_ns(r.clk) == INT64_C(1772456400) * 1000000000);
	assert_int_equal(clk_utc_offset_s(r.clk), -18000);
	assert_int_equal(strlen(clk_boot_id(r.clk)), 36);
	assert_int_equal(sim_clock_start(&r.sc, &opt, &a), ET_OK);
	opt.resume_at_ns = a.mono_ns + INT64_C(500000000000);
	assert_int_equal(sim_clock_start(&r.sc, &opt, &b), ET_OK);
	assert_string_equal(a.boot_id, b.boot_id);
	assert_in_range(b.mono_ns - opt.resume_at_ns, INT64_C(20000000000), INT64_C(300000000000));
	assert_true(b.utc_ns - a.utc_ns == b.mono_ns - a.mono_ns);
	gain = sim_meter_gain_pct(r.sim, 1);
	rig_close(&r);
	rig_open_at(&again, yaml, 0, opt.resume_at_ns);
	assert_true(clk_now_ns(again.clk) == b.mono_ns);
	assert_near(sim_meter_gain_pct(again.sim, 1), gain, 0); /* the same meters */
	rig_ask(&again, again.source, "SM\r", "SM0000000000000000\r"); /* the trip is past */
	rig_close(&again);
}

static void test_links(void **state)
{
	const struct link_fault lost = { .kind = LINK_LOST, .message = 2 };
	struct fault f = { 0 };
	struct port *p;
	struct rig r;

	(void)state;
	rig_open(&r, "faults: [{instrument: source, kind: lost, message: 1}]\n");
	rig_ask(&r, r.source, "TS\r", "TSSIMFG301V299\r");
	assert_int_equal(sim_inject(r.sim, "source", &lost), ET_OK);
	rig_say(&r, r.source, "TS\r");
	assert_string_equal(rig_hear(&r, r.source, '\r', 5), "");
	rig_say(&r, r.source, "TS\r");
	assert_string_equal(rig_hear(&r, r.source, '\r', 5), "");
	rig_ask(&r, r.source, "TS\r", "TSSIMFG301V299\r");
	assert_int_equal(sim_messages(r.sim, "source"), 4);
	assert_int_equal(sim_messages(r.sim, "nobody"), 0);
	assert_int_equal(sim_port(r.sim, "source", &p, &f), ET_ERR_STATE);
	assert_int_equal(sim_port(r.sim, "nobody", &p, &f), ET_ERR_ARG);
	port_close(r.source);
	assert_int_equal(sim_inject(r.sim, "source", &lost), ET_ERR_STATE);
	assert_int_equal(sim_port(r.sim, "source", &r.source, &f), ET_OK);
	rig_ask(&r, r.source, "TS\r", "TSSIMFG301V299\r");
	rig_close(&r);
}

/* A reading of a message that is wrong: its whole text. */
static void complains(const char *yaml, const char *about)
{
	struct scenario sc;
	struct yaml_doc *doc;
	struct diag *d = diag_new();
	char text[1024];

	snprintf(text, sizeof(text), "schema: etalon/scenario/1\n%s", yaml);
	assert_int_equal(scenario_load_mem("test", text, strlen(text), &sc, &doc, d), ET_ERR_FILE);
	assert_int_equal(diag_count(d), 1);
	if (!strstr(diag_text(d, 0), about))
		print_error("%s\n", diag_text(d, 0));
	assert_non_null(strstr(diag_text(d, 0), about));
	yaml_free(doc);
	diag_free(d);
}

static void test_scenario_errors(void **state)
{
	(void)state;
	complains("meters: [{position: 1, to: 5}, {position: 5}]\n", "5 stands here twice");
	complains("meters: [{position: 5, to: 4}]\n", "4 comes before position 5");
	complains("meters: [{position: 41}]\n", "1 to 40");
	complains("meters: [{position: 1, configuration: 3}]\n", "1, 2 or 4");
	complains("meters: [{position: 1, gain: 0.5}]\n", "gain_pct");
	complains("epoch: 2026-02-29T08:00:00Z\n", "2026-02-29");
	complains("events: [{kind: temperature, at_s: 5}]\n", "value: missing");
	complains("events: [{kind: led_dead, at_s: 5}]\n", "position: missing");
	complains("seed: 0\n", "seed");
}

/* Whatever comes over a link: the instrument lives, and answers the next good line. */
static void test_garbage(void **state)
{
	static const char *const good[] = {
		"UPAER230.000000.00S230.000120.00T230.000240.00\r",
		"UIEEEPPPAAA\r",
		"SM\r",
		"AW\r",
		"MEASURE:RMS1?\n",
		"SENSE:RNG1:UL1:RANGE 240V;\n",
		"CALCULATE:EM01:0001:START 1;\n",
		"SYST:ERR:ALL?\n",
		"?1 ARM 3*0684\n",
		"?5 CLK*099B\n",
		"?3 DEB ffffffffff 5000*EB74\n",
		"?6 STAT*C016\n",
	};
	struct rng dice;
	struct rig r;

	(void)state;
	rng_init(&dice, 4711, RNG_LINK, 0);
	rig_open(&r, "meters: [{position: 1, to: 2}]\n");
	for (int k = 0; k < 20000; k++) {
		struct port *const port[3] = { r.source, r.reference, r.reader };
		struct port *p = port[rng_u64(&dice) % 3];
		char text[600];
		size_t len;

		memset(text, 'E', sizeof(text));
		snprintf(text, sizeof(text), "%s",
			 good[rng_u64(&dice) % (sizeof(good) / sizeof(good[0]))]);
		len = strlen(text);
		if (rng_u64(&dice) % 100 == 0)
			len = sizeof(text);
		for (uint64_t n = rng_u64(&dice) % 4; n > 0; n--)
			text[rng_u64(&dice) % len] = (char)rng_u64(&dice);
		assert_int_equal(port_write(p, text, len, 0), ET_OK);
		if (k % 8 == 0)
			rig_pass(&r, 0.01 * rng_uniform(&dice));
		for (int n = 0; n < 3; n++)
			while (port_read(port[n], text, sizeof(text), 0) > 0)
				;
	}
	rig_say(&r, r.source, "\r");
	rig_say(&r, r.reference, "\n");
	rig_say(&r, r.reader, "\n");
	rig_pass(&r, 600);
	for (int n = 0; n < 3; n++) {
		char buf[4096];
		struct port *const port[3] = { r.source, r.reference, r.reader };

		while (port_read(port[n], buf, sizeof(buf), 0) > 0)
			;
	}
	rig_ask(&r, r.source, "TS\r", "TSSIMFG301V299\r");
	rig_ask(&r, r.reference, "*OPC?\n", "+1\n");
	arm(&r, ARM_1, "=1 ARM mask=1 t=");
	rig_close(&r);
}

static void test_epoch(void **state)
{
	int64_t t = 5;

	(void)state;
	assert_int_equal(scenario_parse_epoch("2024-02-29T23:59:59Z", &t), ET_OK);
	assert_true(t == INT64_C(1709251199000000000));
	assert_int_equal(scenario_parse_epoch("2000-03-01T01:30:00+01:30", &t), ET_OK);
	assert_true(t == INT64_C(951868800000000000));
	assert_int_equal(scenario_parse_epoch("2026-13-01T00:00:00Z", &t), ET_ERR_ARG);
	assert_int_equal(scenario_parse_epoch("2026-03-02T08:00:00", &t), ET_ERR_ARG);
	assert_int_equal(scenario_parse_epoch("2026-03-02 08:00:00Z", &t), ET_ERR_ARG);
	assert_int_equal(scenario_parse_epoch("2026-03-02T24:00:00Z", &t), ET_ERR_ARG);
	assert_true(t == INT64_C(951868800000000000));
}

static void test_example_files(void **state)
{
	static const char *const files[] = { "tests/scenarios/forty.yaml",
					     "tests/scenarios/troubles.yaml" };

	(void)state;
	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++) {
		struct diag *d = diag_new();
		struct clk_start start;
		struct scenario sc;
		struct yaml_doc *doc;
		struct fault f = { 0 };
		struct sim *s;
		struct clk *c;

		if (scenario_load_file(files[n], &sc, &doc, d) != ET_OK)
			diag_print(d, stderr);
		assert_int_equal(diag_count(d), 0);
		assert_int_equal(sim_clock_start(&sc, NULL, &start), ET_OK);
		c = clk_virtual_new(&start);
		assert_int_equal(sim_create(&sc, NULL, c, &s, &f), ET_OK);
		assert_true(fabs(sim_meter_gain_pct(s, 11)) < 2);
		sim_free(s);
		clk_free(c);
		yaml_free(doc);
		diag_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pulses_of_an_hour),
		cmocka_unit_test(test_every_eighth_is_dark),
		cmocka_unit_test(test_spurious_flashes_have_no_number),
		cmocka_unit_test(test_dead_led_and_swapped_channels),
		cmocka_unit_test(test_same_seed_same_bytes),
		cmocka_unit_test(test_type_b),
		cmocka_unit_test(test_clock_and_resume),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_scenario_errors),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_example_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
