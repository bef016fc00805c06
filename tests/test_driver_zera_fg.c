/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_driver_zera_fg.c - the FG30x driver against literal lines, transcripts, and a small FG whose every
 * answer is lost, cut, delayed or changed in turn. */
#include <stdio.h>
#include <string.h>

#include "drivers/power_source/zera_fg_lines.h"
#include "drivers/registry.h"
#include "io/port_sim.h"
#include "io/port_transcript.h"
#include "tests/support/flood.h"
#include "tests/support/near.h"

#define DIR "tests/transcripts/zera-fg/"

static const struct driver *const fg = &driver_zera_fg;

/* 3 x 230 V, 5 A, 60 degrees lagging, positive rotation */
static const struct setpoint point = {
	.freq_hz = 60,
	.ph = { { 230, 0, 5, -60 }, { 230, -120, 5, 180 }, { 230, 120, 5, 60 } },
};

/* ---- lines ---- */

static void lines_are_written_in_fixed_width(void **state)
{
	struct setpoint sp = point;
	char line[ZFG_LINE_MAX];

	(void)state;
	zfg_write_voltages(&sp, line);
	assert_string_equal(line, "UPAER230.000000.00S230.000120.00T230.000240.00");
	zfg_write_currents(&sp, line);
	assert_string_equal(line, "IPAAR005.000060.00S005.000180.00T005.000300.00");
	zfg_write_switch(&sp, line);
	assert_string_equal(line, "UIEEEPPPAAA");
	zfg_write_frequency(&sp, line);
	assert_string_equal(line, "FR60.00");

	/* one element: 120 V on L2 alone, which becomes the zero of the angles */
	sp = (struct setpoint){ .freq_hz = 50.126, .ph = { [1] = { 120.0004, 30, 0.25, -15.5 } } };
	zfg_write_voltages(&sp, line);
	assert_string_equal(line, "UPAER000.000000.00S120.000000.00T000.000000.00");
	zfg_write_currents(&sp, line);
	assert_string_equal(line, "IPAAR000.000000.00S000.250045.50T000.000000.00");
	zfg_write_switch(&sp, line);
	assert_string_equal(line, "UIAEAAPAAAA");
	zfg_write_frequency(&sp, line);
	assert_string_equal(line, "FR50.13");
}

static void angles_turn_round_and_shift(void **state)
{
	(void)state;
	assert_near(zfg_din_from_iec(-120, 0), 120, 1e-9);
	assert_near(zfg_din_from_iec(-90, 30), 120, 1e-9);
	assert_near(zfg_din_from_iec(0.001, 0), 0, 0); /* 359.999 prints as 360.00 */
	assert_near(zfg_din_from_iec(720 + 10, 0), 350, 1e-9);
	assert_near(zfg_iec_from_din(120, 0), -120, 1e-9);
	assert_near(zfg_iec_from_din(240, 30), 150, 1e-9);
	assert_near(zfg_iec_from_din(180, 0), 180, 1e-9);
}

static void answers_are_read_strictly(void **state)
{
	struct instrument_id id = { .model = "untouched" };
	double v[ET_PHASES] = { -1, -1, -1 }, c[ET_PHASES], one = -1;
	bool healthy = false;

	(void)state;
	assert_int_equal(zfg_read_identity("TSFG301   V299", &id), ET_OK);
	assert_string_equal(id.maker, "ZERA");
	assert_string_equal(id.model, "FG301");
	assert_string_equal(id.firmware, "V299");
	assert_string_equal(id.serial, "");
	assert_false(id.simulated);
	assert_int_equal(zfg_read_identity("TSFG301   V29", &id), ET_ERR_PROTO);
	assert_int_equal(zfg_read_identity("TS        V299", &id), ET_ERR_PROTO);
	assert_int_equal(zfg_read_identity("TSFG301  \x01V299", &id), ET_ERR_PROTO);
	assert_string_equal(id.model, "FG301");
	assert_int_equal(zfg_read_identity("TSSIMFG301V299", &id), ET_OK);
	assert_true(id.simulated);
	assert_memory_equal(id.serial, "SIM", 3);

	assert_int_equal(zfg_read_status("SM0000", &healthy), ET_OK);
	assert_true(healthy);
	assert_int_equal(zfg_read_status("SM00a0", &healthy), ET_OK);
	assert_false(healthy);
	assert_int_equal(zfg_read_status("SM", &healthy), ET_ERR_PROTO);
	assert_int_equal(zfg_read_status("SM0 00", &healthy), ET_ERR_PROTO);
	assert_int_equal(zfg_read_status("SSM000", &healthy), ET_ERR_PROTO);

	assert_int_equal(zfg_read_amplitudes("AUR18400S00000T20000", "AU", 250, v), ET_OK);
	assert_near(v[0], 230, 1e-12);
	assert_near(v[1], 0, 0);
	assert_near(v[2], 250, 1e-12);
	assert_int_equal(zfg_read_amplitudes("AIR18400S00000T20000", "AU", 5, v), ET_ERR_PROTO);
	assert_int_equal(zfg_read_amplitudes("AUR18400S0000 T20000", "AU", 5, v), ET_ERR_PROTO);
	assert_near(v[0], 230, 1e-12);

	assert_int_equal(zfg_read_value("BU060.000", "BU", &one), ET_OK);
	assert_near(one, 60, 0);
	assert_int_equal(zfg_read_value("BU60,000", "BU", &one), ET_ERR_PROTO);
	assert_int_equal(zfg_read_angles("AWR000.0060.0S120.0180.0T240.0300.0", v, c), ET_OK);
	assert_near(v[1], 120, 0);
	assert_near(c[2], 300, 0);
	/* without a point the scale is not known */
	assert_int_equal(zfg_read_angles("AWR0000006000S1200018000T2400030000", v, c),
			 ET_ERR_PROTO);
}

/* ---- transcripts ---- */

static const struct clk_start start = { .mono_ns = ET_NS_PER_S };
static const struct driver_param readback_on[] = { { "readback", "1" } };

static const struct transcript_case {
	const char *file;
	int open, set, off; /* 1: not called */
	const char *says; /* part of the fault of the last failure */
} cases[] = {
	{ "set-and-off.txt", ET_OK, ET_OK, ET_OK, "" },
	{ "in-pieces.txt", ET_OK, ET_OK, ET_OK, "" },
	{ "events-and-noise.txt", ET_OK, ET_OK, ET_OK, "" },
	{ "voltages-refused.txt", ET_OK, ET_ERR_DEVICE, 1, "source \"fg\": refused UPAE" },
	{ "device-error.txt", ET_OK, ET_ERR_DEVICE, 1, "(frequency): ER-12; switched off" },
	{ "switch-on-late.txt", ET_OK, ET_ERR_TIMEOUT, 1,
	  "source \"fg\": no answer to UIEEEPPPAAA (switch on) within 15 s; switched off" },
	{ "status-bad.txt", ET_OK, ET_ERR_DEVICE, 1, "reports status SM00000400; switched off" },
	{ "off-with-bad-status.txt", ET_OK, 1, ET_ERR_DEVICE, "reports status SM00000400" },
	{ "silent.txt", ET_ERR_TIMEOUT, 1, 1, "no answer to TS" },
	{ "other-instrument.txt", ET_ERR_DEVICE, 1, 1, "it says \"WHAT?\"" },
};

static void play(const struct transcript_case *t)
{
	struct fault f = { 0 }, end = { 0 };
	struct source_status out = { .word = "untouched" };
	struct driver_inst *d = NULL;
	struct instrument_id id = { 0 };
	struct driver_env env = { .name = "fg", .fault = &f, .clk = clk_virtual_new(&start) };
	char path[128];

	print_message("%s\n", t->file);
	snprintf(path, sizeof(path), DIR "%s", t->file);
	assert_int_equal(port_transcript_open(path, env.clk, &env.port, &f), ET_OK);
	assert_int_equal(fg->open(&env, &d, &id), t->open);
	if (t->set != 1)
		assert_int_equal(fg->source->set(d, &point, &out), t->set);
	if (t->set != ET_OK)
		assert_string_equal(out.word, "untouched");
	else
		assert_int_equal(out.output, SOURCE_ON);
	if (t->off != 1)
		assert_int_equal(fg->source->off(d, &out), t->off);
	if (t->off == ET_OK) {
		assert_int_equal(out.output, SOURCE_OFF);
		assert_true(out.healthy);
		assert_string_equal(out.word, "SM00000000");
		assert_true(isnan(out.readback.ph[0].volt_v));
	}
	if (!strstr(f.text, t->says))
		fail_msg("\"%s\" does not say \"%s\"", f.text, t->says);
	fg->close(d);
	if (port_transcript_result(env.port, &end) != 0)
		fail_msg("%s", end.text);
	port_close(env.port);
	clk_free(env.clk);
}

static void transcripts_are_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		play(&cases[i]);
}

static void an_event_is_not_the_answer(void **state)
{
	struct fault f = { 0 };
	struct source_status out = { 0 };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct driver_env env = { .name = "fg", .fault = &f, .clk = clk_virtual_new(&start) };

	(void)state;
	assert_int_equal(
		port_transcript_open(DIR "old-event-before-status.txt", env.clk, &env.port, &f),
		ET_OK);
	assert_int_equal(fg->open(&env, &d, &id), ET_OK);
	assert_int_equal(fg->source->status(d, &out), ET_OK);
	assert_string_equal(out.word, "SM00000000");
	assert_true(out.healthy);
	assert_int_equal(out.output, SOURCE_UNKNOWN); /* nothing was switched yet */
	fg->close(d);
	assert_int_equal(port_transcript_result(env.port, &f), 0);
	port_close(env.port);
	clk_free(env.clk);
}

static void what_is_read_back_is_iec(void **state)
{
	struct fault f = { 0 };
	struct source_status out = { 0 };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct driver_env env = { .name = "fg",
				  .fault = &f,
				  .clk = clk_virtual_new(&start),
				  .params = readback_on,
				  .n_params = 1 };

	(void)state;
	assert_int_equal(port_transcript_open(DIR "readback.txt", env.clk, &env.port, &f), ET_OK);
	assert_int_equal(fg->open(&env, &d, &id), ET_OK);
	if (fg->source->set(d, &point, &out) != ET_OK)
		fail_msg("%s", f.text);
	for (int i = 0; i < ET_PHASES; i++) {
		assert_near(out.readback.ph[i].volt_v, 230, 1e-9);
		assert_near(out.readback.ph[i].curr_a, 5, 1e-9);
		assert_near(out.readback.ph[i].volt_deg, point.ph[i].volt_deg, 1e-9);
		assert_near(out.readback.ph[i].curr_deg, point.ph[i].curr_deg, 1e-9);
	}
	assert_near(out.readback.freq_hz, 60, 0);
	fg->close(d);
	port_close(env.port);
	clk_free(env.clk);
}

/* ---- a small FG, to lose every answer of ---- */

struct small_fg {
	struct sim_peer base;
	char held[96];
	size_t n_held;
	bool on;
	int switched_on; /* how often it was told to */
	int64_t on_takes_ns;
};

static void small_answer(struct small_fg *s, int64_t t_ns, const char *line)
{
	static const char *const known[][2] = {
		{ "TS", "TSSIMFG301V299\r" },
		{ "SM", "SM0000\r" },
		{ "DS", "OKDS\r" },
		{ "FR", "OKFR\r" },
		{ "UP", "OKUP\r" },
		{ "IP", "OKIP\r" },
		{ "UI", "OKUI\r" },
		{ "RE", "OKRE\r" },
		{ "SE", "OKSE\r" },
		{ "HP", "OKHP\r" },
		{ "OL", "OKOL\r" },
		{ "SF", "OKSF\r" },
		{ "HE", "OKHE\r" },
		{ "3C", "OK3CM4\r" },
		{ "2S", "2OK\r" },
		{ "2X", "2OK\r" },
		{ "OF", "OKOF\r" },
	};
	bool turns_on = !strncmp(line, "UIE", 3);

	if (!strncmp(line, "UI", 2))
		s->on = turns_on;
	s->switched_on += turns_on;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strncmp(line, known[i][0], 2))
			sim_emit(&s->base, t_ns + (turns_on ? s->on_takes_ns : 20000000),
				 known[i][1], strlen(known[i][1]));
}

static void small_receive(struct sim_peer *p, int64_t t_ns, const uint8_t *data, size_t len)
{
	struct small_fg *s = (struct small_fg *)p;

	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\r') {
			assert_true(s->n_held < sizeof(s->held) - 1);
			s->held[s->n_held++] = (char)data[i];
			continue;
		}
		s->held[s->n_held] = '\0';
		s->n_held = 0;
		small_answer(s, t_ns, s->held);
	}
}

static const struct sim_peer_ops small_ops = { .receive = small_receive };

/* @return messages that the small FG sent when @p fault happened. */
static uint64_t run_with(const struct link_fault *fault, int64_t on_takes_ns)
{
	static const struct sim_link_timing timing = { .latency_ns = 1000000, .byte_ns = 1145833 };
	struct small_fg s = { .base.ops = &small_ops, .on_takes_ns = on_takes_ns };
	struct fault f = { 0 };
	struct source_status out = { .word = "untouched" };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct driver_env env = { .name = "fg", .fault = &f, .clk = clk_virtual_new(&start) };
	int64_t t_ns;
	uint64_t messages;
	int err;

	assert_int_equal(port_sim_new(env.clk, &s.base, "fg", &timing, &env.port), ET_OK);
	assert_int_equal(port_sim_add_fault(env.port, fault), ET_OK);
	if (fg->open(&env, &d, &id) != ET_OK) {
		assert_true(f.code < 0);
		goto done; /* nothing was switched */
	}
	t_ns = clk_now_ns(env.clk);
	err = fg->source->set(d, &point, &out);
	assert_true(clk_now_ns(env.clk) - t_ns <=
		    (int64_t)((fg->source->times.set_s + 1) * ET_NS_PER_S));
	if (err == ET_OK) {
		assert_true(s.on);
		assert_int_equal(out.output, SOURCE_ON);
	} else {
		assert_string_equal(out.word, "untouched");
		assert_true(f.code == err && strstr(f.text, "source \"fg\": "));
		if (strstr(f.text, "; switched off"))
			assert_false(s.on);
	}
	assert_true(s.switched_on <= 1); /* a setting is never sent twice */
	t_ns = clk_now_ns(env.clk);
	err = fg->source->off(d, &out);
	assert_true(clk_now_ns(env.clk) - t_ns <=
		    (int64_t)((fg->source->times.off_s + 1) * ET_NS_PER_S));
	assert_false(s.on); /* whatever was lost, it is off */
	if (err == ET_OK)
		assert_int_equal(out.output, SOURCE_OFF);
	else
		assert_int_equal(f.code, err);
	/* and the bare link works always, once the fault is over */
	if (fault->kind != LINK_SILENT_FROM) {
		s.on = true;
		if (fg->source->off_bare(env.port, &f) != ET_OK)
			fail_msg("fault %d of message %d: %s", (int)fault->kind,
				 (int)fault->message, f.text);
		assert_false(s.on);
	}
done:
	fg->close(d);
	messages = port_sim_messages(env.port);
	port_close(env.port);
	clk_free(env.clk);
	return messages;
}

static void every_answer_can_go_wrong(void **state)
{
	static const enum link_fault_kind kinds[] = { LINK_LOST,	  LINK_CUT,
						      LINK_LATE,	  LINK_BYTE_LOST,
						      LINK_BYTE_DOUBLED,  LINK_BYTE_NON_ASCII,
						      LINK_DIGIT_CHANGED, LINK_SILENT_FROM };
	const struct link_fault none = { .kind = LINK_FAULT_NONE };
	uint64_t n = run_with(&none, 3 * (int64_t)ET_NS_PER_S);

	(void)state;
	assert_in_range(n, 20, 40);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (uint64_t message = 0; message < n; message++)
			for (uint32_t where = 0; where < 6; where += 2) {
				const struct link_fault fault = { kinds[k], message,
								  7 * (int64_t)ET_NS_PER_S, where };

				run_with(&fault, 3 * (int64_t)ET_NS_PER_S);
			}
}

/* The answer to a switch-on that took too long is not the answer to the switch-off. */
static void a_slow_switch_on_ends_off(void **state)
{
	const struct link_fault none = { .kind = LINK_FAULT_NONE };

	(void)state;
	run_with(&none, 16 * (int64_t)ET_NS_PER_S);
	run_with(&none, 29 * (int64_t)ET_NS_PER_S);
}

static void limits_come_before_the_line(void **state)
{
	static const struct driver_param params[] = { { "volt_max_v", "240" },
						      { "curr_max_a", "10" } };
	static const struct driver_param wrong[] = { { "volt_max_v", "24O" } };
	static const struct sim_link_timing timing = { 0 };
	struct small_fg s = { .base.ops = &small_ops };
	struct fault f = { 0 };
	struct source_status out;
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct driver_env env = { .name = "fg",
				  .fault = &f,
				  .clk = clk_virtual_new(&start),
				  .params = wrong,
				  .n_params = 1 };
	struct setpoint sp;
	uint64_t before;

	(void)state;
	assert_int_equal(port_sim_new(env.clk, &s.base, "fg", &timing, &env.port), ET_OK);
	assert_int_equal(fg->open(&env, &d, &id), ET_ERR_ARG);
	assert_string_equal(f.text, "\"fg\": volt_max_v: \"24O\" is not volts from 1 to 999.999");
	env.params = params;
	env.n_params = 2;
	assert_int_equal(fg->open(&env, &d, &id), ET_OK);
	assert_true(id.simulated);
	assert_near(fg->source->limits(d).volt_max_v, 240, 0);
	before = port_sim_messages(env.port);
	for (int i = 0; i < 6; i++) {
		sp = point;
		switch (i) {
		case 0:
			sp.ph[1].volt_v = 240.001;
			break;
		case 1:
			sp.ph[2].curr_a = 10.1;
			break;
		case 2:
			sp.freq_hz = 0;
			break;
		case 3:
			sp.ph[0].volt_v = NAN;
			break;
		case 4:
			sp.ph[0].curr_deg = NAN;
			break;
		default:
			sp.ph[0].curr_a = -1;
			break;
		}
		assert_int_equal(fg->source->set(d, &sp, &out), ET_ERR_ARG);
	}
	assert_int_equal(port_sim_messages(env.port), before);
	assert_int_equal(s.switched_on, 0);
	assert_string_equal(f.text, "source \"fg\": set-point outside 240 V, 10 A, 45 to 66 Hz");
	fg->close(d);
	port_close(env.port);
	clk_free(env.clk);
}

static void events_are_heard(void **state)
{
	static const struct sim_link_timing timing = { 0 };
	struct small_fg s = { .base.ops = &small_ops, .on_takes_ns = 1000 };
	struct fault f = { 0 };
	struct source_status out;
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct driver_env env = { .name = "fg", .fault = &f, .clk = clk_virtual_new(&start) };

	(void)state;
	assert_int_equal(port_sim_new(env.clk, &s.base, "fg", &timing, &env.port), ET_OK);
	assert_int_equal(fg->open(&env, &d, &id), ET_OK);
	assert_int_equal(fg->source->set(d, &point, &out), ET_OK);
	assert_int_equal(fg->source->listen(d, clk_now_ns(env.clk) + 1000000, &out),
			 ET_ERR_TIMEOUT);
	sim_emit(&s.base, 0, "SM0200\r", 7);
	assert_int_equal(fg->source->listen(d, clk_now_ns(env.clk) + 1000000, &out), ET_OK);
	assert_false(out.healthy);
	assert_string_equal(out.word, "SM0200");
	assert_int_equal(out.output, SOURCE_UNKNOWN); /* it may have tripped */
	fg->close(d);
	port_close(env.port);
	clk_free(env.clk);
}

/* ---- one that talks without end ---- */

static void an_endless_talker_holds_nobody(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct port p = { .ops = &flood_ops, .clk = c, .spec = "flood" };
	const int64_t began_ns = clk_now_ns(c);
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(fg->source->off_bare(&p, &f), ET_ERR_TIMEOUT);
	assert_true(clk_now_ns(c) - began_ns <=
		    (int64_t)((fg->source->times.off_s + 1) * ET_NS_PER_S));
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_written_in_fixed_width),
		cmocka_unit_test(angles_turn_round_and_shift),
		cmocka_unit_test(answers_are_read_strictly),
		cmocka_unit_test(transcripts_are_followed),
		cmocka_unit_test(an_event_is_not_the_answer),
		cmocka_unit_test(what_is_read_back_is_iec),
		cmocka_unit_test(every_answer_can_go_wrong),
		cmocka_unit_test(a_slow_switch_on_ends_off),
		cmocka_unit_test(limits_come_before_the_line),
		cmocka_unit_test(events_are_heard),
		cmocka_unit_test(an_endless_talker_holds_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
