/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/world_wiring.h"

#define VOLT_MIN_V 10 /* below, no burden takes its VA */

struct phasor world_drop(struct phasor v0, struct phasor z, struct phasor burden_va)
{
	struct phasor v = v0;

	if ((z.re == 0 && z.im == 0) || (burden_va.re == 0 && burden_va.im == 0))
		return v0;
	for (int n = 0; n < 50; n++) {
		const struct phasor i = ph_conj(ph_div(burden_va, v));
		const struct phasor next = ph_sub(v0, ph_mul(z, i));
		const struct phasor step = ph_sub(next, v);

		v = next;
		if (ph_abs(step) < 1e-12 * ph_abs(v0))
			break;
	}
	return v;
}

static int phases_on(const struct world *w)
{
	int n = 0;

	for (int k = 0; k < ET_PHASES; k++)
		n += w->target.ph[k].volt_v > VOLT_MIN_V;
	return n;
}

static struct phasor transfer_of(const struct world *w, const struct world_position *p, int k,
				 int n_on)
{
	const double volt = w->target.ph[k].volt_v;
	const struct phasor no_load =
		ph_polar(1 + p->ratio_pct / 100, p->phase_min * SIM_RAD_PER_MIN);
	struct phasor v;

	if (!(volt > VOLT_MIN_V))
		return no_load;
	v = world_drop((struct phasor){ volt, 0 }, p->impedance,
		       ph_scale(p->burden_va, 1.0 / n_on));
	return ph_mul(no_load, ph_scale(v, 1 / volt));
}

void world_find_transfer(struct world *w)
{
	const int n_on = phases_on(w);

	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		for (int k = 0; k < ET_PHASES; k++)
			w->position[p].transfer[k] = transfer_of(w, &w->position[p], k, n_on);
}

void world_drop_source(struct world *w)
{
	const int n_on = phases_on(w);
	struct phasor burden = { 0, 0 };

	if (n_on == 0 || (w->source.impedance.re == 0 && w->source.impedance.im == 0))
		return;
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		burden = ph_add(burden, w->position[p].burden_va);
	for (int k = 0; k < ET_PHASES; k++)
		if (ph_abs(w->v[k]) > VOLT_MIN_V)
			w->v[k] = world_drop(w->v[k], w->source.impedance,
					     ph_scale(burden, 1.0 / n_on));
}

static struct phasor volt_at(const struct world *w, int position, int k)
{
	return ph_mul(w->v[k], w->position[position].transfer[k]);
}

/* Series: phase 1 alone feeds the bench. Coil B of a 1 1/2 element meter is entered at its other end, so that
 * both coils add. */
static void series_input(const struct world *w, int position, int64_t configuration,
			 struct meter_input *out)
{
	const struct phasor v = volt_at(w, position, 0), i = w->i[0], none = { 0, 0 };
	const struct phasor i_a = w->connection == CONNECTION_ELEMENT_B ? none : i;
	const struct phasor i_b = w->connection == CONNECTION_ELEMENT_A ? none : i;

	out->n = 1;
	out->v[0] = v;
	if (configuration == 1) {
		out->i[0] = i_a;
	} else if (configuration == 2) {
		out->i[0] = ph_scale(ph_add(i_a, i_b), 0.5);
	} else {
		out->n = 2;
		out->v[1] = v;
		out->i[0] = i_a;
		out->i[1] = i_b;
	}
}

static void service_input(const struct world *w, int position, int64_t configuration,
			  struct meter_input *out)
{
	const struct phasor v_a = volt_at(w, position, 0), v_b = volt_at(w, position, 1);

	out->n = 1;
	out->v[0] = v_a;
	out->i[0] = w->i[0];
	if (configuration == 2) {
		out->v[0] = ph_sub(v_a, v_b);
		out->i[0] = ph_scale(ph_sub(w->i[0], w->i[1]), 0.5);
	} else if (configuration == 4) {
		out->n = 2;
		out->v[1] = v_b;
		out->i[1] = w->i[1];
	}
}

void world_meter_input(const struct world *w, int position, struct meter_input *out)
{
	const int64_t configuration = w->position[position].meter->p.configuration;

	if (w->connection == CONNECTION_TRUE_SERVICE)
		service_input(w, position, configuration, out);
	else
		series_input(w, position, configuration, out);
	out->freq_hz = w->target.freq_hz;
	out->line_cycles = w->line_cycles;
}
