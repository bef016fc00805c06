/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/vfs_torn.h - a disk that forgets: an SQLite VFS that keeps writes in memory until xSync.
 *
 * A process that is killed loses what was not synced, as a power failure would take it. torn_crash() does
 * the same inside the process and lets a random part of the unsynced writes reach the file, whole or torn.
 * Databases, WALs and rollback journals are treated so; locks, shared memory and temporary files pass
 * through, so only one connection of the process may write, and others see what was synced. */
#ifndef TESTS_VFS_TORN_H
#define TESTS_VFS_TORN_H

#include <stdbool.h>
#include <stdint.h>

enum torn_moment { TORN_BEFORE_WRITE, TORN_AFTER_WRITE, TORN_BEFORE_SYNC, TORN_AFTER_SYNC };

struct torn_file;
struct torn {
	bool pass_through; /* nothing is held back: only counters and the hook */
	bool ignore_sync; /* a disk that lies, or synchronous=OFF: nothing is durable */
	int64_t full_at_write; /* this write and all after it find the disk full; 0: never */
	int64_t fail_at_sync; /* this sync reports an error and writes nothing; 0: never */
	int64_t n_writes, n_syncs; /* so far, this one included in a hook */
	/* at every write and sync; @p file is the name of the file. NULL: none. */
	void (*hook)(void *arg, enum torn_moment moment, const char *file);
	void *arg;
	/* inside */
	bool crashed;
	struct torn_file *files;
	void *vfs;
};

/** Register VFS @p name over the default one; @p t starts zeroed or configured, and outlives it. */
void torn_register(struct torn *t, const char *name);
void torn_unregister(struct torn *t);

/** The power fails now: of every unsynced write a part by chance (@p seed) reaches the file; from here on
 * every call fails. Then close the connections and open again with another VFS. */
void torn_crash(struct torn *t, uint64_t seed);

#endif
