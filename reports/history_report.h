/* SPDX-License-Identifier: Apache-2.0 */
/* reports/history_report.h - all that is on record of a serial number, for a person. */
#ifndef REPORTS_HISTORY_REPORT_H
#define REPORTS_HISTORY_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "base/lang.h"

/** Text, at most 100 columns wide: every batch, every attempt (void ones too) and its figures. Times are in UTC:
 * the answer holds no offset. @param history  From query_history(). */
void report_history(const json_t *history, enum lang lang, FILE *to);

#endif
