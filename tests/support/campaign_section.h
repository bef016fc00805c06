/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/campaign_section.h - a campaign writes its part of docs/campaign.md: Markdown on stdout. */
#ifndef TESTS_CAMPAIGN_SECTION_H
#define TESTS_CAMPAIGN_SECTION_H

#include <stdbool.h>

/** Heading; the clock of section_end() starts here. */
void section_begin(const char *title);
/** How long it took, and by which compiler's code. */
void section_end(void);

/** One line of a list: a target, what came out, and whether that is reached. @return @p reached */
bool section_target(bool reached, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Upper end of the one-sided 95 % interval of a probability after @p k of @p n (Clopper and Pearson). */
double section_upper_95(int k, int n);

#endif
