/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_sim.h - a link whose other end is a simulated instrument, on the virtual clock.
 *
 * The instrument is a passive object: it is given the bytes that arrive and its own moments, in the
 * order of time, as callbacks of the clock, and it emits bytes. It never waits and has no thread. */
#ifndef IO_PORT_SIM_H
#define IO_PORT_SIM_H

#include "io/port.h"

struct sim_peer;
struct sim_link;

struct sim_peer_ops {
	/** Bytes of the controller, complete at @p t_ns, at most one write at a time. */
	void (*receive)(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len);
	/** The moment asked for with sim_wake_at(). */
	void (*wake)(struct sim_peer *s, int64_t t_ns);
};
struct sim_peer { /* embedded first by a simulated instrument */
	const struct sim_peer_ops *ops;
	struct sim_link
		*link; /* set while attached; NULL: nobody listens, emitted bytes are dropped */
};

/** Send @p len bytes that leave the instrument at @p t_ns (not before now; a smaller value means now).
 * One call is one message for fault injection. */
void sim_emit(struct sim_peer *s, int64_t t_ns, const void *data, size_t len);
/** Ask to be woken at @p t_ns; a later call replaces an earlier one. ET_NEVER_NS: not at all. */
void sim_wake_at(struct sim_peer *s, int64_t t_ns);

/* A message arrives whole, when its last byte does. A direction sends one byte at a time: what is
 * sent while it is busy waits, and nothing overtakes. port_write() returns at once.
 * port_reopen() forgets what was sent to us, arrived or not; the instrument keeps its state. */
struct sim_link_timing {
	int64_t latency_ns; /* each way */
	int64_t byte_ns; /* each byte, each way: 0 for TCP, 1145833 for 9600 8N2 */
	int64_t jitter_ns; /* each message of the instrument is late by uniform 0..jitter, seeded */
	uint64_t seed;
	/* PORT_MODBUS: one call is one message for who reads, too. A damaged one is ET_ERR_PROTO, as its checksum
	 * would tell, and frame_bytes more go with it on the line: 3 for RTU. */
	enum port_kind kind;
	size_t frame_bytes;
};

/** What happens to one message of the instrument; for tests, and for `faults` of a scenario. */
enum link_fault_kind {
	LINK_FAULT_NONE = 0,
	LINK_LOST,
	LINK_CUT,
	LINK_LATE,
	LINK_BYTE_LOST,
	LINK_BYTE_DOUBLED,
	LINK_BYTE_NON_ASCII, /* becomes 0xC3 */
	LINK_DIGIT_CHANGED, /* the next one, 0 after 9; without any digit, as LINK_BYTE_LOST */
	LINK_SILENT_FROM /* this message and all later ones are lost */
};
struct link_fault {
	enum link_fault_kind kind;
	uint64_t message; /* which one, counted from 0 since the link was made */
	int64_t late_ns; /* LINK_LATE: by how much; order among messages is kept */
	uint32_t where; /* which byte or digit, modulo what there is; LINK_CUT: bytes kept,
				 * modulo its length */
};

/** @param peer  Borrowed; it must outlive the port.
 * @return ET_OK, ET_ERR_ARG (real clock, a peer that has a link, negative times), ET_ERR_NOMEM. */
int port_sim_new(struct clk *c, struct sim_peer *peer, const char *name,
		 const struct sim_link_timing *timing, struct port **out) ET_CHECK;
/** At most 8 faults a port; several may meet one message. @return ET_OK, ET_ERR_ARG. */
int port_sim_add_fault(struct port *p, const struct link_fault *fault) ET_CHECK;
/** Messages that the instrument has sent so far. */
uint64_t port_sim_messages(const struct port *p);

#endif
