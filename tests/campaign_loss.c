/* SPDX-License-Identifier: Apache-2.0 */
/* Loss loops, all of them: each message of each instrument of a short run lost, cut, late, or with a byte lost,
 * doubled or not ASCII, or with each of its digits changed; instruments that fall silent; pairs of faults. On a quiet
 * bench, where no figure may come to lie beyond U. Then single faults on the ordinary noise, each run with a seed of its
 * own: the truth must be inside U as often as without a fault. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulator/rng.h"
#include "tests/support/loss.h"

enum { PAIRS = 3000, SEEDS = 2000, FIRST_SEED = 7000000, WORKERS_MAX = 64 };
#define INSIDE_MIN 0.93

struct loss_job {
	const char *title;
	bool ordinary; /* noise as in the example; else the quiet bench */
	struct loss_case c;
};
static const char fresh_clean[] = "fresh seeds, no fault",
		  fresh_fault[] = "fresh seeds, a fault each";
static struct loss_job *jobs;
static size_t n_jobs, cap_jobs;

static void add(const char *title, bool ordinary, const struct loss_case *c)
{
	if (n_jobs == cap_jobs) {
		cap_jobs = cap_jobs ? 2 * cap_jobs : 4096;
		jobs = realloc(jobs, cap_jobs * sizeof(*jobs));
		if (!jobs)
			exit(2);
	}
	jobs[n_jobs++] = (struct loss_job){ title, ordinary, *c };
}

/* @param only  A title, or NULL: all. */
static void plan_singles(const uint64_t messages[SIM_INSTRUMENTS], const char *only)
{
	struct loss_case c = { .seed = LOSS_SEED, .most_u = 1, .n = 1 };

	for (int i = 0; i < SIM_INSTRUMENTS; i++)
		for (int k = 0; k < LOSS_VARIANTS; k++)
			for (uint64_t m = 0; m < messages[i]; m++) {
				c.fault[0] = loss_variant(i, m, k);
				if (!only || !strcmp(only, loss_variant_title(k)))
					add(loss_variant_title(k), false, &c);
			}
}

static void plan_pairs(const uint64_t messages[SIM_INSTRUMENTS])
{
	struct loss_case c = { .seed = LOSS_SEED, .most_u = 1, .n = 2 };
	struct rng dice;

	rng_init(&dice, 1, RNG_LINK, 0);
	for (int k = 0; k < PAIRS; k++) {
		c.fault[0] = loss_drawn(&dice, messages);
		c.fault[1] = loss_drawn(&dice, messages);
		add("two faults", false, &c);
	}
}

static void plan_seeds(const uint64_t messages[SIM_INSTRUMENTS])
{
	struct rng dice;

	rng_init(&dice, 2, RNG_LINK, 0);
	for (size_t n = 0; n < 2; n++)
		for (uint64_t k = 0; k < SEEDS; k++) {
			struct loss_case c = { .seed = FIRST_SEED + k, .most_u = 2, .n = n };

			c.fault[0] = loss_drawn(&dice, messages);
			add(n ? fresh_fault : fresh_clean, true, &c);
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
	struct sim_bench quiet, ordinary;

	if (!r || loss_load(&quiet, true) != 0 || loss_load(&ordinary, false) != 0)
		_exit(2);
	for (size_t k = from; k < n_jobs; k += step) {
		alarm(60); /* a run that hangs ends the worker, and is told by the parent */
		done[k].ended = 1;
		loss_run(jobs[k].ordinary ? &ordinary : &quiet, &jobs[k].c, r, &done[k].report);
		done[k].ended = 2;
	}
	free(r);
	sim_bench_free(&ordinary);
	sim_bench_free(&quiet);
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

/* Of one instrument, unless several may be hit. */
static bool is_same_row(const struct loss_job *a, const struct loss_job *b)
{
	return a->title == b->title &&
	       (a->c.n != 1 || a->ordinary || a->c.fault[0].instrument == b->c.fault[0].instrument);
}

static void print_row(const struct loss_job *first, const struct loss_tally *t)
{
	const bool one = first->c.n == 1 && !first->ordinary;
	char title[64];

	snprintf(title, sizeof(title), "%s%s%s", one ? loss_instrument(&first->c.fault[0]) : "",
		 one ? ": " : "", first->title);
	loss_print(t, title);
}

/* @return what is wrong with the shares inside U. */
static long judge_seeds(const struct loss_job *first, const struct loss_tally *t)
{
	const double inside = 1 - (double)t->beyond_u / (double)t->figures;

	if (!first->ordinary)
		return 0;
	printf("%-36s %.2f %% inside U, at least %.0f %%: %s\n", first->title, 100 * inside,
	       100 * INSIDE_MIN, inside >= INSIDE_MIN ? "reached" : "MISSED");
	return !(inside >= INSIDE_MIN);
}

static long report_all(const struct done *done)
{
	struct loss_tally all = { 0 };
	char text[96];
	long missed = 0;

	for (size_t first = 0, k; first < n_jobs; first = k) {
		struct loss_tally t = { 0 };

		for (k = first; k < n_jobs && is_same_row(&jobs[first], &jobs[k]); k++) {
			struct loss_report r = done[k].report;

			if (done[k].ended != 2) {
				r = (struct loss_report){ .outcome = LOSS_WRONG };
				snprintf(r.why, sizeof(r.why),
					 done[k].ended ? "crashed or hangs" : "was not reached");
			}
			loss_count(&t, &jobs[k].c, &r);
			if (!jobs[k].ordinary)
				loss_count_silently(&all, &r);
			if (getenv("LOSS_VERBOSE") && r.outcome != LOSS_RECOVERED && jobs[k].c.n)
				printf("  %s: %s, %s\n", loss_fault_text(&jobs[k].c.fault[0], text),
				       loss_outcome_word(r.outcome), r.why);
		}
		if (jobs[first].ordinary && !jobs[first].c.n && all.runs)
			loss_print(&all, "all on the quiet bench");
		print_row(&jobs[first], &t);
		missed += t.outcome[LOSS_WRONG] + judge_seeds(&jobs[first], &t);
	}
	return missed;
}

/* What a run sends when nothing disturbs it. @return false: already that is wrong. */
static bool count_messages(bool quiet, struct loss_report *clean)
{
	const struct loss_case nothing = { .seed = LOSS_SEED, .most_u = 1 };
	struct run_result *r = malloc(sizeof(*r));
	struct sim_bench b;

	if (!r || loss_load(&b, quiet) != 0)
		return false;
	loss_run(&b, &nothing, r, clean);
	sim_bench_free(&b);
	free(r);
	printf("%s bench, undisturbed: %s %s, %d figures, worst %.2f U, %.0f s; messages: source "
	       "%d, "
	       "reference %d, reader %d\n",
	       quiet ? "quiet" : "ordinary", loss_outcome_word(clean->outcome), clean->why,
	       clean->figures, clean->worst_u, clean->virtual_s, (int)clean->messages[0],
	       (int)clean->messages[1], (int)clean->messages[2]);
	return clean->outcome == LOSS_RECOVERED;
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	struct loss_report quiet, ordinary;
	struct done *done;
	long bad;

	if (!count_messages(true, &quiet) || !count_messages(false, &ordinary))
		return 1;
	plan_singles(quiet.messages, only);
	if (!only || !strcmp(only, "pairs"))
		plan_pairs(quiet.messages);
	if (!only || !strcmp(only, "seeds"))
		plan_seeds(ordinary.messages);
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
