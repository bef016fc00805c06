/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_details.h - inside reports/: what stands behind the verdicts of a batch. */
#ifndef REPORTS_BATCH_DETAILS_H
#define REPORTS_BATCH_DETAILS_H

#include "reports/page.h"

/** Findings of the notice, details of the figures, attempts, interruptions and corrections, state of the journal. */
void details_print(struct page *p, const json_t *report);

#endif
