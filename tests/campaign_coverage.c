/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_coverage.c - coverage of the stated uncertainty over loads, meters and reference registers.
 *
 * campaign_coverage [--runs N] [--cell K] [--seed S] [--white]
 *
 * --white is the control that must fail: it puts the uncertainty of independent residuals in place of the estimator's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/campaign_coverage.h"

static const struct option_of {
	const char *name;
	int index;
} options[] = { { "--runs", 0 }, { "--cell", 1 }, { "--seed", 2 } };

struct wish {
	long value[3];
	bool white;
};

static bool read_wish(int argc, char **argv, struct wish *w)
{
	for (int i = 1; i < argc; i++) {
		bool known = strcmp(argv[i], "--white") == 0;

		w->white |= known;
		for (int k = 0; k < 3 && !known && i + 1 < argc; k++) {
			if (strcmp(argv[i], options[k].name) != 0)
				continue;
			w->value[options[k].index] = strtol(argv[++i], NULL, 10);
			known = true;
		}
		if (!known)
			return false;
	}
	return w->value[0] > 0 && w->value[1] >= 0 && w->value[1] <= COVERAGE_CELLS &&
	       w->value[2] > 0;
}

static void against_targets(const struct coverage *pooled, double worst_ratio, const char *worst)
{
	const double inside =
		100.0 * pooled->n_inside / (pooled->n_figures ? pooled->n_figures : 1);

	printf("pooled coverage %.2f %%, target >= 94.5 %%: %s\n", inside,
	       inside >= 94.5 ? "reached" : "MISSED");
	printf("largest mean U / quantile %.2f (%s), target <= 1.5: %s\n", worst_ratio, worst,
	       worst_ratio <= 1.5 ? "reached" : "MISSED");
}

int main(int argc, char **argv)
{
	struct wish w = { .value = { 1000, 0, 1000000 } };
	struct campaign_run *all;
	struct coverage c;
	const char *worst = "";
	double worst_ratio = 0;
	int n, total = 0, failed = 0;

	if (!read_wish(argc, argv, &w)) {
		fprintf(stderr,
			"usage: campaign_coverage [--runs N] [--cell 1..%d] [--seed S] [--white]\n",
			COVERAGE_CELLS);
		return 2;
	}
	n = (int)w.value[0];
	all = calloc((size_t)n * COVERAGE_CELLS, sizeof(*all));
	if (!all)
		return 1;
	printf("%d runs a cell, seeds from %ld%s\n", n, w.value[2],
	       w.white ? "; white residuals: must fail" : "");
	coverage_print_head();
	for (int i = 0; i < COVERAGE_CELLS; i++) {
		struct campaign_run *runs = all + total;

		if (w.value[1] && w.value[1] != i + 1)
			continue;
		if (campaign_cell_run(&coverage_cells[i],
				      (uint64_t)w.value[2] + (uint64_t)i * 100000, n, runs) < 0)
			failed++;
		total += n;
		coverage_summarise(runs, n, w.white, &c);
		coverage_print(coverage_cells[i].name, &c);
		coverage_print_trouble(runs, n);
		failed += !coverage_passes(&c);
		if (c.mean_U_pct / c.quantile_pct > worst_ratio) {
			worst_ratio = c.mean_U_pct / c.quantile_pct;
			worst = coverage_cells[i].name;
		}
		fflush(stdout);
	}
	coverage_summarise(all, total, w.white, &c);
	coverage_print("pooled", &c);
	against_targets(&c, worst_ratio, worst);
	printf("coverage: %d cells failed\n", failed);
	free(all);
	return failed ? 1 : 0;
}
