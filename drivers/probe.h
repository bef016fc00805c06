/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/probe.h - who answers on a link? For whom it is not known, and must not be hurt: only the questions of
 * struct driver_probe are sent: that of the driver that is expected, then those of power sources, then all others.
 *
 * Each question is asked once; again only when something came that made no sense. Every line that comes is looked at
 * by all drivers asked so far, so that a late answer is not lost. It ends with the first answer.
 *
 * A device link without a setting ("serial:/dev/ttyUSB0") is tried with every setting of every driver.
 * A silent link costs the sum of answer_ns over drivers (and settings): docs/detect.md has the figures. */
#ifndef DRIVERS_PROBE_H
#define DRIVERS_PROBE_H

#include "drivers/driver.h"

enum probe_state {
	PROBE_SILENT = 0, /* nothing came */
	PROBE_FOUND,
	PROBE_UNKNOWN, /* something answers that no driver is for */
	PROBE_IN_USE, /* fault.holder_pid has it; nothing was sent */
	PROBE_FAILED, /* the link can't be opened, or fails: fault */
};

struct probe_result {
	enum probe_state state;
	const struct driver *driver; /* FOUND */
	struct instrument_id id; /* FOUND; UNKNOWN: as far as it is told */
	char heard[64]; /* UNKNOWN without identity: the last line, '?' for what is not printable */
	char spec[128]; /* the link with its setting, as it answered or was tried last */
	struct fault fault;
};

/** Open the link, ask, close. Blocks; any thread.
 * @param spec   As for port_open(), or a device without a setting.
 * @param first  Asks first, so that a bench that is as it should be takes no time; NULL: none. */
void probe_link(const char *spec, const struct driver *first, struct clk *c,
		struct probe_result *out);

/** The same on a port that is open. @param setting  Of a serial line: only drivers that have it; NULL: all.
 * FOUND, UNKNOWN, SILENT or FAILED. */
void probe_port(struct port *p, const char *setting, const struct driver *first,
		struct probe_result *out);

#endif
