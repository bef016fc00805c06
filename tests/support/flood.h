/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/flood.h - a link on which somebody talks without end: every 10 ms two lines of no sense, and never
 * a moment without something to read. */
#ifndef TESTS_FLOOD_H
#define TESTS_FLOOD_H

#include <string.h>

#include "base/quantities.h"
#include "drivers/driver.h"

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

/* Opening @p driver on such a link: how long it takes to fail. @return < 0: it did not fail. */
static inline double flood_refused_after_s(const struct driver *driver)
{
	static const struct clk_start start = { 0 };
	struct clk *c = clk_virtual_new(&start);
	struct port p = { .ops = &flood_ops, .clk = c, .spec = "flood" };
	struct fault f = { 0 };
	struct driver_env env = { .name = "talker", .fault = &f, .clk = c, .port = &p };
	struct driver_inst *d = NULL;
	struct instrument_id id;
	const double s = driver->open(&env, &d, &id) < 0 ? (double)clk_now_ns(c) / ET_NS_PER_S : -1;

	clk_free(c);
	return s;
}

#endif
