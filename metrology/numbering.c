/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/numbering.h"

#include <math.h>

#include "metrology/consensus.h"
#include "metrology/period_name.h"

enum { ACCEPTED_MIN = 4, ACCEPTED_MIN_GROSS = 5, ACCEPTED_MIN_MULTIPLE = 6 };

/* A bounce is over by then; a longer dead time would eat pulses after a spurious edge. */
static const double DEAD_TIME_MAX_S = 0.05;
static const double DEAD_TIME_PERIODS = 0.3;

double numbering_allowance(int64_t n_intervals)
{
	return fmax(1, 0.05 * (double)n_intervals);
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
struct line {
	double start_s, period_s;
	double n, slot_mean, sxx;
};

static bool fit_line(const struct consensus_edges *e, const double *slots, struct line *l)
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
	*l = (struct line){ .n = n, .slot_mean = mx, .sxx = sxx, .period_s = sxt / sxx };
	l->start_s = mt - mx * l->period_s;
	return true;
}

/* @return how many were dropped. */
static size_t drop_outside(const struct consensus_edges *e, const struct line *l, double gate_s,
			   double *slots)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (!(fabs(e->t_s[i] - l->start_s - slots[i] * l->period_s) > gate_s))
			continue;
		slots[i] = NAN;
		n++;
	}
	return n;
}

/* Fit, drop what is outside the gate, and once more; then numbers count from the first accepted edge. */
static void refine(const struct consensus_edges *e, double gate_s, double *slots,
		   struct numbering *out)
{
	struct line l = { NAN, NAN, 0, 0, 0 };
	double first = NAN;
	bool fits = fit_line(e, slots, &l);

	for (int round = 0; round < 2 && fits; round++) {
		if (drop_outside(e, &l, gate_s, slots) == 0)
			break;
		fits = fit_line(e, slots, &l);
	}
	if (!fits)
		l.start_s = l.period_s = NAN;
	for (size_t i = 0; i < e->n; i++) {
		if (isnan(slots[i]))
			continue;
		if (isnan(first))
			first = slots[i];
		slots[i] -= first;
	}
	out->period_s = l.period_s;
	out->start_s = l.start_s + (isnan(first) ? 0 : first * l.period_s);
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
static void one_pass(const struct consensus_edges *e, const struct numbering_setup *setup,
		     double *best_slots, double *slots, size_t accepted_min, struct numbering *out)
{
	bool ambiguous = false;

	if (!consensus_plain(e, setup, best_slots) &&
	    !consensus_find(e, setup, best_slots, slots, &ambiguous)) {
		count_result(best_slots, e->n, out);
		out->status = NUMBERING_TOO_FEW;
		return;
	}
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

/* The k-th smallest, by Hoare's selection: qsort() may allocate. Reorders @p v. */
static double select_kth(double *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		const double pivot = v[lo + (hi - lo) / 2];
		size_t i = lo, j = hi;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			const double swap = v[i];

			v[i++] = v[j];
			v[j--] = swap;
		}
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
	return v[k];
}

/* Median of the time that @p lag intervals take. */
static double median_interval(const double *t_s, size_t n, size_t lag, double *room)
{
	for (size_t i = 0; i + lag < n; i++)
		room[i] = t_s[i + lag] - t_s[i];
	return select_kth(room, n - lag, (n - lag) / 2) / (double)lag;
}

static double dead_time_s(double period_s)
{
	return fmin(DEAD_TIME_PERIODS * period_s, DEAD_TIME_MAX_S);
}

struct room {
	double kept[NUMBERING_EDGES_MAX], best[NUMBERING_EDGES_MAX], slots[NUMBERING_EDGES_MAX];
	int32_t index[NUMBERING_EDGES_MAX];
};

/* Of edges that the dead time joined the first is kept: right for a bounce, wrong when a false edge
 * came just before the pulse. Seen from all the other edges, is a later one nearer by half a gate?
 * @param at  The kept edge. @return its index among all edges, or that of the better one. */
static int32_t better_of_joined(const struct room *room, size_t kept, size_t at, const double *t_s,
				size_t n, const struct line *l, double gate_s)
{
	const size_t end = at + 1 < kept ? (size_t)room->index[at + 1] : n;
	const double dx = room->best[at] - l->slot_mean;
	const double leverage = 1 / l->n + dx * dx / l->sxx;
	const double off_s =
		(room->kept[at] - l->start_s - room->best[at] * l->period_s) / (1 - leverage);
	int32_t best = room->index[at];
	double best_off_s = fabs(off_s) - gate_s / 2;

	for (size_t i = (size_t)room->index[at] + 1; i < end; i++) {
		const double other_s = fabs(off_s + t_s[i] - room->kept[at]);

		if (other_s < best_off_s) {
			best_off_s = other_s;
			best = (int32_t)i;
		}
	}
	return best;
}

static void write_numbers(struct room *room, size_t kept, const double *t_s, size_t n,
			  double gate_s, int32_t *number, struct numbering *out)
{
	const struct consensus_edges e = { room->kept, kept };
	struct line l;
	bool moved = false;

	for (size_t i = 0; i < n; i++)
		number[i] = NUMBERING_DROPPED;
	if (kept == n && out->n_accepted >= 2) { /* the dead time joined none */
		for (size_t i = 0; i < n; i++)
			if (!isnan(room->best[i]))
				number[i] = (int32_t)room->best[i];
		return;
	}
	if (!fit_line(&e, room->best, &l))
		return;
	for (size_t i = 0; i < kept; i++) {
		int32_t from;

		if (isnan(room->best[i]))
			continue;
		from = better_of_joined(room, kept, i, t_s, n, &l, gate_s);
		moved |= from != room->index[i];
		room->kept[i] = t_s[from];
		number[from] = (int32_t)room->best[i];
	}
	if (moved && fit_line(&e, room->best, &l)) {
		out->period_s = l.period_s;
		out->start_s = l.start_s;
	}
}

static bool first_pass(const struct numbering_setup *setup, const double *t_s, size_t n,
		       struct room *room, int32_t *number, struct numbering *out)
{
	const size_t kept =
		drop_bounces(t_s, n, dead_time_s(setup->period_s), room->kept, room->index);
	const struct consensus_edges e = { room->kept, kept };

	out->n_bounced = n - kept;
	one_pass(&e, setup, room->best, room->slots, ACCEPTED_MIN, out);
	write_numbers(room, kept, t_s, n, setup->gate_s, number, out);
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
	const struct consensus_edges e = { room->kept, kept };
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
	write_numbers(room, kept, t_s, n, setup->gate_s, number, &r);
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
