/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_fd.h - what ports on a file descriptor have in common: waiting, parity marks, unplugging.
 * Internal to the kinds of ports: io/port_tcp.c, io/port_tty.c, io/port_serial.c. */
#ifndef IO_PORT_FD_H
#define IO_PORT_FD_H

#include <stdbool.h>

#include "io/port.h"

struct fd_port;

struct fd_kind {
	/** Set p->fd (O_NONBLOCK) and what else is needed. @return ET_OK; on failure nothing is left. */
	int (*connect)(struct fd_port *p, struct fault *f);
	/** Undo it. Only after a connect that succeeded. */
	void (*disconnect)(struct fd_port *p);
};

struct fd_port { /* embedded first by each kind */
	struct port base;
	const struct fd_kind *kind;
	int fd; /* -1: not connected, everything is ET_ERR_IO */
	bool is_socket;
	bool has_marks; /* PARMRK: 0xff 0xff is a byte, 0xff 0 x a byte with an error */
	bool has_counts; /* the device counts what it loses */
	unsigned lost; /* ... up to here */
	int mark; /* bytes of a mark seen so far */
	size_t raw_used, raw_len;
	unsigned char raw[256];
};

/** Connect for the first time. @p p is allocated by the kind with all but base filled in, and is
 * freed with free() by port_close(), or here on failure. */
int fd_port_open(struct fd_port *p, const char *spec, struct clk *c, struct port **out,
		 struct fault *f) ET_CHECK;

/** Wait until @p fd is ready for @p events (poll), or the deadline.
 * @return ET_OK, ET_ERR_TIMEOUT, ET_ERR_IO (hung up, and nothing left to be read). */
int fd_wait(struct clk *c, int fd, short events, int64_t deadline_ns) ET_CHECK;

#endif
