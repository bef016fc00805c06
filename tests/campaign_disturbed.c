/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_disturbed.c - what is wrong is told: missed, spurious and bouncing pulses in several strengths.
 *
 * campaign_disturbed [--runs N] [--cell K] [--seed S] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/campaign_disturbed.h"
#include "tests/support/campaign_wish.h"

static void add(struct disturbed *sum, const struct disturbed *d)
{
	sum->n += d->n;
	sum->n_not_done += d->n_not_done;
	sum->n_flagged += d->n_flagged;
	sum->n_wrong_flagged += d->n_wrong_flagged;
	sum->n_wrong += d->n_wrong;
}

int main(int argc, char **argv)
{
	struct campaign_wish w = { .runs = 100, .seed = 5000000 };
	struct disturbed d, all = { 0 }, clean = { 0 };
	struct campaign_run *runs;
	int failed = 0;
	bool quiet;

	if (!campaign_wish_read(argc, argv, DISTURBED_CELLS, &w) || w.white)
		return 2;
	runs = calloc((size_t)w.runs, sizeof(*runs));
	if (!runs)
		return 1;
	printf("%d runs a cell, seeds from %llu\n", w.runs, (unsigned long long)w.seed);
	disturbed_print_head();
	for (int i = 0; i < DISTURBED_CELLS; i++) {
		const struct campaign_cell *cell = &disturbed_cells[i];

		if (w.cell && w.cell != i + 1)
			continue;
		if (campaign_cell_run(cell, w.seed + (uint64_t)i * 100000, w.runs, runs) < 0)
			failed++;
		disturbed_summarise(cell, runs, w.runs, &d);
		disturbed_print(cell->name, &d);
		disturbed_print_wrong(cell, runs, w.runs);
		fflush(stdout);
		add(&all, &d);
		if (disturbed_is_clean(cell))
			add(&clean, &d);
	}
	if (all.n)
		disturbed_print("all", &all);
	quiet = clean.n == 0 || clean.n_flagged <= 0.005 * clean.n;
	printf("clean runs flagged: %d of %d, at most 0.5 %%: %s\n", clean.n_flagged, clean.n,
	       quiet ? "reached" : "MISSED");
	failed += !disturbed_passes(&all) + !quiet;
	free(runs);
	return failed ? 1 : 0;
}
