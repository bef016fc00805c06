/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv_value.h"

#include <string.h>

struct yaml_node *csv_node(struct yaml_doc *doc, enum yaml_node_kind kind, struct yaml_mark at,
			   const char *text)
{
	struct yaml_node *n = yaml_doc_alloc(doc, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->mark = at;
	n->text = text;
	n->len = text ? strlen(text) : 0;
	return n;
}

int csv_add(struct yaml_node *parent, struct yaml_node *child)
{
	struct yaml_node **tail = &parent->first;

	if (!child)
		return ET_ERR_NOMEM;
	while (*tail)
		tail = &(*tail)->next;
	*tail = child;
	parent->n++;
	return ET_OK;
}

int csv_add_pair(struct yaml_doc *doc, struct yaml_node *map, const char *key,
		 struct yaml_mark key_at, struct yaml_node *value)
{
	int err = value ? csv_add(map, csv_node(doc, YAML_PLAIN, key_at, key)) : ET_ERR_NOMEM;

	return err == ET_OK ? csv_add(map, value) : err;
}

/* Only plain scalars are numbers, and only plain ones can say "nothing": ~ may be a serial number. */
static enum yaml_node_kind kind_for(enum yaml_type type, const char *text)
{
	const bool word =
		type == YAML_STR || type == YAML_STRS || type == YAML_WORD || type == YAML_DATE;

	return word && text[0] ? YAML_QUOTED : YAML_PLAIN;
}

static char *part(struct yaml_doc *doc, const char *s, size_t len)
{
	char *copy;

	while (len > 0 && s[len - 1] == ' ')
		len--;
	copy = yaml_doc_alloc(doc, len + 1);
	if (copy)
		memcpy(copy, s, len);
	return copy;
}

/* "TS2=23" by the first two text keys of its table. */
static struct yaml_node *entry_map(struct yaml_doc *doc, const struct yaml_key *keys, const char *s,
				   size_t len, struct yaml_mark at)
{
	const char *equals = memchr(s, '=', len);
	struct yaml_node *map = csv_node(doc, YAML_MAPPING, at, NULL);

	while (map && keys->name && len > 0) {
		const size_t here = equals ? (size_t)(equals - s) : len;
		char *text = part(doc, s, here);

		if (keys->type != YAML_STR) {
			keys++;
			continue;
		}
		if (!text ||
		    csv_add_pair(doc, map, keys->name, at,
				 csv_node(doc, kind_for(YAML_STR, text), at, text)) != ET_OK)
			return NULL;
		if (!equals)
			break;
		len -= here + 1;
		s = equals + 1;
		while (len > 0 && *s == ' ') {
			s++;
			len--;
		}
		equals = NULL;
		keys++;
	}
	return map;
}

int csv_columns_of(const char *s, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

static struct yaml_node *entry(struct yaml_doc *doc, const struct yaml_key *key, const char *s,
			       size_t len, struct yaml_mark at)
{
	char *text;

	if (key->type == YAML_MAPS)
		return entry_map(doc, key->keys, s, len, at);
	text = part(doc, s, len);
	return text ? csv_node(doc, kind_for(key->type, text), at, text) : NULL;
}

static struct yaml_node *list_of(struct yaml_doc *doc, const struct yaml_key *key,
				 const struct csv_cell *cell)
{
	struct yaml_node *list = csv_node(doc, YAML_LIST, cell->mark, NULL), *last = NULL;
	const char *p = cell->text;

	while (list && *p) {
		const size_t len = strcspn(p, ";");
		const size_t blank = strspn(p, " ");
		const size_t skip = blank < len ? blank : len;
		const struct yaml_mark at = {
			cell->mark.line,
			cell->mark.column +
				csv_columns_of(cell->text, (size_t)(p - cell->text) + skip)
		};
		struct yaml_node *next = entry(doc, key, p + skip, len - skip, at);

		if (!next)
			return NULL;
		if (last)
			last->next = next;
		else
			list->first = next;
		last = next;
		list->n++;
		p += len;
		p += *p == ';';
	}
	return list;
}

struct yaml_node *csv_value(struct yaml_doc *doc, const struct yaml_key *key,
			    const struct csv_cell *cell)
{
	switch (key->type) {
	case YAML_STRS:
	case YAML_F64S:
	case YAML_MAPS:
		if (cell->text[0])
			return list_of(doc, key, cell);
		return csv_node(doc, YAML_PLAIN, cell->mark, "");
	case YAML_STR:
	case YAML_F64:
	case YAML_I64:
	case YAML_BOOL:
	case YAML_WORD:
	case YAML_DATE:
	case YAML_TEXT2:
	case YAML_MAP:
	case YAML_MARK:
		break;
	}
	return csv_node(doc, kind_for(key->type, cell->text), cell->mark, cell->text);
}
