/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/energy_error_eval.h"

#include <math.h>
#include <string.h>

#include "metrology/budget.h"
#include "metrology/special.h"
#include "metrology/stop_rule.h"
#include "procedures/energy_error_parts.h"

enum {
	INTERVALS_MIN = 4,
	INTERVALS_MIN_NO_MODEL = 10,
	HOPELESS_EDGES = 20,
	INTERVALS_PER_LOST = 20
};
static const double GATE_S = 5e-3; /* of numbering, besides the grid and declared jitter */
static const double NO_PULSES_PERIODS = 10;

/* ---- setup ---- */
static bool is_positive(double v)
{
	return isfinite(v) && v > 0;
}

static bool is_at_least_0(double v)
{
	return isfinite(v) && v >= 0;
}

static bool lines_make_sense(const struct ee_setup *s)
{
	if (s->n_lines > EE_LINES_MAX)
		return false;
	for (size_t i = 0; i < s->n_lines; i++) {
		const struct ee_line *l = &s->lines[i];

		if (!is_at_least_0(l->u_pct) || !isfinite(l->c) || !(l->dof > 0))
			return false;
	}
	return true;
}

static bool setup_makes_sense(const struct ee_setup *s)
{
	return is_positive(s->kh_wh) && s->m_num > 0 && s->m_den > 0 &&
	       is_positive(s->ref_power_w) && fabs(s->ref_error_pct) < 50 &&
	       is_at_least_0(s->ref_sigma_s) && is_at_least_0(s->ref_resolution_wh) &&
	       fabs(s->pos_ratio_pct) < 50 && fabs(s->pos_phase_crad) < 50 &&
	       isfinite(s->tan_phi) && (isnan(s->line_hz) || is_at_least_0(s->line_hz)) &&
	       (isnan(s->grid_s) || is_at_least_0(s->grid_s)) &&
	       (isnan(s->edge_sigma_s) || is_at_least_0(s->edge_sigma_s)) &&
	       is_at_least_0(s->stamp_resolution_s) && s->limit_lo_pct <= s->limit_hi_pct &&
	       isfinite(s->limit_lo_pct) && isfinite(s->limit_hi_pct) &&
	       is_positive(s->floor_a_pct) && is_positive(s->cap_s) &&
	       s->min_intervals >= INTERVALS_MIN && s->tolerance_pct > 0 && s->tolerance_pct < 40 &&
	       s->round_digits >= 0 && s->round_digits <= 4 && lines_make_sense(s);
}

static bool raw_makes_sense(const struct ee_raw *r)
{
	return r->n_edges <= EE_EDGES_MAX && r->n_samples <= EE_SAMPLES_MAX &&
	       r->n_pairs <= EE_PAIRS_MAX && clock_map_is_stamp(r->t_armed_ns) &&
	       clock_map_is_stamp(r->t_now_ns) && r->t_armed_ns <= r->t_now_ns;
}

static bool has_model(const struct ee_setup *s)
{
	return !isnan(s->grid_s) && !isnan(s->edge_sigma_s);
}

static int64_t min_intervals(const struct ee_setup *s)
{
	if (!has_model(s) && s->min_intervals < INTERVALS_MIN_NO_MODEL)
		return INTERVALS_MIN_NO_MODEL;
	return s->min_intervals;
}

static void no_figures(struct ee_observation *o)
{
	memset(o, 0, sizeof(*o));
	o->period_ratio = NAN;
	o->err_pct = o->first_last_pct = o->set_lo_pct = o->set_hi_pct = NAN;
	o->u_edge_pct = o->dof_edge = o->u_ref_pct = o->dof_ref = NAN;
	o->u_a_pct = o->dof_a = o->u_b_pct = o->dof_b = NAN;
	o->u_pct = o->dof_eff = o->k = o->U_pct = NAN;
	o->err_rounded_u6 = o->U_rounded_u6 = ROUNDING_NONE;
	o->span_s = o->physical_min_s = NAN;
}

/* ---- error and uncertainty ---- */

/* What the meter must register for 1 Wh that the reference indicates. */
static double expected_per_indicated(const struct ee_setup *s)
{
	const double delta = s->pos_phase_crad / 100;
	const double position =
		(1 + s->pos_ratio_pct / 100) * (cos(delta) - sin(delta) * s->tan_phi);

	return (double)s->m_num / (double)s->m_den * position / (1 + s->ref_error_pct / 100);
}

static double error_pct(const struct ee_work *w, double wh_per_pulse)
{
	const double expected_wh = wh_per_pulse * expected_per_indicated(w->setup);

	return (w->setup->kh_wh - expected_wh) / expected_wh * 100;
}

/* Every part is relative to the energy, so the error has the sensitivity 1 + e to each. */
static void make_budget(struct ee_work *w)
{
	struct ee_observation *o = w->out;
	const double c = 1 + o->err_pct / 100;
	struct budget a = { 0 }, b = { 0 }, all;

	o->u_edge_pct = 100 * c * w->slope.u_edge_rel;
	o->dof_edge = w->slope.dof_edge;
	o->u_ref_pct = 100 * c * w->slope.u_ref_rel;
	o->dof_ref = w->slope.dof_ref;
	budget_add(&a, o->u_edge_pct, 1, o->dof_edge);
	budget_add(&a, o->u_ref_pct, 1, o->dof_ref);
	for (size_t i = 0; i < w->setup->n_lines; i++) {
		const struct ee_line *l = &w->setup->lines[i];

		budget_add(&b, l->u_pct, l->c * c, l->dof);
	}
	budget_add(&b, 100 * w->usable.map.u_rate, c, INFINITY);
	all = (struct budget){ a.var + b.var, a.var2_per_dof + b.var2_per_dof };

	o->u_a_pct = budget_u(&a);
	o->dof_a = budget_dof(&a);
	o->u_b_pct = budget_u(&b);
	o->dof_b = budget_dof(&b);
	o->u_pct = budget_u(&all);
	o->dof_eff = budget_dof(&all);
	o->k = budget_coverage(P_K2, o->dof_eff);
	o->U_pct = o->k * o->u_pct;
}

static bool estimate(struct ee_work *w)
{
	struct ee_observation *o = w->out;
	const struct slope_data data = { w->t_s, w->k, w->n, w->usable.ref, w->usable.n_ref };

	if (slope_estimate(&w->slope_setup, &data, &w->room, &w->slope) < 0)
		return false;
	o->estimator = w->slope.estimator == SLOPE_FIRST_LAST ? EE_FIRST_LAST : EE_LEAST_SQUARES;
	o->err_pct = error_pct(w, w->slope.wh_per_pulse);
	o->first_last_pct = error_pct(w, w->slope.first_last_wh);
	o->set_lo_pct = error_pct(w, w->slope.set_hi_wh);
	o->set_hi_pct = error_pct(w, w->slope.set_lo_wh);
	o->beat = w->slope.beat;
	o->walk = w->slope.walk;
	make_budget(w);
	o->err_rounded_u6 = rounding_round(rounding_u6(o->err_pct), w->setup->round_digits,
					   w->setup->round_mode);
	o->U_rounded_u6 = rounding_up(rounding_u6(o->U_pct), w->setup->round_digits);
	return isfinite(o->err_pct) && isfinite(o->U_pct);
}

/* ---- stop and verdict ---- */
static void set_physical_min(struct ee_work *w)
{
	const double period_s = w->numbering.status == NUMBERING_OK && w->numbering.period_s > 0
					? w->numbering.period_s
					: w->period0_s;
	const double ref_edge_s = slope_ref_edge_s(&w->slope_setup, w->usable.ref, w->usable.n_ref,
						   w->usable.power_w, period_s);
	const int edges =
		slope_edges_for(&w->slope_setup, period_s, ref_edge_s, w->setup->floor_a_pct / 100,
				(int)fmin((double)min_intervals(w->setup), 1e6) + 1);

	w->out->physical_min_s = fmax(INTERVALS_MIN, edges - 1) * period_s;
}

/* What delays the decision, but does not make a measurement void: edges that scatter more than their type declares
 * have no model; and one lost pulse in few is allowed when the time is up, but before that the run must show that it
 * is one in twenty. */
static int64_t min_intervals_to_stop(const struct ee_work *w)
{
	const int64_t lost = w->out->n_missed + w->out->n_rejected;
	int64_t min = min_intervals(w->setup);

	if (w->slope.undeclared && min < INTERVALS_MIN_NO_MODEL)
		min = INTERVALS_MIN_NO_MODEL;
	return min > lost * INTERVALS_PER_LOST ? min : lost * INTERVALS_PER_LOST;
}

static enum ee_stop look(const struct ee_work *w)
{
	const struct ee_observation *o = w->out;
	const double u_rate = 100 * (1 + o->err_pct / 100) * w->usable.map.u_rate;
	const double u_fixed = sqrt(fmax(0, o->u_b_pct * o->u_b_pct - u_rate * u_rate));
	/* What is known of the reader's clock grows with time as type A does. After one slow answer it is much: with
	 * it in u_b nothing else would be worth waiting for. */
	const bool rate_can_improve = hypot(o->u_a_pct, u_rate) > u_fixed / 3;
	const struct stop_look l = {
		.err = o->err_pct,
		.u = o->u_pct,
		.dof = o->dof_eff,
		.u_a = o->u_a_pct,
		.dof_a = o->dof_a,
		.u_b = rate_can_improve ? 0 : u_fixed,
		.limit_lo = w->setup->limit_lo_pct,
		.limit_hi = w->setup->limit_hi_pct,
		.floor_a = w->setup->floor_a_pct,
		.n_intervals = o->n_intervals,
		.min_intervals = min_intervals_to_stop(w),
		.elapsed_s = w->elapsed_s,
		.cap_s = w->setup->cap_s,
	};

	switch (stop_rule(&l)) {
	case STOP_GO_ON:
		return EE_GO_ON;
	case STOP_GUARANTEED:
		return EE_STOP_GUARANTEED;
	case STOP_NO_MORE_INFORMATION:
		return EE_STOP_NO_MORE_INFORMATION;
	case STOP_CAP:
		return EE_STOP_CAP;
	}
	return EE_GO_ON;
}

/* So many pulses are missing, extra or without a place that the run cannot come within its allowance in a
 * reasonable time: to begin anew is cheaper for the whole bench than to wait for the cap. */
static bool is_beyond_mending(const struct ee_work *w, enum ee_cause cause)
{
	const struct numbering *r = &w->numbering;

	if (cause != EE_MISSED_OR_SPURIOUS && cause != EE_UNSTABLE_PULSES &&
	    cause != EE_AMBIGUOUS_NUMBERING)
		return false;
	return w->usable.n_seen >= HOPELESS_EDGES &&
	       (double)(r->n_missed + r->n_rejected) > 2 * numbering_allowance(r->n_intervals);
}

/* There is no figure, so it is void as it stands; more time may heal that, until the cap. */
static void without_figure(struct ee_work *w, enum ee_cause cause)
{
	struct ee_observation *o = w->out;
	const bool silent = w->usable.have_map && w->usable.n_seen == 0;
	const bool dead =
		silent && w->elapsed_s > NO_PULSES_PERIODS * w->period0_s + EE_EDGE_DELIVERY_S;

	o->cause = silent ? EE_NO_PULSES : cause;
	o->verdict = EE_VOID;
	o->stop = w->elapsed_s >= w->setup->cap_s	? EE_STOP_CAP
		  : dead || is_beyond_mending(w, cause) ? EE_STOP_VOID
							: EE_GO_ON;
}

static void with_figure(struct ee_work *w, enum ee_cause cause)
{
	struct ee_observation *o = w->out;

	if (o->n_intervals < min_intervals(w->setup)) {
		without_figure(w, EE_TOO_FEW_PULSES);
		return;
	}
	o->cause = cause;
	o->stop = look(w);
	switch (decision_apply(w->setup->rule, o->err_pct, o->U_pct, w->setup->limit_lo_pct,
			       w->setup->limit_hi_pct)) {
	case DECISION_CONFORMING:
		o->verdict = EE_CONFORMING;
		break;
	case DECISION_NONCONFORMING:
		o->verdict = EE_NONCONFORMING;
		break;
	case DECISION_INCONCLUSIVE:
		o->verdict = EE_INCONCLUSIVE;
		break;
	}
}

static void void_attempt(struct ee_work *w, enum ee_cause cause)
{
	no_figures(w->out);
	w->out->cause = cause;
	w->out->verdict = EE_VOID;
	w->out->stop = EE_STOP_VOID;
	w->out->n_edges = (int64_t)w->usable.n_seen;
}

static void prepare(struct ee_work *w, const struct ee_setup *s, const struct ee_raw *raw,
		    struct ee_observation *out)
{
	const double beyond = 1.5 * fmax(fabs(s->limit_lo_pct), fabs(s->limit_hi_pct));

	w->setup = s;
	w->raw = raw;
	w->out = out;
	w->elapsed_s = (double)(raw->t_now_ns - raw->t_armed_ns) / ET_NS_PER_S;
	w->tolerance = fmin(0.4, fmax(s->tolerance_pct, beyond) / 100);
	w->gate_s = slope_grid_or_cycle_s(s->grid_s, s->line_hz) + GATE_S +
		    (isnan(s->edge_sigma_s) ? 0 : 4 * s->edge_sigma_s);
	w->numbering = (struct numbering){ .status = NUMBERING_TOO_FEW, .period_s = NAN };
	w->usable.n_seen = 0;
	w->usable.have_map = false;
	w->slope_setup = (struct slope_setup){
		.line_hz = s->line_hz,
		.grid_s = s->grid_s,
		.edge_sigma_s = s->edge_sigma_s,
		.stamp_resolution_s = s->stamp_resolution_s,
		.ref_sigma_s = s->ref_sigma_s,
		.ref_resolution_wh = s->ref_resolution_wh,
	};
	no_figures(out);
}

int ee_evaluate(const struct ee_setup *setup, const struct ee_raw *raw, struct ee_observation *out)
{
	struct ee_work w;
	enum ee_cause cause;

	if (!setup_makes_sense(setup) || !raw_makes_sense(raw))
		return ET_ERR_ARG;
	prepare(&w, setup, raw, out);
	cause = ee_use_reference(setup, raw, &w.usable);
	if (cause == EE_CAUSE_NONE)
		cause = ee_use_edges(raw, &w.usable);
	if (cause != EE_CAUSE_NONE) {
		void_attempt(&w, cause);
		return ET_OK;
	}
	out->n_edges = (int64_t)w.usable.n_seen;
	w.period0_s = 3600 * setup->kh_wh * (double)setup->m_den / (double)setup->m_num /
		      (isnan(w.usable.power_w) ? setup->ref_power_w : w.usable.power_w);
	if (w.usable.have_map && w.usable.n_ref >= 2)
		cause = ee_number_edges(&w);
	else
		cause = w.usable.have_map || w.elapsed_s < setup->cap_s ? EE_TOO_FEW_PULSES
									: EE_CLOCK_MAP;
	set_physical_min(&w);
	if ((cause == EE_CAUSE_NONE || cause == EE_WRONG_KH || cause == EE_WRONG_FORM ||
	     cause == EE_GROSS_ERROR) &&
	    estimate(&w))
		with_figure(&w, cause);
	else
		without_figure(&w, cause == EE_CAUSE_NONE ? EE_UNSTABLE_PULSES : cause);
	return ET_OK;
}
