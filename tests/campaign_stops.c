/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_stops.c - the adaptive stop against fixed ones: time of a batch, wrong verdicts, U.
 *
 * campaign_stops [--runs N] [--cell K] [--seed S] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/campaign_section.h"
#include "tests/support/campaign_stops.h"
#include "tests/support/campaign_wish.h"

static struct stops sums[STOP_CELLS][STOP_POPULATIONS];

/* @return false: something was wrong or could not be run. */
static bool run_cell(const struct campaign_wish *w, int cell, struct stops_run *runs)
{
	bool ok = true;

	for (int p = 0; p < STOP_POPULATIONS; p++) {
		struct stops *s = &sums[cell][p];

		if (stops_run_all(&stop_cells[cell], &stop_populations[p],
				  w->seed + (uint64_t)(cell * STOP_POPULATIONS + p) * 100000,
				  w->runs, runs) < 0)
			ok = false;
		stops_summarise(&stop_cells[cell], runs, w->runs, s);
		stops_print_time(stop_cells[cell].name, stop_populations[p].name, s);
		fflush(stdout);
		ok &= stops_pass(s);
		for (int i = 0; i < w->runs; i++)
			if (!runs[i].done)
				fprintf(stderr, "%s, run %d: %s\n", stop_cells[cell].name, i,
					runs[i].why);
	}
	return ok;
}

int main(int argc, char **argv)
{
	struct campaign_wish w = { .runs = 16, .seed = 8000000 };
	struct stops_run *runs;
	int n_wrong = 0, n = 0;
	bool ok = true;

	if (!campaign_wish_read(argc, argv, STOP_CELLS, &w) || w.white)
		return 2;
	runs = calloc((size_t)w.runs, sizeof(*runs));
	if (!runs)
		return 1;
	section_begin("The adaptive stop against fixed ones");
	printf("%d attempts of 40 meters a row, each through the whole stack; attempt r of row i "
	       "(from 1) has "
	       "the seed %llu + 100000·(i − 1) + r. Each is watched for 120 s, and its raw data "
	       "are looked at "
	       "again by each rule; \"40, bench\" is the same attempt with the stop rule at work. "
	       "Mean time of a "
	       "batch in s, its slowest meter included, settling apart:\n\n",
	       w.runs, (unsigned long long)w.seed);
	stops_print_time_head();
	for (int i = 0; i < STOP_CELLS; i++)
		if (w.cell == 0 || w.cell == i + 1)
			ok &= run_cell(&w, i, runs);
	printf("\nVerdicts by the simple rule, limit 1 %%. Over the floor: the type A part of U is "
	       "more than "
	       "the plan allows (0.05 %%).\n\n");
	stops_print_quality_head();
	for (int i = 0; i < STOP_CELLS; i++)
		for (int p = 0; p < STOP_POPULATIONS && (w.cell == 0 || w.cell == i + 1); p++) {
			stops_print_quality(stop_cells[i].name, stop_populations[p].name,
					    &sums[i][p]);
			n_wrong += sums[i][p].way[WAY_ADAPTIVE].n_guaranteed_wrong;
			n += sums[i][p].way[WAY_ADAPTIVE].n_guaranteed;
		}
	printf("\n");
	section_target(n_wrong == 0, "%d of %d guaranteed verdicts of single meters wrong", n_wrong,
		       n);
	section_target(ok, "every attempt done, nothing guaranteed is wrong, the bench takes the "
			   "time that the "
			   "second look finds");
	section_end();
	free(runs);
	return ok ? 0 : 1;
}
