/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/registry.c - which drivers there are, and the numbers that bench.yaml gives them. */
#include "drivers/registry.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

const struct driver *const drivers[] = {
	&driver_zera_fg, &driver_zera_com5003, &driver_modbus_meter, &driver_serial_stamp, NULL,
};

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; drivers[i]; i++)
		if (!strcmp(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}

const char *driver_param_text(const struct driver_param *params, size_t n_params, const char *key)
{
	for (size_t i = 0; i < n_params; i++)
		if (!strcmp(params[i].key, key))
			return params[i].value;
	return NULL;
}

int driver_param_get(const struct driver_env *env, const struct driver_param_spec *specs,
		     const char *key, double *out)
{
	const struct driver_param_spec *s = specs;
	const char *text = driver_param_text(env->params, env->n_params, key);
	double v;

	while (s->key && strcmp(s->key, key))
		s++;
	if (!s->key)
		return fault_set(env->fault, ET_ERR_ARG, "\"%s\": the driver has no parameter %s",
				 env->name, key);
	if (!text) {
		*out = s->otherwise;
		return ET_OK;
	}
	if (num_parse_f64(text, strlen(text), &v) != ET_OK || !(v >= s->min && v <= s->max))
		return fault_set(env->fault, ET_ERR_ARG, "\"%s\": %s: \"%.40s\" is not %s",
				 env->name, key, text, s->want);
	*out = v;
	return ET_OK;
}
