/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_coverage.h - is the truth inside the stated U as often as it says? Cells, figures, judgement. */
#ifndef TESTS_CAMPAIGN_COVERAGE_H
#define TESTS_CAMPAIGN_COVERAGE_H

#include "tests/support/campaign.h"

enum { COVERAGE_CELLS = 40 };
extern const struct campaign_cell coverage_cells[COVERAGE_CELLS];

struct coverage { /* of one cell, or of many */
	int n, n_not_done, n_void;
	int n_figures, n_inside;
	int n_stop[EE_STOP_VOID + 1]; /* by enum ee_stop */
	int n_contrary; /* guaranteed decision contrary to the truth */
	double mean_U_pct;
	double quantile_pct; /* 95.45 % quantile of abs(err - truth) */
	double mean_used_s, mean_min_s;
	/* parts of (err - truth): root mean square of what happened over that of the stated u */
	double rms_a_ratio, rms_b_ratio;
	double share_edge, share_ref, share_b; /* of the stated variance */
};

/** @param white  Judge by the uncertainty that takes residuals as independent. */
void coverage_summarise(const struct campaign_run *runs, int n, bool white, struct coverage *out);

/** Nothing disturbs these runs: pooled, no larger share of them may be void. */
#define COVERAGE_VOID_MAX 0.005
/** Most of the stated variance is a certificate's, normal; no grid, no rectangular term. */
bool coverage_is_gaussian(const struct campaign_cell *cell);
/** Below this share of truths inside U a cell fails. */
double coverage_min(const struct campaign_cell *cell);
/** @return true: every run ended by itself, and the truth was inside in a share >= coverage_min() of all runs; one without
 * a figure counts as outside. */
bool coverage_passes(const struct campaign_cell *cell, const struct coverage *c);
double coverage_inside_pct(const struct coverage *c);
/** Mean U over the 95.45 % quantile of what happened. */
double coverage_excess(const struct coverage *c);

/* Markdown tables: of the uncertainty, of the stop. */
void coverage_print_head(void);
void coverage_print(const char *name, const struct coverage *c);
void coverage_print_stop_head(void);
void coverage_print_stop(const char *name, const struct coverage *c);
/** Why runs were not done or void, at most three lines. */
void coverage_print_trouble(const char *name, const struct campaign_run *runs, int n);

#endif
