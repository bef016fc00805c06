/* SPDX-License-Identifier: Apache-2.0 */
/* metrology/consensus.h - the grid on which most edges lie. A part of numbering.c; nobody else uses it. */
#ifndef METROLOGY_CONSENSUS_H
#define METROLOGY_CONSENSUS_H

#include "metrology/numbering.h"

enum { CONSENSUS_INLIERS_MIN = 4 };

struct consensus_edges {
	const double *t_s; /* rising, without bounces */
	size_t n;
};

/** Try every whole number of periods between the first and the last 6 edges.
 * @param slots      Room for n: the slot of each edge on the best grid, from 0 for the first; NAN: none.
 * @param scratch    Room for n.
 * @param ambiguous  Another grid has as many edges and numbers them differently.
 * @return false when no grid has CONSENSUS_INLIERS_MIN edges; all slots are NAN then. */
bool consensus_find(const struct consensus_edges *e, const struct numbering_setup *setup,
		    double *slots, double *scratch, bool *ambiguous);

/** The same without the search, for a series that is as it should be: where this is true, consensus_find() would
 * give the same slots, and not ambiguous.
 * @return false when that can't be said at once; @p slots untouched then. */
bool consensus_plain(const struct consensus_edges *e, const struct numbering_setup *setup,
		     double *slots);

#endif
