/* SPDX-License-Identifier: Apache-2.0 */
/* db/chain.c - the hash of an entry: docs/json.md, "Hash". */
#include <sodium.h>
#include <string.h>

#include "db/store.h"

static const char domain[16] = "etalon/journal/1";

static void put_u64(unsigned char out[8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)(v >> (56 - 8 * i));
}

static void hash_text(crypto_generichash_state *h, const char *text, size_t len)
{
	unsigned char n[8];

	put_u64(n, len);
	crypto_generichash_update(h, n, sizeof(n));
	crypto_generichash_update(h, (const unsigned char *)text, len);
}

void chain_hash(const unsigned char prev[DB_HASH_LEN], const struct journal_entry *e,
		unsigned char out[DB_HASH_LEN])
{
	unsigned char head[sizeof(domain) + DB_HASH_LEN + 4 * 8];
	unsigned char *p = head + sizeof(domain) + DB_HASH_LEN;
	crypto_generichash_state h;

	memcpy(head, domain, sizeof(domain));
	memcpy(head + sizeof(domain), prev, DB_HASH_LEN);
	put_u64(p, (uint64_t)e->seq);
	put_u64(p + 8, (uint64_t)e->utc_ns);
	put_u64(p + 16, (uint64_t)(int64_t)e->utc_offset_s);
	put_u64(p + 24, (uint64_t)e->mono_ns);
	crypto_generichash_init(&h, NULL, 0, DB_HASH_LEN);
	crypto_generichash_update(&h, head, sizeof(head));
	hash_text(&h, e->boot_id, strlen(e->boot_id));
	hash_text(&h, e->actor, strlen(e->actor));
	hash_text(&h, e->kind, strlen(e->kind));
	hash_text(&h, e->payload, e->payload_len);
	crypto_generichash_final(&h, out, DB_HASH_LEN);
}

void chain_entry_of_row(sqlite3_stmt *s, struct journal_entry *e)
{
	*e = (struct journal_entry){
		.seq = sqlite3_column_int64(s, 0),
		.utc_ns = sqlite3_column_int64(s, 1),
		.utc_offset_s = sqlite3_column_int(s, 2),
		.boot_id = store_text(s, 3),
		.mono_ns = sqlite3_column_int64(s, 4),
		.actor = store_text(s, 5),
		.kind = store_text(s, 6),
		.payload = store_text(s, 7),
		.payload_len = (size_t)sqlite3_column_bytes(s, 7),
	};
}

int chain_read_head(struct db *d, struct db_head *out, struct fault *f)
{
	sqlite3_stmt *s =
		store_stmt(d, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", f);
	struct db_head head = { 0 };
	int rc;

	if (!s)
		return f ? f->code : ET_ERR_RECORD;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		head.seq = sqlite3_column_int64(s, 0);
		if (sqlite3_column_bytes(s, 1) != DB_HASH_LEN)
			rc = SQLITE_CORRUPT;
		else
			memcpy(head.hash, sqlite3_column_blob(s, 1), DB_HASH_LEN);
	}
	if (rc == SQLITE_CORRUPT)
		rc = fault_set(f, ET_ERR_INTEGRITY, "%s: the last entry has no hash", d->path);
	else
		rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? ET_OK : store_fault(d, f, "reading");
	sqlite3_reset(s);
	if (rc == ET_OK)
		*out = head;
	return rc;
}

int db_head(struct db *d, int64_t *n, char head_hex[65], struct fault *f)
{
	struct db_head head;
	int err = chain_read_head(d, &head, f);

	if (err < 0)
		return err;
	if (n)
		*n = head.seq;
	if (head_hex)
		sodium_bin2hex(head_hex, 65, head.hash, DB_HASH_LEN);
	return ET_OK;
}
