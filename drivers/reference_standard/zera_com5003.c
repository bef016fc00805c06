/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/zera_com5003.c - ZERA COM5003 and MT310s2: identity, ranges, readings.
 * TCP port 6320, or serial 9600 8N1 (some units 8N2). See zera_com_link.h for the rules of the link.
 *
 * Angles are those of the complex amplitudes of DFT1, so they are mathematical (positive = leads), counted from the
 * instrument's reference channel. */
#include "drivers/reference_standard/zera_com5003.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "drivers/registry.h"

enum { RANGE_NAME_MAX = 16 };

static const struct driver_param_spec params[] = {
	{ "range_margin", 1, 2, 1.05, "a factor from 1 to 2: range over expected value" },
	{ "integration_s", 0.1, 100, 0.5, "seconds from 0.1 to 100, as set in the instrument" },
	{ "poll_s", 0.001, 1, 0.003,
	  "seconds from 0.001 to 1 between looks at the energy register" },
	{ "angles", 0, 1, 1, "0 or 1: read angles too" },
	{ 0 },
};

static const char *const channel[2][ET_PHASES] = { { "UL1", "UL2", "UL3" },
						   { "IL1", "IL2", "IL3" } };
static const char unit_of[2] = { 'V', 'A' };

/* ---- ranges ---- */

int zcom_parse_range(const char *text, size_t len, char unit, double *out)
{
	double v, factor = 1;

	if (len < 2 || text[len - 1] != unit)
		return ET_ERR_PROTO;
	len--;
	if (text[len - 1] == 'm' || text[len - 1] == 'k')
		factor = text[--len] == 'm' ? 1e-3 : 1e3;
	if (num_parse_f64(text, len, &v) != ET_OK || !(v > 0))
		return ET_ERR_PROTO;
	*out = v * factor;
	return ET_OK;
}

static int read_range(struct driver_inst *d, int kind, int phase, double *out)
{
	char question[COM_COMMAND_MAX], answer[COM_ANSWER_MAX];
	int err;

	snprintf(question, sizeof(question), "SENSE:RNG1:%s:RANGE?", channel[kind][phase]);
	err = zcom_ask_text(&d->l, question, answer);
	if (err != ET_OK)
		return err;
	if (zcom_parse_range(answer, strlen(answer), unit_of[kind], out) != ET_OK)
		return zcom_fault(&d->l, ET_ERR_PROTO, "%s: \"%.30s\" is not a range", question,
				  answer);
	return ET_OK;
}

int zcom_read_ranges(struct driver_inst *d, struct zcom_ranges *out)
{
	struct zcom_ranges r;

	for (int i = 0; i < ET_PHASES; i++) {
		int err = read_range(d, 0, i, &r.volt_v[i]);

		if (err == ET_OK)
			err = read_range(d, 1, i, &r.curr_a[i]);
		if (err != ET_OK)
			return err;
	}
	*out = r;
	return ET_OK;
}

/* The smallest range of the catalogue that holds @p need; ranges of clamps and the like are passed over. */
static bool choose_range(const char *catalog, char unit, double need, char name[RANGE_NAME_MAX])
{
	double best = INFINITY, v;

	for (const char *p = catalog; *p; p += strcspn(p, ";"), p += *p == ';') {
		size_t n = strcspn(p, ";");

		if (n < RANGE_NAME_MAX && zcom_parse_range(p, n, unit, &v) == ET_OK && v >= need &&
		    v < best) {
			best = v;
			memcpy(name, p, n);
			name[n] = '\0';
		}
	}
	return isfinite(best);
}

/* One range for the three channels of a kind, since they may be grouped. */
static int set_ranges(struct driver_inst *d, int kind, const char *name)
{
	char order[COM_COMMAND_MAX], question[COM_COMMAND_MAX];

	for (int i = 0; i < ET_PHASES; i++) {
		int err;

		snprintf(order, sizeof(order), "SENSE:RNG1:%s:RANGE %s", channel[kind][i], name);
		snprintf(question, sizeof(question), "SENSE:RNG1:%s:RANGE?", channel[kind][i]);
		err = zcom_tell_confirmed(&d->l, order, question, name);
		if (err != ET_OK)
			return err;
	}
	return ET_OK;
}

static double largest(const struct setpoint *sp, int kind)
{
	double most = 0;

	for (int i = 0; i < ET_PHASES; i++)
		most = fmax(most, kind ? sp->ph[i].curr_a : sp->ph[i].volt_v);
	return most;
}

static int pick_range(struct driver_inst *d, int kind, double need, char name[RANGE_NAME_MAX])
{
	char question[COM_COMMAND_MAX], catalog[COM_ANSWER_MAX];
	int err;

	snprintf(question, sizeof(question), "SENSE:RNG1:%s:RANGE:CATALOG?", channel[kind][0]);
	err = zcom_ask_text(&d->l, question, catalog);
	if (err != ET_OK)
		return err;
	if (choose_range(catalog, unit_of[kind], need, name))
		return ET_OK;
	return zcom_fault(&d->l, ET_ERR_ARG, "no range holds %g %c: %.60s", need, unit_of[kind],
			  catalog);
}

static int zcom_prepare(struct driver_inst *d, const struct setpoint *expected)
{
	char volt[RANGE_NAME_MAX], curr[RANGE_NAME_MAX];
	int err = d->em.running ? zcom_em_abandon(d) : ET_OK;

	if (err != ET_OK)
		return err;
	err = pick_range(d, 0, largest(expected, 0) * d->range_margin, volt);
	if (err == ET_OK)
		err = pick_range(d, 1, largest(expected, 1) * d->range_margin, curr);
	if (err == ET_OK)
		err = zcom_tell_confirmed(&d->l, "CONFIGURATION:RNG1:RNGAUTO 0",
					  "CONFIGURATION:RNG1:RNGAUTO?", "0");
	if (err == ET_OK)
		err = set_ranges(d, 0, volt);
	if (err == ET_OK)
		err = set_ranges(d, 1, curr);
	if (err == ET_OK) /* what overloaded another range */
		err = zcom_tell(&d->l, "SENSE:RNG1:OVERLOAD 0");
	return err == ET_OK ? zcom_check_errors(&d->l) : err;
}

/* ---- readings ---- */

/* A value that must be there; MEASURE answers with its own letter case. */
static int take(struct driver_inst *d, const char *answer, const char *label, double *out)
{
	if (zcom_find_value(answer, label, 0, out) == ET_OK)
		return ET_OK;
	return zcom_fault(&d->l, ET_ERR_PROTO, "no value %s in \"%.60s\"", label, answer);
}

static int take_phases(struct driver_inst *d, const char *answer, const char *form,
		       double out[ET_PHASES])
{
	for (int i = 0; i < ET_PHASES; i++) {
		char label[32];
		int err;

		snprintf(label, sizeof(label), form, i + 1);
		err = take(d, answer, label, &out[i]);
		if (err != ET_OK)
			return err;
	}
	return ET_OK;
}

static int measure(struct driver_inst *d, const char *question, const char *module,
		   char answer[COM_ANSWER_MAX], struct ref_reading *r)
{
	int err = zcom_ask_values(&d->l, question, module, answer);

	if (err == ET_OK && !r->t_before_ns)
		r->t_before_ns = d->l.t_before_ns;
	if (err == ET_OK)
		r->t_after_ns = d->l.t_after_ns;
	return err;
}

static int read_rms(struct driver_inst *d, struct ref_reading *r)
{
	char answer[COM_ANSWER_MAX];
	int err = measure(d, "MEASURE:RMS1?", "RMS1", answer, r);

	if (err == ET_OK)
		err = take_phases(d, answer, "RMS1:UL%d:[V]:", r->volt_v);
	if (err == ET_OK)
		err = take_phases(d, answer, "RMS1:IL%d:[A]:", r->curr_a);
	return err;
}

/* The line has no checksum: the sum must be the sum. In 3LW and 2LW not all phases are measured alike. */
static int check_sum(struct driver_inst *d, const struct ref_reading *r)
{
	double sum = 0, size = 0;

	for (int i = 0; i < ET_PHASES; i++) {
		sum += r->power_w[i];
		size += fabs(r->power_w[i]);
	}
	if (fabs(sum - r->power_sum_w) <= 1e-3 * size + 1e-3)
		return ET_OK;
	return zcom_fault(&d->l, ET_ERR_PROTO, "P1 to P3 give %.7g W, PS says %.7g W", sum,
			  r->power_sum_w);
}

static int read_powers(struct driver_inst *d, struct ref_reading *r)
{
	char answer[COM_ANSWER_MAX], mode[COM_ANSWER_MAX];
	int err = measure(d, "MEASURE:POW1?", "POW1", answer, r);

	if (err == ET_OK)
		err = take_phases(d, answer, "POW1:P%d:[W]:", r->power_w);
	if (err == ET_OK)
		err = take(d, answer, "POW1:PS:[W]:", &r->power_sum_w);
	if (err == ET_OK)
		err = zcom_ask_text(&d->l, "CONFIGURATION:POW1:MMODE?", mode);
	if (err == ET_OK && !strcmp(mode, "4LW"))
		err = check_sum(d, r);
	if (err == ET_OK)
		err = measure(d, "MEASURE:POW2:QS?", "POW2", answer, r);
	return err == ET_OK ? take(d, answer, "POW2:QS:[Var]:", &r->reactive_sum_var) : err;
}

/* Without a signal an angle means nothing. */
static void take_angles(const char *answer, const char *form, const double size[ET_PHASES],
			const double range[ET_PHASES], double out[ET_PHASES])
{
	for (int i = 0; i < ET_PHASES; i++) {
		char label[32];
		double deg;

		snprintf(label, sizeof(label), form, i + 1);
		out[i] = NAN;
		if (size[i] > 1e-3 * range[i] && zcom_find_value(answer, label, 2, &deg) == ET_OK)
			out[i] = deg > 180 ? deg - 360 : deg;
	}
}

static int read_angles(struct driver_inst *d, struct ref_reading *r)
{
	char answer[COM_ANSWER_MAX];
	int err = measure(d, "MEASURE:DFT1?", "DFT1", answer, r);

	if (err != ET_OK)
		return err;
	take_angles(answer, "DFT1:U%d:[V]:", r->volt_v, r->range_v, r->volt_deg);
	take_angles(answer, "DFT1:I%d:[A]:", r->curr_a, r->range_a, r->curr_deg);
	return ET_OK;
}

int zcom_read_overload(struct driver_inst *d, bool *overload)
{
	double v;
	int err = zcom_ask_number(&d->l, "SENSE:RNG1:OVERLOAD?", &v);

	if (err == ET_OK &&
	    v != 0) /* it stays until it is reset; a digit may have changed on its way */
		err = zcom_ask_number(&d->l, "SENSE:RNG1:OVERLOAD?", &v);
	if (err == ET_OK)
		*overload = v != 0;
	return err;
}

int zcom_read_power(struct driver_inst *d, double *power_w)
{
	char answer[COM_ANSWER_MAX];
	int err = zcom_ask_values(&d->l, "MEASURE:POW1:PS?", "POW1", answer);

	return err == ET_OK ? take(d, answer, "POW1:PS:[W]:", power_w) : err;
}

static int zcom_read(struct driver_inst *d, struct ref_reading *out)
{
	struct ref_reading r = { .t_before_ns = 0 };
	char answer[COM_ANSWER_MAX];
	struct zcom_ranges ranges;
	int err = zcom_read_ranges(d, &ranges);

	if (err != ET_OK)
		return err;
	memcpy(r.range_v, ranges.volt_v, sizeof(r.range_v));
	memcpy(r.range_a, ranges.curr_a, sizeof(r.range_a));
	for (int i = 0; i < ET_PHASES; i++)
		r.volt_deg[i] = r.curr_deg[i] = NAN;
	err = read_rms(d, &r);
	if (err == ET_OK)
		err = read_powers(d, &r);
	if (err == ET_OK)
		err = measure(d, "MEASURE:RNG1:F?", "RNG1", answer, &r);
	if (err == ET_OK)
		err = take(d, answer, "RNG1:F:[Hz]:", &r.freq_hz);
	if (err == ET_OK && d->angles)
		err = read_angles(d, &r);
	if (err == ET_OK)
		err = zcom_read_overload(d, &r.overload);
	if (err == ET_OK)
		*out = r;
	return err;
}

/* ---- driver ---- */

static int read_params(struct driver_inst *d)
{
	double angles;
	int err = driver_param_get(&d->l.env, params, "range_margin", &d->range_margin);

	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "integration_s", &d->integration_s);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "poll_s", &d->poll_s);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "angles", &angles);
	if (err != ET_OK)
		return err;
	d->angles = angles > 0;
	d->l.measure_ns = COM_ANSWER_NS + (int64_t)(d->integration_s * ET_NS_PER_S);
	return ET_OK;
}

static bool is_known_model(const char *model)
{
	return !strcmp(model, "COM5003") || !strcmp(model, "MT310s2");
}

static int zcom_identify(struct driver_inst *d, struct instrument_id *id)
{
	int err = zcom_synchronise(&d->l);

	if (err != ET_OK)
		return err;
	if (!is_known_model(d->l.id.model))
		return zcom_fault(&d->l, ET_ERR_DEVICE, "is a %s, not a COM5003", d->l.id.model);
	*id = d->l.id;
	return ET_OK;
}

static void zcom_close(struct driver_inst *d)
{
	free(d);
}

static int zcom_open(const struct driver_env *env, struct driver_inst **out,
		     struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return fault_set(env->fault, ET_ERR_NOMEM, "reference \"%s\": out of memory",
				 env->name);
	zcom_init(&d->l, env);
	err = read_params(d);
	if (err == ET_OK)
		err = zcom_identify(d, id);
	if (err == ET_ERR_TIMEOUT && d->l.foreign[0])
		err = zcom_fault(&d->l, ET_ERR_DEVICE, "not a COM5003, it says \"%s\"",
				 d->l.foreign);
	if (err != ET_OK) {
		zcom_close(d);
		return err;
	}
	*out = d;
	return ET_OK;
}

static const struct reference_ops reference_ops = {
	.prepare = zcom_prepare,
	.read = zcom_read,
	.start = zcom_em_start,
	.sample = zcom_em_sample,
	.stop = zcom_em_stop,
};

static int read_any_identity(const char *line, struct instrument_id *out)
{
	if (!zcom_split_identity(line, out))
		return ET_ERR_PROTO;
	return !strncasecmp(out->maker, "ZERA", 4) && is_known_model(out->model) ? ET_OK
										 : ET_ERR_DEVICE;
}

/* *IDN? alone: reading the error queue would empty it. Two stop bits are understood by who expects one. */
static const char *const settings[] = { "9600,8n2", NULL };
static const struct driver_probe probe = {
	.settings = settings,
	.question = "?\n*IDN?\n",
	.answer_ns = COM_ANSWER_NS,
	.read = read_any_identity,
};

const struct driver driver_zera_com5003 = {
	.name = "zera-com5003",
	.summary = "ZERA COM5003 and MT310s2 reference standards (SCPI)",
	.params = params,
	.probe = &probe,
	.open = zcom_open,
	.close = zcom_close,
	.identify = zcom_identify,
	.reference = &reference_ops,
};
