/* SPDX-License-Identifier: Apache-2.0 */
/* db/store.h - inside this room only: the connection, its statements, and SQLite's words as ours. */
#ifndef DB_STORE_H
#define DB_STORE_H

#include <sqlite3.h>

#include "db/journal.h"

enum { DB_HASH_LEN = 32, DB_SCHEMA_VERSION = 1, DB_APPLICATION_ID = 0x4574616c /* "Etal" */ };

struct db_head {
	int64_t seq;
	unsigned char hash[DB_HASH_LEN];
};

enum { DB_CACHE_MAX = 64 };

struct db {
	sqlite3 *sql;
	char *path;
	int lock_fd; /* -1: a reader */
	bool in_tx, broken; /* broken: a sync failed, nobody knows what the disk has */
	struct fault failed; /* first error of this transaction */
	struct db_head head; /* last entry, inside a transaction */
	int64_t first_new_blob; /* rowids from here on belong to this transaction */
	uint64_t new_blobs_named; /* bit n: row first_new_blob + n */
	int n_new_blobs;
	int64_t wal_frames;
	/* statements by the address of their text: every text is a literal in one place */
	struct {
		const char *text;
		sqlite3_stmt *stmt;
	} cache[DB_CACHE_MAX];
	int n_cache;
};

/** Fault in words for SQLite's last error: a full disk, a lock and damage are named.
 * @return ET_ERR_RECORD, ET_ERR_INTEGRITY (damaged file) or ET_ERR_NOMEM. */
int store_fault(struct db *d, struct fault *f, const char *doing);

/** A prepared statement, reset and without bindings; kept for the next time. NULL: @p f is set.
 * @param text  A string literal. */
sqlite3_stmt *store_stmt(struct db *d, const char *text, struct fault *f);

/** A statement of the caller's, for nesting or text made at run time; freed with sqlite3_finalize(). */
sqlite3_stmt *store_stmt_own(struct db *d, const char *text, struct fault *f);
void store_forget_stmts(struct db *d);

/** Bind all parameters by @p types, one letter each: 'i' int64_t, 'd' double (NAN: NULL), 't' const char *
 * (NULL: NULL), 'b' bool as int, 'n' int64_t or NULL when INT64_MIN, 'h' 32 bytes. Texts are borrowed until the step. */
int store_bind(sqlite3_stmt *s, const char *types, ...);

/** Bind and run to the end. @return ET_OK or as store_fault(). */
int store_run(struct db *d, struct fault *f, const char *text, const char *types, ...) ET_CHECK;

/** Bind, and read one integer of one row. @return @p none when there is no row or it is NULL. */
int store_int(struct db *d, struct fault *f, int64_t *out, int64_t none, const char *text,
	      const char *types, ...) ET_CHECK;

/** Run several statements without parameters. */
int store_exec(struct db *d, struct fault *f, const char *text, const char *doing) ET_CHECK;

/** One view of the file while another process may write it. Inside a transaction there is one already. */
int store_view_begin(struct db *d, struct fault *f) ET_CHECK;
void store_view_end(struct db *d);

/** Columns of a row; NULL text stays NULL. */
const char *store_text(sqlite3_stmt *s, int col);

/* ---- schema.c ---- */
struct schema_table {
	const char *name, *columns, *indexes; /* indexes: NULL, or statements */
};
extern const struct schema_table
	schema_projections[]; /* tables made from the journal; NULL name ends */

int schema_create(struct db *d, struct fault *f) ET_CHECK;
/** The tables made from the journal. @param temporary  They hide the real ones from this connection. */
int schema_create_projections(struct db *d, bool temporary, struct fault *f) ET_CHECK;
/** Is it our file, and of a version that this program knows? */
int schema_check(struct db *d, struct fault *f) ET_CHECK;
/** Are all parts of the record's schema there as they were made, and nothing more on its tables? */
int schema_verify(struct db *d, struct fault *f) ET_CHECK;

/* ---- chain.c ---- */
void chain_hash(const unsigned char prev[DB_HASH_LEN], const struct journal_entry *e,
		unsigned char out[DB_HASH_LEN]);
/** Entry in a row of "seq, utc_ns, utc_offset_s, boot_id, mono_ns, actor, kind, payload". */
void chain_entry_of_row(sqlite3_stmt *s, struct journal_entry *e);
/** The last entry; seq 0 and zeros when there is none. */
int chain_read_head(struct db *d, struct db_head *out, struct fault *f) ET_CHECK;

/* ---- blob.c ---- */
/** Plain bytes of a stored blob. @param out Freed with free(); NULL: only look whether it is whole.
 * @return ET_ERR_INTEGRITY when it is damaged or is not what @p hash names. */
int blob_unpack(const void *zstd, size_t zstd_len, int64_t len,
		const unsigned char hash[DB_HASH_LEN], void **out, struct fault *f) ET_CHECK;

/** Call @p each for every blob that a payload names (key "blobs", docs/json.md).
 * @param payload  Canonical text. @return ET_OK, what @p each returned, or ET_ERR_ARG for what is no hash. */
int blob_each_name(const char *payload, size_t len,
		   int (*each)(void *arg, const char *name, const unsigned char hash[DB_HASH_LEN]),
		   void *arg, struct fault *f) ET_CHECK;

/** Inside a transaction: are the blobs that @p payload names there? Remembers the new ones as named. */
int blob_entry_names(struct db *d, const char *payload, size_t len, struct fault *f) ET_CHECK;
/** Before the commit: is every blob that this transaction stored named by an entry? */
int blob_all_named(struct db *d, struct fault *f) ET_CHECK;

/* ---- kinds.c ---- */
/** Is @p kind known, and are its required keys there with their types? */
int kinds_check(const char *kind, const json_t *payload, struct fault *f) ET_CHECK;

/* ---- projections.c ---- */
/** Bring the tables up to date with one entry. @return ET_ERR_ARG when it contradicts what is there. */
int projections_apply(struct db *d, const struct journal_entry *e, const json_t *payload,
		      struct fault *f) ET_CHECK;

#endif
