/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_print.h - a notice of approval for people, in one language, in aligned columns.
 *
 * What the notice leaves open is printed as "not stated" / « non précisé », never as zero or none. */
#ifndef PROCEDURES_APPROVAL_PRINT_H
#define PROCEDURES_APPROVAL_PRINT_H

#include <stdio.h>

#include "procedures/approval.h"

/** Everything the notice says: at most 100 columns. */
void approval_print(const struct approval *a, enum lang lang, FILE *to);

/** One line: number and revision, date, model, maker, number of ratings and modules. */
void approval_print_line(const struct approval *a, enum lang lang, FILE *to);

/** The heading over those lines. */
void approval_print_head(enum lang lang, FILE *to);

/** Findings of approval_check(), one paragraph each. */
void approval_print_findings(const struct approval_finding *f, int n, enum lang lang, FILE *to);

#endif
