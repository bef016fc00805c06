/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_driver_zera_com5003.c - the COM5003 driver against transcripts, and against a small instrument with an
 * energy register whose update instants are known, every answer of which goes wrong in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/reference_standard/zera_com5003.h"
#include "drivers/registry.h"
#include "io/port_sim.h"
#include "io/port_transcript.h"
#include "tests/support/flood.h"
#include "tests/support/near.h"

#define DIR "tests/transcripts/zera-com5003/"
#define MS ((int64_t)1000000)

static const struct driver *const com = &driver_zera_com5003;
static const struct clk_start start = { .mono_ns = ET_NS_PER_S };
static const struct setpoint load = {
	.freq_hz = 60, .ph = { { 220, 0, 5, -60 }, { 228, -120, 5, 180 }, { 0, 0, 0, 0 } }
};

/* ---- parsing ---- */

static void values_are_found_by_label_and_unit(void **state)
{
	static const char *const line =
		"LAM1:Lambda1:[]:0.99975159;POW1:PS:[W]:6900.7598;DFT1:U1:[V]:325.26913,0.5,-3e1;";
	double v = -1;

	(void)state;
	assert_int_equal(zcom_find_value(line, "LAM1:LAMBDA1:[]:", 0, &v), ET_OK);
	assert_near(v, 0.99975159, 0);
	assert_int_equal(zcom_find_value(line, "POW1:PS:[W]:", 0, &v), ET_OK);
	assert_near(v, 6900.7598, 0);
	assert_int_equal(zcom_find_value(line, "DFT1:U1:[V]:", 2, &v), ET_OK);
	assert_near(v, -30, 0);
	assert_int_equal(zcom_find_value(line, "DFT1:U1:[V]:", 3, &v), ET_ERR_PROTO);
	assert_int_equal(zcom_find_value(line, "POW1:PS:[W]:", 1, &v), ET_ERR_PROTO);
	assert_int_equal(zcom_find_value(line, "POW1:PS:[kW]:", 0, &v), ET_ERR_PROTO);
	assert_int_equal(zcom_find_value(line, "POW1:P1:[W]:", 0, &v), ET_ERR_PROTO);
	assert_int_equal(zcom_find_value("POW1:PS:[W]:;", "POW1:PS:[W]:", 0, &v), ET_ERR_PROTO);
	assert_int_equal(zcom_find_value("POW1:PS:[W]:nan;", "POW1:PS:[W]:", 0, &v), ET_ERR_PROTO);
	assert_int_equal(zcom_find_value("", "POW1:PS:[W]:", 0, &v), ET_ERR_PROTO);
	assert_near(v, -30, 0);
}

static void ranges_have_units(void **state)
{
	double v = -1;

	(void)state;
	assert_int_equal(zcom_parse_range("240V", 4, 'V', &v), ET_OK);
	assert_near(v, 240, 0);
	assert_int_equal(zcom_parse_range("100mV", 5, 'V', &v), ET_OK);
	assert_near(v, 0.1, 1e-15);
	assert_int_equal(zcom_parse_range("500mA;", 5, 'A', &v), ET_OK);
	assert_near(v, 0.5, 1e-15);
	assert_int_equal(zcom_parse_range("C100A", 5, 'A', &v), ET_ERR_PROTO);
	assert_int_equal(zcom_parse_range("240V", 4, 'A', &v), ET_ERR_PROTO);
	assert_int_equal(zcom_parse_range("V", 1, 'V', &v), ET_ERR_PROTO);
	assert_int_equal(zcom_parse_range("mV", 2, 'V', &v), ET_ERR_PROTO);
	assert_near(v, 0.5, 1e-15);
}

/* ---- transcripts ---- */

static const struct transcript_case {
	const char *file;
	int open, prepare, read; /* 1: not called */
	const char *says;
} cases[] = {
	{ "reading.txt", ET_OK, 1, ET_OK, "" },
	{ "reading-in-pieces.txt", ET_OK, 1, ET_OK, "" },
	{ "wrong-unit.txt", ET_OK, 1, ET_ERR_PROTO, "no value POW1:P1:[W]:" },
	{ "sum-changed.txt", ET_OK, 1, ET_ERR_PROTO, "P1 to P3 give 2599.75 W, PS says 2099.75 W" },
	{ "phase-missing.txt", ET_OK, 1, ET_ERR_PROTO, "no value RMS1:IL3:[A]:" },
	{ "late-reply.txt", ET_OK, 1, ET_OK, "no answer to SENSE:RNG1:OVERLOAD? within 2 s" },
	{ "no-answer-twice.txt", ET_OK, 1, ET_ERR_TIMEOUT,
	  "reference \"ref\": no answer to SENSE:RNG1:UL1:RANGE? within 2 s" },
	{ "not-understood.txt", ET_OK, 1, ET_ERR_DEVICE,
	  "no answer to SENSE:RNG1:UL1:RANGE? within 2 s; it reports -100,Command error" },
	{ "prepare.txt", ET_OK, ET_OK, 1, "" },
	{ "prepare-error-later.txt", ET_OK, ET_ERR_DEVICE, 1,
	  "it reports -120,Numeric data error" },
	{ "no-range.txt", ET_OK, ET_ERR_ARG, 1, "no range holds 239.4 V: 60V;12V;5V" },
	{ "silent.txt", ET_ERR_TIMEOUT, 1, 1, "no answer to *IDN?" },
	{ "garbage.txt", ET_ERR_DEVICE, 1, 1, "not a COM5003" },
	{ "other-model.txt", ET_ERR_DEVICE, 1, 1, "is a MT786, not a COM5003" },
};

static void open_file(const char *file, struct driver_env *env)
{
	char path[128];

	env->name = "ref";
	env->clk = clk_virtual_new(&start);
	snprintf(path, sizeof(path), DIR "%s", file);
	assert_int_equal(port_transcript_open(path, env->clk, &env->port, env->fault), ET_OK);
}

static void play(const struct transcript_case *t)
{
	struct fault f = { 0 }, end = { 0 };
	struct driver_env env = { .fault = &f };
	struct ref_reading r = { .freq_hz = -1 };
	struct driver_inst *d = NULL;
	struct instrument_id id = { 0 };

	print_message("%s\n", t->file);
	open_file(t->file, &env);
	assert_int_equal(com->open(&env, &d, &id), t->open);
	if (t->prepare != 1)
		assert_int_equal(com->reference->prepare(d, &load), t->prepare);
	if (t->read != 1)
		assert_int_equal(com->reference->read(d, &r), t->read);
	assert_near(r.freq_hz, t->read == ET_OK ? 49.703327 : -1, 0);
	if (!strstr(f.text, t->says))
		fail_msg("\"%s\" does not say \"%s\"", f.text, t->says);
	com->close(d);
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

static void a_reading_is_whole(void **state)
{
	struct fault f = { 0 };
	struct driver_env env = { .fault = &f };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct ref_reading r;

	(void)state;
	open_file("reading-overload.txt", &env);
	assert_int_equal(com->open(&env, &d, &id), ET_OK);
	assert_string_equal(id.maker, "ZERA GmbH Koenigswinter");
	assert_string_equal(id.model, "COM5003");
	assert_string_equal(id.serial, "050059467");
	assert_string_equal(id.firmware, "release-4.9.12");
	assert_false(id.simulated);
	assert_int_equal(com->reference->read(d, &r), ET_OK);
	assert_near(r.volt_v[0], 231.29855, 0);
	assert_near(r.curr_a[2], 0.97183627, 0);
	assert_near(r.power_w[2], -200.25, 0);
	assert_near(r.power_sum_w, 2099.75, 0);
	assert_near(r.reactive_sum_var, 6899.3613, 0);
	assert_near(r.volt_deg[1], -120, 0); /* degrees, not radians, not the cartesian pair */
	assert_near(r.volt_deg[2], 120, 0);
	assert_near(r.curr_deg[0], -60, 0);
	assert_near(r.curr_deg[1], 180, 0);
	assert_near(r.range_v[1], 240, 0);
	assert_near(r.range_a[2], 10, 0);
	assert_true(r.overload);
	com->close(d);
	port_close(env.port);
	clk_free(env.clk);
}

/* Lose the first answer, then the second, ... until a run passes. */
static void no_lost_answer_gives_a_reading(void **state)
{
	int end, n = 0;

	(void)state;
	do {
		struct fault f = { 0 };
		struct driver_env env = { .fault = &f };
		struct ref_reading r = { .freq_hz = -1 };
		struct driver_inst *d = NULL;
		struct instrument_id id;
		int err;

		open_file("reading-in-pieces.txt", &env);
		port_transcript_fail_read(env.port, n++);
		err = com->open(&env, &d, &id);
		if (err == ET_OK)
			err = com->reference->read(d, &r);
		com->close(d);
		end = port_transcript_result(env.port, &f);
		assert_true(end == 0 ? err == ET_OK : err < 0);
		assert_near(r.freq_hz, end == 0 ? 49.703327 : -1, 0);
		port_close(env.port);
		clk_free(env.clk);
	} while (end != 0);
	assert_in_range(n, 50, 90);
}

/* ---- a small instrument with an energy register ---- */

struct small_com {
	struct sim_peer base;
	char held[128], setting[96], error[64];
	size_t n_held;
	int64_t t_setting_ns; /* when the last setting takes effect */
	double power_w, interval_s, phase_s, jitter_s;
	bool running, clamped;
	int64_t t_start_ns, t_stop_ns;
	int energy_questions;
	int start_orders;
};

/* The k-th update after the start, and what the register shows from then on. */
static double jitter_of(const struct small_com *s, int64_t k)
{
	return s->jitter_s * (double)((uint64_t)k * 2654435761u % 1000) / 1000;
}
static int64_t update_ns(const struct small_com *s, int64_t k)
{
	return s->t_start_ns +
	       (int64_t)((s->phase_s + (double)k * s->interval_s + jitter_of(s, k)) * 1e9);
}
static double update_kwh(const struct small_com *s, int64_t k)
{
	char text[32];

	snprintf(text, sizeof(text), "%.8g",
		 s->power_w * (s->phase_s + (double)k * s->interval_s) / 3.6e6);
	return strtod(text, NULL);
}
static double shown_kwh(const struct small_com *s, int64_t t_ns)
{
	int64_t k = -1;

	if (!s->running && t_ns > s->t_stop_ns)
		t_ns = s->t_stop_ns;
	while (s->t_start_ns && update_ns(s, k + 1) <= t_ns)
		k++;
	return k < 0 ? 0 : update_kwh(s, k);
}

static void small_order(struct small_com *s, int64_t t_ns)
{
	if (!strcmp(s->setting, "CALCULATE:EM01:0001:START 1")) {
		s->running = true;
		s->t_start_ns = t_ns;
		s->start_orders++;
	} else if (!strcmp(s->setting, "CALCULATE:EM01:0001:START 0")) {
		s->running = false;
		s->t_stop_ns = t_ns;
	}
	s->setting[0] = '\0';
}

static void small_question(struct small_com *s, int64_t t_ns, const char *q)
{
	char text[256] = "";
	int64_t delay_ns = 500000;

	if (!strcmp(q, "*IDN?"))
		strcpy(text, "ZERA GmbH Koenigswinter, COM5003, SIM-1, r1");
	else if (!strcmp(q, "SYSTEM:ERROR?")) {
		strcpy(text, s->error[0] ? s->error : "+0,No error");
		s->error[0] = '\0';
	} else if (strstr(q, "MODE?") || strstr(q, "RNGAUTO?") || strstr(q, "OVERLOAD?"))
		strcpy(text, "0");
	else if (strstr(q, "TXUNIT?"))
		strcpy(text, "kWh");
	else if (strstr(q, "CONSTANT?"))
		strcpy(text, "5e+06");
	else if (strstr(q, "STATUS?"))
		strcpy(text, s->running ? "2" : "4");
	else if (strstr(q, "ENERGY?")) {
		snprintf(text, sizeof(text), "%.8g", shown_kwh(s, t_ns));
		s->energy_questions++;
	} else if (strstr(q, ":UL") && strstr(q, "RANGE?"))
		strcpy(text, "240V");
	else if (strstr(q, ":IL") && strstr(q, "RANGE?"))
		strcpy(text, "10A");
	else if (!strcmp(q, "MEASURE:POW1:PS?")) {
		snprintf(text, sizeof(text), "POW1:PS:[W]:%.8g;",
			 s->clamped ? 0.5 * s->power_w : s->power_w);
		delay_ns = 450 * MS;
	} else {
		strcpy(s->error, "-100,Command error");
		return;
	}
	strcat(text, "\n");
	sim_emit(&s->base, t_ns + delay_ns, text, strlen(text));
}

static void small_receive(struct sim_peer *p, int64_t t_ns, const uint8_t *data, size_t len)
{
	struct small_com *s = (struct small_com *)p;

	if (s->setting[0] && t_ns >= s->t_setting_ns)
		small_order(s, s->t_setting_ns);
	for (size_t i = 0; i < len; i++) {
		assert_true(s->n_held < sizeof(s->held) - 1);
		if (data[i] != '\n') {
			s->held[s->n_held++] = (char)data[i];
			continue;
		}
		s->held[s->n_held] = '\0';
		if (s->n_held && s->held[s->n_held - 1] == '?') {
			small_question(s, t_ns, s->held);
		} else if (s->n_held &&
			   s->held[s->n_held - 1] == ';') { /* takes effect 1.5 ms later */
			snprintf(s->setting, sizeof(s->setting), "%.*s", (int)s->n_held - 1,
				 s->held);
			s->t_setting_ns = t_ns + 1500000;
		}
		s->n_held = 0;
	}
}
static const struct sim_peer_ops small_ops = { .receive = small_receive };

static void check_sample(const struct small_com *s, const struct ref_sample *r)
{
	int64_t k = (int64_t)llround((r->energy_wh / 1e3 * 3.6e6 / s->power_w - s->phase_s) /
				     s->interval_s);

	assert_near(r->energy_wh, 1e3 * update_kwh(s, k), 0); /* the very figure */
	assert_true(r->t_lo_ns < update_ns(s, k) && update_ns(s, k) <= r->t_hi_ns);
	assert_int_equal(r->flags, 0);
}

struct em_run {
	int samples, questions; /* what came of it */
	double worst_width_s; /* of all samples but the first two */
	uint64_t messages;
	int err, stop_err;
	struct fault f;
	struct ref_register reg;
};

static void run_register(struct small_com *s, const struct link_fault *fault, int want,
			 struct em_run *out)
{
	static const struct sim_link_timing timing = { .latency_ns = 500000,
						       .jitter_ns = 500000,
						       .seed = 7 };
	struct driver_env env = { .name = "ref", .clk = clk_virtual_new(&start), .fault = &out->f };
	struct ref_register before = { .constant_imp_per_kwh = -1 };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct ref_sample r = { 0 };
	uint32_t seq = 0;

	s->base.ops = &small_ops;
	assert_int_equal(port_sim_new(env.clk, &s->base, "ref", &timing, &env.port), ET_OK);
	assert_int_equal(port_sim_add_fault(env.port, fault), ET_OK);
	out->err = com->open(&env, &d, &id);
	if (out->err == ET_OK)
		out->err = com->reference->start(d, &before);
	if (out->err == ET_OK) {
		assert_near(before.constant_imp_per_kwh, 5e6, 0);
		assert_int_equal(s->start_orders, 1);
	}
	while (out->err == ET_OK && out->samples < want) {
		int64_t t_ns = clk_now_ns(env.clk);

		out->f.code = ET_OK;
		out->err = com->reference->sample(d, t_ns + ET_NS_PER_S / 2, &r);
		if (out->err == ET_ERR_TIMEOUT && out->f.code == ET_OK) {
			if (t_ns > (want + 20) * (int64_t)ET_NS_PER_S)
				fail_msg("no more samples after fault %d of message %d (%u)",
					 (int)fault->kind, (int)fault->message, fault->where);
			out->err = ET_OK;
			continue;
		}
		if (out->err != ET_OK)
			break;
		check_sample(s, &r);
		assert_true(out->samples == 0 || r.seq > seq);
		seq = r.seq;
		if (out->samples > 1)
			out->worst_width_s =
				fmax(out->worst_width_s, (double)(r.t_hi_ns - r.t_lo_ns) / 1e9);
		if (out->samples++ == 2)
			s->energy_questions = 0;
	}
	out->questions = s->energy_questions;
	out->stop_err = d && out->samples ? com->reference->stop(d, &out->reg) : 1;
	com->close(d);
	out->messages = port_sim_messages(env.port);
	port_close(env.port);
	clk_free(env.clk);
}

static void update_instants_are_found_with_few_questions(void **state)
{
	static const struct link_fault none = { .kind = LINK_FAULT_NONE };
	struct small_com s = {
		.power_w = 3612.3456, .interval_s = 1.0003, .phase_s = 0.37, .jitter_s = 0.001
	};
	struct em_run run = { 0 };

	(void)state;
	run_register(&s, &none, 63, &run);
	if (run.err != ET_OK || run.stop_err != ET_OK)
		fail_msg("%s", run.f.text);
	assert_int_equal(run.samples, 63);
	print_message("worst width %.2f ms, %.1f questions a sample\n", 1e3 * run.worst_width_s,
		      run.questions / 60.0);
	assert_true(run.worst_width_s < 0.012);
	assert_true(run.questions < 60 * 5);
	assert_near(run.reg.update_interval_s, 1.0003, 1e-4);
	assert_near(run.reg.constant_imp_per_kwh, 5e6, 0);
	/* 63 s at 3.6 kW: 0.063 kWh with 8 digits */
	assert_near(run.reg.resolution_wh, 1e-6, 1e-12);
}

static void no_answer_gone_wrong_gives_a_wrong_sample(void **state)
{
	static const enum link_fault_kind kinds[] = { LINK_LOST,	 LINK_CUT,
						      LINK_LATE,	 LINK_BYTE_LOST,
						      LINK_BYTE_DOUBLED, LINK_BYTE_NON_ASCII,
						      LINK_DIGIT_CHANGED };
	static const struct link_fault none = { .kind = LINK_FAULT_NONE };
	struct em_run clean = { 0 };
	struct small_com first = { .power_w = 3600, .interval_s = 1.0003, .phase_s = 0.37 };
	int failed = 0, runs = 0;

	(void)state;
	run_register(&first, &none, 6, &clean);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (uint64_t message = 0; message < clean.messages; message++)
			for (uint32_t where = 0; where < 4; where++) {
				struct small_com s = { .power_w = 3600,
						       .interval_s = 1.0003,
						       .phase_s = 0.37 };
				const struct link_fault fault = { kinds[k], message, 2500 * MS,
								  where };
				struct em_run run = { 0 };

				run_register(&s, &fault, 6, &run); /* checks every sample */
				runs++;
				failed += run.err != ET_OK || run.stop_err != ET_OK;
				if (run.err != ET_OK)
					assert_true(run.f.code == run.err &&
						    strstr(run.f.text, "ref"));
			}
	print_message("%d of %d runs failed, none was wrong\n", failed, runs);
	assert_true(failed > 0 &&
		    failed < runs / 20); /* most faults are of questions that are asked again */
}

static void register_and_power_must_agree(void **state)
{
	static const struct link_fault none = { .kind = LINK_FAULT_NONE };
	struct small_com s = { .power_w = 3600, .interval_s = 1, .phase_s = 0.5, .clamped = true };
	struct em_run run = { 0 };

	(void)state;
	run_register(&s, &none, 20, &run);
	assert_int_equal(run.err, ET_ERR_LOST);
	assert_in_range(run.samples, 2, 5);
	assert_non_null(strstr(run.f.text, "reference \"ref\": the energy register says 3"));
	assert_non_null(strstr(run.f.text, "W, POW1 says 1800 W"));
}

/* Without load the register stands still: no samples, no failure, and few questions. */
static void no_load_is_quiet(void **state)
{
	static const struct sim_link_timing timing = { .latency_ns = 500000 };
	struct small_com s = {
		.base.ops = &small_ops, .power_w = 0, .interval_s = 1, .phase_s = 0.5
	};
	struct fault f = { 0 };
	struct driver_env env = { .name = "ref", .clk = clk_virtual_new(&start), .fault = &f };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct ref_register reg;
	struct ref_sample r;

	(void)state;
	assert_int_equal(port_sim_new(env.clk, &s.base, "ref", &timing, &env.port), ET_OK);
	assert_int_equal(com->open(&env, &d, &id), ET_OK);
	assert_int_equal(com->reference->sample(d, ET_NEVER_NS, &r), ET_ERR_STATE);
	assert_int_equal(com->reference->stop(d, &reg), ET_ERR_STATE);
	assert_int_equal(com->reference->start(d, &reg), ET_OK);
	assert_true(isnan(reg.update_interval_s));
	f.code = ET_OK;
	assert_int_equal(
		com->reference->sample(d, clk_now_ns(env.clk) + 600 * (int64_t)ET_NS_PER_S, &r),
		ET_ERR_TIMEOUT);
	assert_int_equal(f.code, ET_OK);
	assert_true(s.energy_questions < 600 * 5);
	assert_int_equal(com->reference->stop(d, &reg), ET_OK);
	com->close(d);
	port_close(env.port);
	clk_free(env.clk);
}

static void an_endless_talker_holds_nobody(void **state)
{
	(void)state;
	assert_near(flood_refused_after_s(com), 10, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_label_and_unit),
		cmocka_unit_test(ranges_have_units),
		cmocka_unit_test(transcripts_are_followed),
		cmocka_unit_test(a_reading_is_whole),
		cmocka_unit_test(no_lost_answer_gives_a_reading),
		cmocka_unit_test(update_instants_are_found_with_few_questions),
		cmocka_unit_test(no_answer_gone_wrong_gives_a_wrong_sample),
		cmocka_unit_test(register_and_power_must_agree),
		cmocka_unit_test(no_load_is_quiet),
		cmocka_unit_test(an_endless_talker_holds_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
