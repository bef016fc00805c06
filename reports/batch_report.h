/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_report.h - everything that the record knows of one batch: for a person, and as JSON. */
#ifndef REPORTS_BATCH_REPORT_H
#define REPORTS_BATCH_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "base/lang.h"
#include "db/journal.h"

#define BATCH_REPORT_SCHEMA "etalon/batch-report/1"

/** The report as one JSON object: docs/json.md, "Batch report". A batch that was not closed is reported
 * too: its verdicts come from the attempts stored so far, steps without one are "not_run".
 * @param db   Any mode; same thread rule as struct db.
 * @param out  New reference; untouched unless ET_OK.
 * @return ET_OK, ET_ERR_STATE (there is no such batch), or as the record answers. */
int report_batch_load(struct db *db, const char *batch, json_t **out, struct fault *f) ET_CHECK;

/* Text, at most 100 columns wide. Text from cards and instruments is printed without what a terminal could
 * obey. Errors of @p to are the caller's to look at (ferror). @param report  From report_batch_load(). */

/** The table of verdicts that a technician reads at the end of a run. */
void report_batch_table(const json_t *report, enum lang lang, FILE *to);

/** The whole report, the table in it. */
void report_batch_text(const json_t *report, enum lang lang, FILE *to);

#endif
