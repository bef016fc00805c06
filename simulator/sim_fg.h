/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_fg.h - a ZERA FG30x source: lines ended by CR, one command at a time.
 *
 * Commands, as published by the maker's open software: TS, UP, IP, FR, UI, DS, SM, RE, SE, HP, OL, SF, HE, PL, OF,
 * ZP, 3CM2, 3CM4, 2S, 2X, and the readings BU BI AU AI AW MP MQ MS AF FI. A bad argument is answered by the command
 * and NAK, an unknown command by silence. Values that UP, IP and FR program reach the outputs with the next UI.
 * Not simulated: dosage (3CM1, 3CM3, 3PS...: silence), lists of modes.
 * Angles on the line are in the DIN sense (lagging is positive). What the digits of SM mean is not published,
 * so only "all 0 = good" is used: a trip sets the fourth. */
#ifndef SIMULATOR_SIM_FG_H
#define SIMULATOR_SIM_FG_H

#include "simulator/device.h"

struct sim_fg_config {
	const char *model, *firmware; /* as TS answers: 8 and 4 characters */
	double volt_max_v, curr_max_a, freq_min_hz, freq_max_hz;
	double on_time_s, off_time_s, latency_s;
};

enum { FG_QUEUE = 8, FG_TEXT = 96, FG_STATUS_DIGITS = 16 };

struct sim_fg {
	struct device dev; /* first */
	struct sim_fg_config cfg;
	struct setpoint programmed; /* our angles */
	bool volt_on[ET_PHASES], curr_on[ET_PHASES];
	bool events; /* SE1 */
	/* it is broken */
	bool refuse_off; /* NAK to a line that switches everything off */
	bool stuck_on; /* says that it did, and does not */
	char status[FG_STATUS_DIGITS + 1];
	/* the command that is being done */
	bool busy, is_switch;
	int64_t t_apply_ns, t_done_ns; /* t_apply_ns: ET_NEVER_NS when done or nothing to apply */
	char reply[FG_TEXT]; /* "" : silence */
	char queue[FG_QUEUE][FG_TEXT]; /* lines that came meanwhile */
	int n_queued;
};

void sim_fg_init(struct sim_fg *fg, const struct sim_fg_config *cfg, struct clk *c,
		 struct world *w);

/** A protection switches everything off, now. */
void sim_fg_trip(struct sim_fg *fg, int64_t now_ns);

#endif
