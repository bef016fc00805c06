/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/live_bench.h - a simulated laboratory and its instruments on lines of this machine, for tests of live
 * runs. The program itself is run, as a person would: the `etalon` beside the test. */
#ifndef TESTS_LIVE_BENCH_H
#define TESTS_LIVE_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/json.h"

struct live_bench {
	char dir[64]; /* working folder, with the laboratory "lab" in it; removed at the end */
	pid_t server; /* 0: none */
	FILE *to, *from; /* its stdin and stdout */
	json_t *ports; /* {"source":"tty:..",...} */
};

/** Make the folder and a laboratory with apparatus whose certificates hold today and a person "anna".
 * @return 0; -1 after a message. */
int live_bench_make(struct live_bench *b);
/** A file in the laboratory. */
int live_bench_write(const struct live_bench *b, const char *name, const char *text);
void live_bench_remove(struct live_bench *b); /* stops the server too */

/** `etalon simulate lab/SCENARIO --listen --bench-out live.yaml`; MORE: further words, "" for none. */
int live_bench_serve(struct live_bench *b, const char *scenario, const char *more);
/** One line to the server and its answer, without line end. @return 0; -1: it is gone. */
int live_bench_tell(struct live_bench *b, const char *line, char *answer, size_t cap);
/** Close its stdin. @return its exit code; -1: killed. */
int live_bench_stop(struct live_bench *b);

/** Run `etalon WORDS` in the folder, words split at blanks; stdout and stderr go to out.txt and err.txt. @return pid. */
pid_t live_bench_start(const struct live_bench *b, const char *words);
/** The same with a library to be preloaded; NULL: none. */
pid_t live_bench_start_with(const struct live_bench *b, const char *words, const char *preload);
/** At a terminal, whose other end is @p master (not blocking); the caller closes it. */
pid_t live_bench_start_in_terminal(const struct live_bench *b, const char *words, int *master);
/** @param use  NULL allowed. @return exit code; -1: killed, or not ended after @p patience_s. */
int live_bench_wait(pid_t pid, int patience_s, struct rusage *use);
int live_bench_run(const struct live_bench *b, const char *words);
/** out.txt or err.txt, freed with free(). */
char *live_bench_read(const struct live_bench *b, const char *name);

struct live_figure { /* one position of one attempt */
	int attempt; /* 0, 1, ... in the order of the record */
	int position;
	double err_pct, U_pct,
		truth_pct; /* truth from the server, by the Kh of the card; NAN: none */
	int64_t n_edges, n_missed;
	int64_t lost; /* true pulses between the first and last that was used, less what the reader numbered */
	double armed_s; /* of the attempt */
	bool done; /* the attempt: not void, not aborted */
	char verdict[24];
};
/** All attempts on record; why one is void goes to stderr. @return number of figures, -1 after a message. */
int live_bench_figures(struct live_bench *b, struct live_figure *out, int cap);

#endif
