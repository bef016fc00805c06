/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_lab.h - the laboratory of one cell: what is true and what is declared, from the same figures. */
#ifndef TESTS_CAMPAIGN_LAB_H
#define TESTS_CAMPAIGN_LAB_H

#include "tests/support/campaign.h"
#include "tests/support/sim_bench.h"

enum { CAMPAIGN_TERMS = 5 };

struct campaign_lab {
	const struct campaign_cell *cell;
	struct sim_bench b;
	struct plan_step step;
	struct meter_card card;
	struct bench_instrument instruments[BENCH_ROLES];
	struct bench_option option[BENCH_ROLES];
	struct bench_position position;
	struct bench_meter_type type;
	struct apparatus_point correction[2];
	struct scenario_position true_position;
	struct scenario_meter meter;
	struct scenario_type_b type_b[CAMPAIGN_TERMS];
	struct ee_setup setup; /* of the last run that was measured */
};

/** Lists inside point into @p lab: it must stay where it is. @return 0, or -1 after a message. */
int campaign_lab_make(struct campaign_lab *lab, const struct campaign_cell *cell);
void campaign_lab_free(struct campaign_lab *lab);

/** One run. @param room Of the run, reused. */
void campaign_lab_run(struct campaign_lab *lab, uint64_t seed, struct run_result *room,
		      struct campaign_run *out);

#endif
