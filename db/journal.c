/* SPDX-License-Identifier: Apache-2.0 */
#include "db/journal.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/store.h"

enum { WAL_FRAMES_MAX = 4096 }; /* of 4 KiB: then db_begin() makes a checkpoint first */

/* ---- transactions ---- */

static int start_transaction(struct db *d, struct fault *f)
{
	int err = chain_read_head(d, &d->head, f);

	if (err == ET_OK)
		err = store_int(d, f, &d->first_new_blob, 1,
				"SELECT coalesce(max(id), 0) + 1 FROM blob", "");
	d->n_new_blobs = 0;
	d->new_blobs_named = 0;
	d->failed = (struct fault){ 0 };
	return err;
}

int db_begin(struct db *d, struct fault *f)
{
	struct fault own;
	int err;

	if (!f)
		f = &own;
	if (d->in_tx)
		return fault_set(f, ET_ERR_STATE, "a transaction is open already");
	if (d->lock_fd < 0)
		return fault_set(f, ET_ERR_STATE, "%s was opened for reading", d->path);
	if (d->broken)
		return fault_set(f, ET_ERR_RECORD, "%s: the disk failed before: open it again",
				 d->path);
	if (d->wal_frames > WAL_FRAMES_MAX)
		(void)sqlite3_wal_checkpoint_v2(d->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
						NULL);
	err = store_exec(d, f, "BEGIN IMMEDIATE", "beginning");
	if (err < 0)
		return err;
	d->in_tx = true;
	err = start_transaction(d, f);
	if (err < 0)
		db_rollback(d);
	return err;
}

void db_rollback(struct db *d)
{
	if (!d->in_tx)
		return;
	d->in_tx = false;
	if (!sqlite3_get_autocommit(d->sql)) /* SQLite itself rolls back when the disk is full */
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
}

int db_commit(struct db *d, struct fault *f)
{
	struct fault own;
	int err;

	if (!f)
		f = &own;
	if (!d->in_tx)
		return fault_set(f, ET_ERR_STATE, "no transaction is open");
	if (d->failed.code) {
		*f = d->failed;
		err = f->code;
	} else {
		err = blob_all_named(d, f);
	}
	if (err == ET_OK)
		err = store_exec(d, f, "COMMIT", "committing");
	if (err < 0)
		db_rollback(d);
	d->in_tx = false;
	return err;
}

int db_checkpoint(struct db *d, struct fault *f)
{
	struct fault own;

	if (d->in_tx || d->lock_fd < 0)
		return fault_set(f, ET_ERR_STATE, "no moment for a checkpoint");
	if (sqlite3_wal_checkpoint_v2(d->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) !=
	    SQLITE_OK)
		return store_fault(d, f ? f : &own, "moving the log into the file");
	return ET_OK;
}

/* ---- appending ---- */

static bool is_utf8(const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	json_decref(j);
	return j != NULL;
}

static int insert_entry(struct db *d, const struct journal_entry *e,
			const unsigned char hash[DB_HASH_LEN], struct fault *f)
{
	return store_run(d, f,
			 "INSERT INTO journal (seq, utc_ns, utc_offset_s, boot_id, mono_ns, actor,"
			 " kind, payload, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "iiitittth", e->seq, e->utc_ns, (int64_t)e->utc_offset_s, e->boot_id,
			 e->mono_ns, e->actor, e->kind, e->payload, hash);
}

static int append_entry(struct db *d, const struct journal_entry *e, const json_t *payload,
			struct fault *f)
{
	unsigned char hash[DB_HASH_LEN];
	int err;

	chain_hash(d->head.hash, e, hash);
	err = insert_entry(d, e, hash, f);
	if (err == ET_OK)
		err = blob_entry_names(d, e->payload, e->payload_len, f);
	if (err == ET_OK)
		err = projections_apply(d, e, payload, f);
	if (err == ET_OK) {
		d->head.seq = e->seq;
		memcpy(d->head.hash, hash, sizeof(hash));
	}
	return err;
}

static int append_checked(struct db *d, const struct journal_stamp *stamp, const char *kind,
			  const json_t *payload, struct fault *f)
{
	struct journal_entry e = { .seq = d->head.seq + 1,
				   .utc_ns = stamp->utc_ns,
				   .utc_offset_s = stamp->utc_offset_s,
				   .boot_id = stamp->boot_id,
				   .mono_ns = stamp->mono_ns,
				   .actor = stamp->actor,
				   .kind = kind };
	char *text;
	int err;

	if (!is_utf8(stamp->boot_id) || !is_utf8(stamp->actor))
		return fault_set(f, ET_ERR_ARG, "%s: actor or boot id is not UTF-8", kind);
	err = kinds_check(kind, payload, f);
	if (err < 0)
		return err;
	err = json_canonical(payload, &text, &e.payload_len);
	if (err < 0)
		return fault_set(f, err, "out of memory");
	e.payload = text;
	err = append_entry(d, &e, payload, f);
	free(text);
	return err;
}

int db_append(struct db *d, const struct journal_stamp *stamp, const char *kind,
	      const json_t *payload, int64_t *seq, struct fault *f)
{
	struct fault own;
	int err;

	if (!f)
		f = &own;
	if (!d->in_tx)
		return fault_set(f, ET_ERR_STATE, "%s outside a transaction", kind);
	if (d->failed.code) {
		*f = d->failed;
		return f->code;
	}
	err = append_checked(d, stamp, kind, payload, f);
	if (err < 0)
		d->failed = *f;
	else if (seq)
		*seq = d->head.seq;
	return err;
}

/* ---- reading ---- */

int db_next_id(struct db *d, const char *series, char out[48], struct fault *f)
{
	json_t *lab = db_last(d, "laboratory.created", NULL, NULL, NULL);
	const char *bench = json_get_str(lab, "bench");
	int64_t last;
	int err = ET_OK;

	if (strcmp(series, "batch") && strcmp(series, "attempt") && strcmp(series, "session"))
		err = fault_set(f, ET_ERR_ARG, "no series of ids \"%s\"", series);
	else if (!bench)
		err = fault_set(f, ET_ERR_STATE, "%s: no laboratory was created in it", d->path);
	if (err == ET_OK)
		err = store_int(d, f, &last, 0, "SELECT last FROM counters WHERE series = ?", "t",
				series);
	if (err == ET_OK)
		snprintf(out, 48, "%.24s-%" PRId64, bench, last + 1);
	json_decref(lab);
	return err;
}

int db_each(struct db *d, int64_t from_seq, int (*each)(void *arg, const struct journal_entry *e),
	    void *arg, struct fault *f)
{
	sqlite3_stmt *s = store_stmt_own(d,
					 "SELECT seq, utc_ns, utc_offset_s, boot_id, mono_ns,"
					 " actor, kind, payload, hash FROM journal"
					 " WHERE seq >= ? ORDER BY seq",
					 f);
	char hex[2 * DB_HASH_LEN + 1];
	struct journal_entry e;
	int err = ET_OK, rc;

	if (!s)
		return f ? f->code : ET_ERR_RECORD;
	store_bind(s, "i", from_seq);
	while (err == ET_OK && (rc = sqlite3_step(s)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW) {
			err = store_fault(d, f, "reading the journal");
			break;
		}
		chain_entry_of_row(s, &e);
		if (!e.boot_id || !e.actor || !e.kind || !e.payload ||
		    sqlite3_column_bytes(s, 8) != DB_HASH_LEN) {
			err = fault_set(f, ET_ERR_INTEGRITY, "%s: entry %" PRId64 " is damaged",
					d->path, e.seq);
			break;
		}
		sodium_bin2hex(hex, sizeof(hex), sqlite3_column_blob(s, 8), DB_HASH_LEN);
		e.hash_hex = hex;
		err = each(arg, &e);
	}
	sqlite3_finalize(s);
	return err;
}

static json_t *parse_column(sqlite3_stmt *s, int col)
{
	const char *text = store_text(s, col);

	return text ? json_parse(text, (size_t)sqlite3_column_bytes(s, col), NULL) : NULL;
}

json_t *db_payload(struct db *d, int64_t seq, const char *kind)
{
	sqlite3_stmt *s = store_stmt_own(
		d, "SELECT payload FROM journal WHERE seq = ?1 AND kind = coalesce(?2, kind)",
		NULL);
	json_t *payload = NULL;

	if (!s)
		return NULL;
	store_bind(s, "it", seq, kind);
	if (sqlite3_step(s) == SQLITE_ROW)
		payload = parse_column(s, 0);
	sqlite3_finalize(s);
	return payload;
}

/* The canonical text of "key":"value" is in the payload, or it cannot have it: most entries need no parser. */
static char *needle(const char *key, const char *value)
{
	json_t *o = json_pack("{s:s}", key, value);
	char *text = NULL;
	size_t len;

	if (o && json_canonical(o, &text, &len) == ET_OK) {
		text[len - 1] = '\0';
		memmove(text, text + 1, len - 1);
	}
	json_decref(o);
	return text;
}

static json_t *match(sqlite3_stmt *s, const char *key, const char *value, const char *text)
{
	const char *payload = store_text(s, 1);
	json_t *p = payload && (!text || strstr(payload, text)) ? parse_column(s, 1) : NULL;
	const char *found = key ? json_get_str(p, key) : NULL;

	if (!key || (found && !strcmp(found, value)))
		return p;
	json_decref(p);
	return NULL;
}

json_t *db_last(struct db *d, const char *kind, const char *key, const char *value, int64_t *seq)
{
	sqlite3_stmt *s = store_stmt_own(
		d, "SELECT seq, payload FROM journal WHERE kind = ? ORDER BY seq DESC", NULL);
	char *text = key ? needle(key, value) : NULL;
	json_t *found = NULL;

	if (s && (!key || text)) {
		store_bind(s, "t", kind);
		while (!found && sqlite3_step(s) == SQLITE_ROW)
			found = match(s, key, value, text);
		if (found && seq)
			*seq = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	free(text);
	return found;
}
