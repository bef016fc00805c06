/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/truth.h"

#include <stdlib.h>

void truth_reset(struct truth_log *l, uint32_t next_seq)
{
	l->first_seq = next_seq;
	l->n = 0;
}

/* Grows by doubling up to TRUTH_KEEP; always a power of two, so that a sequence number is its place. */
static int grow(struct truth_log *l)
{
	const size_t cap = l->cap ? 2 * l->cap : 256;
	struct sim_edge *edge = malloc(cap * sizeof(*edge));

	if (!edge)
		return ET_ERR_NOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const uint32_t seq = l->first_seq + (uint32_t)i;

		edge[seq & (cap - 1)] = l->edge[seq & (l->cap - 1)];
	}
	free(l->edge);
	l->edge = edge;
	l->cap = cap;
	return ET_OK;
}

int truth_add(struct truth_log *l, const struct sim_edge *e)
{
	if (l->n == l->cap && l->cap < TRUTH_KEEP && grow(l) < 0)
		return ET_ERR_NOMEM;
	if (l->n == l->cap) {
		l->first_seq++;
		l->n--;
	}
	l->edge[(l->first_seq + (uint32_t)l->n) & (l->cap - 1)] = *e;
	l->n++;
	return ET_OK;
}

const struct sim_edge *truth_find(const struct truth_log *l, uint32_t seq)
{
	if ((uint32_t)(seq - l->first_seq) >= l->n)
		return NULL;
	return &l->edge[seq & (l->cap - 1)];
}

int truth_error(const struct truth_log *l, uint32_t seq_first, uint32_t seq_last,
		struct sim_truth *out)
{
	const struct sim_edge *a = truth_find(l, seq_first), *b = truth_find(l, seq_last);
	struct sim_truth t;

	if (!a || !b)
		return ET_ERR_ARG;
	t.meter_wh = b->meter_wh - a->meter_wh;
	t.true_wh = b->true_wh - a->true_wh;
	if (!(t.true_wh > 0))
		return ET_ERR_ARG;
	t.err_pct = 100 * (t.meter_wh - t.true_wh) / t.true_wh;
	t.n_pulses = a->index < 0 || b->index < 0 ? -1 : b->index - a->index;
	t.span_s = (double)(b->t_cross_ns - a->t_cross_ns) * 1e-9;
	*out = t;
	return ET_OK;
}

void truth_free(struct truth_log *l)
{
	free(l->edge);
	l->edge = NULL;
	l->cap = l->n = 0;
}
