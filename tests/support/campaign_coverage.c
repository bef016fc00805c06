/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_coverage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names: load, Kh, grid in cycles, update of the register; then what is special. Cells without rectangular terms
 * have a Gaussian type B budget. Two cells have almost none: there the estimator is alone. */
#define GAUSSIAN .u_certificate_pct = 0.010
#define MIXED .u_certificate_pct = 0.010, .drift_pct = 0.010, .ratio_pct = 0.020
#define SMALL .u_certificate_pct = 0.002
#define QUIET .latency_jitter_s = 0.0003, .update_jitter_s = 0.001, .answer_jitter_s = 0.001
#define LOUD .latency_jitter_s = 0.0003, .update_jitter_s = 0.002, .answer_jitter_s = 0.010

const struct campaign_cell coverage_cells[COVERAGE_CELLS] = {
	{ "48 kW Kh 1.0 grid 1 1.0 s", 2, 200, 1, 1.0, 1, QUIET, .update_s = 1, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "48 kW Kh 1.0 grid 0 1.0 s", 2, 200, 1, 1.0, 0, QUIET, .update_s = 1, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "48 kW Kh 1.0 grid 0 1.0 s loud alone", 2, 200, 1, 1.0, 0, LOUD, .update_s = 1, SMALL,
	  .floor_a_pct = 0.05 },
	{ "48 kW Kh 1.0 grid 1 0.5 s loud", 2, 200, 1, 1.0, 1, LOUD, .update_s = 0.5, MIXED,
	  .floor_a_pct = 0.05 },
	{ "48 kW Kh 7.2 grid 1 0.1 s", 2, 200, 1, 7.2, 1, QUIET, .update_s = 0.1, MIXED,
	  .floor_a_pct = 0.05 },
	{ "24 kW Kh 1.8 grid 1 0.5 s", 2, 100, 1, 1.8, 1, QUIET, .update_s = 0.5, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "24 kW Kh 1.0 grid 0 1.0 s loud", 2, 100, 1, 1.0, 0, LOUD, .update_s = 1, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "12 kW Kh 7.2 grid 1 0.5 s", 2, 50, 1, 7.2, 1, QUIET, .update_s = 0.5, MIXED,
	  .floor_a_pct = 0.05 },
	{ "12 kW Kh 1.0 grid 1 0.2 s beat", 2, 50, 1, 1.0, 1, QUIET, .update_s = 0.2, SMALL,
	  .floor_a_pct = 0.05 },
	{ "12 kW Kh 1.0 grid 0 0.5 s PF 0.5", 2, 100, 0.5, 1.0, 0, QUIET, .update_s = 0.5, MIXED,
	  .ref_phase_min = 0.1, .pos_phase_min = 0.3, .floor_a_pct = 0.05 },
	{ "6 kW Kh 1.8 grid 1 0.5 s PF 0.5", 2, 50, 0.5, 1.8, 1, QUIET, .update_s = 0.5, MIXED,
	  .ref_phase_min = 0.1, .pos_phase_min = 0.3, .floor_a_pct = 0.05 },
	{ "3 kW Kh 1.0 grid 1 0.5 s 1 el.", 1, 25, 1, 1.0, 1, QUIET, .update_s = 0.5, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "3 kW Kh 7.2 grid 0 1.0 s 1 el.", 1, 25, 1, 7.2, 0, LOUD, .update_s = 1, MIXED,
	  .floor_a_pct = 0.05 },
	{ "3 kW Kh 1.0 grid 0 0.5 s noise", 1, 25, 1, 1.0, 0, QUIET, .update_s = 0.5, GAUSSIAN,
	  .noise_1s_pct = 0.05, .floor_a_pct = 0.05 },
	{ "12 kW Kh 1.8 grid 1 0.5 s network", 4, 50, 1, 1.8, 1, QUIET, .update_s = 0.5, MIXED,
	  .floor_a_pct = 0.05 },
	{ "12 kW Kh 1.8 grid 1 0.5 s floor 0.02", 2, 50, 1, 1.8, 1, QUIET, .update_s = 0.5,
	  GAUSSIAN, .floor_a_pct = 0.02 },
	{ "12 kW Kh 1.8 grid 1 1.0 s no model", 2, 50, 1, 1.8, 1, QUIET, .update_s = 1, GAUSSIAN,
	  .no_model = true, .floor_a_pct = 0.10 },
	{ "1.2 kW Kh 1.0 grid 1 0.5 s", 2, 5, 1, 1.0, 1, QUIET, .update_s = 0.5, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "300 W Kh 1.0 grid 0 1.0 s loud", 2, 1.25, 1, 1.0, 0, LOUD, .update_s = 1, GAUSSIAN,
	  .floor_a_pct = 0.05 },
	{ "300 W Kh 7.2 grid 1 1.0 s", 2, 1.25, 1, 7.2, 1, QUIET, .update_s = 1, MIXED,
	  .floor_a_pct = 0.05 },
};

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool is_contrary(const struct campaign_run *r)
{
	const bool conforms = fabs(r->truth_pct) <= 1;

	return r->obs.stop == EE_STOP_GUARANTEED && ((r->verdict == EE_CONFORMING && !conforms) ||
						     (r->verdict == EE_NONCONFORMING && conforms));
}

/* Sums over the runs that have a figure; divided at the end. */
static void add_figure(const struct campaign_run *r, double U_pct, double deviation[],
		       struct coverage *c, double sum[6])
{
	const double d = r->obs.err_pct - r->truth_pct, d_a = d - r->type_b_pct;

	deviation[c->n_figures++] = fabs(d);
	c->n_inside += fabs(d) <= U_pct;
	c->n_not_guaranteed += r->obs.stop != EE_STOP_GUARANTEED;
	c->n_contrary += is_contrary(r);
	c->mean_U_pct += U_pct;
	c->mean_used_s += r->used_s;
	c->mean_min_s += r->obs.physical_min_s;
	sum[0] += d_a * d_a;
	sum[1] += r->obs.u_a_pct * r->obs.u_a_pct;
	sum[2] += r->type_b_pct * r->type_b_pct;
	sum[3] += r->obs.u_b_pct * r->obs.u_b_pct;
	sum[4] += r->obs.u_edge_pct * r->obs.u_edge_pct;
	sum[5] += r->obs.u_ref_pct * r->obs.u_ref_pct;
}

static void divide(const double *deviation, const double sum[6], struct coverage *c)
{
	const double n = c->n_figures;

	if (c->n_figures == 0) {
		c->mean_U_pct = c->quantile_pct = c->mean_used_s = c->mean_min_s = NAN;
		return;
	}
	c->mean_U_pct /= n;
	c->mean_used_s /= n;
	c->mean_min_s /= n;
	c->quantile_pct = deviation[(int)(0.9545 * (n - 1) + 0.5)];
	c->rms_a_ratio = sqrt(sum[0] / sum[1]);
	c->rms_b_ratio = sqrt(sum[2] / sum[3]);
	c->share_edge = sum[4] / (sum[1] + sum[3]);
	c->share_ref = sum[5] / (sum[1] + sum[3]);
	c->share_b = sum[3] / (sum[1] + sum[3]);
}

void coverage_summarise(const struct campaign_run *runs, int n, bool white, struct coverage *out)
{
	struct coverage c = { .n = n };
	double *deviation = malloc((size_t)n * sizeof(*deviation)), sum[6] = { 0 };

	for (int i = 0; i < n && deviation; i++) {
		const struct campaign_run *r = &runs[i];
		const double U_pct = white ? r->white_U_pct : r->obs.U_pct;

		c.n_not_done += !r->done;
		if (!r->done)
			continue;
		if (r->verdict == EE_VOID || r->cause != EE_CAUSE_NONE || !isfinite(r->truth_pct) ||
		    !isfinite(U_pct))
			c.n_void++;
		else
			add_figure(r, U_pct, deviation, &c, sum);
	}
	if (deviation)
		qsort(deviation, (size_t)c.n_figures, sizeof(*deviation), compare);
	divide(deviation, sum, &c);
	free(deviation);
	*out = c;
}

bool coverage_passes(const struct coverage *c)
{
	return c->n_not_done == 0 && c->n_figures > 0 &&
	       (double)c->n_inside >= COVERAGE_MIN * (double)c->n_figures;
}

void coverage_print_head(void)
{
	printf("%-38s %6s %8s %8s %6s %8s %8s %6s %6s %5s %6s %6s %5s %5s %5s\n", "", "inside",
	       "mean U", "95.45 %", "U/q", "used", "minimum", "other", "void", "wrong", "A:rms",
	       "B:rms", "edge", "ref.", "B");
	printf("%-38s %6s %8s %8s %6s %8s %8s %6s %6s %5s %6s %6s %17s\n", "cell", "%", "%", "%",
	       "", "s", "s", "stop %", "%", "", "/u_A", "/u_B", "% of variance");
}

void coverage_print(const char *name, const struct coverage *c)
{
	const double n = c->n_figures ? c->n_figures : 1;

	printf("%-38s %6.2f %8.4f %8.4f %6.2f %8.1f %8.1f %6.1f %6.2f %5d %6.2f %6.2f %5.0f %5.0f "
	       "%5.0f%s\n",
	       name, 100 * c->n_inside / n, c->mean_U_pct, c->quantile_pct,
	       c->mean_U_pct / c->quantile_pct, c->mean_used_s, c->mean_min_s,
	       100 * c->n_not_guaranteed / n, 100 * (double)(c->n_void + c->n_not_done) / c->n,
	       c->n_contrary, c->rms_a_ratio, c->rms_b_ratio, 100 * c->share_edge,
	       100 * c->share_ref, 100 * c->share_b, coverage_passes(c) ? "" : "  FAILS");
}

void coverage_print_trouble(const struct campaign_run *runs, int n)
{
	int told = 0;

	for (int i = 0; i < n && told < 3; i++) {
		const struct campaign_run *r = &runs[i];

		if (r->done && r->verdict != EE_VOID && r->cause == EE_CAUSE_NONE)
			continue;
		printf("    seed %llu: %s, %s; %s\n", (unsigned long long)r->seed,
		       ee_verdict_word(r->verdict), ee_cause_word(r->cause),
		       r->done ? "done" : r->why);
		told++;
	}
}
