/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_raw.h - raw data of one position, checked and brought on one time axis.
 * A part of energy_error_eval.c; nobody else includes it. */
#ifndef PROCEDURES_ENERGY_ERROR_RAW_H
#define PROCEDURES_ENERGY_ERROR_RAW_H

#include "metrology/clock_map.h"
#include "metrology/reference_energy.h"
#include "procedures/energy_error_eval.h"

struct ee_usable {
	/* the register since arming; seconds from t_armed */
	struct ref_point ref[EE_SAMPLES_MAX];
	size_t n_ref;
	double power_w;		/* mean, as registered; NAN with fewer than 2 points */
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

#endif
