/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/sim_bench.h - the simulated laboratory of examples/simulated, run inside the test's process. */
#ifndef TESTS_SIM_BENCH_H
#define TESTS_SIM_BENCH_H

#include "bench/run.h"

struct sim_bench {
	struct bench_file bench;
	struct batch batch;
	struct plan plan;
	struct approval approval;
	struct scenario scenario;
	struct apparatus reference, reader, more_readers[ET_READERS_MAX - 1];
	const char *lab_dir; /* for files of drivers; NULL */
	struct yaml_doc *docs[8];
	size_t n_docs;
};

/** Read the files of the example @p name ("1-element", "1h-element", "2-element-network"). On an error the
 * diagnostics go to stderr. @return 0, or -1. Change what is loaded before the run as the test needs. */
int sim_bench_load(struct sim_bench *b, const char *name);
void sim_bench_free(struct sim_bench *b);

struct sim_bench_run { /* all zero is fine */
	struct db *db; /* NULL: nothing is stored */
	uint64_t seed; /* 0: the scenario's */
	bool resume;
	const char *record_dir; /* NULL: nothing is recorded */
	bool prompts; /* ask before meters are mounted; "yes" is answered */
	int64_t resume_at_ns; /* bench clock of the last entry */
	void (*notice)(void *arg, const struct station_notice *n);
	void *arg;
	const volatile sig_atomic_t *stop_signal;
	void (*prepare)(void *arg, struct sim *sim); /* the bench is built, nothing runs yet */
	void (*finished)(void *arg,
			 struct sim *sim); /* over, the simulator still knows the truth */
};
/** @return as run_batch(). */
int sim_bench_run(const struct sim_bench *b, const struct sim_bench_run *how,
		  struct run_result *out, struct fault *f);

/** A new record in a new temporary folder, with laboratory, person "anna" and all apparatus. @param path At least 64
 * bytes: where it is; remove with sim_bench_db_remove(). @return NULL after a message. */
struct db *sim_bench_db(const char *vfs, char path[64]);
void sim_bench_db_remove(const char *path);

#endif
