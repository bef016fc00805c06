/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_port_replay.c - a hostile recording is refused, or it is a link to which drivers can talk: every call comes back, in time,
 * with bytes that stand in it. The first byte chooses the driver. */
#include <stdlib.h>
#include <string.h>

#include "base/quantities.h"
#include "drivers/driver.h"
#include "io/port_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct clk_start start = { .mono_ns = 1000 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What the session of an instrument does, in small. */
static void talk(const struct driver *drv, struct driver_inst *d, struct port *p, struct clk *c)
{
	struct instrument_id id;
	int64_t t_ns = 0;

	for (int i = 0; i < 4; i++) {
		if (port_next(p, &t_ns) == PORT_NEXT_STREAM)
			clk_sleep_until(c, t_ns);
		port_taken(p);
		if (drv->identify(d, &id) == ET_ERR_IO && port_reopen(p, NULL) != ET_OK)
			continue;
		if (drv->source) {
			struct source_status st;

			(void)!drv->source->listen(d, clk_now_ns(c) + ET_NS_PER_S, &st);
			(void)!drv->source->off(d, &st);
		}
		if (drv->reference) {
			struct ref_register reg;
			struct ref_sample s;

			if (drv->reference->start(d, &reg) == ET_OK)
				(void)!drv->reference->sample(d, clk_now_ns(c) + ET_NS_PER_S, &s);
		}
		if (drv->reader) {
			struct edge_batch b;
			struct clock_pair pair;

			(void)!drv->reader->arm(d, 3);
			(void)!drv->reader->read_edges(d, clk_now_ns(c) + ET_NS_PER_S, &b);
			(void)!drv->reader->sync(d, &pair);
		}
	}
}

static void open_and_talk(const struct driver *drv, struct port *p, struct clk *c)
{
	struct fault f = { 0 };
	const struct driver_env env = { .name = "fuzz", .port = p, .clk = c, .fault = &f };
	struct driver_inst *d = NULL;
	struct instrument_id id;

	if (drv->open(&env, &d, &id) == ET_OK)
		talk(drv, d, p, c);
	drv->close(d);
}

/* Reads and writes of no driver at all. */
static void read_all(struct port *p, struct clk *c, const char *text, size_t len)
{
	char got[16];

	for (int i = 0; i < 200; i++) {
		const int64_t before_ns = clk_now_ns(c), until_ns = before_ns + ET_NS_PER_S;
		const int n = port_read(p, got, sizeof(got), i % 7 ? until_ns : before_ns);

		must(n != 0 && n <= (int)sizeof(got));
		must(clk_now_ns(c) >= before_ns && clk_now_ns(c) <= until_ns + REPLAY_LATE_NS);
		if (i % 5 == 0)
			must(port_write(p, text + (size_t)i % len,
					1 + (size_t)i % (len - (size_t)i % len),
					until_ns) <= ET_OK);
		if (i % 50 == 49)
			must(port_reopen(p, NULL) <= ET_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay_tally tally = { 0 };
	struct port *p = NULL;
	struct clk *c;
	size_t n_drivers = 0;

	while (drivers[n_drivers])
		n_drivers++;
	if (size < 2)
		return 0;
	c = clk_virtual_new(&start);
	if (port_replay_open("f", (const char *)data + 1, size - 1, c, &tally, &p, NULL) == ET_OK) {
		const size_t which = data[0] % (n_drivers + 1);

		if (which < n_drivers)
			open_and_talk(drivers[which], p, c);
		else
			read_all(p, c, (const char *)data + 1, size - 1);
		port_close(p);
		must(tally.asked >= 0 && tally.left >= 0 && tally.unread >= 0);
		must(memchr(tally.first, '\0', sizeof(tally.first)));
	}
	clk_free(c);
	return 0;
}
