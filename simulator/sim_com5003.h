/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_com5003.h - a ZERA COM5003 reference: SCPI lines ended by LF, as its maker documents them.
 *
 * Kept from the behaviour of the real firmware: MEASURE waits for a new value, FETCH answers at once; a setting and
 * an error report take effect a little later; a header that is not understood is silence; a second query loses the
 * first answer; a parameter ends with a semicolon; DFT gives peak values; short forms in any case.
 * Energy register: counts pulses of its own constant, which follows the ranges, and shows a new value at free-running
 * instants. Angles of DFT1 are relative to the first voltage, positive = leads. In 3LW the power is the sum of all
 * phases, which is the same when the currents add up to zero. Not simulated: EC01, the XML of DEVICE:IFACE?. */
#ifndef SIMULATOR_SIM_COM5003_H
#define SIMULATOR_SIM_COM5003_H

#include "simulator/device.h"
#include "simulator/rng.h"
#include "simulator/scpi_words.h"

struct sim_com_config {
	const char *serial, *firmware;
	double error_pct, phase_min; /* drawn errors included */
	double integration_s, energy_update_s, update_latency_s, update_jitter_s, latency_s,
		jitter_s, apply_s;
};

enum com_channel { COM_U1 = 0, COM_U2, COM_U3, COM_I1, COM_I2, COM_I3, COM_CHANNELS };
enum com_mode { COM_4LW = 0, COM_3LW, COM_2LW, COM_MODES };
enum com_em_status { EM_IDLE = 0, EM_RUNNING = 2, EM_READY = 4, EM_ABORTED = 8 };
enum { COM_ANSWER = 2048, COM_LATER = 64 };

struct com_values { /* means over one integration interval, as indicated */
	struct phasor volt[ET_PHASES], curr[ET_PHASES];
	double power_w[ET_PHASES], reactive_var[ET_PHASES], freq_hz;
};

struct com_later { /* a setting or an error on its way */
	int64_t t_ns;
	int item; /* enum com_item; -1: an error */
	int channel;
	double value;
};

struct com_em { /* energy register EM01 */
	enum com_em_status status;
	int mode; /* 0 manual, 1 duration */
	double duration_s;
	double constant; /* imp/kWh, at START */
	double pulses, last_wh; /* counted so far; indicated energy up to which */
	int64_t t_start_ns, t_latch_ns, t_shown_ns; /* next update; when the latched value shows */
	double latched_kwh, latched_s, shown_kwh, shown_s;
};

struct sim_com {
	struct device dev; /* first */
	struct sim_com_config cfg;
	int range[COM_CHANNELS]; /* index into the catalogue */
	bool autorange, overload, constant_moved;
	enum com_mode mode;
	/* integration */
	double integration_s;
	int64_t t_boundary_ns, t_last_ns;
	struct world_sums last_sums;
	struct com_values values;
	struct com_em em;
	struct com_later later[COM_LATER];
	int n_later;
	int errors[COM_LATER];
	int n_errors;
	/* the one answer on its way */
	bool answering, waits_for_value;
	int64_t t_answer_ns;
	struct scpi_command question;
	char answer[COM_ANSWER];
	struct rng update_rng, latency_rng;
};

void sim_com_init(struct sim_com *com, const struct sim_com_config *cfg, struct clk *c,
		  struct world *w, uint64_t seed);

/** Somebody turns the ranges of all voltages at the instrument, now. @p volt_v: the next range that holds it. */
void sim_com_change_range(struct sim_com *com, double volt_v);

#endif
