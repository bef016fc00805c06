/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_decisions.h - guaranteed decisions contrary to the truth, on generated raw data, and whether
 * these give the figures that the whole stack gives. */
#ifndef TESTS_CAMPAIGN_DECISIONS_H
#define TESTS_CAMPAIGN_DECISIONS_H

#include "tests/support/campaign.h"

enum { DECISION_CELLS = 3 };
extern const struct campaign_cell decision_cells[DECISION_CELLS];
#define DECISION_LIMIT_PCT 1.0
#define DECISION_BEYOND 1.0005 /* of the limit: as hard to tell as it gets */

/* One cell: whole stack against generator, two-sample tests. */
enum { AGREE_DEVIATION, AGREE_U, AGREE_TIME, AGREE_U_EDGE, AGREE_U_REF, AGREE_KINDS };
extern const char *const agree_name[AGREE_KINDS];
struct agreement {
	int n_stack, n_gen;
	struct ee_setup setup; /* of the stack, for decision_tally_run() */
	double distance[AGREE_KINDS], p[AGREE_KINDS];
	double median_stack[AGREE_KINDS], median_gen[AGREE_KINDS];
};
/** @return 0; -1 after a message when runs could not be made. */
int decision_agree(const struct campaign_cell *cell, uint64_t seed, int n_stack, int n_gen,
		   struct agreement *out);
/** No p under 5 % shared by all tests of all cells. */
bool agreement_holds(const struct agreement *a);
void agreement_print_head(void);
void agreement_print(const char *name, const struct agreement *a);

struct decision_tally {
	int n, n_void; /* no figure */
	int n_guaranteed;
	int n_accepted_wrong, n_rejected_wrong; /* guaranteed, contrary to the truth */
	int n_simple_wrong; /* any verdict of the simple rule, contrary to the truth */
};
/** @param err_pct  True error, of either sign in turn; NAN: uniform, +-1.5 %. */
int decision_tally_run(const struct campaign_cell *cell, const struct ee_setup *setup,
		       uint64_t seed, int n, double err_pct, struct decision_tally *out);
void decision_tally_add(struct decision_tally *sum, const struct decision_tally *t);
void decision_tally_print_head(void);
void decision_tally_print(const char *name, const struct decision_tally *t);

#endif
