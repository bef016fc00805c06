/* SPDX-License-Identifier: Apache-2.0 */
/* A library to be preloaded: the disk of tests/support/vfs_torn.h under any program that uses SQLite. What it has not
 * synced when it is killed is lost; with TORN_LIES in the environment it syncs nothing, and says that it did. */
#include "tests/support/vfs_torn.h"

#include <sqlite3.h>
#include <stdlib.h>

__attribute__((constructor)) static void take_over(void)
{
	static struct torn disk;

	disk.ignore_sync = getenv("TORN_LIES") != NULL;
	torn_register(&disk, "torn");
	sqlite3_vfs_register(sqlite3_vfs_find("torn"), 1);
}
