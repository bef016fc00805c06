/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/flood.h - a link on which somebody talks without end: every 10 ms two lines of no sense, and never
 * a moment without something to read. */
#ifndef TESTS_FLOOD_H
#define TESTS_FLOOD_H

#include <string.h>

#include "base/quantities.h"
#include "io/port.h"

static inline int flood_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	(void)buf, (void)len, (void)deadline_ns;
	p->t_write_ns = clk_now_ns(p->clk);
	return ET_OK;
}

static inline int flood_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	static const char line[] = "X\r\nX\r\n";
	const size_t n = cap < sizeof(line) - 1 ? cap : sizeof(line) - 1;

	(void)deadline_ns;
	clk_sleep_until(p->clk, clk_now_ns(p->clk) + ET_NS_PER_S / 100);
	memcpy(buf, line, n);
	p->t_read_ns = clk_now_ns(p->clk);
	return (int)n;
}

static const struct port_ops flood_ops = { .write = flood_write, .read = flood_read };

#endif
