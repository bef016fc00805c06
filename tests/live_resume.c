/* SPDX-License-Identifier: Apache-2.0 */
/* usage: live_resume [N [SEED [PROCESSES [LIBRARY]]]] - worker and guardian of live runs killed together, N times at random places, and
 * taken up with --resume until the batch is closed. What was on record after a kill stays, word for word; nothing was shown
 * that is not on record; the chain holds; the last run comes to the right verdicts. LIBRARY, to be preloaded, is a disk that
 * loses what was not synced (tests/vfs_preload.c). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cli.h"
#include "db/journal.h"
#include "simulator/rng.h"
#include "tests/support/strike.h"

enum { ATTEMPTS_MAX = 1024, KILLS_MAX = 6, STEPS = 2 };

struct acknowledged { /* one attempt on record: what stands there of it */
	char *text[ATTEMPTS_MAX];
	int n;
};
struct tally { /* shared */
	_Atomic int kills, batches, wrong, attempts, acknowledged, deaths_of_nothing;
};
static struct tally *tally;

static void wrong(const struct strike_bench *s, const char *why, const char *more)
{
	printf("STRIKE-%d: WRONG: %s %s\n", s->n_batches, why, more);
	tally->wrong++;
}

/* ---- the record ---- */

static int keep_attempt(void *arg, const struct journal_entry *e)
{
	struct acknowledged *a = arg;

	if (!strcmp(e->kind, "attempt.stored") && a->n < ATTEMPTS_MAX)
		a->text[a->n++] = strndup(e->payload, e->payload_len);
	return ET_OK;
}

static void forget(struct acknowledged *a)
{
	while (a->n)
		free(a->text[--a->n]);
}

/* @return false: the record cannot be read, or its chain is broken. */
static bool read_record(const struct strike_bench *s, struct acknowledged *out, bool *closed)
{
	char path[128], batch[32];
	struct fault f = { 0 };
	struct db *db = NULL;
	json_t *last;
	bool good;

	snprintf(path, sizeof(path), "%s/lab/etalon.db", s->b.dir);
	snprintf(batch, sizeof(batch), "STRIKE-%d", s->n_batches);
	for (int i = 0; i < 100 && db_open(path, DB_WRITE, NULL, &db, &f) != ET_OK; i++)
		usleep(50000); /* the last thread of a killed process may hold it a moment longer */
	if (!db) {
		wrong(s, "the record cannot be opened:", f.text);
		return false;
	}
	good = db_verify(db, NULL, NULL, &f) == ET_OK &&
	       db_each(db, 0, keep_attempt, out, &f) == ET_OK;
	if (!good)
		wrong(s, "the record is damaged:", f.text);
	last = db_last(db, "batch.closed", "batch", batch, NULL);
	*closed = last != NULL;
	json_decref(last);
	db_close(db);
	return good;
}

/* All that was on record before is there, the same, in the same place. */
static void compare(const struct strike_bench *s, const struct acknowledged *before,
		    const struct acknowledged *after)
{
	if (after->n < before->n)
		wrong(s, "an attempt that was on record is gone", "");
	for (int i = 0; i < before->n && i < after->n; i++)
		if (strcmp(before->text[i], after->text[i]) != 0)
			wrong(s, "an attempt on record was changed:", before->text[i]);
}

/* ---- one batch ---- */

/* The table of verdicts comes from the record, when the batch is closed there. */
static void check_shown(const struct strike_bench *s, bool closed)
{
	char *out = live_bench_read(&s->b, "out.txt");

	if (out[0] && !closed)
		wrong(s, "shown, and not on record:", out);
	free(out);
}

/* What follows "storing" on the screen follows its commit: so many attempts were acknowledged in this session. */
static int count_acknowledged(const struct strike_bench *s)
{
	char *err = live_bench_read(&s->b, "err.txt"), *save = NULL;
	bool storing = false;
	int n = 0;

	for (char *line = strtok_r(err, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		n += storing;
		storing = strstr(line, "storing") != NULL;
	}
	free(err);
	return n;
}

static void check_end(const struct strike_bench *s, int exit_code)
{
	char *out = live_bench_read(&s->b, "out.txt");

	if (exit_code != EXIT_NOT_CONFORMING)
		wrong(s, "the last run ended otherwise", "");
	if (!strstr(out, "CONFORMING") || !strstr(out, "NONCONFORMING") ||
	    !strstr(out, "conforming 1, nonconforming 1"))
		wrong(s, "other verdicts:", out);
	free(out);
}

static void one_batch(struct strike_bench *s, struct rng *dice, const uint64_t total[STRIKE_PLACES],
		      const char *library)
{
	struct acknowledged before = { 0 }, after = { 0 };
	struct strike k = { .both = true, .preload = library };
	struct strike_report r;
	bool closed = false;
	int acknowledged;

	if (!read_record(s, &before, &closed)) /* what earlier batches left stays too */
		return;
	closed = false;
	for (int kill = 0; !closed; kill++) {
		k.place = (int)(rng_u64(dice) % (STRIKE_RECORD + 1));
		k.at = kill < KILLS_MAX ? 1 + rng_u64(dice) % total[k.place] : 0;
		k.resume = kill > 0;
		if (strike_run(s, &k, &r) != 0) {
			wrong(s, "no run, or no end", "");
			break;
		}
		if (!r.struck && r.exit_code == EXIT_USAGE && k.resume) {
			/* killed before the batch was opened: there is nothing to go on with */
			tally->deaths_of_nothing++;
			break;
		}
		if (!read_record(s, &after, &closed))
			break;
		tally->kills += r.struck;
		compare(s, &before, &after);
		acknowledged = count_acknowledged(s);
		if (after.n < before.n + acknowledged)
			wrong(s, "an attempt that was acknowledged is not on record", "");
		tally->acknowledged += acknowledged;
		tally->attempts += after.n - before.n;
		check_shown(s, closed);
		printf("STRIKE-%d  %-9s %5d%s  %s, %d attempts on record%s\n", s->n_batches,
		       strike_place_word(k.place), (int)k.at, k.resume ? " resumed" : "        ",
		       r.struck ? "killed" : "ended", after.n, closed ? ", closed" : "");
		forget(&before);
		before = after;
		after = (struct acknowledged){ 0 };
		if (!r.struck) {
			check_end(s, r.exit_code);
			break;
		}
	}
	tally->batches++;
	forget(&before);
	forget(&after);
}

static void work(int n, uint64_t seed, int me, const char *library)
{
	uint64_t total[STRIKE_PLACES] = { 0 };
	const struct strike none = { 0 };
	struct strike_bench s;
	struct strike_report r;
	struct rng dice;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strike_bench_make(&s) != 0 || strike_run(&s, &none, &r) != 0 ||
	    r.exit_code != EXIT_NOT_CONFORMING) {
		tally->wrong++;
		_exit(1);
	}
	for (int i = 0; i < RELAY_LINES; i++)
		total[i] = r.n_bytes[i];
	total[STRIKE_RECORD] = r.n_writes;
	rng_init(&dice, seed, RNG_LINK, (uint32_t)me);
	while (tally->kills < n && !tally->wrong)
		one_batch(&s, &dice, total, library);
	strike_bench_remove(&s);
	_exit(0);
}

static long argument(int argc, char **argv, int i, long otherwise)
{
	return argc > i ? strtol(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	const int n = (int)argument(argc, argv, 1, 100),
		  processes = (int)argument(argc, argv, 3, 5);
	const char *library = argc > 4 ? argv[4] : NULL;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (tally == MAP_FAILED)
		return 2;
	fflush(NULL);
	for (int p = 0; p < processes; p++)
		if (fork() == 0)
			work(n, (uint64_t)argument(argc, argv, 2, 1), p, library);
	for (int status; wait(&status) > 0;)
		tally->wrong += status != 0; /* one that crashed */
	printf("%d kills of worker and guardian together, %d batches (%d killed before they were "
	       "opened), "
	       "%d attempts on record, %d of them acknowledged on the screen: %d wrong\n",
	       tally->kills, tally->batches, tally->deaths_of_nothing, tally->attempts,
	       tally->acknowledged, tally->wrong);
	return tally->wrong != 0 || tally->kills < n;
}
