/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/point.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#define CERTIFICATE_DOF \
	50 /* a certificate is silent on it; a tenth of doubt in u: JCGM 100, G.4.2 */
#define RAD_PER_MIN (3.14159265358979323846 / 10800)
#define TOLERANCE_PCT 2 /* numbering looks so far from the nominal period first */

double point_current_a(const struct plan_step *st, const struct batch *b)
{
	return isfinite(st->current_a) ? st->current_a : st->current_pct_imax / 100 * b->curr_max_a;
}

int point_setpoint(const struct point_context *c, const struct plan_step *st, struct setpoint *out,
		   struct fault *f)
{
	const double volt_v =
		c->batch->volt_v * (isfinite(st->volt_pct) ? st->volt_pct : 100) / 100;
	const double curr_a = point_current_a(st, c->batch);
	struct setpoint sp;
	int err;

	err = connection_setpoint((int)c->batch->configuration,
				  (enum connection)c->bench->connection, volt_v, curr_a,
				  st->power_factor, st->sense != LOAD_LEAD,
				  st->direction == ENERGY_RECEIVED, c->freq_hz, &sp);
	if (err != ET_OK)
		return fault_set(f, ET_ERR_ARG,
				 "step %s: this bench cannot connect configuration %lld so", st->id,
				 (long long)c->batch->configuration);
	for (int p = 0; p < ET_PHASES; p++)
		if (sp.ph[p].volt_v > c->bench->limits.volt_max_v ||
		    sp.ph[p].curr_a > c->bench->limits.curr_max_a)
			return fault_set(f, ET_ERR_ARG,
					 "step %s: %g V and %g A are beyond the limits of the "
					 "bench, %g V and %g A",
					 st->id, sp.ph[p].volt_v, sp.ph[p].curr_a,
					 c->bench->limits.volt_max_v, c->bench->limits.curr_max_a);
	*out = sp;
	return ET_OK;
}

/* Rectangular half width -> standard uncertainty (JCGM 100, 4.3.7); nothing stated adds no line. */
static void add_rectangular(struct ee_setup *s, const char *name, double half_width, double c)
{
	struct ee_line *l = &s->lines[s->n_lines];

	if (!(half_width > 0))
		return;
	assert(s->n_lines < EE_LINES_MAX); /* a line left out would make U too small */
	snprintf(l->name, sizeof(l->name), "%s", name);
	l->u_pct = half_width / sqrt(3);
	l->c = c;
	l->dof = INFINITY;
	s->n_lines++;
}

static int add_reference(const struct point_context *c, const struct plan_step *st,
			 const struct setpoint *sp, struct ee_setup *s, struct fault *f)
{
	struct apparatus_correction corr;
	const int err = apparatus_correct(c->reference, sp->ph[0].volt_v, sp->ph[0].curr_a,
					  st->power_factor, st->sense == LOAD_LEAD, &corr, f);

	if (err != ET_OK)
		return err;
	s->ref_error_pct = corr.error_pct;
	s->lines[s->n_lines++] =
		(struct ee_line){ "reference.certificate", corr.u_pct, 1, CERTIFICATE_DOF };
	add_rectangular(s, "reference.interpolation", corr.u_interpolation_pct * sqrt(3), 1);
	add_rectangular(s, "reference.drift", c->reference->drift_pct, 1);
	add_rectangular(s, "reference.temperature", c->reference->temperature_pct, 1);
	add_rectangular(s, "reference.phase", 100 * c->reference->phase_min * RAD_PER_MIN,
			s->tan_phi);
	return ET_OK;
}

static void add_position(const struct point_context *c, int64_t position, struct ee_setup *s)
{
	const struct bench_position *p = bench_file_position(c->bench, position);

	if (!p)
		return;
	s->pos_ratio_pct = p->ratio_pct;
	s->pos_phase_crad = 100 * p->phase_min * RAD_PER_MIN;
	add_rectangular(s, "position.ratio", p->ratio_half_width_pct, 1);
	add_rectangular(s, "position.phase", 100 * p->phase_half_width_min * RAD_PER_MIN,
			s->tan_phi);
}

static void add_plan(const struct plan *plan, const struct plan_step *st, bool has_model,
		     struct ee_setup *s)
{
	s->limit_lo_pct = st->limit_lo_pct;
	s->limit_hi_pct = st->limit_hi_pct;
	s->rule = (enum decision_rule)plan->rule;
	s->floor_a_pct = isfinite(st->floor_a_pct) ? st->floor_a_pct : plan->floor_a_pct;
	s->cap_s = isfinite(st->cap_s) ? st->cap_s : plan->cap_s;
	s->min_intervals = st->min_intervals != INT64_MIN ? st->min_intervals : has_model ? 4 : 10;
	s->tolerance_pct = TOLERANCE_PCT;
	s->round_digits = (int)plan->rounding.digits;
	s->round_mode = (enum rounding_mode)plan->rounding.mode;
}

int point_setup(const struct point_context *c, const struct plan_step *st,
		const struct meter_card *m, struct ee_setup *out, struct fault *f)
{
	const struct bench_meter_type *type = bench_file_meter_type(c->bench, m->model);
	struct ee_setup s = { .kh_wh = m->kh_wh,
			      .ref_sigma_s = c->bench->ref_sigma_s,
			      .line_hz = NAN,
			      .grid_s = type ? type->grid_s : NAN,
			      .edge_sigma_s = type ? type->edge_sigma_s : NAN };
	struct setpoint sp;
	double reactive_var;
	int err = point_setpoint(c, st, &sp, f);

	if (err != ET_OK)
		return err;
	setpoint_power(&sp, &s.ref_power_w, &reactive_var);
	s.tan_phi = reactive_var / s.ref_power_w;
	err = connection_m((int)c->batch->configuration, (enum connection)c->bench->connection,
			   &s.m_num, &s.m_den);
	if (err != ET_OK)
		return fault_set(f, ET_ERR_ARG,
				 "step %s: no registration factor for this connection", st->id);
	err = add_reference(c, st, &sp, &s, f);
	if (err != ET_OK)
		return err;
	add_position(c, m->position, &s);
	add_plan(c->plan, st, type != NULL, &s);
	add_rectangular(&s, "result.resolution", pow(10, -(double)s.round_digits) / 2, 1);
	*out = s;
	return ET_OK;
}
