/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/live.h - a simulated bench in real time: its instruments on pseudo-terminals and TCP ports of this machine.
 *
 * The simulator lives on its virtual clock. One thread moves that clock to where real time is, sleeps until the next
 * thing is due there or bytes come, and carries bytes. Stamps of the simulated instruments are exact whatever the
 * machine does; what a loaded machine delays is when answers leave, and the worst of that is kept.
 *
 * A line behaves as a line: one client at a time, who may come and go; what nobody reads is lost.
 *
 * From outside it is told, one line at a time, what shall go wrong; each line is answered by one line, "ok ...",
 * "error ..." or a JSON object:
 *   unplug NAME               the line is gone: clients are hung up, opening fails
 *   plug NAME                 it is there again -> ok PORT, which may be another one without links
 *   silent NAME, speak NAME   what the instrument says does not arrive; it still does what it is told
 *   nak-off source            it refuses to switch off
 *   stuck-on source           it says that it is off, and stays on
 *   heal source               it does what it is told again; what stayed on is still on
 *   terminals                 -> {"volt_v":[..],"curr_a":[..]} at the reference, now
 *   truth POSITION FIRST LAST -> {"position":..,"err_pct":..,"kh_wh":..,"n_pulses":..,"span_s":..}: error against Kh of
 *                             the LED between two edges by their numbers
 *   lag                       -> {"worst_lag_ms":..}
 */
#ifndef SIMULATOR_LIVE_H
#define SIMULATOR_LIVE_H

#include "simulator/simulator.h"

struct live;

enum live_kind { LIVE_TTY = 0, LIVE_TCP };

struct live_options {
	enum live_kind source, reference, reader;
	/** Pseudo-terminals are reached by links LINKS.NAME, which stay the same after plug; NULL: by their own names. */
	const char *links;
};

/** Open all lines of @p sim.
 * @param sim  Borrowed, and nobody else uses it or its clock from now on. @param real Borrowed.
 * @param out  Freed with live_free(). @return ET_OK, ET_ERR_IO, ET_ERR_NOMEM; as sim_port(). */
int live_new(struct sim *sim, struct clk *virtual_clk, struct clk *real,
	     const struct live_options *opt, struct live **out, struct fault *f) ET_CHECK;
/** NULL is allowed. */
void live_free(struct live *l);

/** The line to the instrument @p name as etalon opens it: "tty:PATH" or "tcp:127.0.0.1:PORT", and of a Modbus meter
 * "modbus-rtu:PATH,9600,8n1,1" or "modbus-tcp:127.0.0.1:PORT,1". NULL: no such name. */
const char *live_port(const struct live *l, const char *name);

/** Serve until @p stop_fd can be read.
 * @param in_fd, out_fd  Lines are read from and answered to; -1: none.
 * @param until_eof  Also until @p in_fd ends. @return ET_OK, ET_ERR_IO. */
int live_serve(struct live *l, int stop_fd, int in_fd, int out_fd, bool until_eof,
	       struct fault *f) ET_CHECK;

/** How late the worst of all simulated events was carried out. */
int64_t live_worst_lag_ns(const struct live *l);

#endif
