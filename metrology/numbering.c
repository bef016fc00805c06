/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/numbering.h"

#include <math.h>
#include <stdlib.h>

#include "metrology/period_name.h"

enum { ENDS = 6, ACCEPTED_MIN = 4, ACCEPTED_MIN_GROSS = 5, ACCEPTED_MIN_MULTIPLE = 6 };

/* A bounce is over by then; a longer dead time would eat pulses after a spurious edge. */
static const double DEAD_TIME_MAX_S = 0.05;
static const double DEAD_TIME_PERIODS = 0.3;

/* With fewer edges than one in so many periods there is nothing to number, only time to lose. */
static const double INTERVALS_PER_EDGE_MAX = 64;

/* The edges after the dead time. */
struct edges {
	const double *t_s;
	size_t n;
};

struct hypothesis {
	double origin_s, period_s;
	size_t inliers;
	double residual_s; /* sum over the inliers */
};

double numbering_allowance(int64_t n_intervals)
{
	return fmax(1, 0.05 * (double)n_intervals);
}

static double slot_of(const struct hypothesis *h, double t_s, double *residual_s)
{
	const double x = (t_s - h->origin_s) / h->period_s;
	const double slot = rint(x);

	*residual_s = fabs(x - slot) * h->period_s;
	return slot;
}

/* No hypothesis can have more inliers than edges inside the gate; a few of them tell soon. */
static bool is_hopeless(const struct edges *e, const struct hypothesis *h, double gate_s,
			size_t misses_allowed)
{
	const size_t step = e->n / 16 + 1;
	size_t misses = 0;

	for (size_t i = step / 2; i < e->n; i += step) {
		double r;

		slot_of(h, e->t_s[i], &r);
		if (r > gate_s && ++misses > misses_allowed)
			return true;
	}
	return false;
}

/* Count inliers, at most one edge to a slot. @param slots  NULL, or where the slots go (NAN: none).
 * @return false as soon as more than @p misses_allowed edges are none. */
static bool count_inliers(const struct edges *e, struct hypothesis *h, double gate_s,
			  size_t misses_allowed, double *slots)
{
	double last_slot = NAN, last_r = 0;
	size_t misses = 0, last_i = 0;

	h->inliers = 0;
	h->residual_s = 0;
	for (size_t i = 0; i < e->n; i++) {
		double r;
		const double slot = slot_of(h, e->t_s[i], &r);

		if (slots)
			slots[i] = NAN;
		if (r > gate_s || (slot == last_slot && r >= last_r)) {
			if (++misses > misses_allowed)
				return false;
			continue;
		}
		if (slot == last_slot) { /* nearer than the one that had it */
			if (++misses > misses_allowed)
				return false;
			h->residual_s -= last_r;
			if (slots)
				slots[last_i] = NAN;
		} else {
			h->inliers++;
		}
		h->residual_s += r;
		if (slots)
			slots[i] = slot;
		last_slot = slot;
		last_r = r;
		last_i = i;
	}
	return true;
}

/* ---- the hypotheses ---- */
struct search {
	const struct edges *e;
	const struct numbering_setup *setup;
	/* second round only */
	const struct hypothesis *best;
	const double *best_slots;
	double *slots;
};

/* Called for every hypothesis that may be as good as @p found. @return true to end the search. */
typedef bool (*visit_fn)(const struct search *s, struct hypothesis *h, struct hypothesis *found);

static bool visit_hypotheses(const struct search *s, visit_fn visit, struct hypothesis *found)
{
	const struct edges *e = s->e;
	const size_t ends = e->n < ENDS ? e->n : ENDS;
	const double tol = s->setup->tolerance, t0 = s->setup->period_s;

	for (size_t i = 0; i < ends; i++) {
		for (size_t j = e->n - 1; j > i && j + ends >= e->n; j--) {
			const double span = e->t_s[j] - e->t_s[i];
			const double m_last = floor(span / (t0 * (1 - tol)));
			double m = fmax(1, ceil(span / (t0 * (1 + tol))));

			if (m_last > INTERVALS_PER_EDGE_MAX * (double)e->n)
				continue;

			for (; m <= m_last; m++) {
				struct hypothesis h = { .origin_s = e->t_s[i],
							.period_s = span / m };
				const size_t allowed = e->n - found->inliers;

				if (!is_hopeless(e, &h, s->setup->gate_s, allowed) &&
				    count_inliers(e, &h, s->setup->gate_s, allowed, s->slots) &&
				    visit(s, &h, found))
					return true;
			}
		}
	}
	return false;
}

static bool keep_best(const struct search *s, struct hypothesis *h, struct hypothesis *found)
{
	(void)s;
	if (h->inliers > found->inliers ||
	    (h->inliers == found->inliers && h->residual_s < found->residual_s))
		*found = *h;
	return false;
}

/* Another numbering of the common edges, or other edges with another period? */
static bool is_rival(const struct search *s, struct hypothesis *h, struct hypothesis *found)
{
	const struct edges *e = s->e;
	const double span = e->t_s[e->n - 1] - e->t_s[0];
	const double near = 3 * (s->setup->grid_s + 1e-3) / span;
	bool same_edges = true, have_offset = false;
	double offset = 0;

	if (h->inliers < found->inliers)
		return false;
	for (size_t i = 0; i < e->n; i++) {
		const double a = s->best_slots[i], b = s->slots[i];

		if (isnan(a) != isnan(b))
			same_edges = false;
		if (isnan(a) || isnan(b))
			continue;
		if (have_offset && b - a != offset)
			return true;
		offset = b - a;
		have_offset = true;
	}
	return !same_edges && fabs(h->period_s / found->period_s - 1) > near;
}

/* ---- one pass ---- */
static void count_result(const double *slots, size_t n, struct numbering *out)
{
	double first = NAN, last = NAN;

	out->n_accepted = 0;
	for (size_t i = 0; i < n; i++) {
		if (isnan(slots[i]))
			continue;
		if (out->n_accepted++ == 0)
			first = slots[i];
		last = slots[i];
	}
	out->n_rejected = n - out->n_accepted;
	out->n_intervals = out->n_accepted ? (int64_t)(last - first) : 0;
	out->n_missed = out->n_accepted ? (size_t)out->n_intervals - (out->n_accepted - 1) : 0;
}

/* Straight line through the accepted edges; t = start + slot*period. */
static bool fit_line(const struct edges *e, const double *slots, double *start_s, double *period_s)
{
	double n = 0, mx = 0, mt = 0, sxx = 0, sxt = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (isnan(slots[i]))
			continue;
		n++;
		mx += (slots[i] - mx) / n;
		mt += (e->t_s[i] - mt) / n;
	}
	for (size_t i = 0; i < e->n; i++) {
		if (isnan(slots[i]))
			continue;
		sxx += (slots[i] - mx) * (slots[i] - mx);
		sxt += (slots[i] - mx) * (e->t_s[i] - mt);
	}
	if (!(sxx > 0))
		return false;
	*period_s = sxt / sxx;
	*start_s = mt - mx * *period_s;
	return true;
}

/* Fit, drop what is outside the gate, and once more; then numbers count from the first accepted edge. */
static void refine(const struct edges *e, double gate_s, double *slots, struct numbering *out)
{
	double first = NAN;

	for (int round = 0; round < 2; round++) {
		if (!fit_line(e, slots, &out->start_s, &out->period_s))
			break;
		for (size_t i = 0; i < e->n; i++)
			if (fabs(e->t_s[i] - out->start_s - slots[i] * out->period_s) > gate_s)
				slots[i] = NAN;
	}
	if (!fit_line(e, slots, &out->start_s, &out->period_s))
		out->start_s = out->period_s = NAN;
	for (size_t i = 0; i < e->n; i++) {
		if (isnan(slots[i]))
			continue;
		if (isnan(first))
			first = slots[i];
		slots[i] -= first;
	}
	out->start_s += isnan(first) ? 0 : first * out->period_s;
	count_result(slots, e->n, out);
}

static enum numbering_status judge(const struct numbering *r, bool ambiguous, size_t accepted_min)
{
	const size_t lost = r->n_missed + r->n_rejected;

	if (r->n_accepted < accepted_min)
		return NUMBERING_TOO_FEW;
	if (ambiguous)
		return NUMBERING_AMBIGUOUS;
	if ((double)lost > numbering_allowance(r->n_intervals))
		return NUMBERING_MISSED_OR_SPURIOUS;
	return NUMBERING_OK;
}

/* @param best_slots, slots  Room for e->n each; the result is in @p best_slots. */
static void one_pass(const struct edges *e, const struct numbering_setup *setup, double *best_slots,
		     double *slots, size_t accepted_min, struct numbering *out)
{
	struct search s = { .e = e, .setup = setup };
	struct hypothesis best = { .residual_s = INFINITY };
	bool ambiguous;

	for (size_t i = 0; i < e->n; i++)
		best_slots[i] = NAN;
	visit_hypotheses(&s, keep_best, &best);
	if (best.inliers < ACCEPTED_MIN) {
		count_result(best_slots, e->n, out);
		out->status = NUMBERING_TOO_FEW;
		return;
	}
	count_inliers(e, &best, setup->gate_s, e->n, best_slots);
	s.best = &best;
	s.best_slots = best_slots;
	s.slots = slots;
	ambiguous = visit_hypotheses(&s, is_rival, &best);
	refine(e, setup->gate_s, best_slots, out);
	out->status = judge(out, ambiguous, accepted_min);
}

/* ---- dead time, and the period of the intervals themselves ---- */

/* Compact the edges that are farther than @p dead_s from the last kept one. @param index  Where they came from. */
static size_t drop_bounces(const double *t_s, size_t n, double dead_s, double *kept, int32_t *index)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (m > 0 && t_s[i] - kept[m - 1] < dead_s)
			continue;
		kept[m] = t_s[i];
		index[m++] = (int32_t)i;
	}
	return m;
}

static int compare_double(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of the time that @p lag intervals take. */
static double median_interval(const double *t_s, size_t n, size_t lag, double *room)
{
	for (size_t i = 0; i + lag < n; i++)
		room[i] = t_s[i + lag] - t_s[i];
	qsort(room, n - lag, sizeof(room[0]), compare_double);
	return room[(n - lag) / 2] / (double)lag;
}

static double dead_time_s(double period_s)
{
	return fmin(DEAD_TIME_PERIODS * period_s, DEAD_TIME_MAX_S);
}

struct room {
	double kept[NUMBERING_EDGES_MAX], best[NUMBERING_EDGES_MAX], slots[NUMBERING_EDGES_MAX];
	int32_t index[NUMBERING_EDGES_MAX];
};

static void write_numbers(const struct room *room, size_t kept, size_t n, int32_t *number)
{
	for (size_t i = 0; i < n; i++)
		number[i] = NUMBERING_DROPPED;
	for (size_t i = 0; i < kept; i++)
		if (!isnan(room->best[i]))
			number[room->index[i]] = (int32_t)room->best[i];
}

static bool first_pass(const struct numbering_setup *setup, const double *t_s, size_t n,
		       struct room *room, int32_t *number, struct numbering *out)
{
	const size_t kept =
		drop_bounces(t_s, n, dead_time_s(setup->period_s), room->kept, room->index);
	const struct edges e = { room->kept, kept };

	out->n_bounced = n - kept;
	one_pass(&e, setup, room->best, room->slots, ACCEPTED_MIN, out);
	write_numbers(room, kept, n, number);
	/* a few edges of another period always fit by chance: that is no "missed or spurious" */
	if (out->status != NUMBERING_OK && kept >= 2 * ACCEPTED_MIN &&
	    (double)out->n_accepted < 0.7 * (double)kept)
		out->status = NUMBERING_UNSTABLE;
	return out->status == NUMBERING_OK;
}

/* @return false, and number and out untouched, unless a clean series of another period is there. */
static bool second_pass(const struct numbering_setup *setup, const double *t_s, size_t n,
			struct room *room, int32_t *number, struct numbering *out)
{
	struct numbering_setup own = *setup;
	struct numbering r = { .gross = true, .period_s = NAN, .start_s = NAN };
	const double interval = median_interval(t_s, n, 1, room->slots);
	const size_t kept = drop_bounces(t_s, n, dead_time_s(interval), room->kept, room->index);
	const struct edges e = { room->kept, kept };
	size_t lag;

	if (kept < ACCEPTED_MIN_GROSS)
		return false;
	lag = (kept - 1) / 2 < 8 ? (kept - 1) / 2 : 8;
	own.period_s = median_interval(room->kept, kept, lag, room->slots);
	if (!(own.period_s > 0))
		return false;
	own.tolerance = fmin(
		0.4, fmax(setup->tolerance, 1.5 * setup->gate_s / ((double)lag * own.period_s)));
	r.n_bounced = n - kept;
	one_pass(&e, &own, room->best, room->slots, ACCEPTED_MIN_GROSS, &r);
	if (r.status != NUMBERING_OK)
		return false;
	if (fabs(r.period_s / setup->period_s - 1) <= setup->tolerance)
		return false; /* it is the expected one, and the first pass said what is wrong with it */
	if (period_is_multiple(r.period_s / setup->period_s, setup->tolerance) &&
	    r.n_accepted < ACCEPTED_MIN_MULTIPLE)
		return false;
	write_numbers(room, kept, n, number);
	*out = r;
	return true;
}

static bool is_rising(const double *t_s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(t_s[i]) || (i > 0 && t_s[i] < t_s[i - 1]))
			return false;
	return true;
}

int numbering_run(const struct numbering_setup *setup, const double *t_s, size_t n, int32_t *number,
		  struct numbering *out)
{
	struct numbering r = { .status = NUMBERING_TOO_FEW, .period_s = NAN, .start_s = NAN };
	struct room room;

	if (!(setup->period_s > 0) || !isfinite(setup->period_s) ||
	    !(setup->tolerance > 0 && setup->tolerance < 0.5) || !(setup->gate_s > 0) ||
	    !(setup->grid_s >= 0) || n > NUMBERING_EDGES_MAX || !is_rising(t_s, n))
		return ET_ERR_ARG;
	for (size_t i = 0; i < n; i++)
		number[i] = NUMBERING_DROPPED;
	if (n >= 2 && !first_pass(setup, t_s, n, &room, number, &r) && n >= ACCEPTED_MIN_GROSS)
		second_pass(setup, t_s, n, &room, number, &r);
	*out = r;
	return ET_OK;
}
