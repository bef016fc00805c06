/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/modbus_meter.h - what the files of the driver for Modbus meters share: modbus_meter.c
 * (who is there, readings) and modbus_meter_energy.c (the energy register). */
#ifndef DRIVERS_REFERENCE_STANDARD_MODBUS_METER_H
#define DRIVERS_REFERENCE_STANDARD_MODBUS_METER_H

#include "drivers/reference_standard/modbus_meter_link.h"

struct mm_values { /* all that the map has, in its units times scale; NAN: not in the map */
	double v[MM_QUANTITIES];
	int64_t t_before_ns, t_after_ns; /* first question sent, last answer complete */
	bool overload;
};

struct mm_energy {
	bool running;
	double start_wh, last_wh; /* as the register says */
	double resolution_wh; /* of the register at this size of its value */
	int64_t t_lo_ns; /* last question that was answered with last_wh */
	double agreed_wh; /* when register and power last agreed; agreed_ns INT64_MIN: no update was timed yet */
	int64_t agreed_ns;
	int64_t next_poll_ns;
	uint32_t seq, n_seen, next_check; /* next_check: compare with power at this n_seen */
	int failures, disagreements; /* in a row */
};

struct driver_inst {
	struct mm_link l;
	struct modbus_map map;
	struct yaml_doc *doc; /* of the map */
	double volt_max_v, curr_max_a, poll_s;
	struct mm_energy em;
};

/** Every register of the map, and whether the figures can be true together.
 * @return ET_ERR_PROTO when they can't: a wrong word order, map or scale, or damage that no checksum saw. */
int mm_read_values(struct driver_inst *d, struct mm_values *out) ET_CHECK;

double mm_power_sum_w(const struct mm_values *x);

/** The energy register alone. @return as mm_ask(); ET_ERR_PROTO for what is no energy. */
int mm_read_energy(struct driver_inst *d, double *wh) ET_CHECK;

/** The largest power that volt_max_v and curr_max_a allow. */
double mm_full_power_w(const struct driver_inst *d);

/* modbus_meter_energy.c; contract in reference_standard.h. */
int mm_energy_start(struct driver_inst *d, struct ref_register *out) ET_CHECK;
int mm_energy_sample(struct driver_inst *d, int64_t deadline_ns, struct ref_sample *out) ET_CHECK;
int mm_energy_stop(struct driver_inst *d, struct ref_register *out) ET_CHECK;

#endif
