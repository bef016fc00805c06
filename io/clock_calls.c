/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock_calls.c - a binary heap of slot numbers over slots that stay where they are. */
#include "io/clock_calls.h"

#include <assert.h>
#include <stdlib.h>

#include "base/quantities.h"

#define NOT_WAITING SIZE_MAX

static bool is_before(const struct calls *q, uint32_t a, uint32_t b)
{
	const struct call *x = &q->slot[a], *y = &q->slot[b];

	return x->t_ns != y->t_ns ? x->t_ns < y->t_ns : x->order < y->order;
}

static void put_at(struct calls *q, size_t pos, uint32_t slot)
{
	q->heap[pos] = slot;
	q->slot[slot].heap_pos = pos;
}

static void sift_up(struct calls *q, size_t pos)
{
	uint32_t slot = q->heap[pos];

	while (pos > 0 && is_before(q, slot, q->heap[(pos - 1) / 2])) {
		put_at(q, pos, q->heap[(pos - 1) / 2]);
		pos = (pos - 1) / 2;
	}
	put_at(q, pos, slot);
}

static void sift_down(struct calls *q, size_t pos)
{
	uint32_t slot = q->heap[pos];

	for (;;) {
		size_t child = 2 * pos + 1;

		if (child >= q->n_heap)
			break;
		if (child + 1 < q->n_heap && is_before(q, q->heap[child + 1], q->heap[child]))
			child++;
		if (!is_before(q, q->heap[child], slot))
			break;
		put_at(q, pos, q->heap[child]);
		pos = child;
	}
	put_at(q, pos, slot);
}

static bool grow(struct calls *q)
{
	size_t n = q->n_slots ? 2 * q->n_slots : 32;
	struct call *slot = realloc(q->slot, n * sizeof(*slot));
	uint32_t *heap, *unused;

	if (slot)
		q->slot = slot;
	heap = realloc(q->heap, n * sizeof(*heap));
	if (heap)
		q->heap = heap;
	unused = realloc(q->unused, n * sizeof(*unused));
	if (unused)
		q->unused = unused;
	if (!slot || !heap || !unused)
		return false;
	while (n > q->n_slots) { /* the lowest number is used first */
		n--;
		slot[n] = (struct call){ .heap_pos = NOT_WAITING };
		unused[q->n_unused++] = (uint32_t)n;
	}
	q->n_slots = q->n_slots ? 2 * q->n_slots : 32;
	return true;
}

uint64_t calls_add(struct calls *q, int64_t t_ns, calls_fn *fn, void *arg)
{
	struct call *c;
	uint32_t slot;

	if (q->n_unused == 0 && !grow(q))
		return 0;
	slot = q->unused[--q->n_unused];
	c = &q->slot[slot];
	c->t_ns = t_ns;
	c->order = q->next_order++;
	c->fn = fn;
	c->arg = arg;
	c->generation++;
	q->heap[q->n_heap] = slot;
	sift_up(q, q->n_heap++);
	return (uint64_t)c->generation << 32 | slot;
}

static void remove_at(struct calls *q, size_t pos)
{
	uint32_t slot = q->heap[pos];
	uint32_t last = q->heap[--q->n_heap];

	if (pos < q->n_heap) {
		put_at(q, pos, last);
		sift_up(q, pos);
		sift_down(q, q->slot[last].heap_pos);
	}
	q->slot[slot].heap_pos = NOT_WAITING;
	q->unused[q->n_unused++] = slot;
}

void calls_cancel(struct calls *q, uint64_t id)
{
	uint32_t slot = (uint32_t)id;

	if (slot < q->n_slots && q->slot[slot].generation == id >> 32 &&
	    q->slot[slot].heap_pos != NOT_WAITING)
		remove_at(q, q->slot[slot].heap_pos);
}

int64_t calls_next_ns(const struct calls *q)
{
	return q->n_heap ? q->slot[q->heap[0]].t_ns : ET_NEVER_NS;
}

struct call calls_take(struct calls *q)
{
	struct call c;

	assert(q->n_heap > 0);
	c = q->slot[q->heap[0]];
	remove_at(q, 0);
	return c;
}

void calls_free(struct calls *q)
{
	free(q->slot);
	free(q->heap);
	free(q->unused);
	*q = (struct calls){ 0 };
}
