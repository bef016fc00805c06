/* SPDX-License-Identifier: Apache-2.0 */
/* bench/progress.h - what a person sees on stderr while a run goes on: a live line on a terminal, else plain lines.
 *
 * A worker writes; a terminal that is stuck costs lines, never time. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdatomic.h>

#include "base/lang.h"
#include "bench/run.h"
#include "io/worker.h"

struct progress {
	enum lang lang;
	const struct run_input *in;
	bool terminal, colour;
	struct queue *lines; /* NULL: not started, nothing is shown */
	struct worker *worker;
	atomic_bool stopping;
	bool line_open; /* of the worker: a live line stands without its end */
};

/** Colour on a terminal, unless NO_COLOR is set. Without memory nothing is shown.
 * @param in  Borrowed until progress_stop(); its clock must be there. */
void progress_start(struct progress *p, enum lang lang, const struct run_input *in);
/** Write what can be written at once, and end a live line. */
void progress_stop(struct progress *p);

/** For run_input.notice; @p arg is the struct progress. */
void progress_notice(void *arg, const struct station_notice *n);
/** A question, which stands without a line end. Any thread. @return false: it cannot be shown. */
bool progress_ask(struct progress *p, const char *text);

#endif
