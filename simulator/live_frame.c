/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/live_frame.h"

#include <string.h>

enum { RTU_AROUND = 3, RTU_MIN = 4, RTU_MAX = RTU_AROUND + MODBUS_PDU_MAX };

/* CRC-16 of Modbus: reversed polynomial 0xa001, sent low byte first. */
static unsigned crc16(const uint8_t *data, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return crc;
}

/* ---- TCP: transaction, protocol 0, length of what follows, unit ---- */

/* @return bytes of the buffer that are done with; 0: more must come; -1: no Modbus. */
static int take_tcp(struct frame *f, struct port *meter)
{
	size_t len;

	if (f->n < FRAME_HEADER)
		return 0;
	len = (size_t)(f->in[4] << 8 | f->in[5]);
	if (f->in[2] || f->in[3] || len < 2 || len > 1 + MODBUS_PDU_MAX)
		return -1;
	if (f->n < 6 + len)
		return 0;
	memcpy(f->head, f->in, FRAME_HEADER);
	return port_write(meter, f->in + FRAME_HEADER, len - 1, 0) == ET_OK ? (int)(6 + len) : -1;
}

/* ---- RTU: unit, PDU, checksum ---- */

static int take_rtu(const struct frame *f, struct port *meter)
{
	for (size_t at = 0; at + RTU_MIN <= f->n; at++) {
		const uint8_t *frame = f->in + at;
		const size_t len = f->n - at;

		if (len > RTU_MAX ||
		    crc16(frame, len - 2) != (unsigned)(frame[len - 2] | frame[len - 1] << 8))
			continue;
		if (frame[0] == FRAME_UNIT &&
		    port_write(meter, frame + 1, len - RTU_AROUND, 0) != ET_OK)
			return -1;
		return (int)f->n;
	}
	return f->n == FRAME_MAX ? (int)f->n : 0; /* noise */
}

bool frame_take(struct frame *f, bool tcp, const uint8_t *data, size_t len, struct port *meter)
{
	while (len > 0) {
		const size_t some = len < FRAME_MAX - f->n ? len : FRAME_MAX - f->n;
		int done;

		memcpy(f->in + f->n, data, some);
		f->n += some;
		data += some;
		len -= some;
		do {
			done = tcp ? take_tcp(f, meter) : take_rtu(f, meter);
			if (done < 0)
				return false;
			f->n -= (size_t)done;
			memmove(f->in, f->in + done, f->n);
		} while (done > 0);
	}
	return true;
}

size_t frame_give(const struct frame *f, bool tcp, const uint8_t *pdu, size_t len,
		  uint8_t out[FRAME_MAX])
{
	unsigned crc;

	if (tcp) {
		memcpy(out, f->head, FRAME_HEADER);
		out[4] = (uint8_t)((len + 1) >> 8);
		out[5] = (uint8_t)(len + 1);
		memcpy(out + FRAME_HEADER, pdu, len);
		return FRAME_HEADER + len;
	}
	out[0] = FRAME_UNIT;
	memcpy(out + 1, pdu, len);
	crc = crc16(out, len + 1);
	out[len + 1] = (uint8_t)crc;
	out[len + 2] = (uint8_t)(crc >> 8);
	return len + RTU_AROUND;
}
