/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_stamp.h - a serial-stamp pulse reader, built from docs/ir-reader-protocol.md alone.
 *
 * Its clock runs at its own, slowly wandering rate from its own zero. Lines leave in batches, as through a USB
 * function, or one by one; when the line is slower than the edges, the buffer overflows and lines are thrown away
 * and reported. */
#ifndef SIMULATOR_SIM_STAMP_H
#define SIMULATOR_SIM_STAMP_H

#include "simulator/device.h"
#include "simulator/stamp_clock.h"
#include "simulator/stamp_line.h"
#include "simulator/truth.h"

struct sim_stamp_config {
	const char *serial, *firmware;
	int channels; /* 1..64 */
	uint32_t boot;
	int64_t tick_ns, u_ns;
	double stamp_sd_s, rate_ppm, wander_ppm, batch_s, latency_s;
	int64_t byte_ns; /* of the line */
	int buffer_lines;
	int position_of[STAMP_CHANNELS]; /* 1.., whose LED the channel sees; 0: nothing */
};

struct stamp_channel {
	bool armed, saturated;
	uint32_t edges, lost, bounces, deb_us;
	int64_t last_led_ns; /* of the last accepted edge */
	uint64_t last_tick;
	/* accepted, waits for the end of its debounce time */
	bool waiting;
	uint32_t wait_seq, wait_flags, wait_bounces;
	struct rng rng;
	struct truth_log truth;
};

struct sim_stamp {
	struct device dev; /* first */
	struct sim_stamp_config cfg;
	struct stamp_clock clock;
	struct stamp_channel ch[STAMP_CHANNELS]; /* [n-1] */
	uint32_t boot, overruns;
	uint32_t next_number; /* of unsolicited lines, mod 65536 */
	int32_t last_sent; /* number; 65535 at first */
	struct stamp_line *waiting; /* ring of buffer_lines */
	int head, n_waiting;
	int64_t line_free_ns;
};

/** @return ET_OK, ET_ERR_NOMEM. */
int sim_stamp_init(struct sim_stamp *r, const struct sim_stamp_config *cfg, struct clk *c,
		   struct world *w, uint64_t seed) ET_CHECK;
void sim_stamp_free(struct sim_stamp *r);

/** Power-up again, now: another boot number, nothing armed, all counters 0. */
void sim_stamp_reset(struct sim_stamp *r, int64_t now_ns);
/** Ambient light floods the detector of this channel (1..), or no longer. */
void sim_stamp_saturate(struct sim_stamp *r, int64_t now_ns, int channel, bool on);

#endif
