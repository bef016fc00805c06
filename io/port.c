/* SPDX-License-Identifier: Apache-2.0 */
/* io/port.c - what all kinds of ports have in common. */
#include "io/port.h"

#include <limits.h>

int port_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	if (p->kind == PORT_MODBUS && len > MODBUS_PDU_MAX)
		return ET_ERR_ARG;
	if (!p->ops->stamps)
		p->t_write_ns = clk_now_ns(p->clk);
	return len == 0 ? ET_OK : p->ops->write(p, buf, len, deadline_ns);
}

int port_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	int n;

	if (cap == 0 || (p->kind == PORT_MODBUS && cap < MODBUS_PDU_MAX))
		return ET_ERR_ARG;
	n = p->ops->read(p, buf, cap < INT_MAX ? cap : INT_MAX, deadline_ns);
	if (!p->ops->stamps)
		p->t_read_ns = clk_now_ns(p->clk);
	return n;
}

int port_reopen(struct port *p, struct fault *f)
{
	return p->ops->reopen(p, f);
}

enum port_next port_next(struct port *p, int64_t *t_ns)
{
	return p->ops->next ? p->ops->next(p, t_ns) : PORT_NEXT_ANY;
}

void port_taken(struct port *p)
{
	if (p->ops->taken)
		p->ops->taken(p);
}

void port_close(struct port *p)
{
	if (p)
		p->ops->close(p);
}
