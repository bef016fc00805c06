/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_driver_modbus_meter.c - the driver for Modbus meters against transcripts, and against the simulated meter,
 * every reply of which goes wrong in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/reference_standard/modbus_meter.h"
#include "drivers/registry.h"
#include "io/port_transcript.h"
#include "tests/support/sim_rig.h"

#define TRANSCRIPTS "tests/transcripts/modbus-meter/"
#define DIR "drivers/reference_standard" /* its folder registers/ */

static const struct driver *const mm = &driver_modbus_meter;
static const struct driver_param shipped[] = { { "map", "eastron-sdm630" } };

/* ---- transcripts ---- */

enum action { NOTHING, READ, READ_AGAIN, ENERGY };
static const struct transcript_case {
	const char *file;
	int open;
	enum action action;
	int err; /* of what fails first in it */
	const char *says;
} cases[] = {
	{ "reading.txt", ET_OK, READ, ET_OK, "" },
	{ "late-reply.txt", ET_OK, READ_AGAIN, ET_ERR_TIMEOUT,
	  "reference \"ref\": no answer to function 4, registers 52 to 53 within 1 s" },
	{ "late-exception.txt", ET_OK, READ_AGAIN, ET_ERR_TIMEOUT, "registers 0 to 17 within" },
	{ "gateway.txt", ET_OK, READ_AGAIN, ET_ERR_TIMEOUT,
	  "exception 11, gateway: the device does not answer" },
	{ "busy.txt", ET_OK, READ, ET_ERR_PROTO, "exception 6, device busy" },
	{ "silent.txt", ET_ERR_TIMEOUT, NOTHING, 0, "no answer to function 4, registers 0 to" },
	{ "refused.txt", ET_ERR_DEVICE, NOTHING, 0,
	  "it refuses function 4, registers 52 to 53: exception 2, illegal data address" },
	{ "other-registers.txt", ET_OK, NOTHING, 0, "" },
	{ "word-order.txt", ET_ERR_PROTO, NOTHING, 0,
	  "as abcd, map eastron-sdm630; in word order cdab it would be 230.5" },
	{ "sum-changed.txt", ET_OK, READ, ET_ERR_PROTO,
	  "the phases give 2189 W, power_sum 4189 W: registers or scales" },
	{ "load-moves.txt", ET_OK, READ, ET_OK, "" },
	{ "power-too-large.txt", ET_OK, READ, ET_ERR_PROTO, "power_2 is 2919 W" },
	{ "no-number.txt", ET_OK, READ, ET_ERR_PROTO, "freq can't be nan: register 70 as abcd" },
	{ "energy.txt", ET_OK, ENERGY, ET_OK, "" },
	{ "energy-fell.txt", ET_OK, ENERGY, ET_ERR_LOST,
	  "the energy register fell from 1234500 to 1234490 Wh" },
	{ "energy-jumped.txt", ET_OK, ENERGY, ET_ERR_LOST,
	  "the energy register jumped from 1234500 to 1239500 Wh in " },
	{ "energy-no-energy.txt", ET_OK, ENERGY, ET_ERR_PROTO, "energy can't be inf Wh" },
};

static void open_file(const char *file, struct driver_env *env)
{
	static const struct clk_start start = { .mono_ns = ET_NS_PER_S };
	char path[128];

	env->name = "ref";
	env->clk = clk_virtual_new(&start);
	env->params = shipped;
	env->n_params = 1;
	env->dir = DIR;
	if (!env->serial)
		env->serial = "12345678";
	snprintf(path, sizeof(path), TRANSCRIPTS "%s", file);
	if (port_transcript_open(path, env->clk, &env->port, env->fault) != ET_OK)
		fail_msg("%s", env->fault->text);
}

static void close_file(struct driver_env *env, struct driver_inst *d)
{
	struct fault end = { 0 };

	mm->close(d);
	if (port_transcript_result(env->port, &end) != 0)
		fail_msg("%s", end.text);
	port_close(env->port);
	clk_free(env->clk);
}

static int play_energy(struct driver_inst *d, struct clk *c)
{
	struct ref_register reg;
	struct ref_sample s;

	assert_int_equal(mm->reference->start(d, &reg), ET_OK);
	assert_near(reg.constant_imp_per_kwh, 100, 0);
	assert_near(reg.resolution_wh, 10, 0);
	for (int i = 1; i <= 3; i++) {
		int err = mm->reference->sample(d, clk_now_ns(c) + ET_NS_PER_S, &s);

		if (err != ET_OK)
			return err;
		assert_int_equal(s.seq, i);
		assert_near(s.energy_wh, 10 * i, 0.1); /* float32 of 1234.5 kWh */
		assert_true(s.t_lo_ns < s.t_hi_ns);
	}
	return mm->reference->stop(d, &reg);
}

static void play(const struct transcript_case *t)
{
	struct fault f = { 0 };
	struct driver_env env = { .fault = &f };
	struct driver_inst *d = NULL;
	struct instrument_id id = { 0 };
	struct ref_reading r = { .freq_hz = -1 };

	print_message("%s\n", t->file);
	open_file(t->file, &env);
	assert_int_equal(mm->open(&env, &d, &id), t->open);
	if (t->action == ENERGY)
		assert_int_equal(play_energy(d, env.clk), t->err);
	else if (t->action != NOTHING)
		assert_int_equal(mm->reference->read(d, &r), t->err);
	if (!strstr(f.text, t->says))
		fail_msg("\"%s\" does not say \"%s\"", f.text, t->says);
	if (t->err != ET_OK)
		assert_near(r.freq_hz, -1, 0);
	if (t->action == READ_AGAIN) { /* as the session does it */
		assert_int_equal(mm->identify(d, &id), ET_OK);
		assert_int_equal(mm->reference->read(d, &r), ET_OK);
		assert_near(r.volt_v[0], 230.5, 0);
		assert_near(r.power_sum_w, 2189, 0);
	}
	close_file(&env, d);
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
	open_file("reading.txt", &env);
	assert_int_equal(mm->open(&env, &d, &id), ET_OK);
	assert_string_equal(id.maker, "Eastron");
	assert_string_equal(id.model, "SDM630");
	assert_string_equal(id.serial, "12345678");
	assert_string_equal(id.firmware, "map eastron-sdm630 1");
	assert_false(id.simulated);
	assert_true(id.serial_declared);
	assert_int_equal(mm->reference->read(d, &r), ET_OK);
	assert_near(r.volt_v[1], 229.75, 0);
	assert_near(r.curr_a[2], 3, 0);
	assert_near(r.power_w[0], 576.25, 0);
	assert_near(r.reactive_sum_var, 998.125, 0); /* the map has no sum of it */
	assert_near(r.volt_deg[0], 0, 0);
	assert_near(r.curr_deg[0], -60, 0.01); /* lags */
	assert_true(isnan(r.volt_deg[1]) && isnan(r.curr_deg[1]));
	assert_near(r.freq_hz, 60, 0);
	assert_near(r.range_a[0], 100, 0);
	assert_false(r.overload);
	close_file(&env, d);
}

static void overload_is_told(void **state)
{
	struct fault f = { 0 };
	struct driver_env env = { .fault = &f };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct ref_reading r;

	(void)state;
	open_file("overload.txt", &env);
	assert_int_equal(mm->open(&env, &d, &id), ET_OK);
	assert_int_equal(mm->reference->read(d, &r), ET_OK);
	assert_true(r.overload);
	close_file(&env, d);
}

/* By what it answers, not by what is declared. */
static void simulated_is_what_answers_so(void **state)
{
	static const struct {
		const char *file, *declared;
		int err;
		bool simulated;
		const char *serial;
	} who[] = {
		{ "simulated.txt", "12345678", ET_OK, true, "SIM-SDM-0042" },
		{ "simulated.txt", "SIM-SDM-0042", ET_OK, true, "SIM-SDM-0042" },
		{ "other-registers.txt", "12345678", ET_OK, false, "12345678" },
	};
	static const char *const wrong[] = { "SIM-SDM-0042" };

	(void)state;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		struct fault f = { 0 };
		struct driver_env env = { .fault = &f, .serial = who[i].declared };
		struct driver_inst *d = NULL;
		struct instrument_id id = { 0 };

		open_file(who[i].file, &env);
		assert_int_equal(mm->open(&env, &d, &id), who[i].err);
		assert_int_equal(id.simulated, who[i].simulated);
		assert_int_equal(id.serial_declared, !who[i].simulated);
		assert_string_equal(id.serial, who[i].serial);
		close_file(&env, d);
	}
	for (size_t i = 0; i < 2; i++) {
		struct fault f = { 0 };
		struct driver_env env = { .fault = &f, .serial = wrong[0] };
		struct driver_inst *d = NULL;
		struct instrument_id id = { 0 };

		open_file("reading.txt", &env);
		if (i == 1)
			env.serial = NULL;
		assert_int_equal(mm->open(&env, &d, &id), i ? ET_ERR_ARG : ET_ERR_DEVICE);
		assert_non_null(
			strstr(f.text, i ? "bench.yaml must say it" : "is no simulated meter"));
		assert_null(d);
		port_close(env.port);
		clk_free(env.clk);
	}
}

/* ---- against the simulated meter ---- */

#define SDM RIG_QUIET "reference: {model: sdm630, energy_update_s: 0.2}\n"
#define LOAD_V 240.0
#define LOAD_A 50.0

struct meter {
	struct rig rig;
	struct fault f;
	struct driver_env env;
	struct driver_inst *d;
};

static void start_meter(struct meter *m, const char *yaml, const struct driver_param *params,
			size_t n_params, const char *dir)
{
	memset(m, 0, sizeof(*m));
	rig_open(&m->rig, yaml);
	m->env = (struct driver_env){ .name = "ref",
				      .port = m->rig.reference,
				      .clk = m->rig.clk,
				      .params = params,
				      .n_params = n_params,
				      .dir = dir,
				      .serial = "SIM-SDM-0001",
				      .fault = &m->f };
}

static void end_meter(struct meter *m)
{
	mm->close(m->d);
	rig_close(&m->rig);
}

static void the_world_is_read(void **state)
{
	struct instrument_id id;
	struct setpoint true_sp;
	struct ref_reading r;
	struct meter m;

	(void)state;
	start_meter(&m, SDM, shipped, 1, DIR);
	assert_int_equal(mm->open(&m.env, &m.d, &id), ET_OK); /* all off */
	assert_true(id.simulated);
	assert_string_equal(id.serial, "SIM-SDM-0001");
	assert_int_equal(mm->reference->read(m.d, &r), ET_OK);
	assert_near(r.volt_v[0], 0, 0);
	assert_true(isnan(r.volt_deg[0]));
	rig_on(&m.rig, 120, 10, 60); /* power factor 0.5, lagging */
	assert_int_equal(mm->reference->read(m.d, &r), ET_OK);
	sim_terminals(m.rig.sim, &true_sp);
	assert_near(r.volt_v[0], true_sp.ph[0].volt_v, 1e-4);
	assert_near(r.curr_a[0], true_sp.ph[0].curr_a, 1e-5);
	assert_near(r.power_sum_w, 600, 1);
	assert_near(r.reactive_sum_var, 1039.23, 1); /* lagging: above 0 */
	assert_near(r.volt_deg[0] - r.curr_deg[0], 60, 0.01);
	assert_near(r.freq_hz, 60, 0);
	assert_true(r.t_after_ns > r.t_before_ns);
	end_meter(&m);
}

static void updates_lie_in_their_windows(void **state)
{
	struct instrument_id id;
	struct ref_register reg;
	struct ref_sample s, first = { 0 };
	struct meter m;
	int64_t width_ns = 0;

	(void)state;
	start_meter(&m, SDM, shipped, 1, DIR);
	rig_on(&m.rig, LOAD_V, LOAD_A, 0); /* 12 kW: 10 Wh in 3 s */
	assert_int_equal(mm->open(&m.env, &m.d, &id), ET_OK);
	assert_int_equal(mm->reference->start(m.d, &reg), ET_OK);
	for (int i = 1; i <= 30; i++) {
		int err;

		while ((err = mm->reference->sample(m.d, rig_in(&m.rig, 0.5), &s)) ==
			       ET_ERR_TIMEOUT &&
		       m.f.code == ET_OK)
			;
		if (err != ET_OK)
			fail_msg("%s", m.f.text);
		assert_int_equal(s.seq, i);
		assert_int_equal(s.flags, 0);
		if (i == 1)
			first = s;
		if (s.t_hi_ns - s.t_lo_ns > width_ns)
			width_ns = s.t_hi_ns - s.t_lo_ns;
	}
	assert_true(width_ns < 200000000); /* RTU at 9600 baud takes 37 ms and more for a look */
	/* 290 Wh: the register shows each step at most an update late */
	assert_near((double)(s.t_hi_ns - first.t_hi_ns) / ET_NS_PER_S,
		    (s.energy_wh - first.energy_wh) * 3600 / 12000, 0.4);
	assert_near(s.energy_wh - first.energy_wh, 290, 0.3);
	assert_int_equal(mm->reference->stop(m.d, &reg), ET_OK);
	assert_int_equal(mm->reference->stop(m.d, &reg), ET_ERR_STATE);
	assert_int_equal(mm->reference->sample(m.d, rig_in(&m.rig, 1), &s), ET_ERR_STATE);
	end_meter(&m);
}

static void what_is_too_much_is_refused(void **state)
{
	const struct setpoint volts = { .freq_hz = 60, .ph = { { .volt_v = 301 } } };
	const struct setpoint amperes = { .freq_hz = 60, .ph = { [2] = { .curr_a = 101 } } };
	const struct setpoint right = { .freq_hz = 60, .ph = { { .volt_v = 300, .curr_a = 100 } } };
	struct instrument_id id;
	struct meter m;

	(void)state;
	start_meter(&m, SDM, shipped, 1, DIR);
	assert_int_equal(mm->open(&m.env, &m.d, &id), ET_OK);
	assert_int_equal(mm->reference->prepare(m.d, &volts), ET_ERR_ARG);
	assert_int_equal(mm->reference->prepare(m.d, &amperes), ET_ERR_ARG);
	assert_non_null(strstr(m.f.text, "101 A on L3 is beyond its 300 V, 100 A"));
	assert_int_equal(mm->reference->prepare(m.d, &right), ET_OK);
	end_meter(&m);
}

/* ---- maps of a laboratory ---- */

/* The shipped map with @p from replaced by @p to, as DIR/registers/lab.yaml. */
static void write_map(const char *dir, const char *from, const char *to)
{
	static const char id[] = "id: eastron-sdm630";
	char text[8192], path[128], *at;
	FILE *in = fopen(DIR "/registers/eastron-sdm630.yaml", "r"), *out;
	size_t n = fread(text, 1, sizeof(text) - 1, in);

	fclose(in);
	text[n] = '\0';
	at = strstr(text, id);
	memset(at, ' ', sizeof(id) - 1);
	memcpy(at, "id: lab", 7);
	at = strstr(text, from);
	assert_non_null(at);
	snprintf(path, sizeof(path), "%s/registers/lab.yaml", dir);
	out = fopen(path, "w");
	fprintf(out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fclose(out);
}

static void make_dir(char dir[64])
{
	char path[128];

	snprintf(dir, 64, "/tmp/etalon-map-%d", (int)getpid());
	snprintf(path, sizeof(path), "mkdir -p %s/registers", dir);
	assert_int_equal(system(path), 0);
}

static void remove_dir(const char *dir)
{
	char path[128];

	snprintf(path, sizeof(path), "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

/* The simulated meter keeps abcd; a map that says another order, or reads powers in kW, is found out. */
static void a_wrong_map_is_found_out(void **state)
{
	static const struct {
		const char *from, *to, *says;
		bool energised;
	} maps[] = {
		{ "word_order: abcd", "word_order: cdab", "in word order abcd it would be", true },
		{ "word_order: abcd", "word_order: badc", "in word order abcd it would be", true },
		{ "word_order: abcd", "word_order: dcba", "in word order abcd it would be", true },
		{ "word_order: abcd", "word_order: cdab", "in word order abcd it would be 1234",
		  false },
		{ "word_order: abcd", "word_order: dcba", "in word order abcd it would be 1234",
		  false },
		{ "register: 12, type: f32", "register: 12, type: f32, scale: 1000",
		  "power_1 is 1.2e+07 W", true },
		{ "register: 70, type: f32", "register: 78, type: f32",
		  "it refuses function 4, registers 78 to 79: exception 2", true },
		{ "function: input", "function: holding", "illegal function", false },
	};
	static const struct driver_param lab[] = { { "map", "lab" } };
	char dir[64];

	(void)state;
	make_dir(dir);
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct instrument_id id;
		struct meter m;

		write_map(dir, maps[i].from, maps[i].to);
		start_meter(&m, SDM, lab, 1, dir);
		if (maps[i].energised)
			rig_on(&m.rig, LOAD_V, LOAD_A, 0);
		assert_int_not_equal(mm->open(&m.env, &m.d, &id), ET_OK);
		if (!strstr(m.f.text, maps[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", maps[i].to, m.f.text,
				 maps[i].says);
		end_meter(&m);
	}
	remove_dir(dir);
}

static void options_are_checked_before(void **state)
{
	static const struct driver_place where = { "bench.yaml", 7, 5 };
	static const struct {
		struct driver_param p;
		const char *says;
	} wrong[] = {
		{ { "other", "x" }, "options: map: missing" },
		{ { "map", "../../etc/passwd" }, "options: map: \"../../etc/passwd\"" },
		{ { "map", "not-there" }, "No such file" },
	};
	struct diag *d = diag_new();

	(void)state;
	mm->check(shipped, 1, DIR, &where, d);
	assert_int_equal(diag_count(d), 0);
	for (int i = 0; i < 3; i++) {
		mm->check(&wrong[i].p, 1, DIR, &where, d);
		assert_int_equal(diag_count(d), i + 1);
		if (!strstr(diag_text(d, i), wrong[i].says))
			fail_msg("%s", diag_text(d, i));
	}
	diag_free(d);
}

/* ---- every reply goes wrong ---- */

enum { SAMPLES = 4 };
struct outcome {
	int err;
	uint64_t messages;
	struct ref_reading r;
	struct ref_sample s[SAMPLES];
};

/* As the session does it: a question that failed is asked again, after the meter said who it is. */
static int opened(struct meter *m)
{
	struct instrument_id id;
	int err = ET_ERR_TIMEOUT;

	for (int i = 0; i < 3 && (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO); i++)
		err = mm->open(&m->env, &m->d, &id);
	if (err == ET_OK)
		assert_true(id.simulated);
	return err;
}

static int read_again(struct meter *m, struct ref_reading *r)
{
	struct instrument_id id;
	int err = mm->reference->read(m->d, r);

	for (int i = 0; i < 2 && (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO); i++) {
		if (mm->identify(m->d, &id) != ET_OK)
			return err;
		assert_true(id.simulated);
		err = mm->reference->read(m->d, r);
	}
	return err;
}

static void converse(const struct link_fault *fault, struct outcome *out)
{
	struct ref_register reg;
	struct meter m;
	int n = 0;

	memset(out, 0, sizeof(*out));
	start_meter(&m, SDM, shipped, 1, DIR);
	rig_on(&m.rig, LOAD_V, LOAD_A, 60);
	if (fault)
		assert_int_equal(sim_inject(m.rig.sim, "reference", fault), ET_OK);
	out->err = opened(&m);
	if (out->err == ET_OK)
		out->err = read_again(&m, &out->r);
	if (out->err == ET_OK)
		out->err = mm->reference->start(m.d, &reg);
	while (out->err == ET_OK && n < SAMPLES) {
		out->err = mm->reference->sample(m.d, rig_in(&m.rig, 0.5), &out->s[n]);
		if (out->err == ET_OK)
			n++;
		else if (out->err == ET_ERR_TIMEOUT && m.f.code == ET_OK)
			out->err = ET_OK;
	}
	if (out->err == ET_OK)
		out->err = mm->reference->stop(m.d, &reg);
	if (out->err != ET_OK) {
		assert_true(m.f.code == out->err);
		assert_non_null(strstr(m.f.text, "register"));
	}
	out->messages = sim_messages(m.rig.sim, "reference");
	end_meter(&m);
}

/* What was read is right, or was not read. */
static void must_be_right(const struct outcome *o, const struct link_fault *f)
{
	const double power_w = LOAD_V * LOAD_A / 2;

	if (o->r.t_after_ns &&
	    (fabs(o->r.volt_v[0] - LOAD_V) > 0.1 || fabs(o->r.curr_a[0] - LOAD_A) > 0.1 ||
	     o->r.volt_v[1] != 0 || fabs(o->r.power_sum_w - power_w) > 5 ||
	     fabs(o->r.reactive_sum_var - LOAD_V * LOAD_A * sqrt(0.75)) > 5 || o->r.freq_hz != 60))
		fail_msg("message %d, kind %d: a wrong reading", (int)f->message, (int)f->kind);
	for (int i = 1; i < SAMPLES && o->s[i].t_hi_ns; i++) {
		const double s = (double)(o->s[i].t_hi_ns - o->s[i - 1].t_hi_ns) / ET_NS_PER_S;
		const double wh = o->s[i].energy_wh - o->s[i - 1].energy_wh;

		if (fabs(wh * 3600 / power_w - s) > 0.5 ||
		    o->s[i].t_hi_ns - o->s[i].t_lo_ns > 250000000)
			fail_msg("message %d, kind %d: %g Wh in %g s", (int)f->message,
				 (int)f->kind, wh, s);
	}
}

static void every_reply_goes_wrong(void **state)
{
	static const struct link_fault kinds[] = {
		{ .kind = LINK_LOST },
		{ .kind = LINK_CUT, .where = 3 },
		{ .kind = LINK_BYTE_LOST, .where = 1 },
		{ .kind = LINK_BYTE_NON_ASCII, .where = 4 },
		{ .kind = LINK_LATE, .late_ns = 30000000 },
		{ .kind = LINK_LATE, .late_ns = 1200000000 },
		{ .kind = LINK_LATE, .late_ns = 2500000000 },
		{ .kind = LINK_SILENT_FROM },
	};
	struct outcome o;
	uint64_t messages;
	int survived = 0, runs = 0;

	(void)state;
	converse(NULL, &o);
	assert_int_equal(o.err, ET_OK);
	messages = o.messages;
	assert_true(messages > 40);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (uint64_t n = 0; n < messages; n += n < 24 || n + 8 > messages ? 1 : 7) {
			struct link_fault f = kinds[k];

			f.message = n;
			converse(&f, &o);
			must_be_right(&o, &f);
			if (f.kind == LINK_SILENT_FROM)
				assert_true(o.err == ET_ERR_TIMEOUT || o.err == ET_ERR_IO);
			else
				survived += o.err == ET_OK;
			runs += f.kind != LINK_SILENT_FROM;
		}
	}
	print_message("%d of %d faults were got over\n", survived, runs);
	assert_true(survived > runs * 9 / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transcripts_are_followed),
		cmocka_unit_test(a_reading_is_whole),
		cmocka_unit_test(overload_is_told),
		cmocka_unit_test(simulated_is_what_answers_so),
		cmocka_unit_test(the_world_is_read),
		cmocka_unit_test(updates_lie_in_their_windows),
		cmocka_unit_test(what_is_too_much_is_refused),
		cmocka_unit_test(a_wrong_map_is_found_out),
		cmocka_unit_test(options_are_checked_before),
		cmocka_unit_test(every_reply_goes_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
