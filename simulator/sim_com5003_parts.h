/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_com5003_parts.h - what the files of the simulated COM5003 share among themselves. */
#ifndef SIMULATOR_SIM_COM5003_PARTS_H
#define SIMULATOR_SIM_COM5003_PARTS_H

#include "simulator/sim_com5003.h"

/* clang-format off */
/* What can be set or asked; MEASURE, READ and FETCH apart. */
enum com_item {
	IDN,
	ESR,
	STB,
	OPC,
	CLS,
	SERIAL,
	ERROR,
	ERROR_COUNT,
	ERROR_ALL,
	MMODE,
	MMODE_CATALOG,
	M0CONSTANT,
	NOMINAL_FREQ,
	TINTEGRATION,
	RNGAUTO,
	RANGE,
	RANGE_CATALOG,
	OVERLOAD,
	EM_T0,
	EM_T1,
	EM_UNIT,
	EM_MODE,
	EM_MTIME,
	EM_START,
	EM_STATUS,
	EM_ENERGY,
	EM_POWER,
	EM_TIME,
	EM_RESULT,
	EM_REFCONSTANT,
	NO_ITEM
};
enum com_error { ERR_NONE = 0, ERR_COMMAND = -100, ERR_DATA = -120, ERR_INTERRUPTED = -410 };
/* clang-format on */

/* ---- ranges and constant: sim_com5003_range.c ---- */
/** "480V;240V;..." */
void com_catalogue(int channel, char *out, size_t cap);
void com_range_name(const struct sim_com *com, int channel, char *out, size_t cap);
/** @return index; -1: no such range. */
int com_range_find(int channel, const char *name);
/** UL1 ... IL3. @return -1: none of them. */
int com_channel_find(const char *name);
/** imp/kWh at these ranges. */
double com_constant(const struct sim_com *com);
/** Count energy with the old constant, then change. */
void com_set_range(struct sim_com *com, int channel, int index);
/** At each new value: overload, and automatic ranges. */
void com_check_ranges(struct sim_com *com);

/* ---- energy: sim_com5003_energy.c ---- */
/** Energy indicated since the start of the world, with the error of the instrument. */
double com_indicated_wh(const struct sim_com *com);
void com_em_count(struct sim_com *com);
void com_em_start(struct sim_com *com, int64_t t_ns);
void com_em_stop(struct sim_com *com, enum com_em_status status, int64_t t_ns);
/** When the register wants to be called. */
int64_t com_em_next_ns(const struct sim_com *com);
void com_em_run(struct sim_com *com, int64_t now_ns);
/** Let the latched value show if it is time. */
void com_em_show(struct sim_com *com, int64_t now_ns);

/* ---- queries that are answered from the state: sim_com5003_query.c ---- */
extern const char *const com_modes[]; /* enum com_mode; NULL at the end */
bool com_is_module(const char *word);
/** The answer, without its end. Takes an error out of the queue when that was asked for.
 * @return false: not a query. */
bool com_query_text(struct sim_com *com, enum com_item item, const struct scpi_command *q,
		    char *out, size_t cap);

/* ---- readings: sim_com5003_values.c ---- */
/** A new mean value is complete at the time of the world. */
void com_integrate(struct sim_com *com);
/** The answer to MEASURE:..., READ:..., FETCH:... @return false: no such value. */
bool com_value_text(const struct sim_com *com, const struct scpi_command *q, char *out, size_t cap);

#endif
