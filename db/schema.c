/* SPDX-License-Identifier: Apache-2.0 */
#include "db/store.h"

#include <string.h>

/* The insert triggers keep REPLACE out, which would delete a row without its delete trigger. */
static const char schema_record[] =
	"CREATE TABLE journal ("
	" seq INTEGER PRIMARY KEY, utc_ns INTEGER NOT NULL, utc_offset_s INTEGER NOT NULL,"
	" boot_id TEXT NOT NULL, mono_ns INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,"
	" payload TEXT NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32)) STRICT;"
	"CREATE INDEX journal_kind ON journal (kind, seq);"
	"CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN"
	" SELECT RAISE(ABORT, 'the journal is append-only'); END;"
	"CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN"
	" SELECT RAISE(ABORT, 'the journal is append-only'); END;"
	"CREATE TRIGGER journal_in_order BEFORE INSERT ON journal"
	" WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal) BEGIN"
	" SELECT RAISE(ABORT, 'the journal grows by one entry at its end'); END;"
	"CREATE TABLE blob ("
	" id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
	" kind TEXT NOT NULL, len INTEGER NOT NULL, zstd BLOB NOT NULL) STRICT;"
	"CREATE TRIGGER blob_no_update BEFORE UPDATE ON blob BEGIN"
	" SELECT RAISE(ABORT, 'raw data are append-only'); END;"
	"CREATE TRIGGER blob_no_delete BEFORE DELETE ON blob BEGIN"
	" SELECT RAISE(ABORT, 'raw data are append-only'); END;"
	"CREATE TRIGGER blob_once BEFORE INSERT ON blob"
	" WHEN EXISTS (SELECT 1 FROM blob WHERE hash = NEW.hash OR id = NEW.id) BEGIN"
	" SELECT RAISE(ABORT, 'raw data are append-only'); END;";

/* All keyed so that the question of a person at the bench is a few look-ups; "seq" is always the
 * entry that made the row. Words and numbers as in docs/json.md. */
const struct schema_table schema_projections[] = {
	{ "counters", "(series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID",
	  NULL },
	{ "sessions",
	  "(seq INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, operator TEXT NOT NULL,"
	  " program TEXT NOT NULL, algorithm TEXT NOT NULL, simulated INTEGER NOT NULL,"
	  " ended_seq INTEGER, exit_code INTEGER, reason TEXT, last_seq INTEGER NOT NULL) STRICT",
	  NULL },
	{ "people",
	  "(id TEXT PRIMARY KEY, seq INTEGER NOT NULL, name TEXT NOT NULL,"
	  " role TEXT NOT NULL) STRICT, WITHOUT ROWID",
	  NULL },
	{ "apparatus",
	  "(id TEXT PRIMARY KEY, seq INTEGER NOT NULL, kind TEXT NOT NULL, maker TEXT NOT NULL,"
	  " model TEXT NOT NULL, serial TEXT NOT NULL, firmware TEXT, \"use\" TEXT,"
	  " simulated INTEGER NOT NULL, certificate TEXT, laboratory TEXT, issued TEXT, expires "
	  "TEXT,"
	  " retired_seq INTEGER, reason TEXT) STRICT, WITHOUT ROWID",
	  NULL },
	{ "meters",
	  "(maker TEXT NOT NULL, serial TEXT NOT NULL, first_seq INTEGER NOT NULL,"
	  " last_seq INTEGER NOT NULL, first_utc_ns INTEGER NOT NULL,"
	  " last_utc_ns INTEGER NOT NULL, PRIMARY KEY (serial, maker)) STRICT, WITHOUT ROWID",
	  NULL },
	{ "batches",
	  "(seq INTEGER PRIMARY KEY, batch TEXT NOT NULL UNIQUE, session TEXT NOT NULL,"
	  " opened_utc_ns INTEGER NOT NULL, closed_utc_ns INTEGER, closed_seq INTEGER,"
	  " interrupted_seq INTEGER, work_order TEXT, owner TEXT, \"as\" TEXT NOT NULL,"
	  " plan TEXT NOT NULL, plan_version INTEGER NOT NULL, plan_standing TEXT NOT NULL,"
	  " approval TEXT NOT NULL, approval_revision INTEGER NOT NULL,"
	  " configuration INTEGER NOT NULL, volt_v REAL, curr_min_a REAL, curr_max_a REAL,"
	  " connection TEXT NOT NULL) STRICT",
	  "CREATE INDEX batches_opened ON batches (opened_utc_ns);"
	  "CREATE INDEX batches_session ON batches (session)" },
	{ "batch_apparatus",
	  "(apparatus TEXT NOT NULL, batch_seq INTEGER NOT NULL,"
	  " apparatus_seq INTEGER, PRIMARY KEY (apparatus, batch_seq)) STRICT, WITHOUT ROWID",
	  "CREATE INDEX batch_apparatus_batch ON batch_apparatus (batch_seq)" },
	{ "batch_positions",
	  "(batch_seq INTEGER NOT NULL, position INTEGER NOT NULL, maker TEXT NOT NULL,"
	  " serial TEXT NOT NULL, model TEXT, inspection_no TEXT, approval TEXT,"
	  " approval_revision INTEGER, kh_wh REAL, firmware TEXT, measured INTEGER NOT NULL,"
	  " verdict TEXT, reason TEXT, PRIMARY KEY (batch_seq, position),"
	  " UNIQUE (batch_seq, serial, maker)) STRICT, WITHOUT ROWID",
	  "CREATE INDEX batch_positions_meter ON batch_positions (serial, maker);"
	  "CREATE INDEX batch_positions_verdict ON batch_positions (verdict);"
	  "CREATE INDEX batch_positions_approval ON batch_positions (approval)" },
	{ "attempts",
	  "(seq INTEGER PRIMARY KEY, attempt TEXT NOT NULL UNIQUE, batch_seq INTEGER NOT NULL,"
	  " utc_ns INTEGER NOT NULL, session TEXT NOT NULL, step TEXT NOT NULL,"
	  " number INTEGER NOT NULL, result TEXT NOT NULL, cause TEXT) STRICT",
	  "CREATE INDEX attempts_batch ON attempts (batch_seq)" },
	{ "observations",
	  "(batch_seq INTEGER NOT NULL, position INTEGER NOT NULL, seq INTEGER NOT NULL,"
	  " err_pct REAL, U_pct REAL, k REAL, n_intervals INTEGER, err_rounded_u6 INTEGER,"
	  " U_rounded_u6 INTEGER, verdict TEXT NOT NULL, cause TEXT,"
	  " PRIMARY KEY (batch_seq, position, seq)) STRICT, WITHOUT ROWID",
	  NULL },
	{ "verdicts",
	  "(batch_seq INTEGER NOT NULL, position INTEGER NOT NULL, step TEXT NOT NULL,"
	  " verdict TEXT NOT NULL, attempt TEXT, seq INTEGER NOT NULL,"
	  " PRIMARY KEY (batch_seq, position, step)) STRICT, WITHOUT ROWID",
	  NULL },
	{ "corrections",
	  "(seq INTEGER PRIMARY KEY, corrects_seq INTEGER NOT NULL,"
	  " utc_ns INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL) STRICT",
	  "CREATE INDEX corrections_of ON corrections (corrects_seq)" },
	{ NULL, NULL, NULL }
};

int schema_create_projections(struct db *d, bool temporary, struct fault *f)
{
	for (const struct schema_table *t = schema_projections; t->name; t++) {
		char *text = sqlite3_mprintf("CREATE %s TABLE %s %s; %s", temporary ? "TEMP" : "",
					     t->name, t->columns,
					     t->indexes && !temporary ? t->indexes : "");
		int err;

		if (!text)
			return fault_set(f, ET_ERR_NOMEM, "out of memory");
		err = store_exec(d, f, text, "making the tables");
		sqlite3_free(text);
		if (err < 0)
			return err;
	}
	return ET_OK;
}

int schema_create(struct db *d, struct fault *f)
{
	char pragmas[96];
	int err;

	err = store_exec(d, f, "BEGIN EXCLUSIVE", "making the tables");
	if (err < 0)
		return err;
	err = store_exec(d, f, schema_record, "making the tables");
	if (err == ET_OK)
		err = schema_create_projections(d, false, f);
	sqlite3_snprintf(sizeof(pragmas), pragmas,
			 "PRAGMA application_id = %d; PRAGMA user_version = %d", DB_APPLICATION_ID,
			 DB_SCHEMA_VERSION);
	if (err == ET_OK)
		err = store_exec(d, f, pragmas, "making the tables");
	if (err == ET_OK)
		err = store_exec(d, f, "COMMIT", "making the tables");
	if (err < 0)
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

int schema_check(struct db *d, struct fault *f)
{
	int64_t id, version;
	int err = store_int(d, f, &id, 0, "PRAGMA application_id", "");

	if (err == ET_OK)
		err = store_int(d, f, &version, 0, "PRAGMA user_version", "");
	if (err < 0)
		return err;
	if (id != DB_APPLICATION_ID)
		return fault_set(f, ET_ERR_INTEGRITY, "%s is not a record of Étalon", d->path);
	if (version > DB_SCHEMA_VERSION)
		return fault_set(f, ET_ERR_INTEGRITY,
				 "%s was made by a newer Étalon (its version %d, here %d)", d->path,
				 (int)version, DB_SCHEMA_VERSION);
	if (version < 1)
		return fault_set(f, ET_ERR_INTEGRITY, "%s has no version", d->path);
	return ET_OK;
}

static const char objects[] = "SELECT name, type, sql FROM main.sqlite_schema"
			      " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

static int object_differs(struct fault *f, sqlite3_stmt *s, const char *how)
{
	return fault_set(f, ET_ERR_INTEGRITY, "the %s %s %s", store_text(s, 1), store_text(s, 0),
			 how);
}

static int compare_objects(struct db *d, sqlite3_stmt *is, sqlite3_stmt *should, struct fault *f)
{
	for (;;) {
		const int a = sqlite3_step(is), b = sqlite3_step(should);
		int order;

		if (a == SQLITE_DONE && b == SQLITE_DONE)
			return ET_OK;
		if ((a != SQLITE_ROW && a != SQLITE_DONE) || (b != SQLITE_ROW && b != SQLITE_DONE))
			return store_fault(d, f, "reading the schema");
		order = a == SQLITE_DONE   ? 1
			: b == SQLITE_DONE ? -1
					   : strcmp(store_text(is, 0), store_text(should, 0));
		if (order > 0)
			return object_differs(f, should, "is missing");
		if (order < 0)
			return object_differs(f, is, "is not ours");
		if (!store_text(is, 2) || strcmp(store_text(is, 2), store_text(should, 2)))
			return object_differs(f, is, "was changed");
	}
}

/* Made anew in memory and compared, so that there is one definition only. */
int schema_verify(struct db *d, struct fault *f)
{
	struct db fresh = { .path = d->path, .lock_fd = -1 };
	sqlite3_stmt *is = NULL, *should = NULL;
	int err = ET_ERR_NOMEM;

	if (sqlite3_open(":memory:", &fresh.sql) != SQLITE_OK) {
		err = fault_set(f, ET_ERR_NOMEM, "out of memory");
		goto close;
	}
	err = schema_create(&fresh, f);
	if (err < 0)
		goto close;
	should = store_stmt_own(&fresh, objects, f);
	is = store_stmt_own(d, objects, f);
	err = is && should ? compare_objects(d, is, should, f) : ET_ERR_RECORD;
close:
	sqlite3_finalize(is);
	sqlite3_finalize(should);
	store_forget_stmts(&fresh);
	sqlite3_close(fresh.sql);
	return err;
}
