/* SPDX-License-Identifier: Apache-2.0 */
/* base/diag.h - all that is wrong with the files of a person, collected and printed in one go. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdio.h>

#include "base/err.h"

struct diag;

/* A file that is no such file at all would fill screens: after DIAG_MAX errors one last entry says
 * that there are more. */
enum { DIAG_MAX = 100 };

/** @return NULL only when out of memory. Freed with diag_free(); NULL is allowed there. */
struct diag *diag_new(void);
void diag_free(struct diag *d);

/** Add an error. Printed as "file:line:column: text"; line 0: without line and column. Control
 * characters, also those of values quoted from a hostile file, become '?'. The text is copied; when
 * memory runs out the error still counts, with a stand-in text. */
void diag_add(struct diag *d, const char *file, int line, int column, const char *fmt, ...)
	ET_PRINTF(5, 6);

/** At most DIAG_MAX + 1. */
int diag_count(const struct diag *d);

/** The i-th message without its place, in the order of printing; NULL outside 0..count-1. Owned by @p d. */
const char *diag_text(const struct diag *d, int i);

/** Print every error on a line of its own: file by file, by line and column within a file. */
void diag_print(const struct diag *d, FILE *to);

#endif
