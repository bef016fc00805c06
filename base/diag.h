/* SPDX-License-Identifier: Apache-2.0 */
/* base/diag.h - all that is wrong with the files of a person, collected and printed in one go. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdio.h>

#include "base/err.h"

struct diag;

/** @return NULL only when out of memory. Freed with diag_free(); NULL is allowed there. */
struct diag *diag_new(void);
void diag_free(struct diag *d);

/** Add an error. Printed as "file:line:column: text"; line 0: without line and column. */
void diag_add(struct diag *d, const char *file, int line, int column, const char *fmt, ...)
	ET_PRINTF(5, 6);

int diag_count(const struct diag *d);

/** The i-th message without its place; NULL outside 0..count-1. Owned by @p d. */
const char *diag_text(const struct diag *d, int i);

/** Print every error on a line of its own, in the order of the file. */
void diag_print(const struct diag *d, FILE *to);

#endif
