/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_live_guardian.c - the whole program over wires with its guardian: one of each kind of trouble. With a word behind it
 * the slow ones, minutes, because a source that refuses or is unplugged is given its time. Many kills: live_guardian.c. */
#include "tests/support/strike.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cli.h"
#include "db/journal.h"
#include "tests/support/memory_cage.h"
#include "tests/support/near.h"

static struct strike_bench bench;

static int set_up(void **state)
{
	(void)state;
	return strike_bench_make(&bench);
}

static int tear_down(void **state)
{
	(void)state;
	strike_bench_remove(&bench);
	return 0;
}

static void tell(const char *line)
{
	char answer[256];

	assert_int_equal(live_bench_tell(&bench.b, line, answer, sizeof(answer)), 0);
	if (strncmp(answer, "ok", 2) != 0)
		fail_msg("%s: %s", line, answer);
}

static bool is_said(const char *words)
{
	char *err = live_bench_read(&bench.b, "err.txt");
	const bool said = strstr(err, words) != NULL;

	free(err);
	return said;
}

/* The last entry of a kind: the word under a key. @return false: there is none, or another word. */
static bool is_on_record(const char *kind, const char *key, const char *word)
{
	char path[128];
	struct fault f = { 0 };
	struct db *db = NULL;
	json_t *p;
	bool same;

	snprintf(path, sizeof(path), "%s/lab/etalon.db", bench.b.dir);
	assert_int_equal(db_open(path, DB_READ, NULL, &db, &f), ET_OK);
	p = db_last(db, kind, NULL, NULL, NULL);
	same = p && json_get_str(p, key) && !strcmp(json_get_str(p, key), word);
	if (p && !same)
		print_message("%s: %s\n", kind, json_get_str(p, key));
	json_decref(p);
	db_close(db);
	return same;
}

/* ---- killed ---- */

static void a_killed_worker_is_on_record_in_the_next_run(void **state)
{
	const struct strike in_the_middle = { .place = STRIKE_READER, .at = 800 };
	const struct strike none = { 0 };
	struct strike_report r;

	(void)state;
	assert_int_equal(strike_run(&bench, &in_the_middle, &r), 0);
	assert_true(r.struck);
	assert_int_equal(r.exit_code, EXIT_BENCH);
	assert_string_equal(r.state, "measuring");
	assert_string_equal(r.event, "worker_lost");
	assert_int_equal(r.n_switched_on, 0);
	assert_true(r.volt_v < 0.5);
	assert_false(is_on_record("guardian.note", "event", "worker_lost"));
	assert_int_equal(strike_run(&bench, &none, &r), 0);
	assert_int_equal(r.exit_code, EXIT_NOT_CONFORMING); /* one of the meters is too fast */
	assert_true(is_on_record("guardian.note", "event", "worker_lost"));
	assert_string_equal(r.event, ""); /* the note is gone, and no new one was left */
}

/* ---- trouble in the middle of a run ---- */

struct trouble {
	const char *tell; /* to the server, while it measures; NULL: nothing */
	int signo; /* to the guardian then; 0: none */
	struct memory_cage *cage; /* whose memory runs out then; NULL: no */
	const char *then_said; /* wait until this was said, ... */
	const char *then_tell; /* ... then tell this; or give up by SIGINT: NULL */
	int exit_code;
	const char *state; /* last "source.state" on record */
};

static bool waits_for(pid_t pid, const char *words, int seconds)
{
	siginfo_t ended = { 0 };

	for (int i = 0; i < 200 * seconds; i++) {
		relay_pump(&bench.relay, 5);
		if (is_said(words))
			return true;
		if (waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    ended.si_pid == pid)
			return is_said(words); /* its last words may come with its end */
	}
	return false;
}

static int ends(pid_t pid)
{
	int status;

	for (int i = 0; i < 120 * 200; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		relay_pump(&bench.relay, 5);
	}
	kill(pid, SIGKILL);
	return -1;
}

static void goes_through(const struct trouble *t)
{
	char words[256], text[4096];
	pid_t pid;

	bench.n_batches++;
	bench.relay.cut_line = -1;
	strike_batch(&bench, text, sizeof(text));
	assert_int_equal(live_bench_write(&bench.b, "batches/strike.yaml", text), 0);
	snprintf(words, sizeof(words),
		 "run --lab lab --bench lab/relayed.yaml --batch lab/batches/strike.yaml "
		 "--operator anna");
	if (t->cage)
		assert_true(memory_cage_enter(t->cage));
	pid = live_bench_start(&bench.b, words);
	if (t->cage)
		assert_true(memory_cage_leave(t->cage));
	assert_true(waits_for(pid, "measuring", 60));
	if (t->tell)
		tell(t->tell);
	if (t->signo)
		kill(pid, t->signo);
	if (t->cage)
		assert_int_equal(memory_cage_starve(t->cage, 4 << 20, 20), 1);
	if (t->then_said)
		assert_true(waits_for(pid, t->then_said, 90));
	if (t->then_tell)
		tell(t->then_tell);
	else if (t->then_said)
		kill(pid, SIGINT);
	assert_int_equal(ends(pid), t->exit_code);
	assert_true(is_on_record("source.state", "state", t->state));
}

static void a_closed_terminal(void **state)
{
	const struct trouble t = { .signo = SIGHUP,
				   .exit_code = EXIT_NOT_CONFORMING,
				   .state = "off_proven" };

	(void)state;
	goes_through(&t);
}

/* The worker could not switch it off; the guardian goes on trying, until it can. */
static void a_source_that_refuses_to_go_off(void **state)
{
	const struct trouble t = { .tell = "nak-off source",
				   .signo = SIGTERM,
				   .then_said = "ALARM",
				   .then_tell = "heal source",
				   .exit_code = EXIT_BENCH,
				   .state = "unknown" };

	(void)state;
	goes_through(&t);
}

static void a_source_that_says_off_and_stays_on(void **state)
{
	const struct trouble t = { .tell = "stuck-on source",
				   .signo = SIGTERM,
				   .exit_code = EXIT_ENERGISED,
				   .state = "unknown" };

	(void)state;
	goes_through(&t);
	assert_true(is_said("another instrument read voltage"));
	tell("heal source");
}

static void a_port_that_is_unplugged_and_comes_back(void **state)
{
	const struct trouble t = { .tell = "unplug source",
				   .then_said = "ALARM",
				   .then_tell = "plug source",
				   .exit_code = EXIT_BENCH,
				   .state = "unknown" };

	(void)state;
	goes_through(&t);
}

static void nobody_comes_to_the_source(void **state)
{
	const struct trouble t = { .tell = "unplug source",
				   .then_said = "ALARM",
				   .exit_code = EXIT_ENERGISED,
				   .state = "unknown" };

	(void)state;
	goes_through(&t);
	tell("plug source");
	assert_false(is_on_record("guardian.note", "event", "source_not_off"));
	a_killed_worker_is_on_record_in_the_next_run(state);
}

/* The kernel's own killer, in a group that holds both processes: it takes the worker, and the guardian switches off. */
static void memory_runs_out(void **state)
{
	const struct strike none = { 0 };
	struct strike_report r;
	struct memory_cage cage;
	const struct trouble t = { .cage = &cage,
				   .exit_code = EXIT_BENCH,
				   .state = "energised" }; /* the dead write no more */

	(void)state;
	if (!memory_cage_make(&cage)) {
		print_message("no memory control group here: not tried\n");
		skip();
	}
	goes_through(&t);
	memory_cage_remove(&cage);
	assert_true(is_said("the worker"));
	assert_int_equal(strike_run(&bench, &none, &r), 0);
	assert_int_equal(r.exit_code, EXIT_NOT_CONFORMING);
	assert_true(is_on_record("guardian.note", "event", "worker_lost"));
}

/* Each sync takes longer than a loop may be silent. A slow disk is no reason to end anybody. */
static void a_disk_that_is_slow(void **state)
{
	struct strike none = { 0 };
	struct strike_report r;
	char library[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", library, sizeof(library) - 32);

	(void)state;
	assert_true(n > 0);
	library[n] = '\0';
	strcpy(strrchr(library, '/') + 1, "vfs_torn.so"); /* beside this program */
	assert_int_equal(access(library, R_OK), 0);
	none.preload = library;
	setenv("TORN_SLOW_MS", "1500", 1);
	assert_int_equal(strike_run(&bench, &none, &r), 0);
	unsetenv("TORN_SLOW_MS");
	assert_int_equal(r.exit_code, EXIT_NOT_CONFORMING);
	assert_string_equal(r.event, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest quick[] = {
		cmocka_unit_test(a_killed_worker_is_on_record_in_the_next_run),
		cmocka_unit_test(a_closed_terminal),
	};
	const struct CMUnitTest slow[] = {
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(a_disk_that_is_slow),
		cmocka_unit_test(a_source_that_refuses_to_go_off),
		cmocka_unit_test(a_source_that_says_off_and_stays_on),
		cmocka_unit_test(a_port_that_is_unplugged_and_comes_back),
		cmocka_unit_test(nobody_comes_to_the_source),
	};

	(void)argv;
	signal(SIGPIPE, SIG_IGN);
	return argc > 1 ? cmocka_run_group_tests(slow, set_up, tear_down)
			: cmocka_run_group_tests(quick, set_up, tear_down);
}
