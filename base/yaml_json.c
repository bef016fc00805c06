/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_json.c - a struct back into JSON, by the same table of keys. */
#include "base/yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

static json_t *mapping(const struct yaml_key *keys, const char *in);

static json_t *text2(const struct yaml_text2 *t)
{
	json_t *o = json_object();

	if (o && (json_object_set_new(o, "en", json_str(t->en)) < 0 ||
		  json_object_set_new(o, "fr", json_str(t->fr)) < 0)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *date(const struct yaml_date *d)
{
	char text[48];

	snprintf(text, sizeof(text), "%04d-%02d-%02d", d->year, d->month, d->day);
	return json_str(text);
}

static json_t *item(const struct yaml_key *k, const struct yaml_list *list, size_t i)
{
	if (k->type == YAML_F64S)
		return json_num(((const double *)list->items)[i]);
	if (k->type == YAML_STRS)
		return json_str(((const char *const *)list->items)[i]);
	return mapping(k->keys, (const char *)list->items + i * k->size);
}

static json_t *array(const struct yaml_key *k, const struct yaml_list *list)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < list->n; i++) {
		if (json_array_append_new(a, item(k, list, i)) < 0) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}

/* @return false: absent; true: *out is a new reference, or NULL when memory ran out. */
static bool member(const struct yaml_key *k, const void *in, json_t **out)
{
	bool there = false;

	*out = NULL;
	switch (k->type) {
	case YAML_STR:
		there = *(const char *const *)in != NULL;
		*out = there ? json_str(*(const char *const *)in) : NULL;
		break;
	case YAML_TEXT2:
		there = ((const struct yaml_text2 *)in)->en != NULL;
		*out = there ? text2(in) : NULL;
		break;
	case YAML_F64:
		there = isfinite(*(const double *)in);
		*out = there ? json_num(*(const double *)in) : NULL;
		break;
	case YAML_I64:
		there = *(const int64_t *)in != INT64_MIN;
		*out = there ? json_integer(*(const int64_t *)in) : NULL;
		break;
	case YAML_BOOL:
		there = *(const int *)in >= 0;
		*out = there ? json_boolean(*(const int *)in) : NULL;
		break;
	case YAML_WORD:
		there = *(const int *)in >= 0;
		*out = there ? json_str(k->words[*(const int *)in]) : NULL;
		break;
	case YAML_DATE:
		there = ((const struct yaml_date *)in)->year != 0;
		*out = there ? date(in) : NULL;
		break;
	case YAML_MAP:
		*out = mapping(k->keys, in);
		there = !*out || k->required || json_object_size(*out) > 0;
		break;
	case YAML_MAPS:
	case YAML_STRS:
	case YAML_F64S:
		there = ((const struct yaml_list *)in)->n > 0;
		*out = there ? array(k, in) : NULL;
		break;
	case YAML_MARK:
		break;
	}
	if (!there)
		json_decref(*out);
	return there;
}

static json_t *mapping(const struct yaml_key *keys, const char *in)
{
	json_t *o = json_object(), *v;

	for (const struct yaml_key *k = keys; o && k->name; k++) {
		if (!member(k, in + k->offset, &v))
			continue;
		if (json_object_set_new(o, k->name, v) < 0) {
			json_decref(o);
			o = NULL;
		}
	}
	return o;
}

json_t *yaml_to_json(const char *schema, const struct yaml_key *keys, const void *in)
{
	json_t *o = mapping(keys, in);

	if (o && json_object_set_new(o, "schema", json_str(schema)) < 0) {
		json_decref(o);
		o = NULL;
	}
	return o;
}
