/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_com5003_parts.h - what the files of the simulated COM5003 share among themselves. */
#ifndef SIMULATOR_SIM_COM5003_PARTS_H
#define SIMULATOR_SIM_COM5003_PARTS_H

#include "simulator/sim_com5003.h"

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

/* ---- readings: sim_com5003_values.c ---- */
/** A new mean value is complete at the time of the world. */
void com_integrate(struct sim_com *com);
/** The answer to MEASURE:..., READ:..., FETCH:... @return false: no such value. */
bool com_value_text(const struct sim_com *com, const struct scpi_command *q, char *out, size_t cap);

#endif
