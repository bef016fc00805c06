/* SPDX-License-Identifier: Apache-2.0 */
/* db/journal.h - the record: append-only, hash-chained, durable before it is shown. The only write path.
 *
 * A struct db is used by one thread at a time (the database worker). It has no clock: callers stamp. */
#ifndef DB_JOURNAL_H
#define DB_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

enum db_mode { DB_READ = 0, DB_WRITE, DB_CREATE };	/* CREATE: the file must not exist */

/** @param vfs  SQLite VFS by name; NULL: the default. @return ET_OK, ET_ERR_RECORD, ET_ERR_STATE (locked by
 * another process, said so), ET_ERR_INTEGRITY (not our file, schema newer than this program). */
int db_open(const char *path, enum db_mode mode, const char *vfs, struct db **out, struct fault *f) ET_CHECK;
void db_close(struct db *d);

struct journal_stamp {
	int64_t utc_ns;
	int32_t utc_offset_s;
	const char *boot_id;
	int64_t mono_ns;
	const char *actor;		/* operator id, or "etalon" */
};

/* One transaction = one attempt, or one act of a person. */
int db_begin(struct db *d, struct fault *f) ET_CHECK;
int db_commit(struct db *d, struct fault *f) ET_CHECK;	/* durable on return */
void db_rollback(struct db *d);

/** Append one entry and bring the projections up to date, inside a transaction.
 * @param payload  Borrowed; made canonical and hashed. Its form is checked against @p kind (docs/json.md).
 * @param seq      Its number, NULL allowed. @return ET_OK, ET_ERR_ARG (unknown kind, payload lacks a key), ET_ERR_RECORD. */
int db_append(struct db *d, const struct journal_stamp *stamp, const char *kind, const json_t *payload,
	      int64_t *seq, struct fault *f) ET_CHECK;

/** Store raw data under the hash of its plain bytes (BLAKE2b-256, hex). Storing twice is one row. */
int db_put_blob(struct db *d, const char *kind, const void *plain, size_t len, char hash_hex[65],
		struct fault *f) ET_CHECK;
/** @param out Freed with free(). Refused with ET_ERR_INTEGRITY when the bytes do not match their hash. */
int db_get_blob(struct db *d, const char *hash_hex, void **out, size_t *len, struct fault *f) ET_CHECK;

/** The next id "<bench>-<counter>" of a series ("batch", "attempt", ...): counters come from the journal. */
int db_next_id(struct db *d, const char *series, char out[48], struct fault *f) ET_CHECK;

struct journal_entry {
	int64_t seq, utc_ns, mono_ns;
	int32_t utc_offset_s;
	const char *boot_id, *actor, *kind, *payload, *hash_hex;	/* valid during the callback */
};
/** In order, from @p from_seq. The callback returns ET_OK to go on. */
int db_each(struct db *d, int64_t from_seq, int (*each)(void *arg, const struct journal_entry *e), void *arg,
	    struct fault *f) ET_CHECK;

/** The last entry of a kind, optionally with payload[key] == value (text). @return new reference; NULL: none. */
json_t *db_last(struct db *d, const char *kind, const char *key, const char *value, int64_t *seq);

/** Walk the whole chain: hashes, gaps, blobs, canonical form. @return ET_OK, or ET_ERR_INTEGRITY with the
 * first bad entry named in @p f. @param n, head_hex  What was walked; NULL allowed. */
int db_verify(struct db *d, int64_t *n, char head_hex[65], struct fault *f) ET_CHECK;

/** Make all projections anew; content must come out identical. */
int db_rebuild(struct db *d, struct fault *f) ET_CHECK;

/** The journal as JSON lines, one entry a line, with hashes; blobs after it as base64 of the plain bytes. */
int db_export_journal(struct db *d, int (*write)(void *arg, const char *text, size_t len), void *arg,
		      struct fault *f) ET_CHECK;

#endif
