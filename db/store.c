/* SPDX-License-Identifier: Apache-2.0 */
#include "db/store.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int store_fault(struct db *d, struct fault *f, const char *doing)
{
	const int code = sqlite3_extended_errcode(d->sql);

	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", d->path);
	case SQLITE_FULL:
		return fault_set(f, ET_ERR_RECORD, "%s: %s: the disk is full", d->path, doing);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_set(f, ET_ERR_RECORD, "%s: %s: locked by another program", d->path,
				 doing);
	case SQLITE_READONLY:
		return fault_set(f, ET_ERR_RECORD, "%s: %s: it may only be read", d->path, doing);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fault_set(f, ET_ERR_INTEGRITY, "%s: %s: the file is damaged (%s)", d->path,
				 doing, sqlite3_errmsg(d->sql));
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
			d->broken = true;
		return fault_set(f, ET_ERR_RECORD, "%s: %s: input/output error %d", d->path, doing,
				 code);
	default:
		return fault_set(f, ET_ERR_RECORD, "%s: %s: %s", d->path, doing,
				 sqlite3_errmsg(d->sql));
	}
}

sqlite3_stmt *store_stmt_own(struct db *d, const char *text, struct fault *f)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(d->sql, text, -1, &s, NULL) != SQLITE_OK) {
		store_fault(d, f, "preparing a statement");
		return NULL;
	}
	return s;
}

sqlite3_stmt *store_stmt(struct db *d, const char *text, struct fault *f)
{
	sqlite3_stmt *s;

	for (int i = 0; i < d->n_cache; i++)
		if (d->cache[i].text == text) {
			sqlite3_reset(d->cache[i].stmt);
			sqlite3_clear_bindings(d->cache[i].stmt);
			return d->cache[i].stmt;
		}
	assert(d->n_cache < DB_CACHE_MAX);
	s = store_stmt_own(d, text, f);
	if (s) {
		d->cache[d->n_cache].text = text;
		d->cache[d->n_cache++].stmt = s;
	}
	return s;
}

void store_forget_stmts(struct db *d)
{
	for (int i = 0; i < d->n_cache; i++)
		sqlite3_finalize(d->cache[i].stmt);
	d->n_cache = 0;
}

static int bind_one(sqlite3_stmt *s, int col, char type, va_list *ap)
{
	const char *text;
	int64_t i;
	double v;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(s, col, va_arg(*ap, int64_t));
	case 'n':
		i = va_arg(*ap, int64_t);
		return i == INT64_MIN ? sqlite3_bind_null(s, col) : sqlite3_bind_int64(s, col, i);
	case 'b':
		return sqlite3_bind_int(s, col, va_arg(*ap, int));
	case 'd':
		v = va_arg(*ap, double);
		return isnan(v) ? sqlite3_bind_null(s, col) : sqlite3_bind_double(s, col, v);
	case 't':
		text = va_arg(*ap, const char *);
		return text ? sqlite3_bind_text(s, col, text, -1, SQLITE_STATIC)
			    : sqlite3_bind_null(s, col);
	case 'h':
		return sqlite3_bind_blob(s, col, va_arg(*ap, const unsigned char *), DB_HASH_LEN,
					 SQLITE_STATIC);
	default:
		assert(false); /* no such letter */
		return SQLITE_MISUSE;
	}
}

static int vbind(sqlite3_stmt *s, const char *types, va_list *ap)
{
	int rc = SQLITE_OK;

	assert((int)strlen(types) == sqlite3_bind_parameter_count(s));
	for (int i = 0; types[i] && rc == SQLITE_OK; i++)
		rc = bind_one(s, i + 1, types[i], ap);
	return rc;
}

int store_bind(sqlite3_stmt *s, const char *types, ...)
{
	va_list ap;
	int rc;

	va_start(ap, types);
	rc = vbind(s, types, &ap);
	va_end(ap);
	return rc;
}

int store_run(struct db *d, struct fault *f, const char *text, const char *types, ...)
{
	sqlite3_stmt *s = store_stmt(d, text, f);
	va_list ap;
	int rc;

	if (!s)
		return f ? f->code : ET_ERR_RECORD;
	va_start(ap, types);
	rc = vbind(s, types, &ap);
	va_end(ap);
	while (rc == SQLITE_OK || rc == SQLITE_ROW)
		rc = sqlite3_step(s);
	if (rc != SQLITE_DONE)
		rc = store_fault(d, f, "writing");
	else
		rc = ET_OK;
	sqlite3_reset(s);
	return rc;
}

int store_int(struct db *d, struct fault *f, int64_t *out, int64_t none, const char *text,
	      const char *types, ...)
{
	sqlite3_stmt *s = store_stmt(d, text, f);
	int64_t v = none;
	va_list ap;
	int rc;

	if (!s)
		return f ? f->code : ET_ERR_RECORD;
	va_start(ap, types);
	rc = vbind(s, types, &ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
		v = sqlite3_column_int64(s, 0);
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? ET_OK : store_fault(d, f, "reading");
	sqlite3_reset(s);
	if (rc == ET_OK)
		*out = v;
	return rc;
}

int store_exec(struct db *d, struct fault *f, const char *text, const char *doing)
{
	return sqlite3_exec(d->sql, text, NULL, NULL, NULL) == SQLITE_OK ? ET_OK
									 : store_fault(d, f, doing);
}

int store_view_begin(struct db *d, struct fault *f)
{
	return d->in_tx ? ET_OK : store_exec(d, f, "BEGIN", "reading");
}

void store_view_end(struct db *d)
{
	if (!d->in_tx)
		sqlite3_exec(d->sql, "ROLLBACK", NULL, NULL, NULL);
}

const char *store_text(sqlite3_stmt *s, int col)
{
	return (const char *)sqlite3_column_text(s, col);
}
