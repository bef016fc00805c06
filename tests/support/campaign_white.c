/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_white.h"

#include <math.h>

#include "metrology/budget.h"
#include "metrology/special.h"

/* A quartz is straight enough over one attempt: its first and last pair of stamps. */
static double host_s(const struct ee_raw_all *raw, int64_t reader_ns)
{
	const struct ee_raw_pairs *pairs = &raw->pairs[0];
	const struct clock_pair *a = &pairs->p[0], *b = &pairs->p[pairs->n - 1];
	const double host_a = (double)(a->host_after_ns - a->host_before_ns) / 2;
	const double host_b = (double)(b->host_before_ns - a->host_before_ns) +
			      (double)(b->host_after_ns - b->host_before_ns) / 2;
	const double part =
		(double)(reader_ns - a->reader_ns) / (double)(b->reader_ns - a->reader_ns);

	return (host_a + part * (host_b - host_a)) * 1e-9;
}

static double middle_s(const struct ee_raw_all *raw, size_t i)
{
	const int64_t t0 = raw->pairs[0].p[0].host_before_ns;
	const struct ref_sample *s = &raw->samples[i];

	return ((double)(s->t_lo_ns - t0) + (double)(s->t_hi_ns - t0)) / 2 * 1e-9;
}

static double energy_at(const struct ee_raw_all *raw, double t_s, size_t *hint)
{
	size_t i = *hint;
	double a, b;

	while (i + 2 < raw->n_samples && middle_s(raw, i + 1) <= t_s)
		i++;
	*hint = i;
	a = middle_s(raw, i);
	b = middle_s(raw, i + 1);
	return raw->samples[i].energy_wh +
	       (t_s - a) / (b - a) * (raw->samples[i + 1].energy_wh - raw->samples[i].energy_wh);
}

/* @return number of edges. */
static int64_t energies(const struct ee_observation *obs, const struct ee_raw_all *raw,
			int position, double energy_wh[EE_EDGES_MAX])
{
	int64_t n = 0;
	size_t hint = 0;

	for (size_t i = 0; i < raw->n_edges && n < EE_EDGES_MAX; i++) {
		const struct edge *e = &raw->edges[i];

		if (e->position == position &&
		    e->seq - obs->seq_first <= obs->seq_last - obs->seq_first)
			energy_wh[n++] = energy_at(raw, host_s(raw, e->t_reader_ns), &hint);
	}
	return n;
}

double campaign_white_U_pct(const struct ee_setup *setup, const struct ee_observation *obs,
			    const struct ee_raw_all *raw, int position)
{
	static double energy_wh[EE_EDGES_MAX];
	struct budget all = { 0 };
	double mean = 0, s_xy = 0, s_rr = 0, s, b;
	int64_t n;

	if (!isfinite(obs->err_pct) || raw->pairs[0].n < 2 || raw->n_samples < 2 ||
	    !(setup->kh_wh > 0))
		return NAN;
	n = energies(obs, raw, position, energy_wh);
	if (n < 5 || n != obs->n_accepted || n != obs->n_intervals + 1)
		return NAN;
	s = (double)n * ((double)n * (double)n - 1) / 12;
	for (int64_t i = 0; i < n; i++)
		mean += energy_wh[i] / (double)n;
	for (int64_t i = 0; i < n; i++)
		s_xy += ((double)i - (double)(n - 1) / 2) * (energy_wh[i] - mean);
	b = s_xy / s;
	for (int64_t i = 0; i < n; i++) {
		const double r = energy_wh[i] - mean - b * ((double)i - (double)(n - 1) / 2);

		s_rr += r * r;
	}
	budget_add(&all, 100 * sqrt(s_rr / (double)(n - 2) / s) / b, 1 + obs->err_pct / 100,
		   (double)(n - 2));
	budget_add(&all, obs->u_b_pct, 1, obs->dof_b);
	return budget_coverage(P_K2, budget_dof(&all)) * budget_u(&all);
}
