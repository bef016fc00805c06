/* SPDX-License-Identifier: Apache-2.0 */
/* db/open.c - opening and closing the record: who may, and is it ours? */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "db/store.h"

enum { BUSY_TIMEOUT_MS = 2000 };

/* A lock of our own, because SQLite's write lock lasts only as long as a transaction, and on a file
 * of its own, because closing any descriptor of the database would drop SQLite's POSIX locks. */
static int lock_writer(struct db *d, struct fault *f)
{
	char *path = sqlite3_mprintf("%s.lock", d->path);
	char who[32] = "";
	int err = ET_OK;

	if (!path)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (d->lock_fd < 0) {
		err = fault_set(f, ET_ERR_FILE, "%s: %s", path, strerror(errno));
	} else if (flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (pread(d->lock_fd, who, sizeof(who) - 1, 0) < 0)
			who[0] = '\0';
		who[strspn(who, "0123456789")] = '\0';
		err = fault_set(f, ET_ERR_STATE, "%s is being written by another process (%s)",
				d->path, who[0] ? who : "unknown");
	} else {
		/* only words for the one who is refused: the lock itself is the descriptor's */
		snprintf(who, sizeof(who), "%ld\n", (long)getpid());
		if (ftruncate(d->lock_fd, 0) < 0 || pwrite(d->lock_fd, who, strlen(who), 0) < 0)
			err = fault_set(f, ET_ERR_RECORD, "%s: %s", path, strerror(errno));
	}
	sqlite3_free(path);
	return err;
}

static int require_file(const struct db *d, enum db_mode mode, struct fault *f)
{
	const int missing = access(d->path, F_OK) < 0 ? errno : 0;

	if (mode == DB_CREATE)
		return missing ? ET_OK : fault_set(f, ET_ERR_FILE, "%s exists already", d->path);
	return missing ? fault_set(f, ET_ERR_FILE, "%s: %s", d->path, strerror(missing)) : ET_OK;
}

static int open_sqlite(struct db *d, const char *name, int flags, const char *vfs, struct fault *f)
{
	if (sqlite3_open_v2(name, &d->sql, flags | SQLITE_OPEN_NOMUTEX, vfs) == SQLITE_OK) {
		sqlite3_extended_result_codes(d->sql, 1);
		sqlite3_busy_timeout(d->sql, BUSY_TIMEOUT_MS);
		sqlite3_db_config(d->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		sqlite3_db_config(d->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		return ET_OK;
	}
	fault_set(f, ET_ERR_FILE, "%s: cannot be opened: %s", d->path,
		  d->sql ? sqlite3_errmsg(d->sql) : "out of memory");
	sqlite3_close(d->sql);
	d->sql = NULL;
	return ET_ERR_FILE;
}

/* A copy in a place where nothing may be written, not even the WAL's index: nobody can change it. */
static int open_immutable(struct db *d, const char *vfs, struct fault *f)
{
	char *uri = malloc(3 * strlen(d->path) + 32), *p;
	int err;

	if (!uri)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	p = stpcpy(uri, "file:");
	for (const char *c = d->path; *c; c++) {
		if (strchr("?#%", *c))
			p += sprintf(p, "%%%02X", (unsigned)*c);
		else
			*p++ = *c;
	}
	strcpy(p, "?immutable=1");
	err = open_sqlite(d, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, vfs, f);
	free(uri);
	return err;
}

static bool wal_is_empty(const struct db *d)
{
	char *wal = sqlite3_mprintf("%s-wal", d->path);
	const bool empty = wal && access(wal, F_OK) < 0 && errno == ENOENT;

	sqlite3_free(wal);
	return empty;
}

static int open_reader(struct db *d, const char *vfs, struct fault *f)
{
	int err = open_sqlite(d, d->path, SQLITE_OPEN_READONLY, vfs, f);

	if (err < 0)
		return err;
	err = schema_check(d, f);
	if (err < 0 && wal_is_empty(d) && access(d->path, W_OK) < 0) {
		store_forget_stmts(d);
		sqlite3_close(d->sql);
		err = open_immutable(d, vfs, f);
		if (err == ET_OK)
			err = schema_check(d, f);
	}
	return err;
}

static int count_wal(void *arg, sqlite3 *sql, const char *name, int frames)
{
	(void)sql;
	(void)name;
	((struct db *)arg)->wal_frames = frames;
	return SQLITE_OK;
}

/* Checkpoints are ours to time: SQLite's own would run inside the commit of an attempt. */
static int configure_writer(struct db *d, struct fault *f)
{
	sqlite3_stmt *s = store_stmt(d, "PRAGMA journal_mode = WAL", f);
	bool wal;

	if (!s)
		return f ? f->code : ET_ERR_RECORD;
	wal = sqlite3_step(s) == SQLITE_ROW && !strcmp(store_text(s, 0), "wal");
	sqlite3_reset(s);
	if (!wal)
		return store_fault(d, f, "switching to write-ahead logging");
	/* sets a hook of its own, so ours comes after it */
	if (store_exec(d, f,
		       "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL;"
		       "PRAGMA cache_size = -8000",
		       "configuring") < 0)
		return f->code;
	sqlite3_wal_hook(d->sql, count_wal, d);
	return ET_OK;
}

static int open_writer(struct db *d, enum db_mode mode, const char *vfs, struct fault *f)
{
	int err = lock_writer(d, f);

	if (err == ET_OK)
		err = require_file(d, mode, f); /* again, now that nobody else can make it */
	if (err == ET_OK)
		err = open_sqlite(d, d->path,
				  SQLITE_OPEN_READWRITE |
					  (mode == DB_CREATE ? SQLITE_OPEN_CREATE : 0),
				  vfs, f);
	if (err == ET_OK && mode == DB_WRITE)
		err = schema_check(d, f); /* before anything is changed in it */
	if (err == ET_OK)
		err = configure_writer(d, f);
	if (err == ET_OK && mode == DB_CREATE)
		err = schema_create(d, f);
	return err;
}

int db_open(const char *path, enum db_mode mode, const char *vfs, struct db **out, struct fault *f)
{
	struct fault own;
	struct db *d;
	int err;

	if (!f)
		f = &own;
	if (sodium_init() < 0)
		return fault_set(f, ET_ERR_RECORD, "libsodium cannot start");
	d = calloc(1, sizeof(*d));
	if (!d)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	d->lock_fd = -1;
	d->path = strdup(path);
	err = d->path ? require_file(d, mode, f) : fault_set(f, ET_ERR_NOMEM, "out of memory");
	if (err == ET_OK)
		err = mode == DB_READ ? open_reader(d, vfs, f) : open_writer(d, mode, vfs, f);
	if (err < 0) {
		db_close(d);
		return err;
	}
	*out = d;
	return ET_OK;
}

void db_close(struct db *d)
{
	if (!d)
		return;
	db_rollback(d);
	store_forget_stmts(d);
	sqlite3_close(d->sql); /* the last connection checkpoints and removes the WAL */
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	free(d->path);
	free(d);
}
