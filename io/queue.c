/* SPDX-License-Identifier: Apache-2.0 */
/* io/queue.c - a ring under a lock. The lock is never held across a wait. */
#include "io/queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct queue {
	struct clk_cond *filled;
	pthread_mutex_t lock;
	size_t size, capacity; /* of a message, in messages */
	size_t first, count;
	unsigned char data[];
};

struct queue *queue_new(struct clk *c, size_t size, size_t capacity)
{
	struct queue *q;

	if (capacity && size > (SIZE_MAX - sizeof(*q)) / capacity)
		return NULL;
	q = calloc(1, sizeof(*q) + size * capacity);
	if (!q)
		return NULL;
	q->filled = clk_cond_new(c);
	if (!q->filled) {
		free(q);
		return NULL;
	}
	pthread_mutex_init(&q->lock, NULL);
	q->size = size;
	q->capacity = capacity;
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	clk_cond_free(q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

int queue_put(struct queue *q, const void *msg)
{
	bool room;

	pthread_mutex_lock(&q->lock);
	room = q->count < q->capacity;
	if (room) {
		size_t at = (q->first + q->count++) % q->capacity;

		memcpy(q->data + at * q->size, msg, q->size);
	}
	pthread_mutex_unlock(&q->lock);
	if (!room)
		return ET_ERR_LOST;
	clk_cond_wake(q->filled);
	return ET_OK;
}

static bool take(struct queue *q, void *msg)
{
	bool some;

	pthread_mutex_lock(&q->lock);
	some = q->count > 0;
	if (some) {
		memcpy(msg, q->data + q->first * q->size, q->size);
		q->first = (q->first + 1) % q->capacity;
		q->count--;
	}
	pthread_mutex_unlock(&q->lock);
	return some;
}

int queue_get(struct queue *q, void *msg, int64_t deadline_ns)
{
	for (;;) {
		uint64_t seen = clk_cond_count(q->filled);

		if (take(q, msg))
			return ET_OK;
		if (clk_cond_wait(q->filled, seen, deadline_ns) != ET_OK)
			return ET_ERR_TIMEOUT;
	}
}
