/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/modbus_meter.c - a meter whose registers are read by Modbus, as a reference: for wiring
 * checks, no-load supervision, and laboratories whose reference is one. What is where says a map (modbus_map.h).
 *
 * Such a meter does not tell its serial number, so the laboratory declares it. A simulated one is known by what it
 * answers: SIM_COUNT registers from SIM_ADDRESS on that hold its serial number as text. A real meter has none there
 * and refuses the question, or says something else. */
#include "drivers/reference_standard/modbus_meter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/registry.h"

enum { SIM_ADDRESS = 0xff00, SIM_COUNT = 16, PATH_CAP = 4096, READINGS = 3 };
#define MOVING_NS ((int64_t)ET_NS_PER_S / 2)

static const struct driver_param_spec params[] = {
	{ "map", 0, 0, 0, "the name of a register map, registers/NAME.yaml" },
	{ "volt_max_v", 1, 1000, 300, "volts from 1 to 1000: largest voltage of the meter" },
	{ "curr_max_a", 0.1, 1000, 100, "amperes from 0.1 to 1000: its largest current" },
	{ "poll_s", 0.001, 10, 0.02,
	  "seconds from 0.001 to 10 between looks at the energy register" },
	{ "answer_s", 0.05, 10, 1, "seconds from 0.05 to 10 that an answer may take" },
	{ 0 },
};

/* ---- the map ---- */

#define FOLDER "registers"

static bool is_name(const char *s)
{
	return *s && strlen(s) < 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(s);
}

static int load_map(const struct driver_param *p, size_t n, const char *dir, const char *file,
		    int line, int column, struct modbus_map *out, struct yaml_doc **doc,
		    struct diag *d)
{
	const char *name = driver_param_text(p, n, "map");
	char path[PATH_CAP];

	*doc = NULL;
	if (!name || !is_name(name)) {
		diag_add(d, file, line, column,
			 "options: map: %s%.60s%s; should be the name of a register map, "
			 "registers/NAME.yaml",
			 name ? "\"" : "", name ? name : "missing", name ? "\"" : "");
		return ET_ERR_FILE;
	}
	snprintf(path, sizeof(path), "%s/" FOLDER "/%s.yaml", dir ? dir : ".", name);
	return modbus_map_load_file(path, name, out, doc, d);
}

static void mm_check(const struct driver_param *p, size_t n, const char *dir,
		     const struct driver_place *where, struct diag *d)
{
	struct modbus_map map;
	struct yaml_doc *doc;
	int err = load_map(p, n, dir, where->file, where->line, where->column, &map, &doc, d);

	(void)err; /* what is wrong stands in d */
	yaml_free(doc);
}

static int open_map(struct driver_inst *d)
{
	const struct driver_env *env = &d->l.env;
	struct diag *diag = diag_new();
	int err = diag ? load_map(env->params, env->n_params, env->dir, "bench.yaml", 0, 0, &d->map,
				  &d->doc, diag)
		       : ET_ERR_NOMEM;

	if (err != ET_OK)
		err = mm_fault(&d->l, ET_ERR_ARG, "register map: %.120s (%d errors)",
			       diag ? diag_text(diag, 0) : "out of memory", diag_count(diag));
	diag_free(diag);
	return err;
}

/* ---- can these figures be true? ---- */

struct decoded {
	double v[MM_QUANTITIES]; /* NAN: not in the map */
	bool read[MM_QUANTITIES];
};

static void decode(const struct modbus_map *m, enum reg_order order,
		   const uint16_t raw[MM_QUANTITIES][2], struct decoded *out)
{
	const struct modbus_map_register *r = m->registers.items;

	for (int q = 0; q < MM_QUANTITIES; q++) {
		out->v[q] = NAN;
		out->read[q] = false;
	}
	for (size_t i = 0; i < m->registers.n; i++) {
		const int q = r[i].quantity;

		out->v[q] = r[i].scale * reg_decode(raw[q], (enum reg_type)r[i].type, order);
		out->read[q] = true;
	}
}

/* Swapped bytes of a float are far too large or far too small for anything. */
static bool can_be(int q, double v)
{
	static const double tiny = 1e-20;

	if (!isfinite(v) || (v != 0 && fabs(v) < tiny))
		return false;
	if (q < MM_CURR)
		return v >= 0 && v <= 2e3;
	if (q < MM_POWER)
		return v >= 0 && v <= 1e5;
	if (q == MM_FREQ)
		return v == 0 || (v >= 40 && v <= 70);
	if (q == MM_ENERGY)
		return v >= 0 && v <= 1e13;
	return fabs(v) <= 1e9;
}

/* @return the first quantity that can't be; -1: all can. */
static int find_strange(const struct decoded *x)
{
	for (int q = 0; q < MM_QUANTITIES; q++)
		if (x->read[q] && !can_be(q, x->v[q]))
			return q;
	return -1;
}

static int say_strange(struct driver_inst *d, const uint16_t raw[MM_QUANTITIES][2],
		       const struct decoded *x, int q)
{
	char hint[80] = "";

	for (int order = 0; order < REG_ORDERS && !hint[0]; order++) {
		struct decoded other;

		decode(&d->map, (enum reg_order)order, raw, &other);
		if (order != d->map.word_order && find_strange(&other) < 0)
			snprintf(hint, sizeof(hint), "; in word order %s it would be %.7g",
				 reg_order_words[order], other.v[q]);
	}
	return mm_fault(&d->l, ET_ERR_PROTO, "%s can't be %.4g: register %lld as %s, map %s%s",
			mm_quantity_words[q], x->v[q],
			(long long)modbus_map_find(&d->map, (enum mm_quantity)q)->address,
			reg_order_words[d->map.word_order], d->map.id, hint);
}

double mm_full_power_w(const struct driver_inst *d)
{
	return ET_PHASES * d->volt_max_v * d->curr_max_a;
}

static int check_powers(struct driver_inst *d, const struct decoded *x)
{
	const double floor_w = 2e-3 * mm_full_power_w(d);
	double sum = 0, size = 0;

	for (int k = 0; k < ET_PHASES && x->read[MM_VOLT + k]; k++) {
		const double va = x->v[MM_VOLT + k] * x->v[MM_CURR + k];
		const double w = x->v[MM_POWER + k], var = x->v[MM_REACTIVE + k];

		if (fabs(w) > 1.1 * va + floor_w || fabs(var) > 1.1 * va + floor_w)
			return mm_fault(&d->l, ET_ERR_PROTO,
					"%s is %.6g W, %s %.6g var, at %.6g VA: registers or "
					"scales of map %s",
					mm_quantity_words[MM_POWER + k], w,
					mm_quantity_words[MM_REACTIVE + k], var, va, d->map.id);
		sum += w;
		size += fabs(w);
	}
	if (x->read[MM_POWER_SUM] && fabs(x->v[MM_POWER_SUM] - sum) > 0.05 * size + floor_w)
		return mm_fault(
			&d->l, ET_ERR_PROTO,
			"the phases give %.6g W, power_sum %.6g W: registers or scales of map %s",
			sum, x->v[MM_POWER_SUM], d->map.id);
	return ET_OK;
}

/* ---- readings ---- */

static int read_raw(struct driver_inst *d, uint16_t raw[MM_QUANTITIES][2], struct mm_values *t)
{
	const struct modbus_map_register *r = d->map.registers.items;
	uint16_t regs[MODBUS_REGISTERS_MAX];
	struct modbus_question q;

	for (size_t i = 0, n; i < d->map.registers.n; i += n) {
		int exception, err;

		n = modbus_map_question(&d->map, i, &q);
		err = mm_ask(&d->l, &q, regs, &exception);
		if (err != ET_OK)
			return err;
		if (i == 0)
			t->t_before_ns = d->l.t_before_ns;
		t->t_after_ns = d->l.t_after_ns;
		for (size_t k = i; k < i + n; k++)
			memcpy(raw[r[k].quantity], &regs[r[k].address - q.address],
			       (size_t)reg_count((enum reg_type)r[k].type) * sizeof(regs[0]));
	}
	return ET_OK;
}

/* @return ET_ERR_PROTO when the figures can't be; *moving when they may be right, one by one, of a load that changed
 * between two questions. */
static int read_once(struct driver_inst *d, struct mm_values *out, bool *moving)
{
	uint16_t raw[MM_QUANTITIES][2] = { 0 };
	struct mm_values t = { .overload = false };
	struct decoded x;
	int strange, err = read_raw(d, raw, &t);

	*moving = false;
	if (err != ET_OK)
		return err;
	decode(&d->map, (enum reg_order)d->map.word_order, raw, &x);
	strange = find_strange(&x);
	if (strange >= 0)
		return say_strange(d, raw, &x, strange);
	err = check_powers(d, &x);
	*moving = err != ET_OK;
	if (err != ET_OK)
		return err;
	memcpy(t.v, x.v, sizeof(t.v));
	for (int k = 0; k < ET_PHASES; k++)
		t.overload = t.overload || x.v[MM_VOLT + k] > d->volt_max_v ||
			     x.v[MM_CURR + k] > d->curr_max_a;
	*out = t;
	return ET_OK;
}

int mm_read_values(struct driver_inst *d, struct mm_values *out)
{
	bool moving;
	int err = read_once(d, out, &moving);

	for (int i = 1; i < READINGS && moving; i++) {
		clk_sleep_until(d->l.env.clk, clk_now_ns(d->l.env.clk) + MOVING_NS);
		err = read_once(d, out, &moving);
	}
	return err;
}

static double sum_of(const double v[ET_PHASES])
{
	double sum = 0;

	for (int k = 0; k < ET_PHASES; k++)
		sum += isnan(v[k]) ? 0 : v[k];
	return sum;
}

double mm_power_sum_w(const struct mm_values *x)
{
	return isnan(x->v[MM_POWER_SUM]) ? sum_of(&x->v[MM_POWER]) : x->v[MM_POWER_SUM];
}

/* The angle between current and voltage follows from the powers; between voltages nothing is known, so only the first
 * phase has one. */
static void take_angle(const struct driver_inst *d, const struct mm_values *x,
		       struct ref_reading *r)
{
	for (int k = 0; k < ET_PHASES; k++)
		r->volt_deg[k] = r->curr_deg[k] = NAN;
	if (!(r->volt_v[0] > 1e-3 * d->volt_max_v))
		return;
	r->volt_deg[0] = 0;
	if (r->curr_a[0] > 1e-3 * d->curr_max_a)
		r->curr_deg[0] = -atan2(x->v[MM_REACTIVE], x->v[MM_POWER]) * 180 / acos(-1);
}

static int mm_read(struct driver_inst *d, struct ref_reading *out)
{
	struct ref_reading r = { 0 };
	struct mm_values x;
	int err = mm_read_values(d, &x);

	if (err != ET_OK)
		return err;
	r.t_before_ns = x.t_before_ns;
	r.t_after_ns = x.t_after_ns;
	for (int k = 0; k < ET_PHASES; k++) {
		r.volt_v[k] = x.v[MM_VOLT + k];
		r.curr_a[k] = x.v[MM_CURR + k];
		r.power_w[k] = x.v[MM_POWER + k];
		r.range_v[k] = d->volt_max_v; /* it has no other range */
		r.range_a[k] = d->curr_max_a;
	}
	take_angle(d, &x, &r);
	r.power_sum_w = mm_power_sum_w(&x);
	r.reactive_sum_var =
		isnan(x.v[MM_REACTIVE_SUM]) ? sum_of(&x.v[MM_REACTIVE]) : x.v[MM_REACTIVE_SUM];
	r.freq_hz = x.v[MM_FREQ];
	r.overload = x.overload;
	*out = r;
	return ET_OK;
}

int mm_read_energy(struct driver_inst *d, double *wh)
{
	const struct modbus_map_register *r = modbus_map_find(&d->map, MM_ENERGY);
	const struct modbus_question q = { d->map.function ? MODBUS_HOLDING : MODBUS_INPUT,
					   (uint16_t)r->address,
					   (uint16_t)reg_count((enum reg_type)r->type) };
	uint16_t regs[2];
	double v;
	int exception, err = mm_ask(&d->l, &q, regs, &exception);

	if (err != ET_OK)
		return err;
	v = r->scale * reg_decode(regs, (enum reg_type)r->type, (enum reg_order)d->map.word_order);
	if (!can_be(MM_ENERGY, v))
		return mm_fault(&d->l, ET_ERR_PROTO, "energy can't be %.4g Wh: register %u, map %s",
				v, q.address, d->map.id);
	*wh = v;
	return ET_OK;
}

/* It has no ranges to choose; what is too much for it is refused before it is switched on. */
static int mm_prepare(struct driver_inst *d, const struct setpoint *expected)
{
	for (int k = 0; k < ET_PHASES; k++) {
		const struct phase_setpoint *ph = &expected->ph[k];

		if (ph->volt_v > d->volt_max_v || ph->curr_a > d->curr_max_a)
			return mm_fault(&d->l, ET_ERR_ARG,
					"%g V, %g A on L%d is beyond its %g V, %g A", ph->volt_v,
					ph->curr_a, k + 1, d->volt_max_v, d->curr_max_a);
		if ((ph->volt_v > 0 || ph->curr_a > 0) &&
		    !modbus_map_find(&d->map, (enum mm_quantity)(MM_VOLT + k)))
			return mm_fault(&d->l, ET_ERR_ARG, "map %s has no registers for L%d",
					d->map.id, k + 1);
	}
	d->em.running = false; /* the register counts on; it is only no longer asked */
	return ET_OK;
}

/* ---- who is there ---- */

/* @return ET_OK with the text of the registers that only a simulated meter has; "": it is none. */
static int ask_simulated(struct driver_inst *d, char text[32])
{
	const struct modbus_question q = { d->map.function ? MODBUS_HOLDING : MODBUS_INPUT,
					   SIM_ADDRESS, SIM_COUNT };
	uint16_t regs[SIM_COUNT];
	int exception, err = mm_ask(&d->l, &q, regs, &exception);

	text[0] = '\0';
	if (err == ET_ERR_DEVICE) {
		fault_set(d->l.env.fault, ET_OK, "%s", "");
		return ET_OK;
	}
	if (err != ET_OK)
		return err;
	for (int i = 0; i < 2 * SIM_COUNT - 1; i++) {
		const char c = (char)(regs[i / 2] >> (i % 2 ? 0 : 8));

		if (c < '!' || c > '~')
			break;
		text[i] = c;
		text[i + 1] = '\0';
	}
	if (strncmp(text, "SIM", 3) != 0)
		text[0] = '\0';
	return ET_OK;
}

static int mm_identify(struct driver_inst *d, struct instrument_id *id)
{
	const char *declared = d->l.env.serial;
	struct instrument_id who = { 0 };
	int err = mm_synchronise(&d->l);

	if (err == ET_OK)
		err = ask_simulated(d, who.serial);
	if (err != ET_OK)
		return err;
	who.simulated = who.serial[0] != '\0';
	if (!who.simulated) {
		if (!declared || strncmp(declared, "SIM", 3) == 0)
			return mm_fault(&d->l, declared ? ET_ERR_DEVICE : ET_ERR_ARG,
					declared ? "is no simulated meter; its serial number in "
						   "bench.yaml says so"
						 : "a Modbus meter can't tell its serial number; "
						   "bench.yaml must say it");
		snprintf(who.serial, sizeof(who.serial), "%s", declared);
		who.serial_declared = true;
	}
	snprintf(who.maker, sizeof(who.maker), "%s", d->map.maker);
	snprintf(who.model, sizeof(who.model), "%s", d->map.model);
	snprintf(who.firmware, sizeof(who.firmware), "map %.20s %lld", d->map.id,
		 (long long)d->map.version);
	*id = who;
	return ET_OK;
}

/* ---- driver ---- */

static int read_params(struct driver_inst *d)
{
	double answer_s = 0;
	int err = driver_param_get(&d->l.env, params, "volt_max_v", &d->volt_max_v);

	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "curr_max_a", &d->curr_max_a);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "poll_s", &d->poll_s);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "answer_s", &answer_s);
	d->l.answer_ns = (int64_t)(answer_s * ET_NS_PER_S);
	return err;
}

static void mm_close(struct driver_inst *d)
{
	if (!d)
		return;
	yaml_free(d->doc);
	free(d);
}

static int mm_open(const struct driver_env *env, struct driver_inst **out, struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	struct mm_values x;
	int err;

	if (!d)
		return fault_set(env->fault, ET_ERR_NOMEM, "reference \"%s\": out of memory",
				 env->name);
	mm_link_init(&d->l, env, &d->map);
	err = open_map(d);
	if (err == ET_OK)
		err = read_params(d);
	if (err == ET_OK)
		err = mm_identify(d, id);
	if (err == ET_OK) /* does it have these registers at all, and can their figures be? */
		err = mm_read_values(d, &x);
	if (err != ET_OK) {
		mm_close(d);
		return err;
	}
	*out = d;
	return ET_OK;
}

static const struct reference_ops reference_ops = {
	.prepare = mm_prepare,
	.read = mm_read,
	.start = mm_energy_start,
	.sample = mm_energy_sample,
	.stop = mm_energy_stop,
};

const struct driver driver_modbus_meter = {
	.name = "modbus-meter",
	.summary = "meters with Modbus registers (RTU, TCP), by a register map",
	.link = PORT_MODBUS,
	.folder = FOLDER,
	.fitness_required = true,
	.params = params,
	.check = mm_check,
	.open = mm_open,
	.close = mm_close,
	.identify = mm_identify,
	.reference = &reference_ops,
};
