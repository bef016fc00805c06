/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_coverage.c - coverage of the stated uncertainty over loads, meters and reference registers.
 *
 * campaign_coverage [--runs N] [--cell K] [--seed S] [--white]
 *
 * --white is the control that must fail: it puts the uncertainty of independent residuals in place of the estimator's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/campaign_coverage.h"
#include "tests/support/campaign_section.h"
#include "tests/support/campaign_wish.h"

enum group { ORDINARY, GAUSSIAN, HALF, GROUPS };
static const char *const group_name[GROUPS] = { "pooled", "pooled, Gaussian budget",
						"pooled, half declared" };
static struct coverage cell_sum[COVERAGE_CELLS], group_sum[GROUPS];

static bool is_in(const struct campaign_cell *c, enum group g)
{
	return g == ORDINARY   ? !c->half_declared
	       : g == GAUSSIAN ? coverage_is_gaussian(c)
			       : c->half_declared;
}

static bool is_wanted(const struct campaign_wish *w, int cell)
{
	return w->cell == 0 || w->cell == cell + 1;
}

static const struct campaign_run *runs_of(const struct campaign_wish *w,
					  const struct campaign_run *all, int cell)
{
	return all + (size_t)(w->cell ? 0 : cell) * (size_t)w->runs;
}

/* Every cell, the table row by row; its runs go to @p all. @return false: some could not be run. */
static bool run_cells(const struct campaign_wish *w, struct campaign_run *all)
{
	bool ok = true;

	coverage_print_head();
	for (int i = 0; i < COVERAGE_CELLS; i++) {
		struct campaign_run *runs = all + (runs_of(w, all, i) - all);

		if (!is_wanted(w, i))
			continue;
		if (campaign_cell_run(&coverage_cells[i], w->seed + (uint64_t)i * 100000, w->runs,
				      runs) < 0)
			ok = false;
		coverage_summarise(runs, w->runs, w->white, &cell_sum[i]);
		coverage_print(coverage_cells[i].name, &cell_sum[i]);
		fflush(stdout);
	}
	return ok;
}

static void pool(const struct campaign_wish *w, const struct campaign_run *all, enum group g)
{
	struct campaign_run *part = malloc(sizeof(*part) * (size_t)w->runs * COVERAGE_CELLS);
	int n = 0;

	for (int i = 0; i < COVERAGE_CELLS && part; i++) {
		if (!is_wanted(w, i) || !is_in(&coverage_cells[i], g))
			continue;
		memcpy(part + n, runs_of(w, all, i), sizeof(*part) * (size_t)w->runs);
		n += w->runs;
	}
	if (n > 0)
		coverage_summarise(part, n, w->white, &group_sum[g]);
	free(part);
}

static void print_stops(const struct campaign_wish *w)
{
	printf("\nStops, time from arming to the last look (settling apart), and the physical "
	       "minimum:\n\n");
	coverage_print_stop_head();
	for (int i = 0; i < COVERAGE_CELLS; i++)
		if (is_wanted(w, i))
			coverage_print_stop(coverage_cells[i].name, &cell_sum[i]);
	for (int g = 0; g < GROUPS; g++)
		if (group_sum[g].n)
			coverage_print_stop(group_name[g], &group_sum[g]);
}

/* ---- targets ---- */

/* Too little coverage anywhere. */
static bool cells_cover(const struct campaign_wish *w, enum group g, double min)
{
	bool ok = true;

	for (int i = 0; i < COVERAGE_CELLS; i++) {
		const struct campaign_cell *c = &coverage_cells[i];

		if (!is_wanted(w, i) || !is_in(c, g) || coverage_passes(c, &cell_sum[i]))
			continue;
		ok = section_target(false,
				    "coverage %.2f %%, runs without a figure counted, in \"%s\", "
				    "target >= %.1f %%",
				    100.0 * cell_sum[i].n_inside / cell_sum[i].n, c->name,
				    100 * min);
	}
	if (ok)
		section_target(true, "coverage >= %.1f %% in every cell%s", 100 * min,
			       g == HALF ? " whose declared values are half the truth" : "");
	return ok;
}

/* Too careful somewhere: costs time, hurts nobody. */
static void cells_are_tight(const struct campaign_wish *w)
{
	bool ok = true;

	for (int i = 0; i < COVERAGE_CELLS; i++) {
		const double excess = coverage_excess(&cell_sum[i]);

		if (!is_wanted(w, i) || !is_in(&coverage_cells[i], ORDINARY) || excess <= 1.5)
			continue;
		ok = section_target(false,
				    "mean U is %.3f times the quantile in \"%s\", target <= 1.5",
				    excess, coverage_cells[i].name);
	}
	if (ok)
		section_target(true, "mean U at most 1.5 times the quantile in every cell");
}

/* @return false: too little. Too much is only reported. */
static bool gaussian_cells(const struct campaign_wish *w)
{
	const double inside = coverage_inside_pct(&group_sum[GAUSSIAN]);

	section_target(
		inside >= 95 && inside <= 97,
		"pooled coverage over the cells with a Gaussian budget %.2f %%, target 95 to 97 %%",
		inside);
	printf("\nGaussian budget: more than half of the variance is a certificate's, normal, and "
	       "there is "
	       "neither grid nor\nrectangular term:");
	for (int i = 0; i < COVERAGE_CELLS; i++)
		if (is_wanted(w, i) && is_in(&coverage_cells[i], GAUSSIAN))
			printf(" \"%s\"", coverage_cells[i].name);
	printf(".\n");
	return inside >= 95;
}

/* @return false: a figure is not to be trusted. */
static bool against_targets(const struct campaign_wish *w)
{
	const struct coverage *all = &group_sum[ORDINARY];
	bool ok = true;

	printf("\n");
	if (all->n) {
		ok &= section_target(coverage_inside_pct(all) >= 94.5,
				     "pooled coverage %.2f %%, target >= 94.5 %%",
				     coverage_inside_pct(all));
		ok &= cells_cover(w, ORDINARY, 0.94);
		ok &= section_target(all->n_void + all->n_not_done <= COVERAGE_VOID_MAX * all->n,
				     "void %.3f %%, at most %.1f %%",
				     100.0 * (all->n_void + all->n_not_done) / all->n,
				     100 * COVERAGE_VOID_MAX);
		cells_are_tight(w);
	}
	if (group_sum[HALF].n)
		ok &= cells_cover(w, HALF, 0.90);
	if (group_sum[GAUSSIAN].n)
		ok &= gaussian_cells(w);
	return ok;
}

int main(int argc, char **argv)
{
	struct campaign_wish w = { .runs = 4000, .seed = 1000000 };
	struct campaign_run *all;
	bool ok;

	if (!campaign_wish_read(argc, argv, COVERAGE_CELLS, &w))
		return 2;
	all = calloc((size_t)w.runs * (w.cell ? 1 : COVERAGE_CELLS), sizeof(*all));
	if (!all)
		return 1;
	section_begin("Coverage");
	printf("%d runs a cell, each through the whole stack; run r of cell c (from 1) has the "
	       "seed %llu + "
	       "100000·(c − 1) + r.%s\n\n",
	       w.runs, (unsigned long long)w.seed,
	       w.white ? " Residuals taken as independent: must fail." : "");
	ok = run_cells(&w, all);
	for (int g = 0; g < GROUPS; g++) {
		pool(&w, all, g);
		if (group_sum[g].n)
			coverage_print(group_name[g], &group_sum[g]);
	}
	print_stops(&w);
	ok &= against_targets(&w);
	for (int i = 0; i < COVERAGE_CELLS; i++)
		if (is_wanted(&w, i))
			coverage_print_trouble(coverage_cells[i].name, runs_of(&w, all, i), w.runs);
	section_end();
	free(all);
	return ok ? 0 : 1;
}
