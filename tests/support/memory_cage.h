/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/memory_cage.h - a control group whose memory runs out on demand, so that the kernel's OOM killer
 * really strikes. Needs root and the memory controller (version 1 or 2). */
#ifndef TESTS_MEMORY_CAGE_H
#define TESTS_MEMORY_CAGE_H

#include <limits.h>
#include <stdbool.h>

struct memory_cage {
	bool v1;
	char dir[PATH_MAX], home[PATH_MAX]; /* the group; where this process came from */
};

/** @return false: there is no such thing here. */
bool memory_cage_make(struct memory_cage *c);
void memory_cage_remove(struct memory_cage *c);

/** This process, and what it forks until it leaves. @return false: refused. */
bool memory_cage_enter(const struct memory_cage *c);
bool memory_cage_leave(const struct memory_cage *c);

/** Leave no memory but @p spare_bytes, and take that, little by little, until the kernel has killed somebody: the one
 * who offers itself most. @return How many were killed; < 0: none within @p patience_s. */
int memory_cage_starve(const struct memory_cage *c, long spare_bytes, int patience_s);

#endif
