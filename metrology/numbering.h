/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/numbering.h - which pulse of the meter is which edge: numbering by consensus.
 *
 * Every pair of an early and a late edge, and every whole number of periods between them that the
 * expected period allows, is a hypothesis; the one with the most edges near its own grid wins. The
 * gate is in seconds, never a part of the period. Missed pulses are gaps in the numbers, spurious
 * edges get none. Nothing is repaired: what was lost is counted, and too much of it makes the result
 * unusable.
 *
 * Where the edges do not fit the expected period, a second pass takes the period from the intervals
 * themselves, so that a gross error is measured and not voided.
 *
 * Pure; no allocation; safe in any thread. */
#ifndef METROLOGY_NUMBERING_H
#define METROLOGY_NUMBERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { NUMBERING_EDGES_MAX = 4096 };
#define NUMBERING_DROPPED INT32_MIN /* this edge has no number */

struct numbering_setup {
	double period_s; /* expected, > 0 */
	double tolerance; /* largest relative error expected, 0 < tolerance < 0.5 */
	double gate_s; /* q + 5 ms */
	double grid_s; /* q; 0: none */
};

enum numbering_status {
	NUMBERING_OK = 0,
	NUMBERING_TOO_FEW, /* fewer than 4 edges on the grid (5 or 6 for a gross error) */
	NUMBERING_AMBIGUOUS, /* two ways to number them are equally good */
	NUMBERING_MISSED_OR_SPURIOUS, /* missed + rejected > max(1, 5 % of the intervals) */
	NUMBERING_UNSTABLE, /* the edges follow no period at all */
};

struct numbering {
	enum numbering_status status;
	bool gross; /* the period is outside the tolerance: the second pass */
	size_t n_accepted, n_rejected, n_missed; /* rejected: spurious */
	size_t n_bounced; /* dropped by the dead time */
	int64_t n_intervals; /* last number - first number */
	double period_s, start_s; /* edge k at start_s + k*period_s, numbers from 0; NAN: none */
};

/** Number @p n edges.
 * @param t_s     Rising stamps (or the energy divided by the mean power, where the load wanders).
 * @param number  One for each edge: from 0 for the first accepted one, or NUMBERING_DROPPED.
 * @return ET_OK, also for an unusable result (status); ET_ERR_ARG for a setup out of range, more
 *         than NUMBERING_EDGES_MAX edges, or stamps that fall or are not finite. */
int numbering_run(const struct numbering_setup *setup, const double *t_s, size_t n, int32_t *number,
		  struct numbering *out) ET_CHECK;

/** Missed or spurious edges that @p n_intervals may have: max(1, 5 %). */
double numbering_allowance(int64_t n_intervals);

#endif
