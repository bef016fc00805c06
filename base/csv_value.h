/* SPDX-License-Identifier: Apache-2.0 */
/* base/csv_value.h - inside base/: the text of one cell as the node that YAML would have had there. */
#ifndef BASE_CSV_VALUE_H
#define BASE_CSV_VALUE_H

#include "base/csv.h"

/** A node that lives as long as @p doc. @param text  Kept; NULL for lists and mappings. @return NULL: no memory. */
struct yaml_node *csv_node(struct yaml_doc *doc, enum yaml_node_kind kind, struct yaml_mark at,
			   const char *text);

/** Append to a list; a key and its value to a mapping. A NULL child is out of memory passed on. */
int csv_add(struct yaml_node *parent, struct yaml_node *child) ET_CHECK;
int csv_add_pair(struct yaml_doc *doc, struct yaml_node *map, const char *key,
		 struct yaml_mark key_at, struct yaml_node *value) ET_CHECK;

/** What a cell says for that key; for a list, entries stand between semicolons. @return NULL: no memory. */
struct yaml_node *csv_value(struct yaml_doc *doc, const struct yaml_key *key,
			    const struct csv_cell *cell);

/** Code points in @p len bytes. */
int csv_columns_of(const char *s, size_t len);

#endif
