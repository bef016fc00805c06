/* SPDX-License-Identifier: Apache-2.0 */
/* db/verify.c - nobody changed it: the whole chain, and all raw data that it names. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/store.h"

struct named {
	unsigned char hash[DB_HASH_LEN];
	int64_t seq;
	char kind[16];
};

struct walk {
	struct db *d;
	struct fault *f;
	struct db_head at; /* the last good entry */
	struct named *named;
	size_t n_named, cap;
};

static int entry_fault(struct walk *w, const struct journal_entry *e, const char *what)
{
	return fault_set(w->f, ET_ERR_INTEGRITY, "entry %" PRId64 " (%.40s): %s", e->seq,
			 e->kind ? e->kind : "", what);
}

static bool text_is_whole(sqlite3_stmt *s, int col)
{
	const char *text = store_text(s, col); /* a NUL inside would end it early */

	return text && strlen(text) == (size_t)sqlite3_column_bytes(s, col);
}

static bool form_is_ours(sqlite3_stmt *s)
{
	const int64_t offset_s = sqlite3_column_int64(s, 2);

	return text_is_whole(s, 3) && text_is_whole(s, 5) && text_is_whole(s, 6) &&
	       text_is_whole(s, 7) && offset_s >= INT32_MIN && offset_s <= INT32_MAX &&
	       sqlite3_column_bytes(s, 8) == DB_HASH_LEN;
}

static int remember_name(void *arg, const char *name, const unsigned char hash[DB_HASH_LEN])
{
	struct walk *w = arg;
	struct named *n;

	if (w->n_named == w->cap) {
		const size_t cap = w->cap ? 2 * w->cap : 256;
		struct named *more = realloc(w->named, cap * sizeof(*more));

		if (!more)
			return fault_set(w->f, ET_ERR_NOMEM, "out of memory");
		w->named = more;
		w->cap = cap;
	}
	n = &w->named[w->n_named++];
	memcpy(n->hash, hash, DB_HASH_LEN);
	snprintf(n->kind, sizeof(n->kind), "%s", name);
	n->seq = w->at.seq;
	return ET_OK;
}

static int walk_entry(struct walk *w, sqlite3_stmt *s)
{
	unsigned char hash[DB_HASH_LEN];
	struct journal_entry e;

	chain_entry_of_row(s, &e);
	if (e.seq != w->at.seq + 1)
		return fault_set(w->f, ET_ERR_INTEGRITY,
				 "entry %" PRId64 " is missing: after %" PRId64 " comes %" PRId64,
				 w->at.seq + 1, w->at.seq, e.seq);
	if (!form_is_ours(s))
		return entry_fault(w, &e, "a field has a form that was never written");
	chain_hash(w->at.hash, &e, hash);
	if (memcmp(hash, sqlite3_column_blob(s, 8), DB_HASH_LEN))
		return entry_fault(w, &e, "does not match its hash and the entry before it");
	w->at.seq = e.seq;
	memcpy(w->at.hash, hash, DB_HASH_LEN);
	return blob_each_name(e.payload, e.payload_len, remember_name, w, w->f);
}

static int walk_journal(struct walk *w)
{
	sqlite3_stmt *s = store_stmt(w->d,
				     "SELECT seq, utc_ns, utc_offset_s, boot_id, mono_ns, actor,"
				     " kind, payload, hash FROM journal ORDER BY seq",
				     w->f);
	int err = ET_OK, rc;

	if (!s)
		return w->f->code;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && err == ET_OK)
		err = walk_entry(w, s);
	if (err == ET_OK && rc != SQLITE_DONE)
		err = store_fault(w->d, w->f, "walking the journal");
	sqlite3_reset(s);
	return err;
}

static int by_hash(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	const int order = memcmp(x->hash, y->hash, DB_HASH_LEN);

	return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static int blob_fault(struct walk *w, const struct named *n, const unsigned char *hash,
		      const char *what)
{
	char hex[2 * DB_HASH_LEN + 1];

	sodium_bin2hex(hex, sizeof(hex), hash, DB_HASH_LEN);
	return n ? fault_set(w->f, ET_ERR_INTEGRITY, "raw data %.16s... of entry %" PRId64 ": %s",
			     hex, n->seq, what)
		 : fault_set(w->f, ET_ERR_INTEGRITY, "raw data %.16s...: %s", hex, what);
}

/* One stored blob against the next name: both lists are in the order of the hash. */
static int walk_blob(struct walk *w, sqlite3_stmt *s, size_t *next)
{
	const unsigned char *hash = sqlite3_column_blob(s, 0);
	const struct named *n = *next < w->n_named ? &w->named[*next] : NULL;
	const char *kind = store_text(s, 3);
	struct fault why;
	int order, err;

	if (sqlite3_column_bytes(s, 0) != DB_HASH_LEN)
		return fault_set(w->f, ET_ERR_INTEGRITY, "raw data without a name");
	order = n ? memcmp(n->hash, hash, DB_HASH_LEN) : 1;
	if (order > 0)
		return blob_fault(w, NULL, hash, "no entry names them");
	if (order < 0)
		return blob_fault(w, n, n->hash, "they are missing");
	if (!kind || strncmp(kind, n->kind, sizeof(n->kind) - 1))
		return blob_fault(w, n, hash, "their kind was changed");
	err = blob_unpack(sqlite3_column_blob(s, 2), (size_t)sqlite3_column_bytes(s, 2),
			  sqlite3_column_int64(s, 1), hash, NULL, &why);
	if (err < 0)
		return blob_fault(w, n, hash, why.text);
	while (*next < w->n_named && !memcmp(w->named[*next].hash, hash, DB_HASH_LEN))
		++*next;
	return ET_OK;
}

static int walk_blobs(struct walk *w)
{
	sqlite3_stmt *s =
		store_stmt(w->d, "SELECT hash, len, zstd, kind FROM blob ORDER BY hash", w->f);
	size_t next = 0;
	int err = ET_OK, rc;

	if (!s)
		return w->f->code;
	if (w->n_named)
		qsort(w->named, w->n_named, sizeof(*w->named), by_hash);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && err == ET_OK)
		err = walk_blob(w, s, &next);
	if (err == ET_OK && rc != SQLITE_DONE)
		err = store_fault(w->d, w->f, "walking the raw data");
	if (err == ET_OK && next < w->n_named)
		err = blob_fault(w, &w->named[next], w->named[next].hash, "they are missing");
	sqlite3_reset(s);
	return err;
}

int db_verify(struct db *d, int64_t *n, char head_hex[65], struct fault *f)
{
	struct fault own = { 0 };
	struct walk w = { .d = d, .f = f ? f : &own };
	int err = store_view_begin(d, w.f);

	if (err < 0)
		return err;
	err = walk_journal(&w);
	if (n)
		*n = w.at.seq;
	if (head_hex)
		sodium_bin2hex(head_hex, 65, w.at.hash, DB_HASH_LEN);
	if (err == ET_OK)
		err = walk_blobs(&w);
	if (err == ET_OK)
		err = schema_verify(d, w.f);
	store_view_end(d);
	free(w.named);
	return err;
}
