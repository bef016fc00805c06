/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_batch_csv.c - a spreadsheet is read or has errors; what was read says the same as YAML. */
#include "procedures/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* @return canonical JSON of what was read; NULL: it has errors. */
static char *through(const char *name, const char *text, size_t len, size_t *out_len)
{
	struct approval_finding f;
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct batch b;
	char *out = NULL;
	int err = batch_load_mem(name, text, len, &b, &doc, d);
	const struct meter_card *m = b.meters.items;
	json_t *j;

	if ((err == ET_OK) != (diag_count(d) == 0) || err == ET_ERR_NOMEM)
		abort();
	for (size_t i = 0; i < b.meters.n; i++)
		(void)batch_fits_setup(&b, &m[i], &f);
	if (err == ET_OK) {
		j = yaml_to_json(BATCH_SCHEMA, batch_keys, &b);
		if (!j || json_canonical(j, &out, out_len) != ET_OK)
			abort();
		json_decref(j);
	}
	yaml_free(doc);
	diag_free(d);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t first_len = 0, second_len = 0;
	char *first = through("f.csv", (const char *)data, len, &first_len);
	char *second;

	if (!first)
		return 0;
	second = through("f.yaml", first, first_len, &second_len);
	if (!second || first_len != second_len || memcmp(first, second, first_len) != 0)
		abort();
	free(first);
	free(second);
	return 0;
}
