/* SPDX-License-Identifier: Apache-2.0 */
/* usage: modbus_ask PORT DIR MAP - one reading of a meter through the driver modbus-meter, on the real clock, so that it
 * can be tried against servers that we did not write (tools/foreign.sh). DIR/registers/MAP.yaml is the map. */
#include <stdio.h>

#include "drivers/registry.h"

static void print_reading(const struct instrument_id *id, const struct ref_reading *r)
{
	printf("%s %s %s simulated=%d", id->maker, id->model, id->serial, id->simulated);
	for (int k = 0; k < ET_PHASES; k++)
		printf(" L%d %.7g V %.7g A %.7g W", k + 1, r->volt_v[k], r->curr_a[k],
		       r->power_w[k]);
	printf(" sum %.7g W %.7g var %.7g Hz\n", r->power_sum_w, r->reactive_sum_var, r->freq_hz);
}

int main(int argc, char **argv)
{
	struct fault f = { 0 };
	struct driver_param map = { "map", argc == 4 ? argv[3] : "" };
	struct driver_env env = { .name = "meter",
				  .clk = clk_real_new(),
				  .params = &map,
				  .n_params = 1,
				  .dir = argc == 4 ? argv[2] : "",
				  .serial = "DECLARED",
				  .fault = &f };
	const struct driver *drv = &driver_modbus_meter;
	struct driver_inst *d = NULL;
	struct instrument_id id;
	struct ref_reading r;
	int err = ET_ERR_ARG;

	if (argc != 4)
		fprintf(stderr, "usage: modbus_ask PORT DIR MAP\n");
	else
		err = port_open(argv[1], env.clk, &env.port, &f);
	if (err == ET_OK)
		err = drv->open(&env, &d, &id);
	if (err == ET_OK)
		err = drv->reference->read(d, &r);
	if (err == ET_OK)
		print_reading(&id, &r);
	else
		fprintf(stderr, "modbus_ask: %s\n", f.text);
	drv->close(d);
	port_close(env.port);
	clk_free(env.clk);
	return err == ET_OK ? 0 : 1;
}
