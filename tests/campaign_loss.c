/* SPDX-License-Identifier: Apache-2.0 */
/* Loss loops, all of them: each message of each instrument of a short run lost, cut, late, or with a byte lost,
 * doubled or not ASCII, or with each of its digits changed; instruments that fall silent; pairs of faults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulator/rng.h"
#include "tests/support/loss.h"

enum { PAIRS = 3000, WORKERS_MAX = 64 };

struct loss_job {
	const char *title;
	struct scenario_fault fault[2];
	size_t n;
};
static struct loss_job *jobs;
static size_t n_jobs, cap_jobs;

static void add(const char *title, struct scenario_fault a, const struct scenario_fault *b)
{
	if (n_jobs == cap_jobs) {
		cap_jobs = cap_jobs ? 2 * cap_jobs : 4096;
		jobs = realloc(jobs, cap_jobs * sizeof(*jobs));
		if (!jobs)
			exit(2);
	}
	jobs[n_jobs] = (struct loss_job){ .title = title, .fault = { a }, .n = b ? 2 : 1 };
	if (b)
		jobs[n_jobs].fault[1] = *b;
	n_jobs++;
}

/* @param only  A title, or NULL: all. */
static void plan_singles(const uint64_t messages[SIM_INSTRUMENTS], const char *only)
{
	for (int i = 0; i < SIM_INSTRUMENTS; i++)
		for (int k = 0; k < LOSS_VARIANTS; k++)
			for (uint64_t m = 0; m < messages[i]; m++)
				if (!only || !strcmp(only, loss_variant_title(k)))
					add(loss_variant_title(k), loss_variant(i, m, k), NULL);
}

static void plan_pairs(const uint64_t messages[SIM_INSTRUMENTS])
{
	struct rng dice;

	rng_init(&dice, 1, RNG_LINK, 0);
	for (int k = 0; k < PAIRS; k++) {
		const struct scenario_fault a = loss_drawn(&dice, messages),
					    b = loss_drawn(&dice, messages);

		add("two faults", a, &b);
	}
}

/* ---- workers ---- */

struct done { /* shared with the parent */
	int ended; /* 1: began, 2: came back */
	struct loss_report report;
};

static void work(size_t from, size_t step, struct done *done)
{
	struct run_result *r = malloc(sizeof(*r));
	struct sim_bench b;

	if (!r || loss_load(&b) != 0)
		_exit(2);
	for (size_t k = from; k < n_jobs; k += step) {
		alarm(60); /* a run that hangs ends the worker, and is told by the parent */
		done[k].ended = 1;
		loss_run(&b, jobs[k].fault, jobs[k].n, r, &done[k].report);
		done[k].ended = 2;
	}
	free(r);
	sim_bench_free(&b);
	_exit(0);
}

static void run_all(struct done *done)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN) < WORKERS_MAX ? sysconf(_SC_NPROCESSORS_ONLN)
								   : WORKERS_MAX;

	fflush(NULL);
	for (long w = 0; w < n; w++)
		if (fork() == 0)
			work((size_t)w, (size_t)n, done);
	while (wait(NULL) > 0)
		;
}

static long report_all(const struct done *done)
{
	struct loss_tally all = { 0 };
	char text[96];

	for (size_t first = 0, k; first < n_jobs; first = k) {
		struct loss_tally t = { 0 };
		char title[64];

		for (k = first; k < n_jobs && jobs[k].title == jobs[first].title &&
				(jobs[k].n > 1 ||
				 jobs[k].fault[0].instrument == jobs[first].fault[0].instrument);
		     k++) {
			struct loss_report r = done[k].report;

			if (done[k].ended != 2) {
				r = (struct loss_report){ .outcome = LOSS_WRONG };
				snprintf(r.why, sizeof(r.why),
					 done[k].ended ? "crashed or hangs" : "was not reached");
			}
			loss_count(&t, jobs[k].fault, jobs[k].n, &r);
			loss_count_silently(&all, &r);
			if (getenv("LOSS_VERBOSE") && r.outcome != LOSS_RECOVERED)
				printf("  %s: %s, %s\n", loss_fault_text(&jobs[k].fault[0], text),
				       loss_outcome_word(r.outcome), r.why);
		}
		snprintf(title, sizeof(title), "%s%s%s",
			 jobs[first].n > 1 ? "" : loss_instrument(&jobs[first].fault[0]),
			 jobs[first].n > 1 ? "" : ": ", jobs[first].title);
		loss_print(&t, title);
	}
	loss_print(&all, "all");
	return all.outcome[LOSS_WRONG];
}

int main(int argc, char **argv)
{
	struct run_result *r = malloc(sizeof(*r));
	struct loss_report clean;
	struct sim_bench b;
	struct done *done;
	long bad;

	if (!r || loss_load(&b) != 0)
		return 2;
	loss_run(&b, NULL, 0, r, &clean);
	sim_bench_free(&b);
	free(r);
	printf("undisturbed: %s %s, %d figures, worst %.2f U, %.0f s; messages: source %d, "
	       "reference %d, reader %d\n",
	       loss_outcome_word(clean.outcome), clean.why, clean.figures, clean.worst_u,
	       clean.virtual_s, (int)clean.messages[0], (int)clean.messages[1],
	       (int)clean.messages[2]);
	if (clean.outcome != LOSS_RECOVERED)
		return 1;
	plan_singles(clean.messages, argc > 1 ? argv[1] : NULL);
	if (argc <= 1 || !strcmp(argv[1], "pairs"))
		plan_pairs(clean.messages);
	done = mmap(NULL, n_jobs * sizeof(*done), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		return 2;
	run_all(done);
	bad = report_all(done);
	munmap(done, n_jobs * sizeof(*done));
	free(jobs);
	return bad != 0;
}
