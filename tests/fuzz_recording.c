/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_recording.c - recording.yaml: read, or refused with errors; and what was read is within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "bench/recording_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses 512 bytes when a block scalar of many lines turns out to be an error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct recording_file *x)
{
	const struct recording_link *l = x->links.items;
	const struct recording_verdict *v = x->resumed.standing.items;

	must(x->program && x->algorithm && x->session && x->batch && x->operator_id);
	must(x->start.mono_ns >= 0 && x->start.utc_ns >= 0 && x->start.boot_id);
	must(x->links.n > 0);
	for (size_t i = 0; i < x->links.n; i++)
		must(l[i].instrument && l[i].transcript && !strchr(l[i].transcript, '/'));
	for (size_t i = 0; i < x->resumed.standing.n; i++)
		must(v[i].position >= 1 && v[i].position <= ET_POSITIONS_MAX && v[i].verdict >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct recording_file x;
	const int err = recording_file_load_mem("f", (const char *)data, len, &x, &doc, d);

	must((err == ET_OK) == (diag_count(d) == 0));
	if (err == ET_OK)
		check(&x);
	yaml_free(doc);
	diag_free(d);
	return 0;
}
