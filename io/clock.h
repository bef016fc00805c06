/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock.h - the one source of time, real or virtual. Nobody else calls clock_gettime() or sleeps.
 *
 * What is measured or waited for is in ns of the monotonic clock; UTC only labels.
 *
 * Virtual: time jumps. Threads made by io/worker.h run the same code one at a time: whoever waits
 * (here, in io/queue.h or in a simulated port) gives the baton to the clock, which runs what is due next,
 * callbacks and waiters ordered by time, ties by the order in which they were registered (callbacks
 * before threads). A thread that waits for anything else keeps the baton. No lock may be held across
 * a wait. Two runs of the same program see the same times, so the same order. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct clk;

/** CLOCK_MONOTONIC, CLOCK_REALTIME, the kernel's boot id. NULL: out of memory. */
struct clk *clk_real_new(void);

struct clk_start {
	int64_t mono_ns, utc_ns; /* both at the start */
	int32_t utc_offset_s; /* of local time, + = east */
	char boot_id[40];
};
/** The calling thread becomes the first, and holds the baton. With its first worker the process is pinned to one CPU. */
struct clk *clk_virtual_new(const struct clk_start *start);

/** All workers must have been joined. NULL is allowed. */
void clk_free(struct clk *c);

bool clk_is_virtual(const struct clk *c);
int64_t clk_now_ns(struct clk *c);
int64_t clk_utc_ns(struct clk *c);
int32_t clk_utc_offset_s(struct clk *c);
const char *clk_boot_id(const struct clk *c);

/** CLOCK_MONOTONIC beside CLOCK_MONOTONIC_RAW, to bound the rate of the clock that measures.
 * Virtual: both the same. */
void clk_raw_pair(struct clk *c, int64_t *mono_ns, int64_t *raw_ns);

/** Wait until @p t_ns (at once if past). */
void clk_sleep_until(struct clk *c, int64_t t_ns);

/** Virtual only: run @p fn(arg, t) when time reaches @p t_ns, in the thread that then holds the
 * baton; it must not wait. A t_ns in the past runs at the next wait, at the time it is then.
 * @return id > 0 for clk_cancel(). */
uint64_t clk_call_at(struct clk *c, int64_t t_ns, void (*fn)(void *arg, int64_t now_ns), void *arg);
void clk_cancel(struct clk *c, uint64_t id);
/** Virtual only: when a callback or another thread is due next; ET_NEVER_NS: never. */
int64_t clk_next_due_ns(struct clk *c);

/* A place to wait at, for io/queue.c, io/worker.c and io/port_sim.c only. */
struct clk_cond;
struct clk_cond *clk_cond_new(struct clk *c);
void clk_cond_free(struct clk_cond *k);
/** Wake every thread that waits at @p k. May be called from any thread and from callbacks. */
void clk_cond_wake(struct clk_cond *k);
/** @param seen  The count of clk_cond_count() taken before the caller looked for its data: a wake-up
 *               in between is not lost.
 * @return ET_OK when woken, ET_ERR_TIMEOUT at @p deadline_ns (ET_NEVER_NS: wait for ever). */
int clk_cond_wait(struct clk_cond *k, uint64_t seen, int64_t deadline_ns) ET_CHECK;
uint64_t clk_cond_count(struct clk_cond *k);

#endif
