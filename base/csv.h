/* SPDX-License-Identifier: Apache-2.0 */
/* base/csv.h - inside base/: rows of cells with marks, out of bytes.
 *
 * RFC 4180, strictly: commas, CR LF or LF, "quotes" around a whole cell with "" for one of them. A byte
 * order mark is skipped. A line break inside quotes, a lone CR, control characters and bytes that are
 * not UTF-8 are errors. Blanks around a cell without quotes are no part of it. Lines without a
 * character in any cell are left out. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/yaml_tree.h"

enum { CSV_BYTES_MAX = 1 << 18, CSV_COLUMNS_MAX = 64, CSV_ROWS_MAX = 2000 };

struct csv_cell {
	struct yaml_mark mark; /* of its first character */
	const char *text; /* NUL-terminated, owned by the doc; "": empty */
};
struct csv_row {
	struct csv_cell cells[CSV_COLUMNS_MAX];
	size_t n; /* up to the last cell that is not empty; >= 1 */
	size_t n_all; /* with the empty ones behind it */
};

struct csv {
	struct yaml_doc *doc;
	struct yaml_errors *e;
	const char *text;
	size_t len, pos;
	struct yaml_mark at;
	int rows;
};

/** @param text  Borrowed until the last row. @return ET_OK; ET_ERR_FILE: these bytes are no text. */
int csv_begin(struct csv *c, struct yaml_doc *doc, const char *text, size_t len,
	      struct yaml_errors *e) ET_CHECK;

/** The next row without an error; rows with one are told in the errors and left out.
 * @return 1: @p row is set; 0: no more; ET_ERR_NOMEM. */
int csv_next(struct csv *c, struct csv_row *row) ET_CHECK;

#endif
