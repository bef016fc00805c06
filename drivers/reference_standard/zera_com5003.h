/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/zera_com5003.h - what the files of the COM5003 driver share: zera_com5003.c (ranges
 * and readings) and zera_com5003_em.c (energy register EM01). */
#ifndef DRIVERS_REFERENCE_STANDARD_ZERA_COM5003_H
#define DRIVERS_REFERENCE_STANDARD_ZERA_COM5003_H

#include "drivers/reference_standard/zera_com_link.h"

struct zcom_ranges {
	double volt_v[ET_PHASES], curr_a[ET_PHASES];
};

/* When the register will show a new value. Polls are spread over the predicted instant and no further. */
struct zcom_rhythm {
	int64_t interval_ns; /* 0: not known yet */
	int64_t anchor_ns,
		anchor_width_ns; /* first update that was seen finely: the interval is counted from it */
	int64_t anchor_n; /* updates since */
	int64_t last_ns, last_width_ns; /* middle and width of the last update; width 0: none yet */
	int64_t due_ns; /* latest instant predicted; INT64_MIN: none */
	int64_t gap_ns; /* between polls */
};

struct zcom_register {
	bool running;
	double constant_imp_per_kwh;
	struct zcom_ranges ranges;
	double energy_kwh, step_kwh; /* last value; last difference between two values */
	int digits; /* most significant digits that an answer had */
	int64_t t_lo_ns; /* last question that was answered with energy_kwh */
	int64_t next_poll_ns, t_start_ns;
	uint32_t seq, n_seen;
	int failures; /* questions in a row without an answer */
	int disagreements; /* in a row, between register and power */
	uint32_t next_check; /* compare with power at this n_seen */
};

struct driver_inst {
	struct zcom_link l;
	bool angles;
	double range_margin, integration_s, poll_s;
	struct zcom_register em;
	struct zcom_rhythm rhythm; /* outlives a run: the interval stays */
};

/** The ranges of all six channels as the instrument reports them. */
int zcom_read_ranges(struct driver_inst *d, struct zcom_ranges *out) ET_CHECK;

/** "240V", "100mV", "500mA" -> volts or amperes. @return ET_ERR_PROTO for anything else. */
int zcom_parse_range(const char *text, size_t len, char unit, double *out) ET_CHECK;

/** A reading of the sum of active power: MEASURE:POW1:PS?. */
int zcom_read_power(struct driver_inst *d, double *power_w) ET_CHECK;

/** SENSE:RNG1:OVERLOAD? */
int zcom_read_overload(struct driver_inst *d, bool *overload) ET_CHECK;

/* zera_com5003_em.c; contract in reference_standard.h. */
int zcom_em_start(struct driver_inst *d, struct ref_register *out) ET_CHECK;
int zcom_em_sample(struct driver_inst *d, int64_t deadline_ns, struct ref_sample *out) ET_CHECK;
/** Stop it for what comes next; what it had counted is void. */
int zcom_em_abandon(struct driver_inst *d) ET_CHECK;
int zcom_em_stop(struct driver_inst *d, struct ref_register *out) ET_CHECK;

#endif
