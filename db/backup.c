/* SPDX-License-Identifier: Apache-2.0 */
/* db/backup.c - a copy of the whole record, also while it is being written. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/store.h"

static int copy(struct db *d, sqlite3 *to, struct fault *f)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", d->sql, "main");
	int rc;

	if (!b)
		return fault_set(f, ET_ERR_RECORD, "backup: %s", sqlite3_errmsg(to));
	rc = sqlite3_backup_step(b, -1); /* all in one step: one view of the record */
	sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? ET_OK
				 : fault_set(f, ET_ERR_RECORD, "backup: %s", sqlite3_errstr(rc));
}

static int check_copy(struct db *d, const char *path, struct fault *f)
{
	char head[65], copied[65];
	sqlite3_stmt *s;
	struct db *c;
	int64_t n;
	int err = db_open(path, DB_READ, NULL, &c, f);

	if (err < 0)
		return err;
	err = db_verify(c, &n, copied, f);
	db_close(c);
	if (err < 0)
		return err;
	/* entries may have been added since: the copy's last one must be among ours */
	s = store_stmt(d, "SELECT lower(hex(hash)) FROM journal WHERE seq = ?", f);
	if (!s)
		return f->code;
	store_bind(s, "i", n);
	head[0] = '\0';
	if (sqlite3_step(s) == SQLITE_ROW)
		snprintf(head, sizeof(head), "%s", store_text(s, 0));
	sqlite3_reset(s);
	return n == 0 || !strcmp(head, copied)
		       ? ET_OK
		       : fault_set(f, ET_ERR_INTEGRITY, "%s is not a copy of %s", path, d->path);
}

int db_backup(struct db *d, const char *path, struct fault *f)
{
	struct fault own;
	sqlite3 *to = NULL;
	int err;

	if (!f)
		f = &own;
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return fault_set(f, ET_ERR_FILE, "%s: %s", path,
				 access(path, F_OK) == 0 ? "exists already" : strerror(errno));
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		err = fault_set(f, ET_ERR_FILE, "%s: cannot be made", path);
	else
		err = copy(d, to, f);
	if (sqlite3_close(to) != SQLITE_OK && err == ET_OK)
		err = fault_set(f, ET_ERR_RECORD, "%s: cannot be closed", path);
	if (err == ET_OK)
		err = check_copy(d, path, f);
	if (err < 0 && err != ET_ERR_FILE)
		(void)unlink(path);
	return err;
}
