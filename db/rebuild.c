/* SPDX-License-Identifier: Apache-2.0 */
/* db/rebuild.c - all projections from the journal again: to repair them, or to see that they are right. */
#include <inttypes.h>

#include "base/json.h"
#include "db/store.h"

struct replay {
	struct db *d;
	struct fault *f;
};

static int replay_entry(void *arg, const struct journal_entry *e)
{
	struct replay *r = arg;
	struct fault why;
	json_t *payload = json_parse(e->payload, e->payload_len, &why);
	int err;

	if (!payload)
		return fault_set(r->f, ET_ERR_INTEGRITY, "entry %" PRId64 ": %s", e->seq, why.text);
	err = projections_apply(r->d, e, payload, &why);
	json_decref(payload);
	/* it was accepted once: a contradiction now means that the journal is another */
	return err == ET_OK ? ET_OK
			    : fault_set(r->f, err == ET_ERR_ARG ? ET_ERR_INTEGRITY : err,
					"entry %" PRId64 ": %s", e->seq, why.text);
}

static int replay_all(struct db *d, struct fault *f)
{
	return db_each(d, 1, replay_entry, &(struct replay){ d, f }, f);
}

static int for_each_table(struct db *d, const char *format, struct fault *f)
{
	int err = ET_OK;

	for (const struct schema_table *t = schema_projections; t->name && err == ET_OK; t++) {
		char *text = sqlite3_mprintf(format, t->name);

		err = text ? store_exec(d, f, text, "making the tables anew")
			   : fault_set(f, ET_ERR_NOMEM, "out of memory");
		sqlite3_free(text);
	}
	return err;
}

int db_rebuild(struct db *d, struct fault *f)
{
	struct fault own;
	int err;

	if (!f)
		f = &own;
	err = db_begin(d, f);
	if (err < 0)
		return err;
	store_forget_stmts(d);
	err = for_each_table(d, "DROP TABLE IF EXISTS main.%s", f);
	if (err == ET_OK)
		err = schema_create_projections(d, false, f);
	if (err == ET_OK)
		err = replay_all(d, f);
	if (err == ET_OK)
		return db_commit(d, f);
	db_rollback(d);
	return err;
}

/* The temporary table and the real one, both ways. */
static int compare_table(struct db *d, const char *name, struct fault *f)
{
	char *text =
		sqlite3_mprintf("SELECT * FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM temp.%s)"
				" UNION ALL "
				"SELECT * FROM (SELECT * FROM temp.%s EXCEPT SELECT * FROM main.%s)"
				" LIMIT 1",
				name, name, name, name);
	sqlite3_stmt *s = text ? store_stmt_own(d, text, f) : NULL;
	int rc;

	sqlite3_free(text);
	if (!s)
		return fault_set(f, ET_ERR_INTEGRITY, "the table %s is not as it was made", name);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		rc = fault_set(f, ET_ERR_INTEGRITY,
			       "the table %s differs from the journal, at %s = %s", name,
			       sqlite3_column_name(s, 0), store_text(s, 0));
	else
		rc = rc == SQLITE_DONE ? ET_OK : store_fault(d, f, "comparing the tables");
	sqlite3_finalize(s);
	return rc;
}

int db_verify_projections(struct db *d, struct fault *f)
{
	struct fault own;
	int err;

	if (!f)
		f = &own;
	if (d->in_tx)
		return fault_set(f, ET_ERR_STATE, "a transaction is open");
	err = store_view_begin(d, f);
	if (err < 0)
		return err;
	store_forget_stmts(d);
	err = schema_create_projections(d, true, f);
	if (err == ET_OK)
		err = replay_all(d, f);
	for (const struct schema_table *t = schema_projections; t->name && err == ET_OK; t++)
		err = compare_table(d, t->name, f);
	store_forget_stmts(d);
	store_view_end(d); /* takes the temporary tables with it */
	return err;
}
