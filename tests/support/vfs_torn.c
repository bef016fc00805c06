/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/vfs_torn.h"

#include <assert.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct op { /* data NULL: cut to size at */
	sqlite3_int64 at;
	int len;
	unsigned char *data;
};

struct torn_file {
	sqlite3_file base;
	struct torn *t;
	struct torn_file *next;
	const char *name;
	bool buffered;
	sqlite3_int64 size;
	struct op *ops;
	size_t n_ops, cap;
	sqlite3_file *real;
};

static struct torn_file *of(sqlite3_file *f)
{
	return (struct torn_file *)f;
}

static struct torn *torn_of(sqlite3_vfs *v)
{
	return v->pAppData;
}

static sqlite3_vfs *base_vfs(void)
{
	return sqlite3_vfs_find("unix");
}

static void hook(struct torn_file *f, enum torn_moment moment)
{
	if (f->t->hook)
		f->t->hook(f->t->arg, moment, f->name);
}

/* ---- what waits ---- */

static void push(struct torn_file *f, sqlite3_int64 at, const void *data, int len)
{
	struct op *o;

	if (f->n_ops == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 64;
		f->ops = realloc(f->ops, f->cap * sizeof(*f->ops));
		assert(f->ops);
	}
	o = &f->ops[f->n_ops++];
	*o = (struct op){ .at = at, .len = len };
	if (data) {
		o->data = malloc((size_t)len);
		assert(o->data);
		memcpy(o->data, data, (size_t)len);
	}
}

static void forget(struct torn_file *f)
{
	for (size_t i = 0; i < f->n_ops; i++)
		free(f->ops[i].data);
	f->n_ops = 0;
}

static int apply(struct torn_file *f, const struct op *o, int len)
{
	return o->data ? f->real->pMethods->xWrite(f->real, o->data, len, o->at)
		       : f->real->pMethods->xTruncate(f->real, o->at);
}

static int flush(struct torn_file *f)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < f->n_ops && rc == SQLITE_OK; i++)
		rc = apply(f, &f->ops[i], f->ops[i].len);
	forget(f);
	return rc;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void torn_crash(struct torn *t, uint64_t seed)
{
	uint64_t r = seed;

	for (struct torn_file *f = t->files; f; f = f->next) {
		for (size_t i = 0; i < f->n_ops; i++) {
			const struct op *o = &f->ops[i];
			const uint64_t fate = next_random(&r) % 3; /* lost, torn, whole */

			if (fate == 2)
				(void)apply(f, o, o->len);
			else if (fate == 1 && o->len > 1)
				(void)apply(f, o,
					    1 + (int)(next_random(&r) % (uint64_t)(o->len - 1)));
		}
		forget(f);
	}
	t->crashed = true;
}

/* ---- methods of a file ---- */

static int t_close(sqlite3_file *file)
{
	struct torn_file *f = of(file), **p;
	int rc = f->t->crashed ? SQLITE_OK : flush(f);

	for (p = &f->t->files; *p && *p != f; p = &(*p)->next)
		;
	if (*p)
		*p = f->next;
	forget(f);
	free(f->ops);
	if (f->real->pMethods)
		f->real->pMethods->xClose(f->real);
	return rc;
}

static void overlay(const struct op *o, unsigned char *buf, int amount, sqlite3_int64 at)
{
	const sqlite3_int64 end = at + amount;
	const sqlite3_int64 lo = o->at > at ? o->at : at;
	const sqlite3_int64 hi = !o->data || o->at + o->len > end ? end : o->at + o->len;

	if (lo >= hi)
		return;
	if (o->data)
		memcpy(buf + (lo - at), o->data + (lo - o->at), (size_t)(hi - lo));
	else
		memset(buf + (lo - at), 0, (size_t)(hi - lo));
}

static int t_read(sqlite3_file *file, void *buf, int amount, sqlite3_int64 at)
{
	struct torn_file *f = of(file);
	int rc;

	if (f->t->crashed)
		return SQLITE_IOERR_READ;
	rc = f->real->pMethods->xRead(f->real, buf, amount, at); /* the rest is zeroed */
	if (!f->buffered || (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ))
		return rc;
	for (size_t i = 0; i < f->n_ops; i++)
		overlay(&f->ops[i], buf, amount, at);
	return at + amount > f->size && f->n_ops ? SQLITE_IOERR_SHORT_READ
	       : f->n_ops			 ? SQLITE_OK
						 : rc;
}

static int t_write(sqlite3_file *file, const void *buf, int amount, sqlite3_int64 at)
{
	struct torn_file *f = of(file);

	if (f->t->crashed)
		return SQLITE_IOERR_WRITE;
	if (!f->buffered)
		return f->real->pMethods->xWrite(f->real, buf, amount, at);
	f->t->n_writes++;
	hook(f, TORN_BEFORE_WRITE);
	if (f->t->full_at_write && f->t->n_writes >= f->t->full_at_write)
		return SQLITE_FULL;
	push(f, at, buf, amount);
	if (f->t->pass_through && flush(f) != SQLITE_OK)
		return SQLITE_IOERR_WRITE;
	if (at + amount > f->size)
		f->size = at + amount;
	hook(f, TORN_AFTER_WRITE);
	return SQLITE_OK;
}

static int t_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct torn_file *f = of(file);

	if (f->t->crashed)
		return SQLITE_IOERR_TRUNCATE;
	if (!f->buffered)
		return f->real->pMethods->xTruncate(f->real, size);
	push(f, size, NULL, 0);
	f->size = size;
	return SQLITE_OK;
}

static int t_sync(sqlite3_file *file, int flags)
{
	struct torn_file *f = of(file);
	int rc = SQLITE_OK;

	if (f->t->crashed)
		return SQLITE_IOERR_FSYNC;
	if (!f->buffered)
		return f->real->pMethods->xSync(f->real, flags);
	f->t->n_syncs++;
	hook(f, TORN_BEFORE_SYNC);
	if (f->t->fail_at_sync == f->t->n_syncs)
		return SQLITE_IOERR_FSYNC;
	if (!f->t->ignore_sync) {
		rc = flush(f);
		if (rc == SQLITE_OK)
			rc = f->real->pMethods->xSync(f->real, flags);
	}
	hook(f, TORN_AFTER_SYNC);
	return rc;
}

static int t_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct torn_file *f = of(file);

	if (f->buffered && f->n_ops) {
		*size = f->size;
		return SQLITE_OK;
	}
	return f->real->pMethods->xFileSize(f->real, size);
}

static int t_lock(sqlite3_file *f, int level)
{
	return of(f)->real->pMethods->xLock(of(f)->real, level);
}

static int t_unlock(sqlite3_file *f, int level)
{
	return of(f)->real->pMethods->xUnlock(of(f)->real, level);
}

static int t_reserved(sqlite3_file *f, int *out)
{
	return of(f)->real->pMethods->xCheckReservedLock(of(f)->real, out);
}

static int t_control(sqlite3_file *f, int op, void *arg)
{
	return of(f)->real->pMethods->xFileControl(of(f)->real, op, arg);
}

static int t_sector(sqlite3_file *f)
{
	return of(f)->real->pMethods->xSectorSize(of(f)->real);
}

static int t_device(sqlite3_file *f)
{
	return of(f)->real->pMethods->xDeviceCharacteristics(of(f)->real);
}

static int t_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
	return of(f)->real->pMethods->xShmMap(of(f)->real, page, size, extend, p);
}

static int t_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return of(f)->real->pMethods->xShmLock(of(f)->real, offset, n, flags);
}

static void t_shm_barrier(sqlite3_file *f)
{
	of(f)->real->pMethods->xShmBarrier(of(f)->real);
}

static int t_shm_unmap(sqlite3_file *f, int delete)
{
	return of(f)->real->pMethods->xShmUnmap(of(f)->real, delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* no memory mapping: it would go past us */
	.xClose = t_close,
	.xRead = t_read,
	.xWrite = t_write,
	.xTruncate = t_truncate,
	.xSync = t_sync,
	.xFileSize = t_size,
	.xLock = t_lock,
	.xUnlock = t_unlock,
	.xCheckReservedLock = t_reserved,
	.xFileControl = t_control,
	.xSectorSize = t_sector,
	.xDeviceCharacteristics = t_device,
	.xShmMap = t_shm_map,
	.xShmLock = t_shm_lock,
	.xShmBarrier = t_shm_barrier,
	.xShmUnmap = t_shm_unmap,
};

/* ---- methods of the VFS; those not here are the base's own ---- */

static int v_open(sqlite3_vfs *v, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	const int kinds = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
	struct torn_file *f = of(file);
	int rc;

	*f = (struct torn_file){ .t = torn_of(v), .name = name, .buffered = (flags & kinds) != 0 };
	f->real = (sqlite3_file *)(f + 1);
	if (f->t->crashed)
		return SQLITE_CANTOPEN;
	rc = base_vfs()->xOpen(base_vfs(), name, f->real, flags, out);
	if (rc != SQLITE_OK)
		return rc;
	f->base.pMethods = &methods;
	if (f->buffered) {
		rc = f->real->pMethods->xFileSize(f->real, &f->size);
		f->next = f->t->files;
		f->t->files = f;
	}
	return rc;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
	return torn_of(v)->crashed ? SQLITE_IOERR_DELETE
				   : base_vfs()->xDelete(base_vfs(), name, sync_dir);
}

void torn_register(struct torn *t, const char *name)
{
	sqlite3_vfs *v = malloc(sizeof(*v));
	int rc;

	assert(v);
	*v = *base_vfs();
	v->szOsFile += (int)sizeof(struct torn_file);
	v->pNext = NULL;
	v->zName = name;
	v->pAppData = t;
	v->xOpen = v_open;
	v->xDelete = v_delete;
	rc = sqlite3_vfs_register(v, 0);
	assert(rc == SQLITE_OK);
	(void)rc;
	t->vfs = v;
}

void torn_unregister(struct torn *t)
{
	sqlite3_vfs_unregister(t->vfs);
	free(t->vfs);
	t->vfs = NULL;
}
