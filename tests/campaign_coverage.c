/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_coverage.c - coverage of the stated uncertainty over loads, meters and reference registers.
 *
 * campaign_coverage [--runs N] [--cell K] [--seed S] [--white]
 *
 * --white is the control that must fail: it puts the uncertainty of independent residuals in place of the estimator's. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/campaign_coverage.h"
#include "tests/support/campaign_wish.h"

/* The first two are still to be reached; the third must hold. */
static bool against_targets(const struct coverage *pooled, double worst_ratio, const char *worst)
{
	const double inside =
		100.0 * pooled->n_inside / (pooled->n_figures ? pooled->n_figures : 1);
	const bool quiet = pooled->n_void <= COVERAGE_VOID_MAX * pooled->n;

	printf("pooled coverage %.2f %%, target >= 94.5 %%: %s\n", inside,
	       inside >= 94.5 ? "reached" : "MISSED");
	printf("largest mean U / quantile %.2f (%s), target <= 1.5: %s\n", worst_ratio, worst,
	       worst_ratio <= 1.5 ? "reached" : "MISSED");
	printf("void %.2f %%, at most %.1f %%: %s\n", 100.0 * pooled->n_void / pooled->n,
	       100 * COVERAGE_VOID_MAX, quiet ? "reached" : "MISSED");
	return quiet;
}

int main(int argc, char **argv)
{
	struct campaign_wish w = { .runs = 1000, .seed = 1000000 };
	struct campaign_run *all;
	struct coverage c;
	const char *worst = "";
	double worst_ratio = 0;
	int total = 0, failed = 0;
	bool quiet;

	if (!campaign_wish_read(argc, argv, COVERAGE_CELLS, &w))
		return 2;
	all = calloc((size_t)w.runs * COVERAGE_CELLS, sizeof(*all));
	if (!all)
		return 1;
	printf("%d runs a cell, seeds from %llu%s\n", w.runs, (unsigned long long)w.seed,
	       w.white ? "; residuals taken as independent: must fail" : "");
	coverage_print_head();
	for (int i = 0; i < COVERAGE_CELLS; i++) {
		struct campaign_run *runs = all + total;

		if (w.cell && w.cell != i + 1)
			continue;
		if (campaign_cell_run(&coverage_cells[i], w.seed + (uint64_t)i * 100000, w.runs,
				      runs) < 0)
			failed++;
		total += w.runs;
		coverage_summarise(runs, w.runs, w.white, &c);
		coverage_print(coverage_cells[i].name, &c);
		coverage_print_trouble(runs, w.runs);
		failed += !coverage_passes(&c);
		if (c.mean_U_pct / c.quantile_pct > worst_ratio) {
			worst_ratio = c.mean_U_pct / c.quantile_pct;
			worst = coverage_cells[i].name;
		}
		fflush(stdout);
	}
	coverage_summarise(all, total, w.white, &c);
	coverage_print("pooled", &c);
	quiet = against_targets(&c, worst_ratio, worst);
	printf("coverage: %d cells failed\n", failed);
	free(all);
	return failed || !quiet ? 1 : 0;
}
