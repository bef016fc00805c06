/* SPDX-License-Identifier: Apache-2.0 */
/* A library to be preloaded: the disk of tests/support/vfs_torn.h under any program that uses SQLite. What it has not
 * synced when it is killed is lost; with TORN_LIES in the environment it syncs nothing, and says that it did; with
 * TORN_SLOW_MS it takes so long for each sync. */
#include "tests/support/vfs_torn.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static void be_slow(void *arg, enum torn_moment moment, const char *file)
{
	(void)file;
	if (moment == TORN_BEFORE_SYNC)
		usleep(*(useconds_t *)arg);
}

__attribute__((constructor)) static void take_over(void)
{
	static struct torn disk;
	static useconds_t slow_us;
	const char *slow_ms = getenv("TORN_SLOW_MS");

	disk.ignore_sync = getenv("TORN_LIES") != NULL;
	if (slow_ms) {
		slow_us = (useconds_t)strtoul(slow_ms, NULL, 10) * 1000;
		disk.hook = be_slow;
		disk.arg = &slow_us;
	}
	torn_register(&disk, "torn");
	sqlite3_vfs_register(sqlite3_vfs_find("torn"), 1);
}
