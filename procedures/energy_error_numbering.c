/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_numbering.c - from usable edges to numbered pulses, or why there are none. */
#include <math.h>
#include <string.h>

#include "metrology/period_name.h"
#include "procedures/energy_error_parts.h"

enum { EDGES_MIN = 5 };
static const double PATIENCE_S = 20e-3;

static enum ee_cause numbering_cause(enum numbering_status status)
{
	switch (status) {
	case NUMBERING_OK:
		return EE_CAUSE_NONE;
	case NUMBERING_TOO_FEW:
		return EE_TOO_FEW_PULSES;
	case NUMBERING_AMBIGUOUS:
		return EE_AMBIGUOUS_NUMBERING;
	case NUMBERING_MISSED_OR_SPURIOUS:
		return EE_MISSED_OR_SPURIOUS;
	case NUMBERING_UNSTABLE:
		return EE_UNSTABLE_PULSES;
	}
	return EE_UNSTABLE_PULSES;
}

static size_t n_lost(const struct numbering *r)
{
	return r->n_missed + r->n_rejected;
}

/* Against one that is not good a wandering load must not hide what is wrong; against a good one only
 * fewer losses count. */
static bool is_better(const struct numbering *r, const struct numbering *than)
{
	if (than->status == NUMBERING_OK)
		return r->status == NUMBERING_OK && n_lost(r) < n_lost(than);
	return r->status == NUMBERING_OK || r->n_accepted > than->n_accepted;
}

/* Take another numbering if it is better. A gross error may be found there too, but with a gate that is
 * wide against the period any few edges fit some period.
 * @return true when it was taken and is good. */
static bool try_again(struct ee_work *w, const struct numbering_setup *setup, const double *t_s)
{
	struct numbering r;

	if (numbering_run(setup, t_s, w->usable.n_edges, w->k, &r) < 0)
		return false;
	if (r.gross && !(setup->gate_s < r.period_s / 16))
		return false;
	if (!is_better(&r, &w->numbering))
		return false;
	memcpy(w->number, w->k, w->usable.n_edges * sizeof(w->number[0]));
	w->numbering = r;
	return r.status == NUMBERING_OK;
}

/* Pulses follow the energy. Where the load wandered, number once more on the energy that the
 * reference registered, in seconds of the mean power; its own noise widens the gate. It moves the edges
 * between two updates together: to bring them onto the next pulse it would have to be 6.75 standard deviations. */
static bool number_by_energy(struct ee_work *w, const struct numbering_setup *by_time)
{
	const double s_per_wh = 3600 / w->usable.power_w;
	const double declared_wh =
		ref_point_sigma_wh(&w->usable.ref[0], w->usable.power_w, w->setup->ref_sigma_s,
				   w->setup->ref_resolution_wh);
	struct numbering_setup setup = *by_time;
	size_t hint = 0;
	double dof, noise_s,
		estimate_wh = ref_sigma_estimate_wh(w->usable.ref, w->usable.n_ref, &dof);

	noise_s = 3 * fmax(declared_wh, isnan(estimate_wh) ? 0 : estimate_wh) * s_per_wh;
	setup.gate_s = fmin(by_time->gate_s + noise_s, w->period0_s / 4);
	if (!(noise_s < w->period0_s / 3 && by_time->gate_s < setup.gate_s))
		return false;
	for (size_t i = 0; i < w->usable.n_edges; i++) {
		struct ref_form f;

		if (ref_form_at(w->usable.ref, w->usable.n_ref, w->usable.t_s[i], &hint, &f) < 0)
			return false;
		w->t_s[i] = ref_form_energy_wh(w->usable.ref, &f) * s_per_wh;
	}
	return try_again(w, &setup, w->t_s);
}

/* A meter whose own power is noisy, or a load that wandered a little: a wider gate, as far as the period
 * lets it. */
static void number_with_patience(struct ee_work *w, const struct numbering_setup *by_time)
{
	struct numbering_setup setup = *by_time;

	setup.gate_s = fmin(by_time->gate_s + PATIENCE_S, w->period0_s / 8);
	if (setup.gate_s > by_time->gate_s)
		try_again(w, &setup, w->usable.t_s);
}

static void keep_accepted(struct ee_work *w)
{
	const struct ee_raw *raw = w->raw;
	const struct edge *first = NULL, *last = NULL;

	w->n = 0;
	for (size_t i = 0; i < w->usable.n_edges; i++) {
		if (w->number[i] == NUMBERING_DROPPED)
			continue;
		w->t_s[w->n] = w->usable.t_s[i];
		w->k[w->n++] = w->number[i];
		last = &raw->edges[w->usable.index[i]];
		if (!first)
			first = last;
	}
	if (!first)
		return;
	w->out->seq_first = first->seq;
	w->out->seq_last = last->seq;
	w->out->t_first_ns = clock_map_host_ns(&w->usable.map, first->t_reader_ns);
	w->out->t_last_ns = clock_map_host_ns(&w->usable.map, last->t_reader_ns);
	w->out->span_s = (double)(w->out->t_last_ns - w->out->t_first_ns) / ET_NS_PER_S;
}

/* Pulses that should have come before the first or after the last edge: a sensor that was blind. */
static int64_t blind_pulses(const struct ee_work *w)
{
	const struct ref_point *ref = w->usable.ref;
	const double end_s = fmin(w->elapsed_s - EE_EDGE_DELIVERY_S, ref[w->usable.n_ref - 1].t_s);
	const double lead_s = w->t_s[0] - fmax(0, ref[0].t_s) - w->gate_s;
	const double trail_s = end_s - w->t_s[w->n - 1] - w->gate_s;
	const double period_s = w->numbering.period_s;

	return (int64_t)(fmax(0, floor(lead_s / period_s)) + fmax(0, floor(trail_s / period_s)));
}

static enum ee_cause finding(const struct ee_work *w)
{
	if (!w->numbering.gross)
		return EE_CAUSE_NONE;
	switch (period_name(w->out->period_ratio, w->setup->kh_wh, w->tolerance)) {
	case PERIOD_WRONG_KH:
		return EE_WRONG_KH;
	case PERIOD_WRONG_FORM:
		return EE_WRONG_FORM;
	case PERIOD_AS_EXPECTED:
	case PERIOD_GROSS_ERROR:
		break;
	}
	return EE_GROSS_ERROR;
}

/* A good numbering by time may still have lost an edge at an end to a load that wandered. */
static int number_usable(struct ee_work *w)
{
	const struct numbering_setup setup = {
		.period_s = w->period0_s,
		.tolerance = w->tolerance,
		.gate_s = w->gate_s,
		.grid_s = slope_grid_or_cycle_s(w->setup->grid_s, w->setup->line_hz),
	};
	int err;

	err = numbering_run(&setup, w->usable.t_s, w->usable.n_edges, w->number, &w->numbering);
	if (err < 0 || w->usable.n_edges < EDGES_MIN)
		return err;
	if ((w->numbering.status != NUMBERING_OK || n_lost(&w->numbering) > 0) &&
	    !number_by_energy(w, &setup) && w->numbering.status != NUMBERING_OK)
		number_with_patience(w, &setup);
	return ET_OK;
}

enum ee_cause ee_number_edges(struct ee_work *w)
{
	struct ee_observation *o = w->out;
	enum ee_cause cause;

	if (number_usable(w) < 0)
		return EE_UNSTABLE_PULSES;
	keep_accepted(w);
	o->n_accepted = (int64_t)w->numbering.n_accepted;
	o->n_intervals = w->numbering.n_intervals;
	o->n_missed = (int64_t)w->numbering.n_missed;
	o->n_rejected = (int64_t)w->numbering.n_rejected;
	o->n_bounced = (int64_t)w->numbering.n_bounced;
	cause = numbering_cause(w->numbering.status);
	if (cause != EE_CAUSE_NONE)
		return cause;
	if (w->n < EDGES_MIN)
		return EE_TOO_FEW_PULSES;
	o->period_ratio = w->numbering.period_s / w->period0_s;
	o->n_missed += blind_pulses(w);
	if ((double)(o->n_missed + o->n_rejected) > numbering_allowance(o->n_intervals))
		return EE_MISSED_OR_SPURIOUS;
	return finding(w);
}
