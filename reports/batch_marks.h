/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_marks.h - inside reports/: what the screens and papers of a batch have in common. */
#ifndef REPORTS_BATCH_MARKS_H
#define REPORTS_BATCH_MARKS_H

#include "reports/page.h"

/** What must stand above a table of figures: SPECIMEN of a simulated laboratory, SAMPLE LIMITS of a sample plan, draft,
 * not closed. Nothing when nothing is to be said. */
void marks_print(struct page *p, bool simulated, const char *standing, bool closed);

/** Marks, the table of verdicts, and how many meters got which. */
void marks_table(struct page *p, const json_t *report);

/** "±1.00", or "-1.00 +0.50", of an object with limit_lo_pct and limit_hi_pct, with at least @p digits decimals; "-": none. */
struct limits_text {
	char s[200];
};
struct limits_text marks_limits(const json_t *step, int digits, enum lang lang);

/** Time of an object with utc_ns and utc_offset_s (absent: UTC); "-" when it has none. */
struct limits_text marks_time(const json_t *o);

#endif
