/* SPDX-License-Identifier: Apache-2.0 */
/* io/port.h - one byte link to one instrument: serial, tty, TCP, a transcript or simulated.
 *
 * A port is used by one thread at a time. Calls wait no longer than their deadline. */
#ifndef IO_PORT_H
#define IO_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/clock.h"

struct port;

struct port_ops {
	int (*write)(struct port *p, const void *buf, size_t len, int64_t deadline_ns);
	int (*read)(struct port *p, void *buf, size_t cap, int64_t deadline_ns);
	int (*reopen)(struct port *p, struct fault *f);
	void (*close)(struct port *p);
};
struct port { /* embedded first by each kind of port */
	const struct port_ops *ops;
	struct clk *clk;
	char spec[128]; /* as opened, for messages */
};

/** Open a link:
 *   "tcp:HOST:PORT"                         raw TCP, TCP_NODELAY
 *   "tty:/dev/pts/3[,9600,8n2]"             termios: ptys, and ports without modem lines
 *   "serial:/dev/ttyUSB0,9600,8n2"          libserialport
 *   "transcript:FILE"                       played back; see io/port_transcript.h
 * The default setting is 9600,8n1. IPv6: "tcp:[::1]:5025". A connection has 5 s.
 * Devices are locked (flock and TIOCEXCL; for TCP a file in /run/lock named by address and port); a
 * second opening fails and says by whom when it can.
 * A virtual clock refuses tcp, tty and serial: ET_ERR_ARG.
 * @param out  The caller's, closed with port_close().
 * @return ET_OK, ET_ERR_ARG (spec), ET_ERR_IO, ET_ERR_NOMEM; ET_ERR_FILE (transcript). */
int port_open(const char *spec, struct clk *c, struct port **out, struct fault *f) ET_CHECK;

/** All @p len bytes, or an error; after one it is not known how many went out.
 * @return ET_OK, ET_ERR_TIMEOUT, ET_ERR_IO. */
int port_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns) ET_CHECK;

/** Any fragment. A deadline in the past: what is there already.
 * @return bytes read (> 0), ET_ERR_TIMEOUT, ET_ERR_IO (closed, unplugged: reopen), ET_ERR_PROTO (at this
 * place a byte with a parity or framing error, which is dropped; reading may go on),
 * ET_ERR_ARG (@p cap is 0). */
int port_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns) ET_CHECK;

/** Close and open again, everything buffered forgotten. After a failure every call is ET_ERR_IO until it
 * succeeds. @return ET_OK, ET_ERR_IO, ET_ERR_NOMEM. */
int port_reopen(struct port *p, struct fault *f) ET_CHECK;

/** NULL is allowed. */
void port_close(struct port *p);

#endif
