/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/reference_standard/modbus_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct modbus_map, member)
#define REG(member) offsetof(struct modbus_map_register, member)

const char *const mm_quantity_words[] = { "volt_1",    "volt_2",       "volt_3",     "curr_1",
					  "curr_2",    "curr_3",       "power_1",    "power_2",
					  "power_3",   "reactive_1",   "reactive_2", "reactive_3",
					  "power_sum", "reactive_sum", "freq",	     "energy",
					  NULL };
static const char *const function_words[] = { "input", "holding", NULL };

static const struct yaml_key register_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = REG(mark) },
	{ .name = "quantity",
	  .type = YAML_WORD,
	  .offset = REG(quantity),
	  .required = true,
	  .words = mm_quantity_words },
	{ .name = "register",
	  .type = YAML_I64,
	  .offset = REG(address),
	  .required = true,
	  .min = 0,
	  .max = 65535,
	  .want = "its first address on the wire, 0 to 65535" },
	{ .name = "type",
	  .type = YAML_WORD,
	  .offset = REG(type),
	  .required = true,
	  .words = reg_type_words },
	{ .name = "scale",
	  .type = YAML_F64,
	  .offset = REG(scale),
	  .min = -1e9,
	  .max = 1e9,
	  .want = "how many V, A, W, var, Hz or Wh one unit is" },
	{ 0 }
};

static const struct yaml_key map_keys[] = {
	{ .name = "id", .type = YAML_STR, .offset = AT(id), .required = true },
	{ .name = "version",
	  .type = YAML_I64,
	  .offset = AT(version),
	  .required = true,
	  .min = 1,
	  .max = 9999,
	  .want = "1, 2, ..." },
	{ .name = "maker", .type = YAML_STR, .offset = AT(maker), .required = true },
	{ .name = "model", .type = YAML_STR, .offset = AT(model), .required = true },
	{ .name = "source", .type = YAML_STR, .offset = AT(source), .required = true },
	{ .name = "function",
	  .type = YAML_WORD,
	  .offset = AT(function),
	  .required = true,
	  .words = function_words },
	{ .name = "word_order",
	  .type = YAML_WORD,
	  .offset = AT(word_order),
	  .required = true,
	  .words = reg_order_words },
	{ .name = "registers_max",
	  .type = YAML_I64,
	  .offset = AT(registers_max),
	  .required = true,
	  .min = 2,
	  .max = MODBUS_REGISTERS_MAX,
	  .want = "registers in one question, 2 to 125" },
	{ .name = "energy_resolution_wh",
	  .type = YAML_F64,
	  .offset = AT(energy_resolution_wh),
	  .required = true,
	  .min = 1e-6,
	  .max = 1e6,
	  .want = "Wh, 1e-6 to 1e6" },
	{ .name = "registers",
	  .type = YAML_MAPS,
	  .offset = AT(registers),
	  .required = true,
	  .keys = register_keys,
	  .size = sizeof(struct modbus_map_register) },
	{ 0 }
};

/* ---- what a table cannot check ---- */

static bool is_whole(const struct modbus_map_register *r)
{
	return r->quantity >= 0 && r->address != INT64_MIN && r->type >= 0;
}

static int64_t end_of(const struct modbus_map_register *r)
{
	return r->address + reg_count((enum reg_type)r->type);
}

static void check_register(const char *name, const struct modbus_map *m, size_t i, struct diag *d)
{
	const struct modbus_map_register *all = m->registers.items, *r = &all[i];

	if (r->scale == 0 || (r->quantity == MM_ENERGY && r->scale < 0))
		diag_add(d, name, r->mark.line, r->mark.column, "scale: %g; should %s", r->scale,
			 r->quantity == MM_ENERGY ? "be above 0" : "not be 0");
	if (!is_whole(r))
		return; /* said already */
	if (end_of(r) > 65536)
		diag_add(d, name, r->mark.line, r->mark.column,
			 "register: %lld; two registers from there on would go beyond 65535",
			 (long long)r->address);
	for (size_t k = 0; k < i; k++) {
		if (all[k].quantity == r->quantity)
			diag_add(d, name, r->mark.line, r->mark.column,
				 "quantity: %s is there twice", mm_quantity_words[r->quantity]);
		else if (is_whole(&all[k]) && r->address < end_of(&all[k]) &&
			 all[k].address < end_of(r))
			diag_add(d, name, r->mark.line, r->mark.column,
				 "register: %s and %s share a register",
				 mm_quantity_words[all[k].quantity],
				 mm_quantity_words[r->quantity]);
	}
}

/* A phase has all four figures or none; the first one is there. */
static void check_phases(const char *name, const struct modbus_map *m, struct diag *d)
{
	static const int kinds[] = { MM_VOLT, MM_CURR, MM_POWER, MM_REACTIVE };
	static const int singles[] = { MM_FREQ, MM_ENERGY };

	for (int phase = 0; phase < ET_PHASES; phase++) {
		bool any = phase == 0;

		for (int k = 0; k < 4; k++)
			any = any || modbus_map_find(m, (enum mm_quantity)(kinds[k] + phase));
		for (int k = 0; k < 4 && any; k++)
			if (!modbus_map_find(m, (enum mm_quantity)(kinds[k] + phase)))
				diag_add(d, name, 0, 0, "registers: %s is missing",
					 mm_quantity_words[kinds[k] + phase]);
	}
	for (int k = 0; k < 2; k++)
		if (!modbus_map_find(m, (enum mm_quantity)singles[k]))
			diag_add(d, name, 0, 0, "registers: %s is missing",
				 mm_quantity_words[singles[k]]);
}

static int by_address(const void *a, const void *b)
{
	const struct modbus_map_register *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static int check_loaded(const char *file, const char *name, struct modbus_map *m, struct diag *d)
{
	struct modbus_map_register *r = m->registers.items;
	const int before = diag_count(d);

	if (m->id && strcmp(m->id, name) != 0)
		diag_add(d, file, 0, 0, "id: \"%s\"; should be the file's name, \"%s\"", m->id,
			 name);
	for (size_t i = 0; i < m->registers.n; i++) {
		check_register(file, m, i, d);
		if (isnan(r[i].scale))
			r[i].scale = 1;
	}
	if (m->registers.n)
		check_phases(file, m, d);
	if (diag_count(d) > before)
		return ET_ERR_FILE;
	if (m->registers.n)
		qsort(r, m->registers.n, sizeof(*r), by_address);
	return ET_OK;
}

/* What the table found is no reason to keep the rest back. */
static int finish(const char *file, const char *name, struct modbus_map *m,
		  const struct yaml_doc *doc, int err, struct diag *d)
{
	int more = doc && (err == ET_OK || err == ET_ERR_FILE) ? check_loaded(file, name, m, d)
							       : ET_OK;

	return err == ET_OK ? more : err;
}

int modbus_map_load_file(const char *path, const char *name, struct modbus_map *out,
			 struct yaml_doc **doc, struct diag *d)
{
	int err = yaml_load_file(path, MODBUS_MAP_SCHEMA, map_keys, out, doc, d);

	return finish(path, name, out, *doc, err, d);
}

int modbus_map_load_mem(const char *text, size_t len, const char *name, struct modbus_map *out,
			struct yaml_doc **doc, struct diag *d)
{
	int err = yaml_load_mem(name, text, len, MODBUS_MAP_SCHEMA, map_keys, out, doc, d);

	return finish(name, name, out, *doc, err, d);
}

/* ---- what the driver asks ---- */

const struct modbus_map_register *modbus_map_find(const struct modbus_map *m, enum mm_quantity q)
{
	const struct modbus_map_register *r = m->registers.items;

	for (size_t i = 0; i < m->registers.n; i++)
		if (r[i].quantity == (int)q)
			return &r[i];
	return NULL;
}

size_t modbus_map_question(const struct modbus_map *m, size_t first, struct modbus_question *out)
{
	const struct modbus_map_register *r = m->registers.items;
	size_t n = 1;

	while (first + n < m->registers.n && r[first + n].address == end_of(&r[first + n - 1]) &&
	       end_of(&r[first + n]) - r[first].address <= m->registers_max)
		n++;
	*out = (struct modbus_question){
		.function = m->function ? MODBUS_HOLDING : MODBUS_INPUT,
		.address = (uint16_t)r[first].address,
		.count = (uint16_t)(end_of(&r[first + n - 1]) - r[first].address),
	};
	return n;
}
