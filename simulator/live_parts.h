/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/live_parts.h - the inside of a live bench, for the files that serve it. */
#ifndef SIMULATOR_LIVE_PARTS_H
#define SIMULATOR_LIVE_PARTS_H

#include "simulator/live_door.h"

enum { LIVE_DOORS_MAX = SIM_READER + ET_READERS_MAX, LIVE_LINE_MAX = 160 };

struct live {
	struct sim *sim;
	struct clk *clk, *real;
	int64_t offset_ns; /* virtual time is real time plus this */
	int64_t worst_lag_ns;
	struct door door[LIVE_DOORS_MAX];
	size_t n_doors;
	/* lines from outside */
	char line[LIVE_LINE_MAX];
	size_t line_len; /* > LIVE_LINE_MAX: too long, thrown away at its end */
};

/** Do what @p line says; the answer, with its line end, goes to @p out_fd (-1: nowhere). */
void live_command(struct live *l, const char *line, int out_fd);

#endif
