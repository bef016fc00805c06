/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/live_frame.h - what stands around a Modbus message on the line of a simulated meter: the header of Modbus
 * TCP, or unit and checksum of RTU. Internal to simulator/live_door.c.
 *
 * One request at a time, as through a gateway: a reply goes out with the header of the last request. RTU ends a frame
 * where its checksum is right; what came before it is noise. */
#ifndef SIMULATOR_LIVE_FRAME_H
#define SIMULATOR_LIVE_FRAME_H

#include <stdbool.h>

#include "io/port.h"

enum { FRAME_HEADER = 7, FRAME_MAX = FRAME_HEADER + MODBUS_PDU_MAX, FRAME_UNIT = 1 };

struct frame { /* all zero at the beginning, and for each client */
	uint8_t in[FRAME_MAX];
	size_t n;
	uint8_t head[FRAME_HEADER]; /* TCP: of the last request */
};

/** Bytes of the client: whole requests go to the meter. On RTU only those to FRAME_UNIT are for it.
 * @return false: that is no Modbus, or the meter does not take it; hang up. */
bool frame_take(struct frame *f, bool tcp, const uint8_t *data, size_t len, struct port *meter);

/** A reply of @p len bytes in its frame. @return its length in @p out. */
size_t frame_give(const struct frame *f, bool tcp, const uint8_t *pdu, size_t len,
		  uint8_t out[FRAME_MAX]);

#endif
