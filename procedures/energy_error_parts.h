/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_parts.h - the steps of one evaluation, in their order: raw data checked and
 * brought on one time axis, pulses numbered, error and verdict (energy_error_eval.c). Nobody else includes it. */
#ifndef PROCEDURES_ENERGY_ERROR_PARTS_H
#define PROCEDURES_ENERGY_ERROR_PARTS_H

#include "metrology/clock_map.h"
#include "metrology/energy_slope.h"
#include "metrology/numbering.h"
#include "metrology/reference_energy.h"
#include "procedures/energy_error_eval.h"

_Static_assert((int)EE_EDGES_MAX == (int)NUMBERING_EDGES_MAX, "one size of scratch");
_Static_assert((int)EE_EDGES_MAX == (int)SLOPE_EDGES_MAX, "one size of scratch");
_Static_assert((int)EE_SAMPLES_MAX == (int)SLOPE_POINTS_MAX, "one size of scratch");

#define EE_EDGE_DELIVERY_S 2.0 /* an edge may reach us that late */

struct ee_usable {
	/* the register since arming; seconds from t_armed */
	struct ref_point ref[EE_SAMPLES_MAX];
	size_t n_ref;
	double power_w; /* mean, as registered; NAN with fewer than 2 points */
	/* edges since arming */
	size_t n_seen;
	/* those between two updates of the register, seconds from t_armed */
	double t_s[EE_EDGES_MAX];
	size_t index[EE_EDGES_MAX]; /* in raw->edges */
	size_t n_edges;
	/* the reader's clock; only with fewer than 2 pairs there is no map, and then no edges */
	bool have_map;
	struct clock_map map;
};

/** @return EE_CAUSE_NONE, or a common cause: the attempt is void. */
enum ee_cause ee_use_reference(const struct ee_setup *setup, const struct ee_raw *raw,
			       struct ee_usable *u);
enum ee_cause ee_use_edges(const struct ee_raw *raw, struct ee_usable *u);

/* Everything of one evaluation. */
struct ee_work {
	const struct ee_setup *setup;
	const struct ee_raw *raw;
	struct ee_observation *out;
	double elapsed_s, period0_s, tolerance, gate_s;
	struct ee_usable usable;
	int32_t number[EE_EDGES_MAX];
	struct numbering numbering;
	double t_s[EE_EDGES_MAX]; /* accepted edges only */
	int32_t k[EE_EDGES_MAX];
	size_t n;
	struct slope_setup slope_setup;
	struct energy_slope slope;
	struct slope_room room;
};

/** Number the edges between updates of the register; @p w->usable must have a map and 2 updates.
 * @return EE_CAUSE_NONE, a finding, or why there is nothing to compute from (yet). */
enum ee_cause ee_number_edges(struct ee_work *w);

#endif
