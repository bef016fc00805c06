/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_sdm630.h - a meter like an Eastron SDM630 on a Modbus link: input registers, float32, high word first.
 *
 * It takes function 04 at even addresses, an even number of registers up to 80, and answers anything else with an
 * exception. What it measures is new every energy_update_s, at free-running instants; energy is shown in steps of
 * 10 Wh. A real one has no serial number in its map: a simulated one says its own in registers of its own, so that it
 * can't pass for real (docs/modbus-meter.md). */
#ifndef SIMULATOR_SIM_SDM630_H
#define SIMULATOR_SIM_SDM630_H

#include "simulator/device.h"
#include "simulator/rng.h"

enum { SDM_REGISTERS_MAX = 80, SDM_SERIAL_ADDRESS = 0xff00, SDM_SERIAL_BYTES = 32 };

struct sim_sdm_config {
	const char *serial;
	double error_pct, phase_min; /* drawn errors included */
	double update_s, latency_s, jitter_s;
	double start_kwh; /* what the import register has counted before */
};

struct sim_sdm_shown { /* as indicated since the last update */
	double volt_v[ET_PHASES], curr_a[ET_PHASES], power_w[ET_PHASES], reactive_var[ET_PHASES],
		freq_hz, import_kwh, export_kwh;
};

struct sim_sdm {
	struct device dev; /* first */
	struct sim_sdm_config cfg;
	struct sim_sdm_shown shown;
	double import_wh, export_wh, last_wh; /* counted; indicated energy up to which */
	int64_t t_update_ns; /* the next one */
	struct rng latency_rng;
};

void sim_sdm_init(struct sim_sdm *m, const struct sim_sdm_config *cfg, struct clk *c,
		  struct world *w, uint64_t seed);

#endif
