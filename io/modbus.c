/* SPDX-License-Identifier: Apache-2.0 */
/* io/modbus.c - protocol data units of the two functions that read registers. */
#include "io/modbus.h"

enum { EXCEPTION = 0x80 };

int modbus_ask(struct port *p, const struct modbus_question *q, int64_t deadline_ns)
{
	const uint8_t pdu[5] = { (uint8_t)q->function, (uint8_t)(q->address >> 8),
				 (uint8_t)q->address, (uint8_t)(q->count >> 8), (uint8_t)q->count };

	if (q->count < 1 || q->count > MODBUS_REGISTERS_MAX)
		return ET_ERR_ARG;
	return port_write(p, pdu, sizeof(pdu), deadline_ns);
}

int modbus_answer(struct port *p, const struct modbus_question *q, bool late, uint16_t *regs,
		  int *exception, int64_t deadline_ns)
{
	uint8_t pdu[MODBUS_PDU_MAX];

	if (exception)
		*exception = 0;
	for (;;) {
		int n = port_read(p, pdu, sizeof(pdu), deadline_ns);

		if (n < 0)
			return n;
		if (n == 2 + 2 * q->count && pdu[0] == q->function && pdu[1] == 2 * q->count)
			break;
		if (n != 2 || pdu[0] != (q->function | EXCEPTION))
			continue;
		if (exception)
			*exception = pdu[1];
		if (!late)
			return ET_ERR_DEVICE;
	}
	for (int i = 0; i < q->count; i++)
		regs[i] = (uint16_t)(pdu[2 + 2 * i] << 8 | pdu[3 + 2 * i]);
	return ET_OK;
}

const char *modbus_exception_name(int exception)
{
	static const char *const names[] = {
		[1] = "illegal function",
		[2] = "illegal data address",
		[3] = "illegal data value",
		[4] = "device failure",
		[5] = "acknowledge",
		[6] = "device busy",
		[8] = "memory parity error",
		[10] = "gateway path unavailable",
		[11] = "gateway: the device does not answer",
	};
	const int n = sizeof(names) / sizeof(names[0]);

	return exception > 0 && exception < n && names[exception] ? names[exception]
								  : "unknown exception";
}
