/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_yaml.c - a file is read or has errors; what was read goes through JSON and back unchanged. */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define SCHEMA "s"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses 512 bytes when a block scalar of many lines turns out to be an error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

struct point {
	struct yaml_mark mark;
	const char *id;
	struct yaml_list f;
};

struct sample {
	struct yaml_mark mark;
	const char *s;
	struct yaml_text2 t;
	double f;
	int64_t i;
	int b, w;
	struct yaml_date d;
	struct point m;
	struct yaml_list l, n;
};

static const char *const words[] = { "a", "b", NULL };

static const struct yaml_key point_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = offsetof(struct point, mark) },
	{ .name = "id", .type = YAML_STR, .offset = offsetof(struct point, id), .required = true },
	{ .name = "f", .type = YAML_F64S, .offset = offsetof(struct point, f), .min = 0, .max = 6 },
	{ 0 },
};

static const struct yaml_key keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = offsetof(struct sample, mark) },
	{ .name = "s", .type = YAML_STR, .offset = offsetof(struct sample, s) },
	{ .name = "t", .type = YAML_TEXT2, .offset = offsetof(struct sample, t) },
	{ .name = "f", .type = YAML_F64, .offset = offsetof(struct sample, f) },
	{ .name = "i", .type = YAML_I64, .offset = offsetof(struct sample, i) },
	{ .name = "b", .type = YAML_BOOL, .offset = offsetof(struct sample, b) },
	{ .name = "w", .type = YAML_WORD, .offset = offsetof(struct sample, w), .words = words },
	{ .name = "d", .type = YAML_DATE, .offset = offsetof(struct sample, d) },
	{ .name = "m", .type = YAML_MAP, .offset = offsetof(struct sample, m), .keys = point_keys },
	{ .name = "l",
	  .type = YAML_MAPS,
	  .offset = offsetof(struct sample, l),
	  .keys = point_keys,
	  .size = sizeof(struct point) },
	{ .name = "n", .type = YAML_STRS, .offset = offsetof(struct sample, n) },
	{ 0 },
};

/* @return canonical JSON of what was read; NULL: it has errors. */
static char *through(const char *text, size_t len, size_t *out_len)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct sample s;
	char *out = NULL;
	int err = yaml_load_mem("f", text, len, SCHEMA, keys, &s, &doc, d);
	json_t *j = yaml_to_json(SCHEMA, keys, &s); /* also of a struct half filled */

	if (!j || (err == ET_OK) != (diag_count(d) == 0) || err == ET_ERR_NOMEM)
		abort();
	if (err == ET_OK && json_canonical(j, &out, out_len) != ET_OK)
		abort();
	json_decref(j);
	yaml_free(doc);
	diag_free(d);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t first_len = 0, second_len = 0;
	char *first = through((const char *)data, len, &first_len);
	char *second;

	if (!first)
		return 0;
	second = through(first, first_len, &second_len);
	if (!second || first_len != second_len || memcmp(first, second, first_len) != 0)
		abort();
	free(first);
	free(second);
	return 0;
}
