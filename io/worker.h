/* SPDX-License-Identifier: Apache-2.0 */
/* io/worker.h - threads that know the clock, so that the same ones run on a virtual clock. */
#ifndef IO_WORKER_H
#define IO_WORKER_H

#include "base/err.h"
#include "io/clock.h"

struct worker;

/** Start @p fn(arg) in a thread named @p name (at most 15 bytes). On a virtual clock it first runs
 * when the caller waits. All signals are blocked in it.
 * @param out  Freed by worker_join(). @return ET_OK, ET_ERR_NOMEM. */
int worker_start(struct clk *c, const char *name, void (*fn)(void *arg), void *arg,
		 struct worker **out) ET_CHECK;

/** Wait for its end (a wait of the clock) and free it. NULL is allowed. */
void worker_join(struct worker *w);

#endif
