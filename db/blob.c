/* SPDX-License-Identifier: Apache-2.0 */
/* db/blob.c - raw arrays beside the journal, named by the hash of their plain bytes. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/json.h"
#include "db/store.h"

enum { ZSTD_LEVEL = 3, NEW_BLOBS_MAX = 64 };

static int failed(struct db *d, int err, struct fault *f)
{
	if (d->in_tx && d->failed.code == ET_OK)
		d->failed = *f;
	return err;
}

static int find_row(struct db *d, const unsigned char hash[DB_HASH_LEN], int64_t *id,
		    struct fault *f)
{
	return store_int(d, f, id, 0, "SELECT id FROM blob WHERE hash = ?", "h", hash);
}

static int insert_row(struct db *d, const unsigned char hash[DB_HASH_LEN], const char *kind,
		      const void *plain, size_t len, struct fault *f)
{
	sqlite3_stmt *s =
		store_stmt(d,
			   "INSERT INTO blob (id, hash, kind, len, zstd)"
			   " VALUES ((SELECT coalesce(max(id), 0) + 1 FROM blob), ?, ?, ?, ?)",
			   f);
	const size_t cap = ZSTD_compressBound(len);
	void *z = malloc(cap);
	size_t n;
	int rc;

	if (!s || !z) {
		free(z);
		return s ? fault_set(f, ET_ERR_NOMEM, "out of memory") : f->code;
	}
	n = ZSTD_compress(z, cap, plain, len, ZSTD_LEVEL);
	if (ZSTD_isError(n)) {
		free(z);
		return fault_set(f, ET_ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(n));
	}
	sqlite3_bind_blob(s, 1, hash, DB_HASH_LEN, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, kind, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, (int64_t)len);
	sqlite3_bind_blob64(s, 4, z, n, SQLITE_STATIC);
	rc = sqlite3_step(s) == SQLITE_DONE ? ET_OK : store_fault(d, f, "storing raw data");
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	free(z);
	return rc;
}

int db_put_blob(struct db *d, const char *kind, const void *plain, size_t len, char hash_hex[65],
		struct fault *f)
{
	unsigned char hash[DB_HASH_LEN];
	struct fault own;
	int64_t id;
	int err;

	if (!f)
		f = &own;
	if (!d->in_tx)
		return fault_set(f, ET_ERR_STATE, "raw data outside a transaction");
	if (d->failed.code)
		return *f = d->failed, d->failed.code;
	if (len > DB_BLOB_MAX)
		return failed(d, fault_set(f, ET_ERR_ARG, "raw data of %zu bytes", len), f);
	crypto_generichash(hash, sizeof(hash), plain, len, NULL, 0);
	err = find_row(d, hash, &id, f);
	if (err == ET_OK && id == 0) {
		if (d->n_new_blobs == NEW_BLOBS_MAX)
			err = fault_set(f, ET_ERR_ARG, "over %d blobs in one transaction",
					NEW_BLOBS_MAX);
		else
			err = insert_row(d, hash, kind, plain, len, f);
		if (err == ET_OK)
			d->n_new_blobs++;
	}
	if (err < 0)
		return failed(d, err, f);
	sodium_bin2hex(hash_hex, 65, hash, sizeof(hash));
	return ET_OK;
}

int blob_unpack(const void *zstd, size_t zstd_len, int64_t len,
		const unsigned char hash[DB_HASH_LEN], void **out, struct fault *f)
{
	unsigned char found[DB_HASH_LEN];
	unsigned char *plain;
	size_t n;

	if (len < 0 || len > DB_BLOB_MAX)
		return fault_set(f, ET_ERR_INTEGRITY, "its length is damaged");
	plain = malloc((size_t)len + 1);
	if (!plain)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	n = ZSTD_decompress(plain, (size_t)len, zstd, zstd_len);
	if (ZSTD_isError(n) || n != (size_t)len) {
		free(plain);
		return fault_set(f, ET_ERR_INTEGRITY, "its compressed form is damaged");
	}
	crypto_generichash(found, sizeof(found), plain, n, NULL, 0);
	if (memcmp(found, hash, DB_HASH_LEN)) {
		free(plain);
		return fault_set(f, ET_ERR_INTEGRITY, "its bytes do not match its hash");
	}
	if (out)
		*out = plain;
	else
		free(plain);
	return ET_OK;
}

/* Exactly 64 lower-case digits. */
static bool parse_hash(const char *hex, unsigned char hash[DB_HASH_LEN])
{
	size_t n = 0;

	return strspn(hex, "0123456789abcdef") == 64 && hex[64] == '\0' &&
	       sodium_hex2bin(hash, DB_HASH_LEN, hex, 64, NULL, &n, NULL) == 0;
}

int db_get_blob(struct db *d, const char *hash_hex, void **out, size_t *len, struct fault *f)
{
	unsigned char hash[DB_HASH_LEN];
	struct fault why;
	sqlite3_stmt *s;
	int64_t n;
	int rc;

	if (!parse_hash(hash_hex, hash))
		return fault_set(f, ET_ERR_ARG, "not the name of raw data: %.80s", hash_hex);
	s = store_stmt(d, "SELECT len, zstd FROM blob WHERE hash = ?", &why);
	if (!s)
		return fault_set(f, why.code, "%s", why.text);
	store_bind(s, "h", hash);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		n = sqlite3_column_int64(s, 0);
		rc = blob_unpack(sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), n,
				 hash, out, &why);
		if (rc == ET_OK)
			*len = (size_t)n;
		else
			fault_set(f, rc, "raw data %s: %s", hash_hex, why.text);
	} else if (rc == SQLITE_DONE) {
		rc = fault_set(f, ET_ERR_INTEGRITY, "raw data %s are missing", hash_hex);
	} else {
		rc = store_fault(d, f, "reading raw data");
	}
	sqlite3_reset(s);
	return rc;
}

int blob_each_name(const char *payload, size_t len,
		   int (*each)(void *arg, const char *name, const unsigned char hash[DB_HASH_LEN]),
		   void *arg, struct fault *f)
{
	static const char key[] = "\"blobs\":{";
	const char *end = payload + len, *p = payload;
	unsigned char hash[DB_HASH_LEN];
	int err = ET_OK;

	/* inside a string the quotes would be escaped: this can only be a key */
	while (err == ET_OK && (p = memmem(p, (size_t)(end - p), key, sizeof(key) - 1))) {
		const char *name;
		json_t *o, *v;

		p += sizeof(key) - 2;
		o = json_loadb(p, (size_t)(end - p), JSON_DISABLE_EOF_CHECK, NULL);
		if (!o)
			return fault_set(f, ET_ERR_ARG, "\"blobs\" is not JSON");
		json_object_foreach(o, name, v)
		{
			if (json_is_null(v))
				continue;
			if (!json_is_string(v) || !parse_hash(json_string_value(v), hash))
				err = fault_set(f, ET_ERR_ARG, "blobs.%.40s is no hash", name);
			else
				err = each(arg, name, hash);
			if (err < 0)
				break;
		}
		json_decref(o);
	}
	return err;
}

struct naming {
	struct db *d;
	struct fault *f;
};

static int mark_named(void *arg, const char *name, const unsigned char hash[DB_HASH_LEN])
{
	struct naming *n = arg;
	int64_t id, other;
	int err = find_row(n->d, hash, &id, n->f);

	if (err == ET_OK)
		err = store_int(n->d, n->f, &other, 0,
				"SELECT 1 FROM blob WHERE id = ? AND kind <> ?", "it", id, name);
	if (err < 0)
		return err;
	if (id == 0)
		return fault_set(n->f, ET_ERR_ARG, "blobs.%.40s is not stored", name);
	if (other)
		return fault_set(n->f, ET_ERR_ARG, "blobs.%.40s was stored as another kind", name);
	if (id >= n->d->first_new_blob)
		n->d->new_blobs_named |= UINT64_C(1) << (id - n->d->first_new_blob);
	return ET_OK;
}

int blob_entry_names(struct db *d, const char *payload, size_t len, struct fault *f)
{
	return blob_each_name(payload, len, mark_named, &(struct naming){ d, f }, f);
}

int blob_all_named(struct db *d, struct fault *f)
{
	const uint64_t all =
		d->n_new_blobs == 64 ? UINT64_MAX : (UINT64_C(1) << d->n_new_blobs) - 1;

	if (d->new_blobs_named != all)
		return fault_set(f, ET_ERR_ARG, "raw data were stored that no entry names");
	return ET_OK;
}
