/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/consensus.h"

#include <math.h>

enum { ENDS = 6 };

/* With fewer edges than one in so many periods there is nothing to number, only time to lose. */
static const double INTERVALS_PER_EDGE_MAX = 64;
static const double SLOT_MAX = 1e8;

struct hypothesis {
	double origin_s, period_s;
	size_t inliers;
	double residual_s; /* sum over the inliers */
};

static double slot_of(const struct hypothesis *h, double t_s, double *residual_s)
{
	const double x = (t_s - h->origin_s) / h->period_s;
	const double slot = rint(x);

	/* so far away every time is near a slot, and none is a number */
	*residual_s = fabs(slot) <= SLOT_MAX ? fabs(x - slot) * h->period_s : INFINITY;
	return slot;
}

/* No hypothesis can have more inliers than edges inside the gate; a few of them tell soon. */
static bool is_hopeless(const struct consensus_edges *e, const struct hypothesis *h, double gate_s,
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
static bool count_inliers(const struct consensus_edges *e, struct hypothesis *h, double gate_s,
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
	const struct consensus_edges *e;
	const struct numbering_setup *setup;
	/* second round only */
	const double *best_slots;
	double *slots;
};

/* Called for every hypothesis that may be as good as @p found. @return true to end the search. */
typedef bool (*visit_fn)(const struct search *s, struct hypothesis *h, struct hypothesis *found);

static bool visit_hypotheses(const struct search *s, visit_fn visit, struct hypothesis *found)
{
	const struct consensus_edges *e = s->e;
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
	const struct consensus_edges *e = s->e;
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

/* ---- every edge the next pulse ---- */

/* Where no interval can hold two periods, however short the tolerance lets them be, each edge that has a slot
 * has the one after its neighbour's: all hypotheses that take every edge number them alike. So if the plainest
 * takes them all, none is better and none a rival, and the search is not needed.
 * @return false, without a word on the edges, where that is not so. */
static bool is_plain(const struct consensus_edges *e, const struct numbering_setup *setup)
{
	const double margin = 1e-6; /* for rounding, relative */
	const double shortest_s = setup->period_s * (1 - setup->tolerance) * (1 + margin);
	const double longest_s = setup->period_s * (1 + setup->tolerance) * (1 - margin);
	const double two_s = (2 * shortest_s - 2 * setup->gate_s) * (1 - margin);
	struct hypothesis h;

	if (e->n < CONSENSUS_INLIERS_MIN)
		return false;
	h.origin_s = e->t_s[0];
	h.period_s = (e->t_s[e->n - 1] - e->t_s[0]) / (double)(e->n - 1);
	if (!(h.period_s > shortest_s && h.period_s < longest_s))
		return false;
	for (size_t i = 1; i < e->n; i++)
		if (!(e->t_s[i] - e->t_s[i - 1] < two_s))
			return false;
	return count_inliers(e, &h, setup->gate_s, 0, NULL);
}

bool consensus_plain(const struct consensus_edges *e, const struct numbering_setup *setup,
		     double *slots)
{
	if (!is_plain(e, setup))
		return false;
	for (size_t i = 0; i < e->n; i++)
		slots[i] = (double)i;
	return true;
}

/* Numbers count from the first edge that has one. */
static void count_from_first(double *slots, size_t n)
{
	double first = NAN;

	for (size_t i = 0; i < n; i++) {
		if (isnan(slots[i]))
			continue;
		if (isnan(first))
			first = slots[i];
		slots[i] -= first;
	}
}

bool consensus_find(const struct consensus_edges *e, const struct numbering_setup *setup,
		    double *slots, double *scratch, bool *ambiguous)
{
	struct search s = { .e = e, .setup = setup };
	struct hypothesis best = { .residual_s = INFINITY };

	for (size_t i = 0; i < e->n; i++)
		slots[i] = NAN;
	visit_hypotheses(&s, keep_best, &best);
	if (best.inliers < CONSENSUS_INLIERS_MIN)
		return false;
	count_inliers(e, &best, setup->gate_s, e->n, slots);
	s.best_slots = slots;
	s.slots = scratch;
	*ambiguous = visit_hypotheses(&s, is_rival, &best);
	count_from_first(slots, e->n);
	return true;
}
