/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/world.h"

#include <stdlib.h>
#include <string.h>

#include "simulator/world_wiring.h"

#define SETTLED_AFTER_TAU 12 /* then the rest, 6e-6, is gone at once */
#define STEPS_PER_TAU 10

static int64_t span_ns(double s)
{
	return (int64_t)llround(s * 1e9);
}

void world_init(struct world *w, const struct world_source *src, enum connection conn,
		uint64_t seed, int64_t t_ns)
{
	memset(w, 0, sizeof(*w));
	w->source = *src;
	w->connection = conn;
	w->temperature_c = 23;
	w->t_ns = w->t0_ns = w->t_noise_ns = t_ns;
	w->t_step_ns = ET_NEVER_NS;
	w->target.freq_hz = 60;
	w->curr_scale = 1;
	rng_init(&w->rng, seed, RNG_SOURCE, 0);
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		for (int k = 0; k < ET_PHASES; k++)
			w->position[p].transfer[k] = (struct phasor){ 1, 0 };
}

void world_free(struct world *w)
{
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		free(w->position[p].meter);
		w->position[p].meter = NULL;
	}
}

/* ---- what the source puts out ---- */

static struct phasor set_volt(const struct world *w, int k)
{
	const struct phase_setpoint *p = &w->target.ph[k];

	return ph_polar(p->volt_v * (1 + w->source.volt_error_pct / 100),
			p->volt_deg * SIM_RAD_PER_DEG);
}

static struct phasor set_curr(const struct world *w, int k)
{
	const struct phase_setpoint *p = &w->target.ph[k];
	const double rad = p->curr_deg * SIM_RAD_PER_DEG + w->source.phase_min * SIM_RAD_PER_MIN;

	return ph_polar(p->curr_a * (1 + w->source.curr_error_pct / 100), rad);
}

static void draw_noise(struct world *w)
{
	const struct world_source *s = &w->source;
	const double keep = s->drift_tau_s > 0 ? exp(-s->segment_s / s->drift_tau_s) : 0;
	const double fresh = s->drift_pct / 100 * sqrt(1 - keep * keep);

	for (int k = 0; k < ET_PHASES; k++) {
		w->noise_v[k] = s->noise_pct / 100 * rng_normal(&w->rng);
		w->noise_i[k] = s->noise_pct / 100 * rng_normal(&w->rng);
		w->drift_v[k] = keep * w->drift_v[k] + fresh * rng_normal(&w->rng);
		w->drift_i[k] = keep * w->drift_i[k] + fresh * rng_normal(&w->rng);
	}
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		if (w->position[p].meter)
			meter_draw_noise(w->position[p].meter, s->segment_s);
}

/* Share of the old set-point that is still there: 1 just after a change, 0 when settled. */
static double not_yet(const struct world *w)
{
	const double tau = w->source.settle_tau_s;

	if (w->t_step_ns == ET_NEVER_NS || !(tau > 0))
		return 0;
	return exp(-(double)(w->t0_ns - w->t_change_ns) * 1e-9 / tau);
}

static struct phasor settling(struct phasor from, struct phasor to, double old)
{
	return ph_add(ph_scale(from, old), ph_scale(to, 1 - old));
}

static void set_terminals(struct world *w)
{
	const double old = not_yet(w);

	for (int k = 0; k < ET_PHASES; k++) {
		const double nv = 1 + w->noise_v[k] + w->drift_v[k];
		const double ni = (1 + w->noise_i[k] + w->drift_i[k]) * w->curr_scale;

		w->v[k] = ph_scale(settling(w->from_v[k], set_volt(w, k), old), nv);
		w->i[k] = ph_scale(settling(w->from_i[k], set_curr(w, k), old), ni);
	}
	world_drop_source(w);
}

/* ---- segments ---- */

void world_sums(const struct world *w, struct world_sums *out)
{
	const double s = (double)(w->t_ns - w->t0_ns) * 1e-9, h = s / 3600;

	*out = w->sums;
	for (int k = 0; k < ET_PHASES; k++) {
		const struct phasor va = ph_mul(w->v[k], ph_conj(w->i[k]));

		out->power_wh[k] += va.re * h;
		out->reactive_varh[k] += va.im * h;
		out->volt_vs[k] = ph_add(out->volt_vs[k], ph_scale(w->v[k], s));
		out->curr_as[k] = ph_add(out->curr_as[k], ph_scale(w->i[k], s));
	}
}

/* Close the segment at now, and begin the next with what is now in force. */
static void begin_segment(struct world *w)
{
	struct world_sums sums;

	world_sums(w, &sums);
	w->sums = sums;
	w->line_cycles += w->target.freq_hz * (double)(w->t_ns - w->t0_ns) * 1e-9;
	w->t0_ns = w->t_ns;
	set_terminals(w);
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		struct meter_input in;

		if (!w->position[p].meter)
			continue;
		world_meter_input(w, p, &in);
		meter_begin(w->position[p].meter, w->t_ns, &in);
	}
}

void world_start(struct world *w)
{
	world_find_transfer(w);
	begin_segment(w);
}

static void advance_meters(struct world *w)
{
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		if (w->position[p].meter)
			meter_advance(w->position[p].meter, w->t_ns);
}

static int64_t next_boundary(const struct world *w)
{
	return w->t_noise_ns < w->t_step_ns ? w->t_noise_ns : w->t_step_ns;
}

static void pass_boundary(struct world *w)
{
	const double tau = w->source.settle_tau_s;

	if (w->t_noise_ns == w->t_ns) {
		draw_noise(w);
		w->t_noise_ns += span_ns(w->source.segment_s);
	}
	if (w->t_step_ns == w->t_ns) {
		w->t_step_ns += span_ns(tau / STEPS_PER_TAU);
		if (w->t_step_ns - w->t_change_ns > span_ns(tau * SETTLED_AFTER_TAU))
			w->t_step_ns = ET_NEVER_NS;
	}
	begin_segment(w);
}

void world_advance(struct world *w, int64_t t_ns)
{
	while (next_boundary(w) <= t_ns) {
		w->t_ns = next_boundary(w);
		pass_boundary(w);
	}
	if (t_ns > w->t_ns)
		w->t_ns = t_ns;
	advance_meters(w);
}

/* ---- changes ---- */

void world_set_source(struct world *w, const struct setpoint *sp)
{
	const double old = not_yet(w);

	for (int k = 0; k < ET_PHASES; k++) {
		w->from_v[k] = settling(w->from_v[k], set_volt(w, k), old);
		w->from_i[k] = settling(w->from_i[k], set_curr(w, k), old);
	}
	/* Integrate with the old frequency up to here. */
	w->line_cycles += w->target.freq_hz * (double)(w->t_ns - w->t0_ns) * 1e-9;
	w->line_cycles -= sp->freq_hz * (double)(w->t_ns - w->t0_ns) * 1e-9;
	w->target = *sp;
	w->t_change_ns = w->t_ns;
	w->t_step_ns = ET_NEVER_NS;
	if (w->source.settle_tau_s > 0)
		w->t_step_ns = w->t_ns + span_ns(w->source.settle_tau_s / STEPS_PER_TAU);
	world_find_transfer(w);
	begin_segment(w);
}

void world_set_connection(struct world *w, enum connection conn)
{
	w->connection = conn;
	world_find_transfer(w);
	begin_segment(w);
}

void world_set_temperature(struct world *w, double celsius)
{
	w->temperature_c = celsius;
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		if (w->position[p].meter)
			w->position[p].meter->temperature_c = celsius;
	begin_segment(w);
}

void world_scale_current(struct world *w, double scale)
{
	w->curr_scale = scale;
	begin_segment(w);
}
