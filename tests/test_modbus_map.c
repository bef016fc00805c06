/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_modbus_map.c - the register map that ships, and all that can be wrong with one, in one go. */
#include "drivers/reference_standard/modbus_map.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/near.h"

#define SHIPPED "drivers/reference_standard/registers/eastron-sdm630.yaml"

static void the_shipped_map_is_right(void **state)
{
	struct modbus_map m;
	struct yaml_doc *doc;
	struct diag *d = diag_new();
	struct modbus_question q;
	size_t at = 0;
	static const uint16_t asked[][2] = { { 0, 18 }, { 24, 6 }, { 52, 2 }, { 70, 4 } };

	(void)state;
	assert_int_equal(modbus_map_load_file(SHIPPED, "eastron-sdm630", &m, &doc, d), ET_OK);
	assert_int_equal(m.word_order, REG_ABCD);
	assert_int_equal(m.registers.n, 15);
	assert_int_equal(modbus_map_find(&m, MM_CURR + 2)->address, 10);
	assert_near(modbus_map_find(&m, MM_CURR + 2)->scale, 1, 0);
	assert_int_equal(modbus_map_find(&m, MM_ENERGY)->address, 0x48);
	assert_near(modbus_map_find(&m, MM_ENERGY)->scale, 1000, 0);
	assert_null(modbus_map_find(&m, MM_REACTIVE_SUM));
	for (size_t i = 0; i < 4; i++) {
		at += modbus_map_question(&m, at, &q);
		assert_int_equal(q.function, MODBUS_INPUT);
		assert_int_equal(q.address, asked[i][0]);
		assert_int_equal(q.count, asked[i][1]);
	}
	assert_int_equal(at, m.registers.n);
	m.registers_max = 5; /* two floats and no half of one */
	assert_int_equal(modbus_map_question(&m, 0, &q), 2);
	assert_int_equal(q.count, 4);
	yaml_free(doc);
	diag_free(d);
}

#define HEAD                                                                                \
	"schema: etalon/modbus-map/1\nid: lab\nversion: 1\nmaker: M\nmodel: X\nsource: S\n" \
	"function: holding\nword_order: cdab\nregisters_max: 20\nenergy_resolution_wh: 1\n"
#define PHASE                                                                      \
	"registers:\n  - {quantity: volt_1, register: 0, type: u16, scale: 0.1}\n" \
	"  - {quantity: curr_1, register: 1, type: s32, scale: 0.001}\n"           \
	"  - {quantity: power_1, register: 3, type: s16}\n"                        \
	"  - {quantity: reactive_1, register: 4, type: s16}\n"
#define REST                                                            \
	"  - {quantity: freq, register: 100, type: u16, scale: 0.01}\n" \
	"  - {quantity: energy, register: 200, type: u32}\n"

static void a_map_of_whole_numbers(void **state)
{
	static const char text[] = HEAD PHASE REST;
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct modbus_map m;
	struct modbus_question q;

	(void)state;
	if (modbus_map_load_mem(text, strlen(text), "lab", &m, &doc, d) != ET_OK)
		diag_print(d, stderr);
	assert_int_equal(diag_count(d), 0);
	assert_int_equal(modbus_map_question(&m, 0, &q), 4);
	assert_int_equal(q.function, MODBUS_HOLDING);
	assert_int_equal(q.count, 5);
	yaml_free(doc);
	diag_free(d);
}

static void all_errors_come_at_once(void **state)
{
	static const struct {
		const char *text;
		int n;
		const char *says[8];
	} maps[] = {
		{ HEAD PHASE REST "  - {quantity: volt_1, register: 300, type: f32}\n",
		  1,
		  { "quantity: volt_1 is there twice" } },
		{ HEAD PHASE REST "  - {quantity: power_sum, register: 2, type: f32}\n",
		  2,
		  { "register: curr_1 and power_sum share a register",
		    "register: power_1 and power_sum share a register" } },
		{ HEAD PHASE REST "  - {quantity: power_sum, register: 65535, type: f32}\n",
		  1,
		  { "two registers from there on would go beyond 65535" } },
		{ HEAD PHASE REST "  - {quantity: volt_2, register: 300, type: f32, scale: 0}\n",
		  4,
		  { "scale: 0; should not be 0", "curr_2 is missing", "power_2 is missing",
		    "reactive_2 is missing" } },
		{ HEAD PHASE "  - {quantity: freq, register: 0x64, type: u8}\n"
			     "  - {quantity: energi, register: 200, type: u32, scale: 1,5}\n",
		  5,
		  { "register: \"0x64\"", "type: \"u8\"", "quantity: \"energi\"", "scale",
		    "registers: energy is missing" } },
		{ HEAD PHASE "  - {quantity: freq, register: 100, type: u16}\n"
			     "  - {quantity: energy, register: 200, type: u32, scale: -1}\n",
		  1,
		  { "scale: -1; should be above 0" } },
		{ "schema: etalon/modbus-map/1\nid: other\nversion: 0\nmaker: M\nmodel: X\n"
		  "function: coil\nword_order: abdc\nregisters_max: 126\n"
		  "energy_resolution_wh: 0\n" PHASE REST,
		  7,
		  { "source", "version: ", "function: ", "word_order: ", "registers_max: ",
		    "energy_resolution_wh: ",
		    "id: \"other\"; should be the file's name, \"lab\"" } },
		{ HEAD, 1, { "registers" } },
		{ "schema: etalon/plan/1\n", 1, { "schema" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct diag *d = diag_new();
		struct yaml_doc *doc;
		struct modbus_map m;

		assert_int_equal(
			modbus_map_load_mem(maps[i].text, strlen(maps[i].text), "lab", &m, &doc, d),
			ET_ERR_FILE);
		if (diag_count(d) != maps[i].n) {
			diag_print(d, stderr);
			fail_msg("map %zu: %d errors", i, diag_count(d));
		}
		for (int k = 0; k < maps[i].n; k++) {
			bool said = false;

			for (int e = 0; e < diag_count(d); e++)
				said = said || strstr(diag_text(d, e), maps[i].says[k]);
			if (!said) {
				diag_print(d, stderr);
				fail_msg("map %zu: nobody says %s", i, maps[i].says[k]);
			}
		}
		yaml_free(doc);
		diag_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shipped_map_is_right),
		cmocka_unit_test(a_map_of_whole_numbers),
		cmocka_unit_test(all_errors_come_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
