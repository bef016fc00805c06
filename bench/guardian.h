/* SPDX-License-Identifier: Apache-2.0 */
/* bench/guardian.h - the parent process of a live run, which switches the source off when its worker cannot.
 *
 * Small on purpose: no threads, no database. It holds the open port of the source and never uses it while the
 * worker lives. docs/safety.md says what it guarantees. */
#ifndef BENCH_GUARDIAN_H
#define BENCH_GUARDIAN_H

#include "base/lang.h"
#include "bench/guard.h"
#include "drivers/driver.h"

struct guardian_config { /* all borrowed */
	const char *name; /* of the source in bench.yaml */
	const struct source_ops *source;
	struct port *port; /* open and locked; the worker uses the same */
	struct clk *clk; /* real */
	const char *folder; /* where its note lies, bench/guardian_note.h; exists or can be made */
	const char *program; /* of the note: what was run, e.g. the batch */
	enum lang lang;
	double beat_max_s; /* a loop that is silent for longer is stuck: 1 */
	double give_up_s; /* a source that can't be reached is tried for so long: 600 */
};

/** Times as declared above; everything else zero. */
void guardian_config_init(struct guardian_config *cfg);

/** Fork. The child runs @p worker, and exits with what it returns; it never comes back from here. A worker that
 * is killed, stuck or ends without having brought the source to a known state is ended, and the source is
 * switched off.
 *
 * SIGINT, SIGTERM and SIGHUP are handed to the worker. While the source is being switched off they make the
 * guardian give up after the try that runs.
 * @return exit code of the whole: the worker's; EXIT_BENCH when the guardian had to act and the source reports off;
 * EXIT_ENERGISED when it does not; EXIT_USAGE (fault filled): nothing was started. */
int guardian_run(const struct guardian_config *cfg, int (*worker)(void *arg, struct guard *g),
		 void *arg, struct fault *f);

#endif
