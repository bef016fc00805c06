/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/print.h - inside procedures/: text for people in aligned columns, at most PRINT_COLUMNS wide.
 *
 * A column is one code point: the languages here use no wide or combining ones. */
#ifndef PROCEDURES_PRINT_H
#define PROCEDURES_PRINT_H

#include <stddef.h>
#include <stdio.h>

enum { PRINT_COLUMNS = 100 };

/** @p s and blanks up to @p width columns; a longer one is followed by one blank. */
void print_padded(FILE *to, const char *s, int width);

/** A line "label  text", the label @p width columns after @p indent blanks, the text wrapped and hanging
 * below its own beginning. A label "" leaves the room of one. */
void print_field(FILE *to, int indent, int width, const char *label, const char *text);

#endif
