/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock_virtual.h - time that jumps, and the baton. Internal to io/clock.c and io/worker.c.
 *
 * All state belongs to the thread that holds the baton, so there is no lock: a semaphore for each
 * thread hands the baton over, and orders memory with it. Only the holder may call these
 * functions, except where it is said. */
#ifndef IO_CLOCK_VIRTUAL_H
#define IO_CLOCK_VIRTUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "io/clock.h"

struct vclk;
struct vthread;

/** The calling thread becomes the first. NULL: out of memory. */
struct vclk *vclk_new(const struct clk_start *start);
/** All other threads must have been freed. */
void vclk_free(struct vclk *v);

int64_t vclk_now_ns(const struct vclk *v);
int64_t vclk_utc_ns(const struct vclk *v);
int32_t vclk_utc_offset_s(const struct vclk *v);

/** Give the baton away until @p until_ns, or until somebody wakes @p at (NULL: nobody does).
 * Returns at once when it is past. @return true when woken. */
bool vclk_wait(struct vclk *v, const void *at, int64_t until_ns);
/** Who waits at @p at becomes ready at the present time. */
void vclk_wake(struct vclk *v, const void *at);

uint64_t vclk_call_at(struct vclk *v, int64_t t_ns, void (*fn)(void *, int64_t), void *arg);
void vclk_cancel(struct vclk *v, uint64_t id);
/** When a callback or another thread is due; ET_NEVER_NS: never. */
int64_t vclk_next_due_ns(const struct vclk *v);

/** A thread to come, ready at once. NULL: out of memory. */
struct vthread *vclk_thread_new(struct vclk *v, const char *name);
/** By the new thread, without the baton: waits for it. */
void vclk_thread_begin(struct vthread *t);
/** By the thread itself: gives the baton away for ever. */
void vclk_thread_end(struct vthread *t);
/** After the thread has been joined, or when it could not be made. */
void vclk_thread_free(struct vthread *t);

#endif
