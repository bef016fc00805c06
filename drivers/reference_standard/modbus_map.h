/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/modbus_map.h - which quantity of a Modbus meter is in which register: a file of a
 * person, `schema: etalon/modbus-map/1`, DIR/registers/NAME.yaml (docs/modbus-meter.md). */
#ifndef DRIVERS_REFERENCE_STANDARD_MODBUS_MAP_H
#define DRIVERS_REFERENCE_STANDARD_MODBUS_MAP_H

#include "base/quantities.h"
#include "base/registers.h"
#include "base/yaml.h"
#include "io/modbus.h"

#define MODBUS_MAP_SCHEMA "etalon/modbus-map/1"

/* In V, A, W, var, Hz, Wh once decoded; a kind of three phases begins with its first one. */
enum mm_quantity {
	MM_VOLT = 0,
	MM_CURR = MM_VOLT + ET_PHASES,
	MM_POWER = MM_CURR + ET_PHASES,
	MM_REACTIVE = MM_POWER + ET_PHASES,
	MM_POWER_SUM = MM_REACTIVE + ET_PHASES,
	MM_REACTIVE_SUM,
	MM_FREQ,
	MM_ENERGY,
	MM_QUANTITIES
};
extern const char *const mm_quantity_words[]; /* "volt_1" ...; NULL at the end */

struct modbus_map_register {
	struct yaml_mark mark;
	int quantity; /* enum mm_quantity */
	int64_t address; /* of the first one, from 0 */
	int type; /* enum reg_type */
	double scale; /* what one unit is; not 0 */
};
struct modbus_map {
	const char *id, *maker, *model, *source;
	int64_t version;
	int function; /* 0 input, 1 holding */
	int word_order; /* enum reg_order */
	int64_t registers_max; /* in one question */
	double energy_resolution_wh;
	struct yaml_list
		registers; /* struct modbus_map_register; in order of address, none twice */
};

/** Load and check: every quantity at most once, no register in two of them, phases whole.
 * @param name  The file's name without its end: what .id must say.
 * @param doc  Owns the strings of @p out. @return ET_OK, ET_ERR_FILE (all errors in @p d), ET_ERR_NOMEM. */
int modbus_map_load_file(const char *path, const char *name, struct modbus_map *out,
			 struct yaml_doc **doc, struct diag *d) ET_CHECK;
int modbus_map_load_mem(const char *text, size_t len, const char *name, struct modbus_map *out,
			struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** NULL: the map has no such quantity. */
const struct modbus_map_register *modbus_map_find(const struct modbus_map *m, enum mm_quantity q);

/** The question that reads the register number @p first of the list and as many of those that follow it without a
 * gap as fit into one question. @return how many registers of the list it reads, at least 1. */
size_t modbus_map_question(const struct modbus_map *m, size_t first, struct modbus_question *out);

#endif
