/* SPDX-License-Identifier: Apache-2.0 */
/* db/export.c - the journal as JSON lines: docs/json.md, "Export". */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/store.h"

struct export
{
	struct db *d;
	struct fault *f;
	int (*write)(void *arg, const char *text, size_t len);
	void *arg;
};

static int put(struct export *x, const char *text, size_t len)
{
	int err = x->write(x->arg, text, len);

	return err < 0 ? fault_set(x->f, err, "the export could not be written") : ET_OK;
}

/* The canonical text of an object, without @p skip bytes at its begin and at its end. Takes the reference. */
static int put_object(struct export *x, json_t *o, size_t skip_begin, size_t skip_end)
{
	char *text = NULL;
	size_t len;
	int err = o ? json_canonical(o, &text, &len) : ET_ERR_NOMEM;

	json_decref(o);
	if (err < 0)
		return fault_set(x->f, err, "out of memory");
	err = put(x, text + skip_begin, len - skip_begin - skip_end);
	free(text);
	return err;
}

/* The payload goes in as it is stored, between the keys that sort before it and after it. */
static int export_entry(void *arg, const struct journal_entry *e)
{
	static const char payload[] = ",\"payload\":", comma[] = ",", newline[] = "\n";
	struct export *x = arg;
	int err = put_object(x,
			     json_pack("{s:s, s:s, s:s, s:s, s:I}", "actor", e->actor, "boot_id",
				       e->boot_id, "hash", e->hash_hex, "kind", e->kind, "mono_ns",
				       (json_int_t)e->mono_ns),
			     0, 1);

	if (err == ET_OK)
		err = put(x, payload, sizeof(payload) - 1);
	if (err == ET_OK)
		err = put(x, e->payload, e->payload_len);
	if (err == ET_OK)
		err = put(x, comma, 1);
	if (err == ET_OK)
		err = put_object(x,
				 json_pack("{s:I, s:I, s:i}", "seq", (json_int_t)e->seq, "utc_ns",
					   (json_int_t)e->utc_ns, "utc_offset_s", e->utc_offset_s),
				 1, 0);
	return err == ET_OK ? put(x, newline, 1) : err;
}

static int export_bytes(struct export *x, const char *hex, const char *kind, const void *plain,
			size_t len)
{
	const size_t cap = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(cap);
	int err;

	if (!text)
		return fault_set(x->f, ET_ERR_NOMEM, "out of memory");
	sodium_bin2base64(text, cap, plain, len, sodium_base64_VARIANT_ORIGINAL);
	err = put_object(x, json_pack("{s:s, s:s, s:s}", "blob", hex, "bytes", text, "kind", kind),
			 0, 0);
	free(text);
	return err == ET_OK ? put(x, "\n", 1) : err;
}

static int export_blob(struct export *x, sqlite3_stmt *s)
{
	char hex[2 * DB_HASH_LEN + 1];
	void *plain;
	size_t len;
	int err;

	if (sqlite3_column_bytes(s, 0) != DB_HASH_LEN)
		return fault_set(x->f, ET_ERR_INTEGRITY, "raw data without a name");
	sodium_bin2hex(hex, sizeof(hex), sqlite3_column_blob(s, 0), DB_HASH_LEN);
	err = db_get_blob(x->d, hex, &plain, &len, x->f);
	if (err < 0)
		return err;
	err = export_bytes(x, hex, store_text(s, 1), plain, len);
	free(plain);
	return err;
}

static int export_blobs(struct export *x)
{
	sqlite3_stmt *s = store_stmt_own(x->d, "SELECT hash, kind FROM blob ORDER BY hash", x->f);
	int err = ET_OK, rc;

	if (!s)
		return x->f->code;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && err == ET_OK)
		err = export_blob(x, s);
	if (err == ET_OK && rc != SQLITE_DONE)
		err = store_fault(x->d, x->f, "reading raw data");
	sqlite3_finalize(s);
	return err;
}

int db_export_journal(struct db *d, int (*write)(void *arg, const char *text, size_t len),
		      void *arg, struct fault *f)
{
	struct fault own;
	struct export x = { d, f ? f : &own, write, arg };
	int err = store_view_begin(d, x.f);

	if (err < 0)
		return err;
	err = db_each(d, 1, export_entry, &x, x.f);
	if (err == ET_OK)
		err = export_blobs(&x);
	store_view_end(d);
	return err;
}
