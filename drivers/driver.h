/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/driver.h - what a driver is: one const struct of functions and data, and one line in
 * drivers/registry.c. A driver states which facets its instrument has; a facet it has not is NULL. */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include "base/quantities.h"
#include "drivers/ir_reader/ir_reader.h"
#include "drivers/power_source/power_source.h"
#include "drivers/reference_standard/reference_standard.h"
#include "io/port.h"

struct driver_param {
	const char *key, *value;
}; /* from bench.yaml, e.g. volt_max_v: "300" */

struct driver_env {
	const char *name; /* of the instrument in bench.yaml, for messages */
	struct port *port; /* borrowed: outlives the instance */
	struct clk *clk;
	const struct driver_param *params;
	size_t n_params;
	struct fault *fault; /* where every call leaves its words on failure */
};

struct driver {
	const char *name; /* the word in bench.yaml; never changes */
	const char *summary; /* one line for lists */
	const struct driver_param_spec *params; /* what it takes, key NULL at the end */
	/** Ask the instrument who it is and build an instance. Never switches anything on.
	 * @param out Freed by close(); untouched on failure.
	 * @return ET_OK; ET_ERR_DEVICE if it is another instrument; ET_ERR_ARG for a parameter. */
	int (*open)(const struct driver_env *env, struct driver_inst **out,
		    struct instrument_id *id);
	void (*close)(struct driver_inst *d); /* NULL is allowed; does not touch the outputs */
	/** Ask again who is there (proof that the link is in step). */
	int (*identify)(struct driver_inst *d, struct instrument_id *id);
	const struct source_ops *source;
	const struct reference_ops *reference;
	const struct edge_reader_ops *reader;
};

struct driver_param_spec {
	const char *key;
	double min, max, otherwise; /* numbers only */
	const char *want; /* what would be right */
};

extern const struct driver *const drivers[]; /* NULL at the end */
const struct driver *driver_find(const char *name);

/** The number of @p key, or its default. @return ET_ERR_ARG (fault filled) for a wrong one. */
int driver_param_get(const struct driver_env *env, const struct driver_param_spec *specs,
		     const char *key, double *out) ET_CHECK;

#endif
