/* SPDX-License-Identifier: Apache-2.0 */
/* A run that is killed at any moment: nothing that was acknowledged is lost, and the batch is finished afterwards with
 * the verdicts of an undisturbed run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/kill_child.h"
#include "tests/support/kill_record.h"
#include "tests/support/near.h"

enum { SEED = 7, CLASSES_MAX = 512 };

static struct sim_bench bench;
static char template_path[64], path[80], begun_path[80];
static struct kill_report report;
static struct kill_record undisturbed[KILL_COURSES], struck, finished;
static int undisturbed_code[KILL_COURSES];
static struct kill_report scouted[KILL_COURSES];
static const char *const course_names[] = { "plain", "aborted", "reset", "dark", "dead" };

/* ---- chance: the same strikes every time ---- */

static uint64_t chance = SEED;

static int draw(int n)
{
	chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)((chance >> 33) % (uint64_t)n);
}

/* Fewer strikes where everything is slow. */
static int scaled(int n)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload && strstr(preload, "vgpreload"))
		return (n + 9) / 10;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return (n + 3) / 4;
#else
	return n;
#endif
}

/* ---- one strike, and what must hold after it ---- */

static void run(const struct kill_run *k)
{
	if (kill_child(k, &report) != 0)
		fail_msg("course %s, moment %" PRId64, course_names[k->course], k->at);
}

static void read_record(struct kill_record *out, const char *where)
{
	struct fault f;

	if (kill_record_read(path, out, &f) != 0)
		fail_msg("%s: %s", where, f.text);
}

/* Is all that was acknowledged on record as it was said? @return how many attempts are not. */
static int count_lost(const struct kill_report *r, const struct kill_record *rec)
{
	int lost = 0;

	for (int i = 0; i < r->n_acks; i++) {
		const struct kill_attempt *a = kill_record_attempt(rec, r->acks[i].attempt);
		bool same = a != NULL;

		for (int p = 0; p < KILL_METERS && same; p++) {
			const int v = r->acks[i].verdict[p];

			same = strcmp(a->verdict[p],
				      v < 0 ? "" : ee_verdict_word((enum ee_verdict)v)) == 0;
		}
		lost += !same;
	}
	return lost;
}

/* Attempts of a step are counted on, and there are no more of them than the plan allows: 1 retry. */
static void check_numbers(const struct kill_record *r, const char *where)
{
	for (int i = 0; i < r->n_attempts; i++) {
		int tries = 0;

		for (int k = 0; k < r->n_attempts; k++)
			tries += strcmp(r->attempts[i].step, r->attempts[k].step) == 0 &&
				 strcmp(r->attempts[k].result, "aborted") != 0;
		if (tries > 2)
			fail_msg("%s: step %s was tried %d times", where, r->attempts[i].step,
				 tries);
	}
	for (int i = 0; i < r->n_attempts; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(r->attempts[i].step, r->attempts[k].step) == 0 &&
			    r->attempts[i].number <= r->attempts[k].number)
				fail_msg("%s: step %s has attempt %d after attempt %d", where,
					 r->attempts[i].step, r->attempts[i].number,
					 r->attempts[k].number);
}

/* Every session but the last ended by itself, or was found without an end. */
static void check_sessions(const struct kill_record *r, const char *where)
{
	for (int i = 0; i < r->n_sessions - 1; i++)
		if (!r->sessions[i].ended && r->sessions[i].interruptions != 1)
			fail_msg("%s: session %s has no end, %d interruptions name it", where,
				 r->sessions[i].id, r->sessions[i].interruptions);
	assert_true(r->sessions[r->n_sessions - 1].ended);
	assert_int_equal(r->sessions[r->n_sessions - 1].interruptions, 0);
}

static void check_verdicts(const struct kill_record *want, const struct kill_record *got,
			   const char *where)
{
	struct fault f;

	if (kill_record_same_verdicts(want, got, &f) != 0)
		fail_msg("%s: %s", where, f.text);
}

/* Go on until the batch is closed. The session that was struck is the last one in `struck`. */
static void go_on(const struct kill_run *after, const char *where)
{
	struct kill_run k = { .bench = &bench,
			      .path = path,
			      .seed = after->seed,
			      .course = after->course == KILL_ABORTED ? KILL_PLAIN : after->course,
			      .resume = struck.opened,
			      .resume_at_ns = struck.mono_ns };
	struct fault f;

	run(&k);
	if (report.last.err != ET_OK || report.last.exit_code != undisturbed_code[k.course])
		fail_msg("%s: afterwards error %d, exit code %d: %s", where, report.last.err,
			 report.last.exit_code, report.last.text);
	read_record(&finished, where);
	if (kill_record_goes_on(&struck, &finished, &f) != 0)
		fail_msg("%s: %s", where, f.text);
	assert_true(finished.closed);
	assert_string_equal(finished.source, "off_proven");
	check_sessions(&finished, where);
	if (struck.n_sessions && !struck.sessions[struck.n_sessions - 1].ended)
		assert_int_equal(finished.sessions[struck.n_sessions - 1].last_seq, struck.n);
}

/* A copy of @p from is struck and finished. */
static void strike(const char *from, const struct kill_run *k)
{
	static const char *const losses[] = { "", ", drops", ", tears", ", lies" };
	char name[64], where[128];

	assert_int_equal(kill_record_copy(from, path), 0);
	run(k);
	snprintf(where, sizeof(where), "%s%s%s %" PRId64 ", %s", course_names[k->course],
		 k->resume ? ", resumed" : "", losses[k->loss], k->at,
		 kill_moment_name(&report.last, name));
	if (!report.struck)
		fail_msg("%s: it did not come", where);
	print_message("struck %s\n", where);
	read_record(&struck, where);
	if (count_lost(&report, &struck))
		fail_msg("%s: %d attempts that were acknowledged are lost or changed", where,
			 count_lost(&report, &struck));
	if (!struck.closed)
		go_on(k, where);
	else
		finished = struck;
	check_verdicts(&undisturbed[k->course], &finished, where);
	check_numbers(&finished, where);
}

/* ---- where to strike: one moment of each class first, then by chance ---- */

static int pick(const struct kill_report *r, bool seen[CLASSES_MAX], int64_t *at)
{
	int fresh[KILL_MOMENTS_MAX], n = 0;

	for (int i = 0; i < r->n_moments; i++) {
		const int c = kill_moment_class(&r->moments[i]);

		assert_true(c < CLASSES_MAX);
		if (!seen[c])
			fresh[n++] = i;
	}
	if (!n) {
		*at = r->moments[draw(r->n_moments)].ordinal;
		return 0;
	}
	n = fresh[draw(n)];
	seen[kill_moment_class(&r->moments[n])] = true;
	*at = r->moments[n].ordinal;
	return 1;
}

static bool has_state(const struct kill_report *r, enum seq_state state)
{
	for (int i = 0; i < r->n_moments; i++)
		if (r->moments[i].kind == NOTICE_STATE && r->moments[i].state == (int)state)
			return true;
	return false;
}

static void scout(void **state)
{
	static const int codes[] = { 1, 1, 1, 0, 1 };
	struct kill_run k = { .bench = &bench, .path = path, .seed = SEED };

	(void)state;
	for (int c = 0; c < KILL_COURSES; c++) {
		k.course = (enum kill_course)c;
		assert_int_equal(kill_record_copy(template_path, path), 0);
		run(&k);
		assert_int_equal(report.last.err, ET_OK);
		print_message("course %s: %d moments, exit code %d %s\n", course_names[c],
			      report.n_moments, report.last.exit_code, report.last.text);
		assert_int_equal(report.last.exit_code, codes[c]);
		scouted[c] = report;
		read_record(&undisturbed[c], course_names[c]);
		undisturbed_code[c] = codes[c];
		check_numbers(&undisturbed[c], course_names[c]);
		assert_int_equal(undisturbed[c].closed, c != KILL_ABORTED);
	}
	undisturbed[KILL_ABORTED] = undisturbed[KILL_PLAIN]; /* once it went on */
	for (int s = SEQ_IDENTIFY; s < SEQ_STATES; s++) {
		bool passed = false;

		for (int c = 0; c < KILL_COURSES; c++)
			passed |= has_state(&scouted[c], (enum seq_state)s);
		if (!passed)
			fail_msg("no course enters %s", seq_state_word((enum seq_state)s));
	}
}

/* The nth moment of that kind. */
static int64_t find(const struct kill_report *r, enum station_notice_kind kind,
		    enum commit_what commit, int nth)
{
	for (int i = 0; i < r->n_moments; i++)
		if (r->moments[i].kind == (int)kind && r->moments[i].commit == (int)commit &&
		    --nth == 0)
			return r->moments[i].ordinal;
	fail_msg("there is no such moment");
	return 0;
}

static void killed_at_any_moment_the_batch_is_finished(void **state)
{
	static const int share[] = { KILL_PLAIN, KILL_ABORTED, KILL_RESET, KILL_PLAIN, KILL_DARK };
	bool seen[CLASSES_MAX] = { false };
	int fresh = 0;

	(void)state;
	for (int i = 0; i < scaled(50); i++) {
		struct kill_run k = { .bench = &bench,
				      .path = path,
				      .seed = SEED,
				      .course = (enum kill_course)share[i % 5] };

		fresh += pick(&scouted[k.course], seen, &k.at);
		strike(template_path, &k);
	}
	print_message("%d kinds of moment\n", fresh);
}

/* What was void is tried again as often as the plan says, all sessions together. */
static void tries_are_counted_over_sessions(void **state)
{
	static const enum kill_course courses[] = { KILL_DARK, KILL_DEAD };

	(void)state;
	for (int i = 0; i < 2; i++)
		for (int nth = 1; nth <= 2; nth++) {
			struct kill_run k = {
				.bench = &bench, .path = path, .seed = SEED, .course = courses[i]
			};

			k.at = find(&scouted[k.course], NOTICE_COMMITTED, COMMIT_ATTEMPT, nth);
			strike(template_path, &k);
		}
}

/* After the first attempt was stored it was killed, and now it is killed while it goes on. */
static void killed_again_it_is_finished_too(void **state)
{
	static struct kill_report resumed;
	bool seen[CLASSES_MAX] = { false };
	struct kill_run k = { .bench = &bench, .path = path, .seed = SEED };

	(void)state;
	k.at = find(&scouted[KILL_PLAIN], NOTICE_COMMITTED, COMMIT_ATTEMPT, 1);
	strike(template_path, &k); /* only `struck` counts here */
	assert_int_equal(kill_record_copy(template_path, begun_path), 0);
	k.path = begun_path;
	run(&k);
	k = (struct kill_run){ .bench = &bench,
			       .path = path,
			       .seed = SEED,
			       .resume = true,
			       .resume_at_ns = struck.mono_ns };
	assert_int_equal(kill_record_copy(begun_path, path), 0);
	run(&k);
	resumed = report;
	assert_int_equal(find(&resumed, NOTICE_COMMITTED, COMMIT_INTERRUPTED, 1) > 0, 1);
	for (int i = 0; i < scaled(14); i++) {
		(void)pick(&resumed, seen, &k.at);
		strike(begun_path, &k);
	}
}

/* The same, and what was not synced is gone, or torn. */
static void a_disk_that_forgets_loses_nothing_acknowledged(void **state)
{
	static struct kill_report slow; /* such a disk is written at other moments */
	bool seen[CLASSES_MAX] = { false };
	struct kill_run k = { .bench = &bench, .path = path, .seed = SEED, .loss = KILL_DROPS };

	(void)state;
	assert_int_equal(kill_record_copy(template_path, path), 0);
	run(&k);
	slow = report;
	for (int i = 0; i < scaled(24); i++) {
		k.loss = i % 2 ? KILL_TEARS : KILL_DROPS;
		(void)pick(&slow, seen, &k.at);
		strike(template_path, &k);
	}
}

/* The same with a disk that only says that it has synced, as with synchronous=OFF: here the loss is seen. */
static void a_disk_that_lies_is_found_out(void **state)
{
	(void)state;
	for (int nth = 1; nth <= 3; nth++) {
		struct kill_run k = {
			.bench = &bench, .path = path, .seed = SEED, .loss = KILL_LIES
		};

		k.at = find(&scouted[KILL_PLAIN], NOTICE_SHOW, COMMIT_ATTEMPT, nth);
		assert_int_equal(kill_record_copy(template_path, path), 0);
		run(&k);
		assert_true(report.struck);
		read_record(&struck, "a disk that lies");
		assert_int_equal(report.n_acks, nth);
		print_message("%d of %d acknowledged attempts lost, as it should be\n",
			      count_lost(&report, &struck), report.n_acks);
		assert_int_equal(count_lost(&report, &struck), nth);
	}
}

static int set_up(void **state)
{
	struct db *db = sim_bench_db(NULL, template_path);

	(void)state;
	if (!db || sim_bench_load(&bench, "1-element") != 0)
		return -1;
	db_close(db);
	snprintf(path, sizeof(path), "%s.killed", template_path);
	snprintf(begun_path, sizeof(begun_path), "%s.begun", template_path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sim_bench_free(&bench);
	sim_bench_db_remove(template_path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scout),
		cmocka_unit_test(killed_at_any_moment_the_batch_is_finished),
		cmocka_unit_test(tries_are_counted_over_sessions),
		cmocka_unit_test(killed_again_it_is_finished_too),
		cmocka_unit_test(a_disk_that_forgets_loses_nothing_acknowledged),
		cmocka_unit_test(a_disk_that_lies_is_found_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
