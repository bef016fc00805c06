/* SPDX-License-Identifier: Apache-2.0 */
/* io/modbus.h - questions to a Modbus device: registers read through a Modbus port (io/port.h).
 *
 * Nothing writes: no driver needs it. A reply says neither which request nor which address it belongs to, only its
 * function and how many registers it has; replies of another shape are passed over, because they may be late ones
 * for an earlier question. Who had a question unanswered must next ask for another number of registers. */
#ifndef IO_MODBUS_H
#define IO_MODBUS_H

#include <stdbool.h>

#include "io/port.h"

enum modbus_function { MODBUS_HOLDING = 3, MODBUS_INPUT = 4 };
enum { MODBUS_REGISTERS_MAX = 125 }; /* in one question */

struct modbus_question {
	enum modbus_function function;
	uint16_t address; /* from 0, as on the wire */
	uint16_t count; /* 1 to MODBUS_REGISTERS_MAX */
};

/** Send @p q. @return as port_write(); ET_ERR_ARG for a count outside its limits. */
int modbus_ask(struct port *p, const struct modbus_question *q, int64_t deadline_ns) ET_CHECK;

/** Wait for its answer.
 * @param regs       q->count registers; untouched unless ET_OK.
 * @param late       Answers of before may still come. An exception, which does not say for how many registers it was
 *                   asked, is then passed over.
 * @param exception  The device's last exception code, passed over or not; 0: none. May be NULL.
 * @return ET_OK; ET_ERR_DEVICE (an exception); ET_ERR_TIMEOUT; ET_ERR_PROTO (a wrong checksum); ET_ERR_IO. */
int modbus_answer(struct port *p, const struct modbus_question *q, bool late, uint16_t *regs,
		  int *exception, int64_t deadline_ns) ET_CHECK;

/** "illegal data address" */
const char *modbus_exception_name(int exception);

#endif
