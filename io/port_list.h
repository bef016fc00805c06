/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_list.h - which serial ports this machine has, and who uses one without having locked it. */
#ifndef IO_PORT_LIST_H
#define IO_PORT_LIST_H

#include <stddef.h>

#include "base/err.h"

struct serial_device {
	char path[64]; /* "/dev/ttyUSB0" */
};

/** What libserialport lists and has modem lines (answers TIOCMGET), or is in use; consoles of the
 * kernel are left out.
 * Nothing is sent; opening raises DTR and RTS for a moment, as it always does.
 * @param n  How many, at most @p max. @return ET_OK, ET_ERR_IO, ET_ERR_NOMEM. */
int port_list(struct serial_device *out, size_t max, size_t *n, struct fault *f) ET_CHECK;

/** Has another process the device open, locked or not: a console, a terminal program?
 * @param rest  The path, up to a comma or its end. @return ET_OK: none that we are allowed to see; ET_ERR_IO
 * (f->holder_pid). */
int port_check_unused(const char *rest, struct fault *f) ET_CHECK;

#endif
