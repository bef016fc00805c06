/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/batch.h - a batch as a person hands it in: work order, owner, set-up and the meters. */
#ifndef PROCEDURES_BATCH_H
#define PROCEDURES_BATCH_H

#include "procedures/approval.h"

#define BATCH_SCHEMA "etalon/batch/1"

struct batch_owner {
	const char *name, *address;
};
enum batch_as { BATCH_AS_FOUND = 0, BATCH_AS_LEFT };

struct batch {
	const char *id; /* the laboratory's word for it, unique */
	const char *work_order;
	struct batch_owner owner;
	int as; /* enum batch_as */
	const char *plan; /* id */
	const char *approval; /* number; of the batch's set-up */
	int64_t approval_revision;
	int64_t configuration; /* enum service_configuration: how the bench is set up */
	double volt_v, curr_min_a, curr_max_a;
	struct yaml_list meters; /* struct meter_card */
};
extern const struct yaml_key batch_keys[];

/** YAML, or CSV when the name ends in ".csv" (docs/batch.md): the same keys, the same checks, and errors
 * at the line and column of the file as the person sees it.
 * Checks also: at least one meter, positions unique, (maker, serial) unique, the range in order.
 * A meter that its notice does not approve is no file error: see approval_check().
 * @param doc  Owns the strings of @p out. @return ET_OK; ET_ERR_FILE (in @p d); ET_ERR_NOMEM. */
int batch_load_file(const char *path, struct batch *out, struct yaml_doc **doc,
		    struct diag *d) ET_CHECK;
int batch_load_mem(const char *name, const char *text, size_t len, struct batch *out,
		   struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** Does the nameplate fit the set-up of the batch (configuration, voltage, current range)?
 * @return true; false with @p out filled (code "setup"): this meter is not to be energised in this
 *         batch, which says nothing about the meter itself. @p out is untouched on true. */
bool batch_fits_setup(const struct batch *b, const struct meter_card *m,
		      struct approval_finding *out);

#endif
