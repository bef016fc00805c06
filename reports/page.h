/* SPDX-License-Identifier: Apache-2.0 */
/* reports/page.h - inside reports/: lines of aligned text, at most PAGE_COLUMNS wide.
 *
 * The one way to the reader's terminal: every text passes here, and what a terminal could obey leaves as
 * '?'. So texts of cards, files and instruments need no care before. */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/lang.h"

enum { PAGE_COLUMNS = 100 };

struct page {
	FILE *to;
	enum lang lang;
	int at; /* column of the line being written */
	int blanks; /* before it, not written yet: no line ends in blanks */
};

struct page_column {
	const char *en, *fr;
	int width; /* columns; the last one takes what is left of the line when 0 */
	bool right;
};

/** A cell at the current column, padded to @p width; longer text is cut and ends in "…". NULL is "-". */
void page_cell(struct page *p, const char *text, int width, bool right);

/** Text from the current column on; what does not fit goes on below its beginning. Ends the line. */
void page_wrapped(struct page *p, const char *text);

/** "label   text": the label in a column of its own, the text wrapped. NULL is "-". */
void page_field(struct page *p, const char *label, const char *text);

/** A label, and words made as by printf; cut at 1000 bytes. */
void page_fieldf(struct page *p, const char *label, const char *fmt, ...) ET_PRINTF(3, 4);

/** Blank columns up to @p column. */
void page_to(struct page *p, int column);
void page_line_end(struct page *p);

/** A title, underlined twice; a heading after an empty line, underlined once. */
void page_title(struct page *p, const char *text);
void page_heading(struct page *p, const char *text);

/** Column titles, two blanks between them. */
void page_titles(struct page *p, const struct page_column *columns, size_t n);

/** The member as text, "-" when it is null, missing or no text; owned by @p o. */
const char *page_str(const json_t *o, const char *key);

/** Member of {"en", "fr"} in the page's language, else in the other; NULL when there is none. */
const char *page_text2(const struct page *p, const json_t *text2);

#endif
