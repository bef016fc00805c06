/* SPDX-License-Identifier: Apache-2.0 */
/* bench/run_guarded.h - the part of a live `etalon run` that comes before its worker: the source's port, and the guardian. */
#ifndef BENCH_RUN_GUARDED_H
#define BENCH_RUN_GUARDED_H

#include "bench/cli.h"
#include "bench/guard.h"
#include "io/port.h"

struct run_guarded { /* what the worker is given */
	struct clk *clk; /* real; borrowed */
	struct port *source; /* open; the worker's */
	struct guard *guard; /* borrowed */
};

/** Open the source's port as bench.yaml says, and run @p worker under a guardian.
 * @return exit code; a message was printed where nothing was started. */
int run_guarded(const struct cli_args *a,
		int (*worker)(const struct cli_args *a, const struct run_guarded *g));

#endif
