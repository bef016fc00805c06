/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_lines.h - the wires of a serial port besides its data (DTR, RTS), and what the port says it has lost.
 * Internal to the kinds of ports. */
#ifndef IO_PORT_LINES_H
#define IO_PORT_LINES_H

#include <stdbool.h>

#include "io/port_kinds.h"

/** Put DTR and RTS where @p set wants them, and look whether they are there.
 * @return ET_OK; ET_ERR_IO: the device has no such lines (a pseudo-terminal), or does not take it. */
int port_lines_set(int fd, const struct serial_setting *set, const char *spec,
		   struct fault *f) ET_CHECK;

/** Bytes that were lost since the device was made because nobody fetched them in time: overruns of the hardware and of the
 * kernel's buffer. @return false: the device does not count. */
bool port_lines_lost(int fd, unsigned *out);

#endif
