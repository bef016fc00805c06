/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/ir_reader.h - contract of the facet "edge reader".
 * Calls block in the worker of the session; see power_source.h for failures. A gap in a channel's
 * sequence, an overrun or a checksum loss is ET_ERR_LOST with the channel named: never patched. */
#ifndef DRIVERS_IR_READER_H
#define DRIVERS_IR_READER_H

#include "base/quantities.h"

struct driver_inst;

struct edge_batch {
	uint16_t n;
	struct edge e[EV_EDGES_MAX];
};

struct edge_reader_caps {
	int channels; /* 1.. */
	double resolution_s; /* of a time stamp */
	double u_stamp_s; /* standard uncertainty of one stamp, declared */
};

struct edge_reader_ops {
	struct edge_reader_caps (*caps)(const struct driver_inst *d);
	/** Start stamping these channels (bit n-1 = channel n); sequences start at the reader's choice. The driver
	 * knows channels only: .position of its edges is the channel, the session makes the position of it. */
	int (*arm)(struct driver_inst *d, uint64_t channels);
	/** Edges since the last call, waiting at most until @p deadline_ns for the first.
	 * @return ET_OK (n may be 0 at the deadline), ET_ERR_LOST, ET_ERR_IO ... */
	int (*read_edges)(struct driver_inst *d, int64_t deadline_ns, struct edge_batch *out);
	/** Ask the reader's clock. Edges that arrive meanwhile are kept for read_edges(). */
	int (*sync)(struct driver_inst *d, struct clock_pair *out);
	/** Stop stamping; edges still in the reader are kept for read_edges(). */
	int (*disarm)(struct driver_inst *d);
};

#endif
