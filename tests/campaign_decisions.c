/* SPDX-License-Identifier: Apache-2.0 */
/* tests/campaign_decisions.c - may a guaranteed decision be contrary to the truth?
 *
 * campaign_decisions [--runs N] [--cell K] [--seed S]
 *
 * First the generator of raw data is compared with the whole stack: only if both give the same figures its runs count. */
#include <math.h>
#include <stdio.h>

#include "tests/support/campaign_decisions.h"
#include "tests/support/campaign_section.h"
#include "tests/support/campaign_wish.h"

enum { STACK_RUNS = 2000, GEN_RUNS = 4000, AT_LIMIT_OF = 4 };
static const double GUARANTEED_MIN = 0.90; /* or there is little to judge */

static struct agreement agreed[DECISION_CELLS];

static bool agree(const struct campaign_wish *w)
{
	bool ok = true;

	printf("The generator against the whole stack: errors uniform within ±1.5 %%, two-sample "
	       "test of "
	       "Kolmogorov and Smirnov.\n\n");
	agreement_print_head();
	for (int i = 0; i < DECISION_CELLS; i++) {
		if (w->cell && w->cell != i + 1)
			continue;
		if (decision_agree(&decision_cells[i], w->seed + (uint64_t)i * 10000000, STACK_RUNS,
				   GEN_RUNS, &agreed[i]) < 0)
			return false;
		agreement_print(decision_cells[i].name, &agreed[i]);
		fflush(stdout);
		ok &= agreement_holds(&agreed[i]);
	}
	return ok;
}

/* @return false: some could not be made. */
static bool tally(const struct campaign_wish *w, int runs, uint64_t offset, double err_pct,
		  struct decision_tally *all)
{
	decision_tally_print_head();
	for (int i = 0; i < DECISION_CELLS; i++) {
		struct decision_tally t;

		if (w->cell && w->cell != i + 1)
			continue;
		if (decision_tally_run(&decision_cells[i], &agreed[i].setup,
				       w->seed + (uint64_t)i * 10000000 + offset, runs, err_pct,
				       &t) < 0)
			return false;
		decision_tally_print(decision_cells[i].name, &t);
		fflush(stdout);
		decision_tally_add(all, &t);
	}
	decision_tally_print("all", all);
	return true;
}

static bool against_targets(bool agreed_all, const struct decision_tally *spread,
			    const struct decision_tally *limit)
{
	const int wrong = spread->n_accepted_wrong + spread->n_rejected_wrong;
	const double upper = section_upper_95(wrong, spread->n_guaranteed);
	/* At the limit few runs decide, and of those that do nearly half are wrong by nature. */
	const double accepted = 100.0 * limit->n_accepted_wrong / limit->n;
	bool ok;

	printf("\n");
	ok = section_target(agreed_all, "generator and whole stack agree: no p under 0.05/%d",
			    AGREE_KINDS * DECISION_CELLS);
	ok &= section_target(upper <= 1e-4,
			     "%d of %d guaranteed decisions contrary to the truth: 95 %% upper "
			     "bound %.2g, target <= 1e-4",
			     wrong, spread->n_guaranteed, upper);
	ok &= section_target(spread->n_guaranteed >= GUARANTEED_MIN * spread->n,
			     "%.1f %% of the runs end with a guaranteed decision, at least %.0f %%",
			     100.0 * spread->n_guaranteed / spread->n, 100 * GUARANTEED_MIN);
	ok &= section_target(accepted <= 1,
			     "%.3f %% of the runs at %.4f times the limit end with a guaranteed "
			     "acceptance (95 %% "
			     "upper bound %.3f %%), target <= 1 %%; that is %d of the %d decisions "
			     "guaranteed there",
			     accepted, DECISION_BEYOND,
			     100 * section_upper_95(limit->n_accepted_wrong, limit->n),
			     limit->n_accepted_wrong, limit->n_guaranteed);
	return ok;
}

int main(int argc, char **argv)
{
	struct campaign_wish w = { .runs = 70000, .seed = 100000000 };
	struct decision_tally spread = { 0 }, limit = { 0 };
	bool same, ok;

	if (!campaign_wish_read(argc, argv, DECISION_CELLS, &w) || w.white)
		return 2;
	section_begin("Guaranteed decisions");
	printf("Seeds of cell c (from 1) begin at %llu + 10^7·(c − 1): the whole stack; %d later "
	       "the "
	       "generator; 10^6 later errors uniform within ±1.5 %%; 5·10^6 later errors of ±%.4f "
	       "times the "
	       "limit of %.0f %%.\n\n",
	       (unsigned long long)w.seed, STACK_RUNS, DECISION_BEYOND, DECISION_LIMIT_PCT);
	same = agree(&w);
	printf("\nErrors uniform within ±1.5 %%, limit %.0f %%, looks once a second until the stop "
	       "rule is "
	       "content:\n\n",
	       DECISION_LIMIT_PCT);
	ok = tally(&w, w.runs, 1000000, NAN, &spread);
	printf("\nErrors of %.4f times the limit:\n\n", DECISION_BEYOND);
	ok = ok && tally(&w, w.runs / AT_LIMIT_OF + 1, 5000000,
			 DECISION_LIMIT_PCT * DECISION_BEYOND, &limit);
	ok = ok && against_targets(same, &spread, &limit);
	section_end();
	return ok ? 0 : 1;
}
