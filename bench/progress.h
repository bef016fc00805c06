/* SPDX-License-Identifier: Apache-2.0 */
/* bench/progress.h - what a person sees on stderr while a run goes on: a live line on a terminal, else plain lines. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include "base/lang.h"
#include "bench/run.h"

struct progress {
	enum lang lang;
	const struct run_input *in;
	bool terminal, colour;
	bool line_open; /* a live line stands without its end */
	int step, attempt; /* as last printed */
};

/** Colour on a terminal, unless NO_COLOR is set. */
void progress_init(struct progress *p, enum lang lang, const struct run_input *in);
/** For run_input.notice; @p arg is the struct progress. */
void progress_notice(void *arg, const struct station_notice *n);
/** End a live line, before anything else is printed. */
void progress_line_end(struct progress *p);

#endif
