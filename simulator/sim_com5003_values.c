/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "simulator/sim_com5003_parts.h"

void com_integrate(struct sim_com *com)
{
	const struct world *w = com->dev.world;
	const double s = (double)(w->t_ns - com->t_last_ns) * 1e-9;
	const double gain = 1 + com->cfg.error_pct / 100,
		     delta = com->cfg.phase_min * SIM_RAD_PER_MIN;
	const struct phasor turn = ph_polar(1, delta),
			    half = ph_polar(1 + com->cfg.error_pct / 200, -delta);
	struct world_sums sums;
	bool any = false;

	if (!(s > 0))
		return;
	world_sums(w, &sums);
	for (int k = 0; k < ET_PHASES; k++) {
		const struct phasor va = {
			(sums.power_wh[k] - com->last_sums.power_wh[k]) * 3600 / s,
			(sums.reactive_varh[k] - com->last_sums.reactive_varh[k]) * 3600 / s
		};
		const struct phasor seen = ph_scale(ph_mul(va, turn), gain);
		const struct phasor v = ph_sub(sums.volt_vs[k], com->last_sums.volt_vs[k]);
		const struct phasor i = ph_sub(sums.curr_as[k], com->last_sums.curr_as[k]);

		com->values.power_w[k] = seen.re;
		com->values.reactive_var[k] = seen.im;
		com->values.volt[k] = ph_scale(v, (1 + com->cfg.error_pct / 200) / s);
		com->values.curr[k] = ph_scale(ph_mul(i, half), 1 / s);
		any = any || ph_abs(w->v[k]) > 1;
	}
	com->values.freq_hz = any ? w->target.freq_hz : 0;
	com->last_sums = sums;
	com->t_last_ns = w->t_ns;
}

enum kind {
	RMS_U,
	RMS_I,
	POWER,
	REACTIVE,
	APPARENT,
	FACTOR,
	FREQUENCY,
	PEAK_U,
	PEAK_I,
	RAW_U,
	RAW_I
};

/* The last of four is the sum. */
static const struct quantity {
	const char *module, *name, *unit;
	enum kind kind;
	int phase;
} quantities[] = {
	{ "RMS1", "UL1", "V", RMS_U, 0 },     { "RMS1", "UL2", "V", RMS_U, 1 },
	{ "RMS1", "UL3", "V", RMS_U, 2 },     { "RMS1", "IL1", "A", RMS_I, 0 },
	{ "RMS1", "IL2", "A", RMS_I, 1 },     { "RMS1", "IL3", "A", RMS_I, 2 },
	{ "POW1", "P1", "W", POWER, 0 },      { "POW1", "P2", "W", POWER, 1 },
	{ "POW1", "P3", "W", POWER, 2 },      { "POW1", "PS", "W", POWER, 3 },
	{ "POW2", "Q1", "Var", REACTIVE, 0 }, { "POW2", "Q2", "Var", REACTIVE, 1 },
	{ "POW2", "Q3", "Var", REACTIVE, 2 }, { "POW2", "QS", "Var", REACTIVE, 3 },
	{ "POW3", "S1", "VA", APPARENT, 0 },  { "POW3", "S2", "VA", APPARENT, 1 },
	{ "POW3", "S3", "VA", APPARENT, 2 },  { "POW3", "SS", "VA", APPARENT, 3 },
	{ "LAM1", "Lambda1", "", FACTOR, 0 }, { "LAM1", "Lambda2", "", FACTOR, 1 },
	{ "LAM1", "Lambda3", "", FACTOR, 2 }, { "LAM1", "LambdaS", "", FACTOR, 3 },
	{ "RNG1", "F", "Hz", FREQUENCY, 0 },  { "DFT1", "U1", "V", PEAK_U, 0 },
	{ "DFT1", "U2", "V", PEAK_U, 1 },     { "DFT1", "U3", "V", PEAK_U, 2 },
	{ "DFT1", "I1", "A", PEAK_I, 0 },     { "DFT1", "I2", "A", PEAK_I, 1 },
	{ "DFT1", "I3", "A", PEAK_I, 2 },     { "DFT1", "UL1", "V", RAW_U, 0 },
	{ "DFT1", "UL2", "V", RAW_U, 1 },     { "DFT1", "UL3", "V", RAW_U, 2 },
	{ "DFT1", "IL1", "A", RAW_I, 0 },     { "DFT1", "IL2", "A", RAW_I, 1 },
	{ "DFT1", "IL3", "A", RAW_I, 2 },
};
enum { QUANTITIES = sizeof(quantities) / sizeof(quantities[0]) };

static struct phasor power_of(const struct com_values *v, int phase)
{
	struct phasor sum = { 0, 0 };

	for (int k = 0; k < ET_PHASES; k++)
		if (phase == k || phase == ET_PHASES)
			sum = ph_add(sum, (struct phasor){ v->power_w[k], v->reactive_var[k] });
	return sum;
}

/* Turned so that the first voltage that is there has angle 0, and as peak value. */
static struct phasor spectral(const struct com_values *v, struct phasor x)
{
	for (int k = 0; k < ET_PHASES; k++) {
		const double abs = ph_abs(v->volt[k]);

		if (abs > 1) {
			x = ph_scale(ph_mul(x, ph_conj(v->volt[k])), 1 / abs);
			break;
		}
	}
	return ph_scale(x, sqrt(2));
}

static double single(const struct com_values *v, const struct quantity *q)
{
	const struct phasor s = power_of(v, q->phase);

	switch (q->kind) {
	case RMS_U:
		return ph_abs(v->volt[q->phase]);
	case RMS_I:
		return ph_abs(v->curr[q->phase]);
	case POWER:
		return s.re;
	case REACTIVE:
		return s.im;
	case APPARENT:
		return ph_abs(s);
	case FACTOR:
		return ph_abs(s) > 0 ? s.re / ph_abs(s) : 0;
	case FREQUENCY:
		return v->freq_hz;
	case PEAK_U:
	case PEAK_I:
	case RAW_U:
	case RAW_I:
		break;
	}
	return 0;
}

static int number_text(const struct com_values *v, const struct quantity *q, char *out, size_t cap)
{
	const bool volt = q->kind == PEAK_U || q->kind == RAW_U;
	struct phasor x;

	if (q->kind < PEAK_U)
		return snprintf(out, cap, "%.8g", single(v, q));
	x = spectral(v, volt ? v->volt[q->phase] : v->curr[q->phase]);
	if (q->kind == RAW_U || q->kind == RAW_I)
		return snprintf(out, cap, "%.8g,%.8g", x.re, x.im);
	return snprintf(out, cap, "%.8g,%.8g,%.8g", ph_abs(x), ph_deg(x) * SIM_RAD_PER_DEG,
			ph_deg(x));
}

static bool asked_for(const struct scpi_command *q, const struct quantity *x)
{
	char name[SCPI_WORD_LEN];
	size_t n = 0;

	if (q->n >= 2 && strcmp(q->word[1], x->module) != 0)
		return false;
	if (q->n < 3)
		return true;
	for (; x->name[n] && n + 1 < sizeof(name); n++)
		name[n] = (char)toupper((unsigned char)x->name[n]);
	name[n] = '\0';
	return q->n == 3 && strcmp(q->word[2], name) == 0;
}

bool com_value_text(const struct sim_com *com, const struct scpi_command *q, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < QUANTITIES && n + 128 < cap; i++) {
		const struct quantity *x = &quantities[i];

		if (!asked_for(q, x))
			continue;
		n += (size_t)snprintf(out + n, cap - n, "%s:%s:[%s]:", x->module, x->name, x->unit);
		n += (size_t)number_text(&com->values, x, out + n, cap - n);
		n += (size_t)snprintf(out + n, cap - n, ";");
	}
	return n > 0;
}
