/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_fill.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/yaml_say.h"

enum { KEYS_MAX = 64 }; /* of one table: our bug when there are more */

struct loader {
	struct yaml_errors *e;
	struct yaml_doc *doc;
};

static const struct yaml_key text2_keys[] = {
	{ .name = "en",
	  .type = YAML_STR,
	  .offset = offsetof(struct yaml_text2, en),
	  .required = true },
	{ .name = "fr",
	  .type = YAML_STR,
	  .offset = offsetof(struct yaml_text2, fr),
	  .required = true },
	{ 0 },
};

static int fill_mapping(struct loader *l, const struct yaml_node *node, const struct yaml_key *keys,
			char *out);

void yaml_fill_absent(const struct yaml_key *keys, void *out)
{
	for (const struct yaml_key *k = keys; k->name; k++) {
		void *member = (char *)out + k->offset;

		switch (k->type) {
		case YAML_STR:
			*(const char **)member = NULL;
			break;
		case YAML_TEXT2:
			*(struct yaml_text2 *)member = (struct yaml_text2){ NULL, NULL };
			break;
		case YAML_F64:
			*(double *)member = NAN;
			break;
		case YAML_I64:
			*(int64_t *)member = INT64_MIN;
			break;
		case YAML_BOOL:
		case YAML_WORD:
			*(int *)member = -1;
			break;
		case YAML_DATE:
			*(struct yaml_date *)member = (struct yaml_date){ 0, 0, 0 };
			break;
		case YAML_MAP:
			yaml_fill_absent(k->keys, member);
			break;
		case YAML_MAPS:
		case YAML_STRS:
		case YAML_F64S:
			*(struct yaml_list *)member = (struct yaml_list){ NULL, 0 };
			break;
		case YAML_MARK:
			*(struct yaml_mark *)member = (struct yaml_mark){ 0, 0 };
			break;
		}
	}
}

static bool is_scalar(const struct yaml_node *v)
{
	return v->kind == YAML_PLAIN || v->kind == YAML_QUOTED;
}

/* As JSON and YAML write "nothing"; "Null" and "NULL" are names of people. */
static bool is_null(const struct yaml_node *v)
{
	return v->kind == YAML_PLAIN &&
	       (v->len == 0 || strcmp(v->text, "~") == 0 || strcmp(v->text, "null") == 0);
}

static void fill_str(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		     const char **out)
{
	if (!is_scalar(v))
		yaml_say_wrong(l->e, k, v, "is not a single value");
	else if (v->len == 0)
		yaml_say_wrong(l->e, k, v, "is empty");
	else
		*out = v->text;
}

/* Both bounds 0: any finite number. */
static bool in_range(const struct yaml_key *k, double v)
{
	return (k->min == 0 && k->max == 0) || (v >= k->min && v <= k->max);
}

static void fill_f64(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		     double *out)
{
	double real;

	if (v->kind != YAML_PLAIN || num_parse_f64(v->text, v->len, &real) != ET_OK)
		yaml_say_wrong(l->e, k, v, yaml_say_why_no_number(v, k->type));
	else if (!in_range(k, real))
		yaml_say_wrong(l->e, k, v, "is out of range");
	else
		*out = real;
}

static void fill_i64(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		     int64_t *out)
{
	int64_t whole;

	if (v->kind != YAML_PLAIN || num_parse_i64(v->text, v->len, &whole) != ET_OK)
		yaml_say_wrong(l->e, k, v, yaml_say_why_no_number(v, k->type));
	else if (!in_range(k, (double)whole) || whole == INT64_MIN)
		yaml_say_wrong(l->e, k, v, "is out of range");
	else
		*out = whole;
}

static void fill_bool(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		      int *out)
{
	if (v->kind == YAML_PLAIN && strcmp(v->text, "true") == 0)
		*out = 1;
	else if (v->kind == YAML_PLAIN && strcmp(v->text, "false") == 0)
		*out = 0;
	else
		yaml_say_wrong(l->e, k, v, "is neither");
}

static void fill_word(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		      int *out)
{
	for (int i = 0; is_scalar(v) && k->words[i]; i++) {
		if (strcmp(v->text, k->words[i]) == 0) {
			*out = i;
			return;
		}
	}
	yaml_say_wrong(l->e, k, v, "is none of the words known here");
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static void fill_date(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		      struct yaml_date *out)
{
	int64_t year, month, day;

	if (!is_scalar(v) || v->len != 10 || v->text[4] != '-' || v->text[7] != '-' ||
	    num_parse_digits(v->text, 4, &year) != ET_OK ||
	    num_parse_digits(v->text + 5, 2, &month) != ET_OK ||
	    num_parse_digits(v->text + 8, 2, &day) != ET_OK)
		yaml_say_wrong(l->e, k, v, "is not a date");
	else if (year < 1 || month < 1 || month > 12 || day < 1 ||
		 day > days_in((int)year, (int)month))
		yaml_say_wrong(l->e, k, v, "is no day of the calendar");
	else
		*out = (struct yaml_date){ (int)year, (int)month, (int)day };
}

static int fill_item(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		     char *out)
{
	if (v->kind == YAML_BAD)
		return ET_OK;
	if (k->type == YAML_MAPS && v->kind == YAML_MAPPING)
		return fill_mapping(l, v, k->keys, out);
	if (k->type == YAML_MAPS)
		yaml_say_wrong(l->e, k, v, "is not a mapping");
	else if (k->type == YAML_F64S)
		fill_f64(l, k, v, (double *)(void *)out);
	else if (is_null(v))
		yaml_say_wrong(l->e, k, v, "is empty");
	else
		fill_str(l, k, v, (const char **)(void *)out);
	return ET_OK;
}

static size_t item_size(const struct yaml_key *k)
{
	if (k->type == YAML_MAPS)
		return k->size;
	return k->type == YAML_F64S ? sizeof(double) : sizeof(const char *);
}

static int fill_list(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		     struct yaml_list *out)
{
	const size_t size = item_size(k);
	char *item;

	if (v->kind != YAML_LIST) {
		yaml_say_wrong(l->e, k, v, "is not a list");
		return ET_OK;
	}
	if (v->n == 0) {
		if (k->required)
			yaml_say_wrong(l->e, k, v, "is empty");
		return ET_OK;
	}
	item = yaml_doc_alloc(l->doc, v->n * size);
	if (!item)
		return ET_ERR_NOMEM;
	*out = (struct yaml_list){ item, v->n };
	for (size_t i = 0; i < v->n; i++) { /* first all, so that a failure leaves no item unset */
		if (k->type == YAML_MAPS)
			yaml_fill_absent(k->keys, item + i * size);
		else if (k->type == YAML_F64S)
			((double *)out->items)[i] = NAN;
	}
	for (const struct yaml_node *n = v->first; n; n = n->next, item += size) {
		int err = fill_item(l, k, n, item);

		if (err != ET_OK)
			return err;
	}
	return ET_OK;
}

static int fill_value(struct loader *l, const struct yaml_key *k, const struct yaml_node *v,
		      void *out)
{
	const struct yaml_key *keys = k->type == YAML_TEXT2 ? text2_keys : k->keys;

	switch (k->type) {
	case YAML_STR:
		fill_str(l, k, v, out);
		return ET_OK;
	case YAML_F64:
		fill_f64(l, k, v, out);
		return ET_OK;
	case YAML_I64:
		fill_i64(l, k, v, out);
		return ET_OK;
	case YAML_BOOL:
		fill_bool(l, k, v, out);
		return ET_OK;
	case YAML_WORD:
		fill_word(l, k, v, out);
		return ET_OK;
	case YAML_DATE:
		fill_date(l, k, v, out);
		return ET_OK;
	case YAML_TEXT2:
	case YAML_MAP:
		if (v->kind == YAML_MAPPING)
			return fill_mapping(l, v, keys, out);
		yaml_say_wrong(l->e, k, v, "is not a mapping");
		return ET_OK;
	case YAML_MAPS:
	case YAML_STRS:
	case YAML_F64S:
		return fill_list(l, k, v, out);
	case YAML_MARK:
		break;
	}
	return ET_OK;
}

/* @return index of the table, -1: in no table. */
static int find_key(const struct yaml_key *keys, const struct yaml_node *key)
{
	for (int i = 0; keys[i].name; i++) {
		assert(i < KEYS_MAX);
		if (keys[i].type != YAML_MARK && strcmp(keys[i].name, key->text) == 0)
			return i;
	}
	return -1;
}

/* One pair of a mapping. @param seen  Line of the first appearance of each key, 0: none yet. */
static int fill_pair(struct loader *l, const struct yaml_node *key, const struct yaml_node *v,
		     const struct yaml_key *keys, int seen[KEYS_MAX], char *out)
{
	int i;

	if (key->kind == YAML_BAD)
		return ET_OK;
	i = find_key(keys, key);
	if (i < 0) {
		yaml_say_unknown(l->e, keys, key);
		return ET_OK;
	}
	if (seen[i] > 0) {
		yaml_error(l->e, key->mark,
			   "%s: this key stands twice in one mapping; first in line %d",
			   keys[i].name, seen[i]);
		return ET_OK;
	}
	seen[i] = key->mark.line;
	if (v->kind == YAML_BAD)
		return ET_OK;
	if (!is_null(v))
		return fill_value(l, &keys[i], v, out + keys[i].offset);
	if (keys[i].required)
		yaml_say_wrong(l->e, &keys[i], v, "says nothing");
	return ET_OK;
}

static int fill_mapping(struct loader *l, const struct yaml_node *node, const struct yaml_key *keys,
			char *out)
{
	int seen[KEYS_MAX] = { 0 };

	for (const struct yaml_node *key = node->first; key && key->next; key = key->next->next) {
		int err = fill_pair(l, key, key->next, keys, seen, out);

		if (err != ET_OK)
			return err;
	}
	for (int i = 0; keys[i].name; i++) {
		if (keys[i].type == YAML_MARK)
			*(struct yaml_mark *)(void *)(out + keys[i].offset) = node->mark;
		else if (keys[i].required && seen[i] == 0)
			yaml_say_missing(l->e, &keys[i], node->mark);
	}
	return ET_OK;
}

int yaml_fill(struct yaml_doc *doc, const struct yaml_node *mapping, const struct yaml_key *keys,
	      void *out, struct yaml_errors *e)
{
	struct loader l = { .e = e, .doc = doc };

	return fill_mapping(&l, mapping, keys, out);
}
