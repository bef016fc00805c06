/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static int characters(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80; /* not a UTF-8 continuation byte */
	return n;
}

void output_cell(const char *text, int width)
{
	const int n = characters(text);

	printf("%s%*s  ", text, width > n ? width - n : 0, "");
}

/* One value as a person reads it; null is empty. */
static const char *text_of(const json_t *v, char buf[64])
{
	buf[0] = '\0';
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, 64, "%.10g", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(buf, 64, "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_array(v))
		snprintf(buf, 64, "(%zu)", json_array_size(v));
	return buf;
}

int output_end(const struct cli_args *a, json_t *v)
{
	char *text = NULL;
	size_t len = 0;
	int err = ET_OK;

	if (a->json) {
		err = json_canonical(v, &text, &len);
		if (err == ET_OK)
			puts(text);
		free(text);
	}
	json_decref(v);
	return err == ET_OK ? EXIT_CONFORMING : cli_fail(EXIT_RECORD, "out of memory");
}

int output_table(const struct cli_args *a, const struct output_column *columns, json_t *rows,
		 const struct fault *f)
{
	const json_t *row;
	char buf[64];
	size_t i;

	if (!rows)
		return cli_fail(cli_exit_of(f->code), "%s", f->text);
	if (a->json)
		return output_end(a, rows);
	for (const struct output_column *c = columns; c->key; c++)
		output_cell(tr(a->lang, c->en, c->fr), c->width);
	putchar('\n');
	json_array_foreach(rows, i, row)
	{
		for (const struct output_column *c = columns; c->key; c++)
			output_cell(text_of(json_object_get(row, c->key), buf), c->width);
		putchar('\n');
	}
	json_decref(rows);
	return EXIT_CONFORMING;
}

static void print_members(const json_t *object, int indent)
{
	json_t *o = (json_t *)(uintptr_t)object, *v;
	const char *key;
	char buf[64];

	json_object_foreach(o, key, v)
	{
		const json_t *item;
		size_t i;

		printf("%*s", indent, "");
		output_cell(key, 20);
		puts(json_is_object(v) ? "" : text_of(v, buf));
		if (json_is_object(v))
			print_members(v, indent + 2);
		json_array_foreach(v, i, item)
		{
			if (json_is_object(item)) {
				print_members(item, indent + 4);
				putchar('\n');
			} else {
				printf("%*s%s\n", indent + 4, "", text_of(item, buf));
			}
		}
	}
}

int output_object(const struct cli_args *a, json_t *object)
{
	(void)a;
	print_members(object, 0);
	json_decref(object);
	return EXIT_CONFORMING;
}
