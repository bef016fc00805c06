/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_disturbed.c - what is wrong is told: missed, spurious and bouncing pulses in several strengths.
 *
 * campaign_disturbed [--runs N] [--cell K] [--seed S] */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/campaign_disturbed.h"
#include "tests/support/campaign_section.h"
#include "tests/support/campaign_wish.h"

static char trouble[DISTURBED_CELLS][1024];

static void add(struct disturbed *sum, const struct disturbed *d)
{
	sum->n += d->n;
	sum->n_not_done += d->n_not_done;
	sum->n_flagged += d->n_flagged;
	sum->n_wrong_flagged += d->n_wrong_flagged;
	sum->n_wrong += d->n_wrong;
}

/* @return false: a process died. */
static bool run_cells(const struct campaign_wish *w, struct campaign_run *runs,
		      struct disturbed *all, struct disturbed *clean)
{
	bool ok = true;

	disturbed_print_head();
	for (int i = 0; i < DISTURBED_CELLS; i++) {
		const struct campaign_cell *cell = &disturbed_cells[i];
		struct disturbed d;

		if (w->cell && w->cell != i + 1)
			continue;
		if (campaign_cell_run(cell, w->seed + (uint64_t)i * 100000, w->runs, runs) < 0)
			ok = false;
		disturbed_summarise(cell, runs, w->runs, &d);
		disturbed_print(cell->name, &d);
		disturbed_tell(cell, runs, w->runs, trouble[i], sizeof(trouble[i]));
		fflush(stdout);
		add(all, &d);
		if (disturbed_is_clean(cell))
			add(clean, &d);
	}
	disturbed_print("all", all);
	return ok;
}

int main(int argc, char **argv)
{
	struct campaign_wish w = { .runs = 1000, .seed = 6000000 };
	struct disturbed all = { 0 }, clean = { 0 };
	struct campaign_run *runs;
	bool ok;

	if (!campaign_wish_read(argc, argv, DISTURBED_CELLS, &w) || w.white)
		return 2;
	runs = calloc((size_t)w.runs, sizeof(*runs));
	if (!runs)
		return 1;
	section_begin("Disturbed runs");
	printf("%d runs a cell, each through the whole stack; run r of cell c (from 1) has the "
	       "seed %llu + "
	       "100000·(c − 1) + r.\n\n",
	       w.runs, (unsigned long long)w.seed);
	ok = run_cells(&w, runs, &all, &clean);
	printf("\n");
	ok &= section_target(disturbed_passes(&all),
			     "%d wrong and not flagged of %d runs, target 0", all.n_wrong, all.n);
	if (clean.n)
		ok &= section_target(clean.n_flagged <= 0.005 * clean.n,
				     "%.2f %% of %d clean runs flagged, at most 0.5 %%",
				     100.0 * clean.n_flagged / clean.n, clean.n);
	for (int i = 0; i < DISTURBED_CELLS; i++)
		printf("%s", trouble[i]);
	section_end();
	free(runs);
	return ok ? 0 : 1;
}
