/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_driver_zera_com5003.c - the whole conversation of the driver with an instrument that says anything. */
#include <stdlib.h>

#include "drivers/registry.h"
#include "tests/support/fuzz_link.h"

static void talk(const struct driver *drv, struct driver_inst *d, struct clk *c)
{
	const struct setpoint sp = { 60,
				     { { 120, 0, 5, 0 }, { 120, -120, 5, 240 }, { 0, 0, 0, 0 } } };
	struct ref_reading r;
	struct ref_register reg;
	struct ref_sample s;

	if (drv->reference->prepare(d, &sp) == ET_ERR_NOMEM)
		abort();
	if (drv->reference->read(d, &r) == ET_OK && r.t_after_ns < r.t_before_ns)
		abort();
	if (drv->reference->start(d, &reg) != ET_OK)
		return;
	for (int i = 0; i < 4; i++)
		if (drv->reference->sample(d, clk_now_ns(c) + 2000000000, &s) == ET_OK &&
		    s.t_hi_ns <= s.t_lo_ns)
			abort();
	if (drv->reference->stop(d, &reg) == ET_OK && !(reg.constant_imp_per_kwh > 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_link_run(&driver_zera_com5003, data, size, NULL, 0, talk);
	return 0;
}
