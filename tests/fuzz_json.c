/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_json.c - what is read has one canonical form, and reading that gives it again. */
#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *canonical(json_t *v, size_t *len)
{
	char *text = NULL;

	if (json_canonical(v, &text, len) != ET_OK)
		abort();
	json_decref(v);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fault f = { 0 };
	json_t *v = json_parse((const char *)data, len, &f);
	char *first, *second;
	size_t first_len, second_len;

	if (!v) {
		if (f.code == ET_OK || f.text[0] == '\0')
			abort();
		return 0;
	}
	first = canonical(v, &first_len);
	v = json_parse(first, first_len, &f);
	if (!v)
		abort();
	second = canonical(v, &second_len);
	if (first_len != second_len || memcmp(first, second, first_len) != 0)
		abort();
	free(first);
	free(second);
	return 0;
}
