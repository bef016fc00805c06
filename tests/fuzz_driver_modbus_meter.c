/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_driver_modbus_meter.c - the whole conversation of the driver with a meter that says anything. */
#include <math.h>
#include <stdlib.h>

#include "drivers/registry.h"
#include "tests/support/fuzz_link.h"

static const struct driver_param params[] = { { "map", "eastron-sdm630" } };

static void must_be_possible(const struct ref_reading *r)
{
	if (r->t_after_ns < r->t_before_ns || !(r->freq_hz == 0 || fabs(r->freq_hz - 55) <= 15))
		abort();
	for (int k = 0; k < ET_PHASES; k++)
		if (!(r->volt_v[k] >= 0 && r->volt_v[k] <= 2000 && r->curr_a[k] >= 0) ||
		    !isfinite(r->power_w[k]))
			abort();
}

static void talk(const struct driver *drv, struct driver_inst *d, struct clk *c)
{
	struct ref_reading r;
	struct ref_register reg;
	struct ref_sample s;
	double last_wh = 0;

	if (drv->reference->read(d, &r) == ET_OK)
		must_be_possible(&r);
	if (drv->reference->start(d, &reg) != ET_OK)
		return;
	for (int i = 0; i < 8; i++)
		if (drv->reference->sample(d, clk_now_ns(c) + 500000000, &s) == ET_OK) {
			if (s.t_hi_ns <= s.t_lo_ns || !(s.energy_wh > last_wh))
				abort();
			last_wh = s.energy_wh;
		}
	if (drv->reference->stop(d, &reg) == ET_OK && !(reg.resolution_wh >= 10))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_link_run(&driver_modbus_meter, data, size, params, 1, talk);
	return 0;
}
