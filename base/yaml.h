/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml.h - files of people, read by libfyaml and checked by a table.
 *
 * A table of keys says which struct member each key of a mapping fills, and what is right for it.
 * Everything that is wrong is reported in one go, as file:line:column with key, value and what
 * would be right: an unknown key (with the nearest known one), a missing key, a wrong type, a number
 * out of range. Numbers are strict (base/num.h). JSON is YAML, so the same tables read back what
 * yaml_to_json() wrote: that is how plans and approvals come back from the journal.
 *
 * The plain part of YAML only: one document, 1 MiB, 32 levels and 100,000 values at most, UTF-8; no
 * anchors, aliases, merge keys, tags, directives, control characters or tabs in the indentation.
 * A tab elsewhere counts as a blank; a text with a tab in it says "\t" in double quotes.
 * The lines after | or > stand further in than the line with it; after > all alike.
 * An empty value, ~ and null (lower case, without quotes) are absent for every type. After a syntax
 * error, and in a file of another schema, nothing else can be judged: then there is that one error. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/err.h"

/* clang-format off */
struct yaml_mark { int line, column; };		/* 1-based; 0: not from a file */
struct yaml_text2 { const char *en, *fr; };	/* both required */
struct yaml_date { int year, month, day; };	/* ISO 8601, a real calendar day; year 0: absent */

enum yaml_type {
	YAML_STR,	/* const char *; any scalar, taken as text; NULL: absent. Not empty. */
	YAML_TEXT2,	/* struct yaml_text2; { en: ..., fr: ... }; NULL: absent */
	YAML_F64,	/* double; without quotes; NAN: absent */
	YAML_I64,	/* int64_t; without quotes; INT64_MIN: absent */
	YAML_BOOL,	/* int; true or false without quotes, not yes or on; -1: absent */
	YAML_WORD,	/* int; index into .words; -1: absent */
	YAML_DATE,	/* struct yaml_date */
	YAML_MAP,	/* a struct in place, described by .keys; absent: all its members absent */
	YAML_MAPS,	/* struct yaml_list of structs, described by .keys and .size */
	YAML_STRS,	/* struct yaml_list of const char * */
	YAML_F64S,	/* struct yaml_list of double */
	YAML_MARK,	/* struct yaml_mark of the mapping itself; it is no key: .name = "@" */
};

struct yaml_list { void *items; size_t n; };	/* absent: n = 0; when required, not empty */

struct yaml_key {
	const char *name;		/* NULL ends the table, of 64 keys at most */
	enum yaml_type type;
	size_t offset;			/* offsetof() in the struct of this table */
	bool required;
	double min, max;		/* numbers: allowed range, both ends included, either may be infinite;
					   both 0: any finite */
	const char *want;		/* what would be right, e.g. "volts, 1 to 600"; NULL: from the type */
	const char *const *words;	/* YAML_WORD: NULL-ended */
	const struct yaml_key *keys;	/* YAML_MAP, YAML_MAPS */
	size_t size;			/* YAML_MAPS: sizeof the element */
};

/* clang-format on */

struct yaml_doc; /* owns all strings and lists that a load filled in */

/** Read @p path into the struct @p out.
 * @param schema  What the key `schema` must say, e.g. "etalon/plan/1"; it stands in no table.
 * @param keys    Table of the top level.
 * @param out     Every member of the table is set (to "absent" where the file has none), even on failure.
 * @param doc     Freed with yaml_free() after the last use of @p out; set even on failure, may be NULL then.
 * @return ET_OK; ET_ERR_FILE with at least one error added to @p d; ET_ERR_NOMEM. */
int yaml_load_file(const char *path, const char *schema, const struct yaml_key *keys, void *out,
		   struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** The same from memory; @p name stands for the file in messages. */
int yaml_load_mem(const char *name, const char *text, size_t len, const char *schema,
		  const struct yaml_key *keys, void *out, struct yaml_doc **doc,
		  struct diag *d) ET_CHECK;

void yaml_free(struct yaml_doc *doc);

/** The struct as JSON, absent members and marks left out, `schema` included.
 * @return new reference, NULL when out of memory. */
json_t *yaml_to_json(const char *schema, const struct yaml_key *keys, const void *in);

#endif
