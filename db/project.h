/* SPDX-License-Identifier: Apache-2.0 */
/* db/project.h - inside this room only: one entry on its way into the projections.
 *
 * Here an entry that contradicts the record is refused: a batch opened twice, an attempt of a closed batch,
 * a meter that was not put there. All return ET_OK, ET_ERR_ARG (refused), or as store_run(). */
#ifndef DB_PROJECT_H
#define DB_PROJECT_H

#include "db/store.h"

struct apply {
	struct db *d;
	const struct journal_entry *e;
	const json_t *p; /* the payload */
	struct fault *f;
};

int project_refuse(struct apply *a, const char *what, const char *which) ET_CHECK;
int project_session_exists(struct apply *a, const char *session) ET_CHECK;
/** An id of the form <bench>-<counter> moves the counter of its series. */
int project_count_id(struct apply *a, const char *series, const char *id) ET_CHECK;

int64_t project_int_or_null(const json_t *o, const char *key); /* INT64_MIN: store_bind's null */
int project_truth(const json_t *o, const char *key);

/* ---- project_batch.c: one function a kind ---- */
int project_batch_opened(struct apply *a) ET_CHECK;
int project_attempt_stored(struct apply *a) ET_CHECK;
int project_batch_interrupted(struct apply *a) ET_CHECK;
int project_batch_closed(struct apply *a) ET_CHECK;

#endif
