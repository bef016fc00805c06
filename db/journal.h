/* SPDX-License-Identifier: Apache-2.0 */
/* db/journal.h - the record: append-only, hash-chained, durable before it is shown. The only write path.
 *
 * A struct db is used by one thread at a time (the database worker). It has no clock: callers stamp.
 * Forms of the payloads, the hash and the export: docs/json.md. */
#ifndef DB_JOURNAL_H
#define DB_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

enum db_mode { DB_READ = 0, DB_WRITE, DB_CREATE }; /* CREATE: the file must not exist */

/** One writer at a time holds "<path>.lock" (flock: it dies with its process); readers are never
 * kept out, also during a run.
 * @param vfs  SQLite VFS by name; NULL: the default.
 * @return ET_OK, ET_ERR_FILE (no such file; CREATE: it exists; not ours to read or write), ET_ERR_STATE
 * (another writer, named by its process), ET_ERR_INTEGRITY (not our file, schema newer than this
 * program), ET_ERR_RECORD, ET_ERR_NOMEM. */
int db_open(const char *path, enum db_mode mode, const char *vfs, struct db **out,
	    struct fault *f) ET_CHECK;
/** A transaction still open is rolled back; the WAL is checkpointed. NULL is allowed. */
void db_close(struct db *d);

struct journal_stamp {
	int64_t utc_ns;
	int32_t utc_offset_s;
	const char *boot_id;
	int64_t mono_ns;
	const char *actor; /* operator id, or "etalon" */
};

/* One transaction = one attempt, or one act of a person = one fsync.
 * After db_append() or db_put_blob() failed, the transaction can only be rolled back; db_commit() does
 * that and returns the first error. After a failed db_commit() nothing of it is in the record as far as
 * this process knows; a failed fsync makes the connection refuse everything until it is reopened. */
int db_begin(struct db *d, struct fault *f) ET_CHECK;
int db_commit(struct db *d, struct fault *f) ET_CHECK; /* durable on return */
void db_rollback(struct db *d);

/** Move the WAL into the file: between attempts, never inside one. Cheap when there is little to do.
 * db_begin() does it when the WAL has grown beyond 16 MiB. A failure loses nothing. */
int db_checkpoint(struct db *d, struct fault *f) ET_CHECK;

/** Append one entry and bring the projections up to date, inside a transaction.
 * @param payload  Borrowed; made canonical and hashed. Its form is checked against @p kind.
 * @param seq      Its number, NULL allowed.
 * @return ET_OK, ET_ERR_STATE (no transaction), ET_ERR_ARG (unknown kind, a key lacks or has another
 * type, a batch or session it names is not there, an id is used twice), ET_ERR_RECORD, ET_ERR_NOMEM. */
int db_append(struct db *d, const struct journal_stamp *stamp, const char *kind,
	      const json_t *payload, int64_t *seq, struct fault *f) ET_CHECK;

/** Store raw data under the hash of its plain bytes (BLAKE2b-256, hex), in the transaction of the entry
 * that names it, before db_append(): "blobs":{"<kind>":"<hash>"}. Storing twice is one row. At most
 * DB_BLOB_MAX bytes. db_commit() refuses (ET_ERR_ARG) raw data that no entry names. */
enum { DB_BLOB_MAX = 256 << 20 };
int db_put_blob(struct db *d, const char *kind, const void *plain, size_t len, char hash_hex[65],
		struct fault *f) ET_CHECK;
/** @param out Freed with free(). @return ET_ERR_INTEGRITY when it is missing, damaged, or does not match. */
int db_get_blob(struct db *d, const char *hash_hex, void **out, size_t *len,
		struct fault *f) ET_CHECK;

/** The next id "<bench>-<counter>" of a series: "batch", "attempt" or "session". Counters come from the
 * journal, so the answer stays the same until an entry has used it.
 * @return ET_OK, ET_ERR_ARG (no such series), ET_ERR_STATE (no laboratory yet). */
int db_next_id(struct db *d, const char *series, char out[48], struct fault *f) ET_CHECK;

struct journal_entry {
	int64_t seq, utc_ns, mono_ns;
	int32_t utc_offset_s;
	const char *boot_id, *actor, *kind, *payload, *hash_hex; /* valid during the callback */
	size_t payload_len;
};
/** In order, from @p from_seq. The callback returns ET_OK to go on; anything else is returned. It may
 * use @p d for reading. */
int db_each(struct db *d, int64_t from_seq, int (*each)(void *arg, const struct journal_entry *e),
	    void *arg, struct fault *f) ET_CHECK;

/** The payload of entry @p seq. @param kind  Must be its kind; NULL: any. @return new reference; NULL: none. */
json_t *db_payload(struct db *d, int64_t seq, const char *kind);

/** The last entry of a kind, optionally with payload[key] == value (text).
 * @return its payload, new reference; NULL: none. @param seq NULL allowed. */
json_t *db_last(struct db *d, const char *kind, const char *key, const char *value, int64_t *seq);

/** Walk the whole chain: hashes, gaps, blobs, append-only triggers. Canonical form needs no look: the
 * hash is over the stored bytes.
 * @return ET_OK, or ET_ERR_INTEGRITY with the first bad entry or blob named in @p f.
 * @param n, head_hex  What was walked without a fault; NULL allowed. An end cut off can only be seen by
 * comparing these with a copy kept elsewhere. */
int db_verify(struct db *d, int64_t *n, char head_hex[65], struct fault *f) ET_CHECK;

/** Number of entries and the last hash, without walking. */
int db_head(struct db *d, int64_t *n, char head_hex[65], struct fault *f) ET_CHECK;

/** Make all projections anew, in one transaction of its own; content comes out identical. */
int db_rebuild(struct db *d, struct fault *f) ET_CHECK;

/** Make the projections a second time in temporary tables and compare; for readers too.
 * @return ET_ERR_INTEGRITY with the first table that differs. */
int db_verify_projections(struct db *d, struct fault *f) ET_CHECK;

/** The journal as JSON lines, one entry a line, with hashes; blobs after it as base64 of the plain bytes. */
int db_export_journal(struct db *d, int (*write)(void *arg, const char *text, size_t len),
		      void *arg, struct fault *f) ET_CHECK;

/** Copy the whole record to a new file and verify the copy; for readers too, also during a run.
 * @return ET_ERR_FILE when @p path exists or cannot be made, ET_ERR_RECORD, ET_ERR_INTEGRITY. */
int db_backup(struct db *d, const char *path, struct fault *f) ET_CHECK;

#endif
