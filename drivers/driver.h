/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/driver.h - what a driver is: one const struct of functions and data, and one line in
 * drivers/registry.c. A driver states which facets its instrument has; a facet it has not is NULL. */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include "base/diag.h"
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
	struct port
		*port; /* borrowed: outlives the instance; of the kind that the driver asks for */
	struct clk *clk;
	const struct driver_param *params;
	size_t n_params;
	const char *dir; /* the laboratory folder, for files of drivers; NULL: none */
	const char
		*serial; /* as declared in bench.yaml, for instruments that can't tell; NULL: not */
	struct fault *fault; /* where every call leaves its words on failure */
};

struct driver_place {
	const char *file;
	int line, column;
};

/* How an instrument is asked who it is by somebody who does not know what is on the link (drivers/probe.h): one
 * question that sets, switches and arms nothing, in this instrument or in any other. */
struct driver_probe {
	const char *const *settings; /* of serial lines, NULL at the end: "9600,8n2" */
	/* All bytes. It begins with '?' and an end of line, which spoil and end half a line of somebody before us: an
	 * end of line alone could complete a switch-on. */
	const char *question;
	int64_t answer_ns; /* after so long there is none */
	/** Is @p line (printable, without its end) the answer? Pure, on bytes from outside.
	 * @param out Untouched on ET_ERR_PROTO. @return ET_OK; ET_ERR_DEVICE: an answer to this question, but of an
	 * instrument that is not ours, who it is in @p out; ET_ERR_PROTO: no answer to it. */
	int (*read)(const char *line, struct instrument_id *out);
};

struct driver {
	const char *name; /* the word in bench.yaml; never changes */
	const char *summary; /* one line for lists */
	enum port_kind link; /* what it speaks: bytes, unless it says otherwise */
	bool fitness_required; /* a reference only where its apparatus record says that it is fit for it */
	const char *
		folder; /* of the laboratory: where its files are, all of them *.yaml; NULL: it has none */
	const struct driver_param_spec *params; /* what it takes, key NULL at the end */
	/** What is wrong with its parameters and its files in @p dir, all of it, before anything is opened. NULL:
	 * open() finds out. @param where  The instrument in bench.yaml: file, line, column. */
	void (*check)(const struct driver_param *params, size_t n_params, const char *dir,
		      const struct driver_place *where, struct diag *d);
	const struct driver_probe *probe; /* NULL: can't be looked for */
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
	double min, max, otherwise; /* of a number; all 0: a text */
	const char *want; /* what would be right */
};

extern const struct driver *const drivers[]; /* NULL at the end */
const struct driver *driver_find(const char *name);

/** The number of @p key, or its default. @return ET_ERR_ARG (fault filled) for a wrong one. */
int driver_param_get(const struct driver_env *env, const struct driver_param_spec *specs,
		     const char *key, double *out) ET_CHECK;
/** The text of @p key; NULL: not given. */
const char *driver_param_text(const struct driver_param *params, size_t n_params, const char *key);

#endif
