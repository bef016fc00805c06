/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_tree.h - inside base/: text to a tree with marks, before any table is looked at.
 *
 * The subset that people need: one document of mappings, lists and scalars. Anchors, aliases, merge
 * keys, tags, directives and keys that are no scalars are errors. What is wrong but does not end the
 * reading leaves a node YAML_BAD, which was reported and is not to be looked at again. */
#ifndef BASE_YAML_TREE_H
#define BASE_YAML_TREE_H

#include "base/yaml.h"

enum { YAML_BYTES_MAX = 1 << 20, YAML_DEPTH_MAX = 32, YAML_NODES_MAX = 100000 };

enum yaml_node_kind { YAML_BAD, YAML_PLAIN, YAML_QUOTED, YAML_LIST, YAML_MAPPING };

struct yaml_node {
	enum yaml_node_kind kind;
	struct yaml_mark mark;
	const char *text; /* scalars: UTF-8 without control characters, NUL-terminated */
	size_t len;
	struct yaml_node *first, *next; /* YAML_MAPPING: key, value, key, value, ... */
	size_t n; /* YAML_LIST: entries; YAML_MAPPING: keys and values together */
};

/* Where errors go. */
struct yaml_errors {
	const char *name; /* of the file */
	struct diag *d;
	int n;
};

void yaml_error(struct yaml_errors *e, struct yaml_mark at, const char *fmt, ...) ET_PRINTF(3, 4);

/** @return NULL when out of memory. */
struct yaml_doc *yaml_doc_new(void);

/** Zeroed memory that lives as long as @p doc. @return NULL when out of memory. */
void *yaml_doc_alloc(struct yaml_doc *doc, size_t size);

/** A whole file, one byte more than YAML_BYTES_MAX at most, so that a reader sees that it is too much.
 * @param buf  Freed with free(). @return ET_OK; ET_ERR_FILE, said in @p e; ET_ERR_NOMEM. */
int yaml_read_file(const char *path, char **buf, size_t *len, struct yaml_errors *e) ET_CHECK;

/** From a tree to the struct, the schema line included; as yaml_load_mem() from there on. */
int yaml_load_tree(struct yaml_doc *doc, struct yaml_node *root, const char *schema,
		   const struct yaml_key *keys, void *out, struct yaml_errors *e) ET_CHECK;

/** @param root  Owned by @p doc; untouched unless ET_OK.
 * @return ET_OK: the tree is complete, although there may be errors in @p e; ET_ERR_FILE: reading
 *         had to end, there is at least one error in @p e; ET_ERR_NOMEM. */
int yaml_tree_read(struct yaml_doc *doc, const char *text, size_t len, struct yaml_errors *e,
		   struct yaml_node **root) ET_CHECK;

#endif
