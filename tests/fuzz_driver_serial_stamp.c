/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_driver_serial_stamp.c - the whole conversation of the driver with an instrument that says anything. */
#include <stdlib.h>

#include "drivers/registry.h"
#include "tests/support/fuzz_link.h"

static void talk(const struct driver *drv, struct driver_inst *d, struct clk *c)
{
	uint32_t seq[64] = { 0 };
	struct edge_batch b;
	struct clock_pair p;

	if (drv->reader->arm(d, 7) != ET_OK)
		return;
	while (drv->reader->read_edges(d, clk_now_ns(c) + 1000, &b) == ET_OK && b.n)
		for (int i = 0; i < b.n; i++) {
			uint32_t *last = &seq[b.e[i].position];

			if (b.e[i].position < 1 || b.e[i].position > 3 ||
			    (*last && b.e[i].seq != *last + 1))
				abort(); /* a gap must be a loss */
			*last = b.e[i].seq;
		}
	if (drv->reader->sync(d, &p) == ET_OK && p.host_after_ns < p.host_before_ns)
		abort();
	if (drv->reader->disarm(d) == ET_ERR_NOMEM)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_link_run(&driver_serial_stamp, data, size, NULL, 0, talk);
	return 0;
}
