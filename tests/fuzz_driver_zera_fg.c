/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_driver_zera_fg.c - the whole conversation of the driver with an instrument that says anything. */
#include <stdlib.h>

#include "drivers/registry.h"
#include "tests/support/fuzz_link.h"

/* read back as well */
static const struct driver_param params[] = { { "readback", "1" } };

static void talk(const struct driver *drv, struct driver_inst *d, struct clk *c)
{
	const struct setpoint sp = { 60,
				     { { 120, 0, 5, 0 }, { 120, -120, 5, 240 }, { 0, 0, 0, 0 } } };
	struct source_status s = { .output = SOURCE_UNKNOWN };

	if (drv->source->status(d, &s) == ET_OK && s.output == SOURCE_ON)
		abort(); /* nothing was switched on yet */
	if (drv->source->set(d, &sp, &s) == ET_OK && (s.output != SOURCE_ON || !s.healthy))
		abort();
	if (drv->source->listen(d, clk_now_ns(c) + 1000, &s) == ET_OK && !s.word[0])
		abort();
	if (drv->source->off(d, &s) == ET_OK && (s.output != SOURCE_OFF || !s.healthy))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_link_run(&driver_zera_fg, data, size, params, 1, talk);
	return 0;
}
