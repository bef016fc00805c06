/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_csv.c - cells become the same tree that YAML becomes, with the marks of the spreadsheet, so
 * that one table checks both. */
#include "base/yaml_csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/csv_value.h"
#include "base/yaml_fill.h"
#include "base/yaml_say.h"

struct builder {
	struct yaml_doc *doc;
	struct yaml_errors *e;
	const struct yaml_key *top, *item; /* tables of the top level and of one line */
	struct yaml_node *root, *list;
	const struct yaml_key *columns[CSV_COLUMNS_MAX]; /* NULL: told to be wrong */
	size_t n_columns; /* 0: their names are still to come */
	bool complete; /* no required column is missing */
};

static const struct yaml_key *find_key(const struct yaml_key *keys, const char *name, size_t len)
{
	for (; keys->name; keys++)
		if (keys->type != YAML_MARK && strncmp(keys->name, name, len) == 0 &&
		    !keys->name[len])
			return keys;
	return NULL;
}

static void say_unknown(struct builder *b, const struct yaml_key *keys, const char *name,
			struct yaml_mark at)
{
	const struct yaml_node key = {
		.kind = YAML_PLAIN, .mark = at, .text = name, .len = strlen(name)
	};

	yaml_say_unknown(b->e, keys, &key);
}

/* ---- a line of a key ---- */

static struct yaml_node *inner_map(struct builder *b, const char *name, struct yaml_mark at)
{
	struct yaml_node *map;

	for (const struct yaml_node *k = b->root->first; k; k = k->next->next)
		if (strcmp(k->text, name) == 0)
			return k->next;
	map = csv_node(b->doc, YAML_MAPPING, at, NULL);
	return map && csv_add_pair(b->doc, b->root, name, at, map) == ET_OK ? map : NULL;
}

static int take_key(struct builder *b, const struct csv_row *row)
{
	const struct yaml_mark at = { row->cells[0].mark.line, row->cells[0].mark.column + 1 };
	const struct csv_cell none = {
		.mark = { at.line, at.column + csv_columns_of(row->cells[0].text + 1,
							      strlen(row->cells[0].text + 1)) },
		.text = ""
	};
	const struct csv_cell *value = row->n > 1 ? &row->cells[1] : &none;
	const char *name = row->cells[0].text + 1, *dot = strchr(name, '.');
	const struct yaml_key *key =
		find_key(b->top, name, dot ? (size_t)(dot - name) : strlen(name));
	struct yaml_node *map = b->root;

	if (strcmp(name, "schema") == 0)
		return csv_add_pair(b->doc, map, name, at,
				    csv_node(b->doc, YAML_QUOTED, value->mark, value->text));
	if (row->n > 2) {
		yaml_error(b->e, row->cells[2].mark,
			   "%s: a third cell; right would be: #key,value (a value with commas in "
			   "quotes)",
			   name);
		return ET_OK;
	}
	if (key && dot && key->type == YAML_MAP) {
		map = inner_map(b, key->name, at);
		name = dot + 1;
		if (!map)
			return ET_ERR_NOMEM;
		if (!find_key(key->keys, name, strlen(name))) {
			say_unknown(b, key->keys, name, at);
			return ET_OK;
		}
		key = find_key(key->keys, name, strlen(name));
	} else if (!key || dot || key->type == YAML_MAP || key->type == YAML_MAPS ||
		   key->type == YAML_TEXT2) {
		say_unknown(b, b->top, name, at);
		return ET_OK;
	}
	return csv_add_pair(b->doc, map, key->name, at, csv_value(b->doc, key, value));
}

/* ---- the names of the columns, and the lines below ---- */

static void take_columns(struct builder *b, const struct csv_row *row)
{
	b->n_columns = row->n;
	if (row->n == 1 && strchr(row->cells[0].text, ';'))
		yaml_error(b->e, row->cells[0].mark,
			   "cells are separated by commas here, not by semicolons");
	for (size_t i = 0; i < row->n; i++) {
		const char *name = row->cells[i].text;

		b->columns[i] = find_key(b->item, name, strlen(name));
		if (!b->columns[i])
			say_unknown(b, b->item, name, row->cells[i].mark);
		for (size_t k = 0; b->columns[i] && k < i; k++)
			if (b->columns[k] == b->columns[i])
				yaml_error(b->e, row->cells[i].mark, "%s: this column stands twice",
					   name);
	}
	b->complete = true;
	for (const struct yaml_key *key = b->item; key->name; key++) {
		bool there = key->type == YAML_MARK || !key->required;

		for (size_t i = 0; i < row->n && !there; i++)
			there = b->columns[i] == key;
		if (there)
			continue;
		yaml_say_missing(b->e, key, row->cells[0].mark);
		b->complete = false;
	}
}

/* A required column that is missing was told once: its key is marked as told in every line. */
static int add_told(struct builder *b, struct yaml_node *map)
{
	int err = ET_OK;

	for (const struct yaml_key *key = b->item; key->name && err == ET_OK && !b->complete;
	     key++) {
		bool there = key->type == YAML_MARK || !key->required;

		for (size_t i = 0; i < b->n_columns && !there; i++)
			there = b->columns[i] == key;
		if (!there)
			err = csv_add_pair(b->doc, map, key->name, map->mark,
					   csv_node(b->doc, YAML_BAD, map->mark, ""));
	}
	return err;
}

static int take_item(struct builder *b, const struct csv_row *row)
{
	struct yaml_node *map = csv_node(b->doc, YAML_MAPPING, row->cells[0].mark, NULL);
	int err = csv_add(b->list, map);

	if (err == ET_OK)
		err = add_told(b, map);
	for (size_t i = b->n_columns; i < row->n; i++)
		if (row->cells[i].text[0])
			yaml_error(b->e, row->cells[i].mark,
				   "this cell has no column name above it");
	for (size_t i = 0; i < b->n_columns && err == ET_OK; i++) {
		const struct csv_cell none = { .mark = row->cells[row->n_all - 1].mark,
					       .text = "" };
		const struct csv_cell *cell = i < row->n_all ? &row->cells[i] : &none;
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || b->columns[k] == b->columns[i];
		if (b->columns[i] && !again)
			err = csv_add_pair(b->doc, map, b->columns[i]->name, cell->mark,
					   csv_value(b->doc, b->columns[i], cell));
	}
	return err;
}

static int take_row(struct builder *b, const struct csv_row *row)
{
	const char *first = row->cells[0].text;

	if (first[0] == '#' && (first[1] == ' ' || first[1] == '\0'))
		return ET_OK;
	if (first[0] != '#' && b->n_columns > 0)
		return take_item(b, row);
	if (first[0] != '#') {
		take_columns(b, row);
		return ET_OK;
	}
	if (b->n_columns == 0)
		return take_key(b, row);
	yaml_error(b->e, row->cells[0].mark,
		   "%s: a key below the names of the columns; right would be: above "
		   "them",
		   first);
	return ET_OK;
}

static int build(struct builder *b, const char *text, size_t len)
{
	struct csv_row row;
	struct csv c;
	int err = csv_begin(&c, b->doc, text, len, b->e);

	while (err == ET_OK) {
		const int got = csv_next(&c, &row);

		if (got <= 0) {
			err = got;
			break;
		}
		err = take_row(b, &row);
	}
	return err;
}

static int load(struct builder *b, const char *text, size_t len, const char *schema,
		const char *list, void *out)
{
	const struct yaml_key *key = find_key(b->top, list, strlen(list));
	int err;

	assert(key && key->type == YAML_MAPS);
	b->item = key->keys;
	b->root = csv_node(b->doc, YAML_MAPPING, (struct yaml_mark){ 1, 1 }, NULL);
	b->list = csv_node(b->doc, YAML_LIST, (struct yaml_mark){ 1, 1 }, NULL);
	if (!b->root || !b->list)
		return ET_ERR_NOMEM;
	err = build(b, text, len);
	if (err != ET_OK)
		return err;
	if (b->n_columns == 0)
		yaml_error(b->e, (struct yaml_mark){ 0, 0 },
			   "no line with the names of the columns");
	else if (csv_add_pair(b->doc, b->root, list, b->list->mark, b->list) != ET_OK)
		return ET_ERR_NOMEM;
	return yaml_load_tree(b->doc, b->root, schema, b->top, out, b->e);
}

int yaml_load_csv_mem(const char *name, const char *text, size_t len, const char *schema,
		      const struct yaml_key *keys, const char *list, void *out,
		      struct yaml_doc **doc, struct diag *d)
{
	struct yaml_errors e = { .name = name, .d = d };
	struct builder b = { .e = &e, .top = keys };

	yaml_fill_absent(keys, out);
	*doc = b.doc = yaml_doc_new();
	return *doc ? load(&b, text, len, schema, list, out) : ET_ERR_NOMEM;
}

int yaml_load_csv_file(const char *path, const char *schema, const struct yaml_key *keys,
		       const char *list, void *out, struct yaml_doc **doc, struct diag *d)
{
	struct yaml_errors e = { .name = path, .d = d };
	size_t len;
	char *buf;
	int err;

	yaml_fill_absent(keys, out);
	*doc = NULL;
	err = yaml_read_file(path, &buf, &len, &e);
	if (err != ET_OK)
		return err;
	err = yaml_load_csv_mem(path, buf, len, schema, keys, list, out, doc, d);
	free(buf);
	return err;
}
