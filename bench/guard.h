/* SPDX-License-Identifier: Apache-2.0 */
/* bench/guard.h - what worker and guardian know of each other: one page that both processes share.
 *
 * The worker writes, the guardian reads; each member by itself is true at any moment. */
#ifndef BENCH_GUARD_H
#define BENCH_GUARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "bench/sequencer.h"

enum guard_phase {
	GUARD_STARTING =
		0, /* files and record are read, the source is not touched: may take any time */
	GUARD_RUNNING, /* the loop of the station beats */
	GUARD_OVER, /* it has come to its end; the record may still take any time */
};

struct guard {
	_Atomic int phase; /* enum guard_phase */
	_Atomic int64_t beat_ns; /* last turn of the station's loop */
	_Atomic int64_t
		call_until_ns; /* a call of the source's driver should be back by then; 0: none runs */
	_Atomic int state; /* enum seq_state */
	_Atomic int source; /* enum seq_source */
	_Atomic int
		contradicted; /* another instrument read voltage after the source had said off */
	char session[48]; /* id in the record; written once, before GUARD_RUNNING */
};

/** One turn of the loop. @param g  NULL: nobody watches. */
static inline void guard_beat(struct guard *g, int64_t now_ns, const struct seq *seq)
{
	if (!g)
		return;
	atomic_store(&g->state, (int)seq_state(seq));
	atomic_store(&g->source, (int)seq_source(seq));
	atomic_store(&g->contradicted, seq_off_contradicted(seq));
	atomic_store(&g->beat_ns, now_ns);
}

#endif
