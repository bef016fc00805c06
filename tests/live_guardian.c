/* SPDX-License-Identifier: Apache-2.0 */
/* usage: live_guardian [N [SEED [PROCESSES]]] - N real SIGKILLs of the worker of a live run, each at a byte of a line, at a write of
 * the record or at the prompt; on until every state of the sequencer was struck. After each: the guardian switches off within
 * its times, no order to switch on arrives any more, nothing is at the terminals. Each line says where it struck. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/sequencer.h"
#include "drivers/registry.h"
#include "simulator/rng.h"
#include "tests/support/strike.h"

enum { STRIKES_MAX = 1200, ROUND = 48, ROUNDS_MAX = 8 };
#define NOTICED_MAX_S \
	5.0 /* 0.05 s on a machine that runs the guardian when it wants to; this one may be loaded */

struct totals { /* what passes in a run that nobody strikes */
	uint64_t n[STRIKE_PLACES][STRIKE_COURSES];
};
struct result { /* shared */
	int done; /* 0: not yet; 1; -1: the run did not work */
	struct strike k;
	struct strike_report r;
};

/* IDLE has no time, and what comes after the last state is over. */
static bool must_be_struck(enum seq_state s)
{
	return s > SEQ_IDLE && s < SEQ_FINISHED;
}

/* Each sync takes so long that a commit can be struck; beside this program. */
static char slow_disk[512];

static void find_slow_disk(void)
{
	const ssize_t n = readlink("/proc/self/exe", slow_disk, sizeof(slow_disk) - 32);

	slow_disk[n > 0 ? n : 0] = '\0';
	strcpy(strrchr(slow_disk, '/') + 1, "vfs_torn.so");
	setenv("TORN_SLOW_MS", "300", 1);
}

/* ---- where ---- */

/* Mostly the source's line; the late part where the course comes to its point late. */
static void draw(struct rng *dice, const struct totals *t, int i, struct strike *k)
{
	static const struct {
		int place;
		enum strike_course course;
		double from;
		const char *word;
	} wheel[] = {
		{ STRIKE_SOURCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_SOURCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_REFERENCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_SOURCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_SOURCE, STRIKE_SIGTERM, 0.5, NULL },
		{ STRIKE_SOURCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_RECORD, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_SCREEN, STRIKE_LOSSES, 0, "asking the instruments again" },
		{ STRIKE_SOURCE, STRIKE_LOSSES, 0.3, NULL },
		{ STRIKE_REFERENCE, STRIKE_LOSSES, 0.3, NULL },
		{ STRIKE_SOURCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_REFERENCE, STRIKE_SIGTERM, 0.5, NULL },
		{ STRIKE_SOURCE, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_READER, STRIKE_PLAIN, 0, NULL },
		{ STRIKE_SCREEN, STRIKE_PLAIN, 0, "settling" },
		{ STRIKE_RECORD, STRIKE_SIGTERM, 0.5, NULL },
		{ STRIKE_SCREEN, STRIKE_PLAIN, 0, "closing the batch" },
		{ STRIKE_SCREEN, STRIKE_PLAIN, 0, "storing" },
		{ STRIKE_PROMPT, STRIKE_PLAIN, 0, NULL },
	};
	const size_t w = (size_t)i % (sizeof(wheel) / sizeof(wheel[0]));
	const double part = wheel[w].from + (1 - wheel[w].from) * rng_uniform(dice);
	const uint64_t n = t->n[wheel[w].place][wheel[w].course];

	*k = (struct strike){ .deliver = i / 2 % 2,
			      .place = wheel[w].place,
			      .course = wheel[w].course,
			      .word = wheel[w].word };
	k->at = 1 + (uint64_t)(part * (double)n);
	if (k->word && (strstr(k->word, "closing") || strstr(k->word, "storing")))
		k->preload = slow_disk; /* or the state is over before the strike */
}

/* ---- running ---- */

static int learn(struct totals *t)
{
	struct strike_bench s;
	struct strike_report r;
	int err = strike_bench_make(&s);

	for (int c = 0; c < STRIKE_COURSES && err == 0; c++) {
		const struct strike k = { .course = (enum strike_course)c };

		err = strike_run(&s, &k, &r);
		for (int i = 0; i < RELAY_LINES; i++)
			t->n[i][c] = r.n_bytes[i];
		t->n[STRIKE_RECORD][c] = r.n_writes;
		t->n[STRIKE_PROMPT][c] = 1;
		t->n[STRIKE_SCREEN][c] = 20;
		printf("undisturbed, course %d: exit code %d; %d bytes at the source, %d at the "
		       "reference, "
		       "%d at the reader, %d writes of the record\n",
		       c, r.exit_code, (int)r.n_bytes[0], (int)r.n_bytes[1], (int)r.n_bytes[2],
		       (int)r.n_writes);
		if (r.exit_code != EXIT_NOT_CONFORMING) { /* one of the meters is too fast */
			char *words = live_bench_read(&s.b, "err.txt");

			fprintf(stderr, "an undisturbed run ended with %d: %s\n", r.exit_code,
				words);
			free(words);
			err = -1;
		}
	}
	strike_bench_remove(&s);
	return err;
}

static void work(struct result *all, int from, int to, int me, int processes)
{
	struct strike_bench s;

	if (strike_bench_make(&s) != 0)
		_exit(1);
	for (int i = from + me; i < to; i += processes)
		all[i].done = strike_run(&s, &all[i].k, &all[i].r) == 0 ? 1 : -1;
	strike_bench_remove(&s);
	_exit(0);
}

static void run_round(struct result *all, int from, int to, int processes)
{
	fflush(NULL);
	for (int p = 0; p < processes; p++)
		if (fork() == 0)
			work(all, from, to, p, processes);
	while (wait(NULL) > 0)
		;
}

/* ---- judging ---- */

/* Struck before anything began or after all was off the worker's end is no matter of the source. */
static const char *what_is_wrong(const struct result *x)
{
	const double off_s = driver_zera_fg.source->times.off_s;
	const struct strike_report *r = &x->r;

	if (x->done != 1)
		return "the run did not work, or did not end";
	if (!(r->volt_v < 0.5))
		return "voltage at the terminals";
	if (!r->struck)
		return NULL;
	if (r->n_switched_on &&
	    !x->k.deliver) /* one on its way is followed by the guardian's off */
		return "an order to switch on after the strike";
	if (!r->event[0])
		return r->exit_code == EXIT_RECORD ? NULL : "no note, and another exit code than 4";
	if (strcmp(r->event, "worker_lost") != 0 || r->exit_code != EXIT_BENCH)
		return "not reported off";
	if (!(r->noticed_s < NOTICED_MAX_S) || !(r->off_sent_s < 0.5) ||
	    !(r->reported_s < off_s + 1))
		return "too late";
	return NULL;
}

static int judge(const struct result *all, int from, int to, int struck[SEQ_STATES])
{
	int wrong = 0;

	for (int i = from; i < to; i++) {
		const struct strike_report *r = &all[i].r;
		const char *why = what_is_wrong(&all[i]);

		printf("%4d  %-9s %5d of course %d  %-13s %-13s exit %d  noticed %.3f s, order "
		       "%.3f s, "
		       "off %.3f s%s%s\n",
		       i + 1, strike_place_word(all[i].k.place), (int)all[i].k.at,
		       (int)all[i].k.course,
		       !r->struck    ? "not struck"
		       : r->state[0] ? r->state
				     : "over",
		       r->source, r->exit_code, r->noticed_s, r->off_sent_s, r->reported_s,
		       why ? "  WRONG: " : "", why ? why : "");
		wrong += why != NULL;
		for (int s = 0; s < SEQ_STATES; s++)
			struck[s] +=
				r->struck && !strcmp(r->state, seq_state_word((enum seq_state)s));
	}
	return wrong;
}

static int count_missing(const int struck[SEQ_STATES], bool say)
{
	int missing = 0;

	for (int s = 0; s < SEQ_STATES; s++) {
		if (!must_be_struck((enum seq_state)s))
			continue;
		missing += struck[s] == 0;
		if (say)
			printf("  %-14s %d\n", seq_state_word((enum seq_state)s), struck[s]);
	}
	return missing;
}

static long argument(int argc, char **argv, int i, long otherwise)
{
	return argc > i ? strtol(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	const int n = (int)argument(argc, argv, 1, 200),
		  processes = (int)argument(argc, argv, 3, 6);
	struct result *all = mmap(NULL, STRIKES_MAX * sizeof(*all), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int struck[SEQ_STATES] = { 0 }, wrong = 0, done = 0, n_struck = 0, n_late = 0;
	struct totals totals;
	struct rng dice;

	if (all == MAP_FAILED || n < 1 || n + ROUNDS_MAX * ROUND > STRIKES_MAX || processes < 1 ||
	    learn(&totals) != 0)
		return 2;
	find_slow_disk();
	rng_init(&dice, (uint64_t)argument(argc, argv, 2, 1), RNG_LINK, 0);
	for (int round = 0; round <= ROUNDS_MAX; round++) {
		const int to = round ? done + ROUND : n;

		for (int i = done; i < to; i++)
			draw(&dice, &totals, i, &all[i].k);
		run_round(all, done, to, processes);
		wrong += judge(all, done, to, struck);
		done = to;
		if (count_missing(struck, false) == 0 || n < 200)
			break;
	}
	for (int i = 0; i < done; i++) {
		n_struck += all[i].r.struck;
		n_late += all[i].r.noticed_s > 0.2;
	}
	printf("%d runs, %d struck, %d wrong; noticed later than 0.2 s: %d; struck in state:\n",
	       done, n_struck, wrong, n_late);
	if (count_missing(struck, true) && n >= 200) {
		printf("some states were never struck\n");
		return 1;
	}
	return wrong != 0;
}
