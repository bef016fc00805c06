/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers/reference_standard/modbus_meter_link.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 3, EXCEPTION_ACKNOWLEDGE = 5, EXCEPTION_BUSY = 6, EXCEPTION_NO_TARGET = 11 };

int mm_fault(struct mm_link *l, int code, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fault_set(l->env.fault, code, "reference \"%s\": %s", l->env.name, what);
}

void mm_link_init(struct mm_link *l, const struct driver_env *env, const struct modbus_map *map)
{
	*l = (struct mm_link){ .env = *env, .map = map, .out_of_step = true };
}

/* A failure in words that name the question. */
static int failed(struct mm_link *l, const struct modbus_question *q, int err, int exception)
{
	char regs[48];

	snprintf(regs, sizeof(regs), "function %d, registers %u to %u", q->function, q->address,
		 q->address + q->count - 1u);
	if (exception)
		return mm_fault(l, err, "it refuses %s: exception %d, %s", regs, exception,
				modbus_exception_name(exception));
	if (err == ET_ERR_TIMEOUT)
		return mm_fault(l, err, "no answer to %s within %g s", regs,
				(double)l->answer_ns / ET_NS_PER_S);
	if (err == ET_ERR_PROTO)
		return mm_fault(l, err, "a damaged answer to %s", regs);
	return mm_fault(l, err, "%s: the link failed", regs);
}

/* What it means that the meter is busy, or that a gateway had no answer from it. */
static int judge_exception(int exception)
{
	if (exception == EXCEPTION_ACKNOWLEDGE || exception == EXCEPTION_BUSY)
		return ET_ERR_PROTO;
	return exception == EXCEPTION_NO_TARGET ? ET_ERR_TIMEOUT : ET_ERR_DEVICE;
}

static int ask_once(struct mm_link *l, const struct modbus_question *q, bool late, uint16_t *regs,
		    int *exception)
{
	struct port *p = l->env.port;
	int err;

	*exception = 0;
	err = modbus_ask(p, q, clk_now_ns(l->env.clk) + l->answer_ns);
	l->t_before_ns = p->t_write_ns;
	if (err == ET_OK)
		err = modbus_answer(p, q, late, regs, exception, l->t_before_ns + l->answer_ns);
	l->t_after_ns = p->t_read_ns;
	if (err == ET_OK)
		return ET_OK;
	if (err == ET_ERR_DEVICE)
		err = judge_exception(*exception);
	if (*exception == 0 || err == ET_ERR_TIMEOUT) { /* something may still come */
		l->open[q->count] = true;
		l->out_of_step = true;
	}
	return failed(l, q, err, *exception);
}

/* The beginning of a question of the map, as long as it has a length that is not open. */
static bool find_unmistakable(const struct mm_link *l, struct modbus_question *out)
{
	const struct modbus_map_register *r = l->map->registers.items;
	struct modbus_question whole;

	for (size_t i = 0; i < l->map->registers.n; i++) {
		size_t n = modbus_map_question(l->map, i, &whole);

		for (size_t k = i; k < i + n; k++) {
			const int64_t count =
				r[k].address + reg_count((enum reg_type)r[k].type) - r[i].address;

			if (l->open[count])
				continue;
			*out = whole;
			out->count = (uint16_t)count;
			return true;
		}
	}
	return false;
}

int mm_synchronise(struct mm_link *l)
{
	uint16_t regs[MODBUS_REGISTERS_MAX];
	struct modbus_question q;
	int exception, err = ET_ERR_TIMEOUT;

	for (int i = 0; i < TRIES && (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO); i++) {
		if (!find_unmistakable(l, &q))
			return mm_fault(l, ET_ERR_IO,
					"too many questions to registers without an answer");
		err = ask_once(l, &q, true, regs, &exception);
	}
	if (err != ET_OK)
		return err;
	memset(l->open, 0, sizeof(l->open));
	l->out_of_step = false;
	return ET_OK;
}

int mm_ask(struct mm_link *l, const struct modbus_question *q, uint16_t *regs, int *exception)
{
	int err = l->out_of_step ? mm_synchronise(l) : ET_OK;

	return err == ET_OK ? ask_once(l, q, false, regs, exception) : err;
}
