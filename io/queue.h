/* SPDX-License-Identifier: Apache-2.0 */
/* io/queue.h - messages between threads: bounded, in order, copied in and out. */
#ifndef IO_QUEUE_H
#define IO_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/clock.h"

struct queue;

/** Room for @p capacity messages of @p size bytes, allocated now. NULL: out of memory. */
struct queue *queue_new(struct clk *c, size_t size, size_t capacity);
void queue_free(struct queue *q);

/** Never waits. @return ET_OK; ET_ERR_LOST when full (nothing was put). Any thread, or a clock callback. */
int queue_put(struct queue *q, const void *msg) ET_CHECK;

/** @return ET_OK; ET_ERR_TIMEOUT at @p deadline_ns (a deadline in the past: only look). */
int queue_get(struct queue *q, void *msg, int64_t deadline_ns) ET_CHECK;

#endif
