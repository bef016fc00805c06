/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/registry.c - which drivers there are, and the numbers that bench.yaml gives them. */
#include "drivers/registry.h"

#include <math.h>
#include <string.h>

#include "base/num.h"

const struct driver *const drivers[] = {
	&driver_zera_fg,
	&driver_zera_com5003,
	&driver_serial_stamp,
	NULL,
};

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; drivers[i]; i++)
		if (!strcmp(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}

static const char *param_text(const struct driver_env *env, const char *key)
{
	for (size_t i = 0; i < env->n_params; i++)
		if (!strcmp(env->params[i].key, key))
			return env->params[i].value;
	return NULL;
}

int driver_param_get(const struct driver_env *env, const struct driver_param_spec *specs,
		     const char *key, double *out)
{
	const struct driver_param_spec *s = specs;
	const char *text = param_text(env, key);
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
