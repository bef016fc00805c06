/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_disturbed.h - missed, spurious and bouncing pulses: a wrong count must never pass unnoticed. */
#ifndef TESTS_CAMPAIGN_DISTURBED_H
#define TESTS_CAMPAIGN_DISTURBED_H

#include "tests/support/campaign.h"

enum { DISTURBED_CELLS = 24 };
extern const struct campaign_cell disturbed_cells[DISTURBED_CELLS];
/** Nothing disturbs its pulses. */
bool disturbed_is_clean(const struct campaign_cell *cell);

struct disturbed {
	int n, n_not_done;
	int n_flagged; /* void, or with a finding */
	int n_wrong_flagged; /* of these: a figure that is wrong */
	int n_wrong; /* wrong and not flagged */
};

/** Wrong: the number of intervals is not what the meter registered over the span, or the error is farther from the
 * truth than U + 160*(q + 5 ms)/T %. */
bool disturbed_is_wrong(const struct campaign_cell *cell, const struct campaign_run *run);
void disturbed_summarise(const struct campaign_cell *cell, const struct campaign_run *runs, int n,
			 struct disturbed *out);
/** @return true: every run was done, nothing wrong went unnoticed. */
bool disturbed_passes(const struct disturbed *d);

void disturbed_print_head(void);
void disturbed_print(const char *name, const struct disturbed *d);
/** The first three runs that were not done, or wrong and not flagged, a line of @p text each. @return how many */
int disturbed_tell(const struct campaign_cell *cell, const struct campaign_run *runs, int n,
		   char *text, size_t size);

#endif
