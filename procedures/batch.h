/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/batch.h - a batch as a person hands it in: work order, owner, set-up and the meters. */
#ifndef PROCEDURES_BATCH_H
#define PROCEDURES_BATCH_H

#include "procedures/approval.h"

#define BATCH_SCHEMA "etalon/batch/1"

struct batch {
	const char *id;			/* the laboratory's word for it, unique */
	const char *work_order;
	struct { const char *name, *address; } owner;
	int as;				/* 0 as_found, 1 as_left */
	const char *plan;		/* id */
	const char *approval;		/* number; of the batch's set-up */
	int64_t approval_revision;
	int64_t configuration;		/* enum service_configuration: how the bench is set up */
	double volt_v, curr_min_a, curr_max_a;
	struct yaml_list meters;	/* struct meter_card */
};
extern const struct yaml_key batch_keys[];

/** .csv (one meter a row, batch keys in rows "#key,value" before the header) or YAML, by the name's end.
 * Checks also: positions unique, (maker, serial) unique, Kh present. */
int batch_load_file(const char *path, struct batch *out, struct yaml_doc **doc, struct diag *d) ET_CHECK;
int batch_load_mem(const char *name, const char *text, size_t len, struct batch *out, struct yaml_doc **doc,
		   struct diag *d) ET_CHECK;

#endif
