/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock_calls.h - the callbacks that a virtual clock has still to run, earliest first.
 * Internal to io/clock_virtual.c. Not locked: only who holds the baton comes here. */
#ifndef IO_CLOCK_CALLS_H
#define IO_CLOCK_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void calls_fn(void *arg, int64_t now_ns);

struct call {
	int64_t t_ns;
	uint64_t order; /* of registration: decides ties */
	calls_fn *fn;
	void *arg;
	size_t heap_pos; /* NOT_WAITING when free */
	uint32_t generation; /* of this slot, so that an old id is not taken for a new one */
};
struct calls { /* all zero: empty */
	struct call *slot; /* fixed places, so that an id finds its call */
	uint32_t *heap; /* numbers of slots; the first is the earliest */
	uint32_t *unused; /* free slots */
	size_t n_slots, n_heap, n_unused;
	uint64_t next_order;
};

/** @return id > 0; 0: out of memory. */
uint64_t calls_add(struct calls *q, int64_t t_ns, calls_fn *fn, void *arg);
/** An id that has run or was cancelled is ignored. */
void calls_cancel(struct calls *q, uint64_t id);
/** @return When the earliest is due; ET_NEVER_NS: none, or only such as never are. */
int64_t calls_next_ns(const struct calls *q);
/** Take the earliest out. There must be one. */
struct call calls_take(struct calls *q);
void calls_free(struct calls *q);

#endif
