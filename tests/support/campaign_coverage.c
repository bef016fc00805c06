/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/campaign_coverage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names: load, Kh, grid in cycles, update of the register; then what is special. Two cells have almost no type B: there
 * the estimator is alone. */
#define NORMAL .u_certificate_pct = 0.010
#define MIXED .u_certificate_pct = 0.010, .drift_pct = 0.010, .ratio_pct = 0.020
#define SMALL .u_certificate_pct = 0.002
#define GAUSSIAN .u_certificate_pct = 0.040, .grid_cycles = 0
#define QUIET .latency_jitter_s = 0.0003, .update_jitter_s = 0.001, .answer_jitter_s = 0.001
#define LOUD .latency_jitter_s = 0.0003, .update_jitter_s = 0.002, .answer_jitter_s = 0.010
#define PHASE .ref_phase_min = 0.1, .pos_phase_min = 0.3
#define FLOOR .floor_a_pct = 0.05

const struct campaign_cell coverage_cells[COVERAGE_CELLS] = {
	{ "48 kW Kh 1.0 grid 1 1.0 s", 2, 200, 1, 1.0, .grid_cycles = 1, .update_s = 1, QUIET,
	  NORMAL, FLOOR },
	{ "48 kW Kh 1.0 grid 0 1.0 s", 2, 200, 1, 1.0, .grid_cycles = 0, .update_s = 1, QUIET,
	  NORMAL, FLOOR },
	{ "48 kW Kh 1.0 grid 0 1.0 s loud alone", 2, 200, 1, 1.0, .grid_cycles = 0, .update_s = 1,
	  LOUD, SMALL, FLOOR },
	{ "48 kW Kh 1.0 grid 1 0.5 s loud", 2, 200, 1, 1.0, .grid_cycles = 1, .update_s = 0.5, LOUD,
	  MIXED, FLOOR },
	{ "48 kW Kh 7.2 grid 1 0.1 s", 2, 200, 1, 7.2, .grid_cycles = 1, .update_s = 0.1, QUIET,
	  MIXED, FLOOR },
	{ "24 kW Kh 1.8 grid 1 0.5 s", 2, 100, 1, 1.8, .grid_cycles = 1, .update_s = 0.5, QUIET,
	  NORMAL, FLOOR },
	{ "24 kW Kh 1.0 grid 0 1.0 s loud", 2, 100, 1, 1.0, .grid_cycles = 0, .update_s = 1, LOUD,
	  NORMAL, FLOOR },
	{ "12 kW Kh 7.2 grid 1 0.5 s", 2, 50, 1, 7.2, .grid_cycles = 1, .update_s = 0.5, QUIET,
	  MIXED, FLOOR },
	{ "12 kW Kh 1.0 grid 1 0.2 s beat", 2, 50, 1, 1.0, .grid_cycles = 1, .update_s = 0.2, QUIET,
	  SMALL, FLOOR },
	{ "12 kW Kh 1.0 grid 0 0.5 s PF 0.5", 2, 100, 0.5, 1.0, .grid_cycles = 0, .update_s = 0.5,
	  QUIET, MIXED, PHASE, FLOOR },
	{ "6 kW Kh 1.8 grid 1 0.5 s PF 0.5", 2, 50, 0.5, 1.8, .grid_cycles = 1, .update_s = 0.5,
	  QUIET, MIXED, PHASE, FLOOR },
	{ "3 kW Kh 1.0 grid 1 0.5 s 1 el.", 1, 25, 1, 1.0, .grid_cycles = 1, .update_s = 0.5, QUIET,
	  NORMAL, FLOOR },
	{ "3 kW Kh 7.2 grid 0 1.0 s 1 el.", 1, 25, 1, 7.2, .grid_cycles = 0, .update_s = 1, LOUD,
	  MIXED, FLOOR },
	{ "3 kW Kh 1.0 grid 0 0.5 s noise", 1, 25, 1, 1.0, .grid_cycles = 0, .update_s = 0.5, QUIET,
	  NORMAL, .noise_1s_pct = 0.05, FLOOR },
	{ "12 kW Kh 1.8 grid 1 0.5 s network", 4, 50, 1, 1.8, .grid_cycles = 1, .update_s = 0.5,
	  QUIET, MIXED, FLOOR },
	{ "12 kW Kh 1.8 grid 1 0.5 s floor 0.02", 2, 50, 1, 1.8, .grid_cycles = 1, .update_s = 0.5,
	  QUIET, NORMAL, .floor_a_pct = 0.02 },
	{ "12 kW Kh 1.8 grid 1 1.0 s no model", 2, 50, 1, 1.8, .grid_cycles = 1, .update_s = 1,
	  QUIET, NORMAL, .no_model = true, .floor_a_pct = 0.10 },
	{ "1.2 kW Kh 1.0 grid 1 0.5 s", 2, 5, 1, 1.0, .grid_cycles = 1, .update_s = 0.5, QUIET,
	  NORMAL, FLOOR },
	{ "300 W Kh 1.0 grid 0 1.0 s loud", 2, 1.25, 1, 1.0, .grid_cycles = 0, .update_s = 1, LOUD,
	  NORMAL, FLOOR },
	{ "300 W Kh 7.2 grid 1 1.0 s", 2, 1.25, 1, 7.2, .grid_cycles = 1, .update_s = 1, QUIET,
	  MIXED, FLOOR },
	{ "24 kW Kh 3.6 grid 1 1.0 s loud", 2, 100, 1, 3.6, .grid_cycles = 1, .update_s = 1, LOUD,
	  MIXED, FLOOR },
	{ "600 W Kh 1.8 grid 1 0.2 s", 2, 2.5, 1, 1.8, .grid_cycles = 1, .update_s = 0.2, QUIET,
	  NORMAL, FLOOR },
	{ "6 kW Kh 3.6 grid 1 0.1 s 1 el.", 1, 50, 1, 3.6, .grid_cycles = 1, .update_s = 0.1, QUIET,
	  MIXED, FLOOR },
	{ "12 kW Kh 7.2 grid 1 1.0 s network loud", 4, 50, 1, 7.2, .grid_cycles = 1, .update_s = 1,
	  LOUD, MIXED, FLOOR },
	{ "24 kW Kh 1.0 grid 1 0.5 s network PF 0.5", 4, 200, 0.5, 1.0, .grid_cycles = 1,
	  .update_s = 0.5, QUIET, MIXED, PHASE, FLOOR },
	{ "12 kW Kh 1.8 grid 1 0.5 s load drifts", 2, 50, 1, 1.8, .grid_cycles = 1, .update_s = 0.5,
	  QUIET, NORMAL, .source_drift_pct = 0.10, .source_drift_s = 20, FLOOR },
	{ "3 kW Kh 1.8 grid 0 0.1 s 1 el. PF 0.5", 1, 50, 0.5, 1.8, .grid_cycles = 0,
	  .update_s = 0.1, QUIET, MIXED, PHASE, FLOOR },
	{ "12 kW Kh 1.0 grid 0 0.5 s no model", 2, 50, 1, 1.0, .grid_cycles = 0, .update_s = 0.5,
	  QUIET, NORMAL, .no_model = true, .floor_a_pct = 0.10 },
	{ "48 kW Kh 1.0 grid 1 0.2 s typical meters", 2, 200, 1, 1.0, .grid_cycles = 1,
	  .update_s = 0.2, QUIET, NORMAL, .typical = true, FLOOR },
	{ "3 kW Kh 1.0 grid 1 0.5 s 1 el. typical meters", 1, 25, 1, 1.0, .grid_cycles = 1,
	  .update_s = 0.5, QUIET, NORMAL, .typical = true, FLOOR },
	{ "48 kW Kh 1.0 grid 0 1.0 s cert.", 2, 200, 1, 1.0, .update_s = 1, QUIET, GAUSSIAN,
	  FLOOR },
	{ "24 kW Kh 1.8 grid 0 0.5 s cert.", 2, 100, 1, 1.8, .update_s = 0.5, QUIET, GAUSSIAN,
	  FLOOR },
	{ "12 kW Kh 7.2 grid 0 0.1 s cert.", 2, 50, 1, 7.2, .update_s = 0.1, QUIET, GAUSSIAN,
	  FLOOR },
	{ "6 kW Kh 1.0 grid 0 0.5 s cert. PF 0.5", 2, 50, 0.5, 1.0, .update_s = 0.5, QUIET,
	  GAUSSIAN, FLOOR },
	{ "3 kW Kh 1.0 grid 0 1.0 s cert. 1 el.", 1, 25, 1, 1.0, .update_s = 1, LOUD, GAUSSIAN,
	  FLOOR },
	{ "12 kW Kh 1.8 grid 0 0.5 s cert. network", 4, 50, 1, 1.8, .update_s = 0.5, QUIET,
	  GAUSSIAN, FLOOR },
	{ "12 kW Kh 1.0 grid 0 0.5 s half: edges", 2, 50, 1, 1.0, .grid_cycles = 0, .update_s = 0.5,
	  .latency_jitter_s = 0.020, .update_jitter_s = 0.001, .answer_jitter_s = 0.001, SMALL,
	  .half_declared = true, FLOOR },
	{ "1.2 kW Kh 1.0 grid 0 0.5 s half: edges", 2, 5, 1, 1.0, .grid_cycles = 0, .update_s = 0.5,
	  .latency_jitter_s = 0.020, .update_jitter_s = 0.001, .answer_jitter_s = 0.001, SMALL,
	  .half_declared = true, FLOOR },
	{ "48 kW Kh 1.0 grid 0 1.0 s half: register", 2, 200, 1, 1.0, .grid_cycles = 0,
	  .update_s = 1, .latency_jitter_s = 0.0003, .update_jitter_s = 0.030,
	  .answer_jitter_s = 0.001, SMALL, .half_declared = true, FLOOR },
	{ "12 kW Kh 1.8 grid 1 0.5 s half: grid", 2, 50, 1, 1.8, .grid_cycles = 1, .update_s = 0.5,
	  QUIET, SMALL, .half_declared = true, FLOOR },
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
	c->n_stop[r->obs.stop]++;
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

bool coverage_is_gaussian(const struct campaign_cell *c)
{
	return !(c->grid_cycles > 0 || c->drift_pct > 0 || c->ratio_pct > 0 ||
		 c->ref_phase_min > 0 || c->pos_phase_min > 0 || c->half_declared) &&
	       c->u_certificate_pct > c->floor_a_pct / 2;
}

double coverage_min(const struct campaign_cell *c)
{
	return c->half_declared ? 0.90 : 0.94;
}

bool coverage_passes(const struct campaign_cell *cell, const struct coverage *c)
{
	return c->n_not_done == 0 && (double)c->n_inside >= coverage_min(cell) * (double)c->n;
}

double coverage_inside_pct(const struct coverage *c)
{
	return c->n_figures ? 100.0 * c->n_inside / c->n_figures : NAN;
}

double coverage_excess(const struct coverage *c)
{
	return c->mean_U_pct / c->quantile_pct;
}

/* ---- tables ---- */
void coverage_print_head(void)
{
	printf("| %-42s | inside %% | mean U %% | 95.45 %% | U/q | A: rms/u | B: rms/u | edge, "
	       "ref., B "
	       "%% of variance | void %% | wrong |\n",
	       "cell");
	printf("|---|---|---|---|---|---|---|---|---|---|\n");
}

void coverage_print(const char *name, const struct coverage *c)
{
	printf("| %-42s | %6.2f | %.4f | %.4f | %.2f | %.2f | %.2f | %3.0f %3.0f %3.0f | %.2f | %d "
	       "|\n",
	       name, coverage_inside_pct(c), c->mean_U_pct, c->quantile_pct, coverage_excess(c),
	       c->rms_a_ratio, c->rms_b_ratio, 100 * c->share_edge, 100 * c->share_ref,
	       100 * c->share_b, 100 * (double)(c->n_void + c->n_not_done) / c->n, c->n_contrary);
}

void coverage_print_stop_head(void)
{
	printf("| %-42s | guaranteed %% | no more information %% | cap %% | used s | minimum s | "
	       "used/min "
	       "|\n",
	       "cell");
	printf("|---|---|---|---|---|---|---|\n");
}

void coverage_print_stop(const char *name, const struct coverage *c)
{
	const double part = c->n_figures ? 100.0 / c->n_figures : NAN;

	printf("| %-42s | %.1f | %.1f | %.1f | %.1f | %.1f | %.2f |\n", name,
	       part * c->n_stop[EE_STOP_GUARANTEED], part * c->n_stop[EE_STOP_NO_MORE_INFORMATION],
	       part * c->n_stop[EE_STOP_CAP], c->mean_used_s, c->mean_min_s,
	       c->mean_used_s / c->mean_min_s);
}

void coverage_print_trouble(const char *name, const struct campaign_run *runs, int n)
{
	int told = 0;

	for (int i = 0; i < n && told < 3; i++) {
		const struct campaign_run *r = &runs[i];

		if (r->done && r->verdict != EE_VOID && r->cause == EE_CAUSE_NONE)
			continue;
		printf("* %s, seed %llu: %s, %s; %s\n", name, (unsigned long long)r->seed,
		       ee_verdict_word(r->verdict), ee_cause_word(r->cause),
		       r->done ? "done" : r->why);
		told++;
	}
}
