/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/truth.h - what is really behind each edge that the reader numbered. */
#ifndef SIMULATOR_TRUTH_H
#define SIMULATOR_TRUTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct sim_edge {
	int64_t t_led_ns; /* when the LED began to shine */
	int64_t t_cross_ns; /* when the meter had the energy, before its grid; spurious: t_led_ns */
	int64_t index; /* number of the meter's pulse, dark ones counted; -1: spurious */
	double meter_wh,
		true_wh; /* at t_cross: accumulated by the meter; at its terminals by its form */
};

struct sim_truth {
	double err_pct; /* 100*(dE_meter - dE_true)/dE_true over the span */
	int64_t n_pulses; /* true number of pulses from the first to the last edge; -1: one is spurious */
	double meter_wh, true_wh, span_s;
};

enum { TRUTH_KEEP = 65536 }; /* edges a channel */

struct truth_log { /* all zero: empty */
	struct sim_edge *edge; /* ring of cap */
	size_t cap;
	uint32_t first_seq; /* of the oldest that is kept */
	size_t n;
};

/** Forget all; the next edge has number @p next_seq. */
void truth_reset(struct truth_log *l, uint32_t next_seq);
/** The next edge. @return ET_OK, ET_ERR_NOMEM. */
int truth_add(struct truth_log *l, const struct sim_edge *e) ET_CHECK;
/** NULL: not kept. */
const struct sim_edge *truth_find(const struct truth_log *l, uint32_t seq);
/** @return ET_OK, ET_ERR_ARG (an edge is not kept, or no energy passed between them). */
int truth_error(const struct truth_log *l, uint32_t seq_first, uint32_t seq_last,
		struct sim_truth *out) ET_CHECK;
void truth_free(struct truth_log *l);

#endif
