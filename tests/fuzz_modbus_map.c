/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_modbus_map.c - a register map is refused with a reason, or every question made from it is one that a
 * Modbus device can be asked, and together they read each register once. */
#include <stdlib.h>

#include "drivers/reference_standard/modbus_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses 512 bytes when a block scalar of many lines turns out to be an error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

static void must(int holds)
{
	if (!holds)
		abort();
}

static void ask_all(const struct modbus_map *m)
{
	const struct modbus_map_register *r = m->registers.items;
	struct modbus_question q;
	int64_t end = 0;

	for (size_t i = 0, n; i < m->registers.n; i += n) {
		n = modbus_map_question(m, i, &q);
		must(n >= 1 && i + n <= m->registers.n);
		must(q.count >= 1 && q.count <= m->registers_max);
		must(q.address == r[i].address && q.address >= end);
		end = q.address + q.count;
		must(end <= 65536);
	}
	for (int k = 0; k < MM_QUANTITIES; k++)
		must(!modbus_map_find(m, (enum mm_quantity)k) ||
		     modbus_map_find(m, (enum mm_quantity)k)->scale != 0);
	must(modbus_map_find(m, MM_ENERGY) && modbus_map_find(m, MM_VOLT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct modbus_map m;
	const int err = modbus_map_load_mem((const char *)data, size, "lab", &m, &doc, d);

	must(err != ET_ERR_NOMEM && (err == ET_OK) == (diag_count(d) == 0));
	if (err == ET_OK)
		ask_all(&m);
	yaml_free(doc);
	diag_free(d);
	return 0;
}
