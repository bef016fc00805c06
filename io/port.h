/* SPDX-License-Identifier: Apache-2.0 */
/* io/port.h - one link to one instrument: serial, tty, TCP, Modbus, a transcript or simulated.
 *
 * A port is used by one thread at a time. Calls wait no longer than their deadline.
 * A port of bytes gives any fragment of what comes. A Modbus port carries protocol data units (function code and
 * data; io/modbus.h makes and reads them): one write is one whole request, one read gives one whole reply, and unit,
 * checksum and framing are its own affair. */
#ifndef IO_PORT_H
#define IO_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/clock.h"

struct port;

enum port_kind { PORT_BYTES = 0, PORT_MODBUS };
enum { MODBUS_PDU_MAX = 253 }; /* bytes of the longest request or reply */

/* What the worker of an instrument session did next, where a recording tells. */
enum port_next { PORT_NEXT_ANY = 0, PORT_NEXT_REQUEST, PORT_NEXT_STREAM };

struct port_ops {
	int (*write)(struct port *p, const void *buf, size_t len, int64_t deadline_ns);
	int (*read)(struct port *p, void *buf, size_t cap, int64_t deadline_ns);
	int (*reopen)(struct port *p, struct fault *f);
	void (*close)(struct port *p);
	/* of recordings only; NULL elsewhere */
	enum port_next (*next)(struct port *p, int64_t *t_ns);
	void (*taken)(struct port *p);
	bool stamps; /* write and read set t_write_ns and t_read_ns by themselves */
};
struct port { /* embedded first by each kind of port */
	const struct port_ops *ops;
	struct clk *clk;
	enum port_kind kind;
	char spec[128]; /* as opened, for messages */
	/* Whoever measures with the instants of a question and its answer takes these: a recording keeps them,
	 * a replay gives them back. */
	int64_t t_write_ns; /* when the last write began */
	int64_t t_read_ns; /* when the last read returned */
};

/** Open a link:
 *   "tcp:HOST:PORT"                         raw TCP, TCP_NODELAY
 *   "tty:/dev/pts/3[,9600,8n2]"             termios: ptys, and ports without modem lines
 *   "serial:/dev/ttyUSB0,9600,8n2"          libserialport
 *   "modbus-rtu:/dev/ttyUSB0,9600,8n1,UNIT"  Modbus RTU (libmodbus); UNIT is 1 to 247
 *   "...,8n2,dtr=on,rts=off" in the three above: modem lines, which power many heads and readers
 *   "modbus-tcp:HOST:PORT,UNIT"             Modbus TCP (libmodbus); UNIT is 0 to 255
 *   "transcript:FILE"                       played back; see io/port_transcript.h
 * The default setting is 9600,8n1. IPv6: "tcp:[::1]:5025". A connection has 5 s.
 * Devices are locked (flock and TIOCEXCL; for TCP a file in /run/lock named by address and port); a
 * second opening fails and says by whom when it can.
 * A virtual clock refuses all but transcripts: ET_ERR_ARG.
 * @param out  The caller's, closed with port_close().
 * @return ET_OK, ET_ERR_ARG (spec), ET_ERR_IO, ET_ERR_NOMEM; ET_ERR_FILE (transcript). */
int port_open(const char *spec, struct clk *c, struct port **out, struct fault *f) ET_CHECK;

/** Which kind a specification of a real link is. @return enum port_kind; -1: another (transcript:, simulated:). */
int port_spec_kind(const char *spec);

/** All @p len bytes, or an error; after one it is not known how many went out.
 * @return ET_OK, ET_ERR_TIMEOUT, ET_ERR_IO; ET_ERR_ARG (longer than a PDU on a Modbus port). */
int port_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns) ET_CHECK;

/** Any fragment. A deadline in the past: what is there already.
 * @return bytes read (> 0), ET_ERR_TIMEOUT, ET_ERR_IO (closed, unplugged: reopen), ET_ERR_PROTO (at this
 * place a byte with a parity or framing error, or a Modbus message with a wrong checksum, which is dropped, or
 * hereabouts bytes that the port lost by an overrun; reading may go on), ET_ERR_ARG (@p cap is 0; below
 * MODBUS_PDU_MAX on a Modbus port). */
int port_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns) ET_CHECK;

/** Close and open again, everything buffered forgotten. After a failure every call is ET_ERR_IO until it
 * succeeds. @return ET_OK, ET_ERR_IO, ET_ERR_NOMEM. */
int port_reopen(struct port *p, struct fault *f) ET_CHECK;

/** Only a port that replays a recording knows what comes next; every other one says PORT_NEXT_ANY.
 * @param t_ns  PORT_NEXT_STREAM: in its turn it first said or read something at this time; PORT_NEXT_REQUEST: a request is taken, wait
 *              for it until this time; else untouched. */
enum port_next port_next(struct port *p, int64_t *t_ns);
/** The session has taken a request: a recording notes it, a replay waits until it was taken then. */
void port_taken(struct port *p);

/** NULL is allowed. */
void port_close(struct port *p);

#endif
