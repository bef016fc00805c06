/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/device.h - what all simulated instruments share: lines in, messages out, one alarm. */
#ifndef SIMULATOR_DEVICE_H
#define SIMULATOR_DEVICE_H

#include "io/port_sim.h"
#include "simulator/world.h"

enum { DEVICE_LINE_MAX = 512 };

struct device {
	struct sim_peer peer; /* first: the instrument, its device and its peer are one address */
	struct clk *clk;
	struct world *world;
	uint64_t messages; /* sent to somebody who listened */
	/* alarm: runs also while nobody is linked */
	void (*on_alarm)(struct device *d, int64_t now_ns);
	int64_t alarm_ns;
	uint64_t alarm_id;
	/* the line that is coming in */
	char end; /* line end: '\r' or '\n' */
	void (*on_line)(struct device *d, int64_t t_ns, const char *line, size_t len);
	char line[DEVICE_LINE_MAX];
	size_t len; /* > DEVICE_LINE_MAX: too long, thrown away at its end */
};

/** @param on_line  A whole line without its end; len is DEVICE_LINE_MAX when it was longer than what is kept.
 * The clock and the world are borrowed. */
void device_init(struct device *d, struct clk *c, struct world *w, char end,
		 void (*on_line)(struct device *, int64_t, const char *, size_t),
		 void (*on_alarm)(struct device *, int64_t));
/** Cancel the alarm. */
void device_stop(struct device *d);

/** One message, leaving at @p t_ns or now. */
void device_emit(struct device *d, int64_t t_ns, const char *data, size_t len);
/** A later call replaces an earlier one; ET_NEVER_NS: none. */
void device_alarm_at(struct device *d, int64_t t_ns);

#endif
