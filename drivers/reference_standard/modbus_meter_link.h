/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/modbus_meter_link.h - questions to a Modbus meter, and how to get back in step.
 *
 * A Modbus reply does not say which question it answers: function and number of registers are all there is. After a
 * question without an answer the next one is for a number of registers that no open question had, again and again
 * until it is answered. Whatever comes in between is late, and dropped; a device answers in order, so nothing of before
 * comes after that. */
#ifndef DRIVERS_REFERENCE_STANDARD_MODBUS_METER_LINK_H
#define DRIVERS_REFERENCE_STANDARD_MODBUS_METER_LINK_H

#include "drivers/driver.h"
#include "drivers/reference_standard/modbus_map.h"

struct mm_link {
	struct driver_env env;
	const struct modbus_map *map; /* borrowed */
	int64_t answer_ns; /* how long a reply may take */
	bool out_of_step;
	bool open[MODBUS_REGISTERS_MAX +
		  1]; /* a question for so many registers has had no answer */
	int64_t t_before_ns, t_after_ns; /* of the last question: sent, answer complete */
};

void mm_link_init(struct mm_link *l, const struct driver_env *env, const struct modbus_map *map);

/** A question that can't be mistaken, until its answer. @return ET_ERR_IO when none is left: reopen. */
int mm_synchronise(struct mm_link *l) ET_CHECK;

/** Ask, after getting back in step where that is needed.
 * @param regs  q->count registers; untouched on failure.
 * @param exception  Set when ET_ERR_DEVICE: what the meter said.
 * @return ET_ERR_TIMEOUT, ET_ERR_PROTO (damaged, or the meter is busy): may be asked again; ET_ERR_DEVICE; ET_ERR_IO. */
int mm_ask(struct mm_link *l, const struct modbus_question *q, uint16_t *regs,
	   int *exception) ET_CHECK;

/** Fault text 'reference "name": ...'. */
int mm_fault(struct mm_link *l, int code, const char *fmt, ...) ET_PRINTF(3, 4);

#endif
