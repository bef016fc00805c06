/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_gen.h - raw data of one attempt without bench, bytes and drivers, for campaigns that need more
 * runs than these allow.
 *
 * What the simulated bench does to the figures is made again, by other code: a load that is noisy and drifts, a meter
 * with its grid, a register that is polled as the driver polls, a reader's clock. Whether the figures come out as those of
 * the whole stack is tested by whoever uses it (tests/campaign_decisions.c). Unity power factor only. */
#ifndef TESTS_CAMPAIGN_GEN_H
#define TESTS_CAMPAIGN_GEN_H

#include "tests/support/campaign.h"

struct campaign_gen; /* some 0.5 MB */

struct campaign_gen *campaign_gen_new(void);
void campaign_gen_free(struct campaign_gen *g); /* NULL is allowed */

/** Make the attempt of one run and look at it once a second until it may stop, as the bench does.
 * @param setup  Of the same cell, from the whole stack.
 * @param err_pct  True error of the meter.
 * @param out  seed, done, verdict, cause, obs, truth_pct and used_s are set. */
void campaign_gen_run(struct campaign_gen *g, const struct campaign_cell *cell,
		      const struct ee_setup *setup, uint64_t seed, double err_pct,
		      struct campaign_run *out);

#endif
