/* SPDX-License-Identifier: Apache-2.0 */
/* A run that is stopped by a signal ends safely wherever it is, and is gone on with; so is one of the program itself
 * that was killed. */
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/kill_child.h"
#include "tests/support/kill_record.h"
#include "tests/support/near.h"

enum { SEED = 11 };

static struct sim_bench bench;
static char template_path[64], path[80];
static struct kill_report report;
static struct kill_record undisturbed, stopped, finished;

static void run(const struct kill_run *k, struct kill_record *out)
{
	struct fault f;

	if (kill_child(k, &report) != 0 || report.last.err != ET_OK)
		fail_msg("state %d: %s", k->signal_at_state, report.last.text);
	if (kill_record_read(path, out, &f) != 0)
		fail_msg("state %d: %s", k->signal_at_state, f.text);
}

/* ---- signals ---- */

/* The attempt that was begun is on record as aborted, unless it was complete. */
static void check_attempt(enum seq_state state)
{
	if (state >= SEQ_SETTING && state <= SEQ_DISARMING) {
		assert_true(stopped.n_attempts > 0);
		assert_string_equal(stopped.attempts[stopped.n_attempts - 1].result, "aborted");
		assert_string_equal(stopped.attempts[stopped.n_attempts - 1].verdict[0], "aborted");
	} else {
		for (int i = 0; i < stopped.n_attempts; i++)
			assert_string_not_equal(stopped.attempts[i].result, "aborted");
	}
}

static void stop_at(enum seq_state state, int nth, enum kill_course course, int signo)
{
	struct kill_run k = { .bench = &bench,
			      .path = path,
			      .seed = SEED,
			      .course = course,
			      .signal_at_state = (int)state,
			      .signal_nth = nth,
			      .signo = signo };
	struct fault f;

	assert_int_equal(kill_record_copy(template_path, path), 0);
	run(&k, &stopped);
	print_message("signal %d at %s: exit code %d, source %s, %.3g V, %.3g A\n", signo,
		      seq_state_word(state), report.last.exit_code, stopped.source,
		      report.last.volt_v, report.last.curr_a);
	assert_int_equal(report.last.exit_code, 1);
	assert_true(report.last.volt_v < 0.1 && report.last.curr_a < 0.01);
	/* a reference that has not said who it is proves nothing */
	assert_string_equal(stopped.source, state == SEQ_IDENTIFY ? "off_reported" : "off_proven");
	assert_true(stopped.sessions[0].ended);
	check_attempt(state);
	if (stopped.closed) {
		assert_int_equal(state, SEQ_CLOSING);
		return;
	}
	k = (struct kill_run){ .bench = &bench,
			       .path = path,
			       .seed = SEED,
			       .resume = stopped.opened,
			       .resume_at_ns = stopped.mono_ns };
	run(&k, &finished);
	assert_int_equal(report.last.exit_code, 1);
	assert_true(finished.closed);
	if (kill_record_goes_on(&stopped, &finished, &f) != 0 ||
	    kill_record_same_verdicts(&undisturbed, &finished, &f) != 0)
		fail_msg("stopped at %s: %s", seq_state_word(state), f.text);
	assert_int_equal(finished.sessions[0].interruptions, stopped.opened);
}

static void a_signal_ends_every_state_safely(void **state)
{
	struct kill_run k = { .bench = &bench, .path = path, .seed = SEED };

	(void)state;
	assert_int_equal(kill_record_copy(template_path, path), 0);
	run(&k, &undisturbed);
	assert_true(undisturbed.closed);
	for (int s = SEQ_IDENTIFY; s <= SEQ_STORING; s++)
		stop_at((enum seq_state)s, s > SEQ_OPENING ? 1 + s % 3 : 1, KILL_PLAIN,
			s % 2 ? SIGINT : SIGTERM);
	stop_at(SEQ_SWITCHING_OFF, 2, KILL_PLAIN, SIGINT); /* before the batch would be closed */
	stop_at(SEQ_PROVE_OFF, 2, KILL_PLAIN, SIGTERM);
	stop_at(SEQ_RECOVERING, 1, KILL_RESET, SIGINT);
	stop_at(SEQ_CLOSING, 1, KILL_PLAIN, SIGTERM);
}

/* Is the batch that was stopped refused as long as something is not as it was? */
static void refused(const char *words)
{
	const struct kill_run k = { .bench = &bench,
				    .path = path,
				    .seed = SEED,
				    .resume = true,
				    .resume_at_ns = stopped.mono_ns };

	assert_int_equal(kill_child(&k, &report), 0);
	if (report.last.err != ET_ERR_STATE || !strstr(report.last.text, words))
		fail_msg("\"%s\" expected: error %d, %s", words, report.last.err, report.last.text);
}

/* Limits that were widened after the first attempts, or another nameplate, would change a verdict unseen. */
static void only_the_same_batch_goes_on(void **state)
{
	struct plan_step *step = (struct plan_step *)(uintptr_t)bench.plan.steps.items;
	struct meter_card *card = (struct meter_card *)(uintptr_t)bench.batch.meters.items;
	const double limit_pct = step->limit_hi_pct, kh_wh = card->kh_wh;
	const char *const applicant = bench.approval.applicant, *const reader = bench.reader.id;

	(void)state;
	assert_int_equal(kill_record_copy(template_path, path), 0);
	run(&(struct kill_run){ .bench = &bench,
				.path = path,
				.seed = SEED,
				.signal_at_state = SEQ_MEASURING,
				.signal_nth = 2,
				.signo = SIGINT },
	    &stopped);
	step->limit_hi_pct = 2.5;
	refused("another content of sample-energy");
	step->limit_hi_pct = limit_pct;
	bench.approval.applicant = "Somebody else";
	refused("another content of AE-1559");
	bench.approval.applicant = applicant;
	card->kh_wh = 2 * kh_wh;
	refused("another \"positions\"");
	card->kh_wh = kh_wh;
	bench.reader.id = "SIM-READER-2";
	refused("another \"apparatus\"");
	bench.reader.id = reader;
	run(&(struct kill_run){ .bench = &bench,
				.path = path,
				.seed = SEED,
				.resume = true,
				.resume_at_ns = stopped.mono_ns },
	    &finished);
	assert_true(finished.closed);
}

/* ---- the program ---- */

static char program[512], lab[80];

/* @param err_fd  Its stderr, a pipe that holds one line: it waits until that was read, so it is never far
 * ahead. NULL: thrown away. */
static pid_t start_program(const char *const *args, int *err_fd)
{
	int fd[2];
	pid_t pid;

	assert_int_equal(pipe2(fd, O_DIRECT), 0);
	assert_true(fcntl(fd[1], F_SETPIPE_SZ, 1) > 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		const char *argv[24] = { program };
		const int null = open("/dev/null", O_RDWR);

		for (int i = 0; args[i]; i++)
			argv[i + 1] = args[i];
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(err_fd ? fd[1] : null, STDERR_FILENO);
		close(fd[0]);
		close(fd[1]);
		if (chdir(lab) == 0)
			execv(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fd[1]);
	if (err_fd)
		*err_fd = fd[0];
	else
		close(fd[0]);
	return pid;
}

/* @return exit code; 1000 + signal. */
static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int call(const char *const *args)
{
	return end_of(start_program(args, NULL));
}

static const char *const run_args[] = { "run",
					"--batch",
					"batches/1-element.yaml",
					"--simulate",
					"scenarios/1-element.yaml",
					"--operator",
					"anna",
					NULL };
static const char *const resume_args[] = { "run",
					   "--batch",
					   "batches/1-element.yaml",
					   "--simulate",
					   "scenarios/1-element.yaml",
					   "--operator",
					   "anna",
					   "--resume",
					   NULL };

/* Read lines of its stderr until one has these words; NULL: to the end. */
static void wait_for(int fd, const char *words)
{
	char line[4096];
	ssize_t n;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		if (words && strstr(line, words))
			return;
	}
	if (words)
		fail_msg("it ended before it said \"%s\"", words);
}

static void make_lab(void)
{
	static const char *const person[] = { "person", "add",	  "--id",	"anna", "--name",
					      "Anna",	"--role", "technician", NULL };
	static const char *const reference[] = { "apparatus",  "add",  "apparatus/reference.yaml",
						 "--operator", "anna", NULL };
	static const char *const reader[] = { "apparatus",  "add",  "apparatus/reader.yaml",
					      "--operator", "anna", NULL };
	char dir[80];

	snprintf(dir, sizeof(dir), "%s.lab", template_path);
	const char *const init[] = { "init", dir, "--simulate", NULL };

	snprintf(lab, sizeof(lab), "/");
	assert_int_equal(call(init), 0);
	snprintf(lab, sizeof(lab), "%s", dir);
	assert_int_equal(call(person), 0);
	assert_int_equal(call(reference), 0);
	assert_int_equal(call(reader), 0);
}

static bool find_program(void)
{
	char self[400];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	snprintf(program, sizeof(program), "%s/etalon", dirname(self));
	return access(program, X_OK) == 0;
}

static void killed_in_use_the_folder_is_free_again(void **state)
{
	char db[120];
	pid_t holder;
	int fd;

	(void)state;
	if (!find_program()) {
		print_message("skipped: %s is not built, `make all` makes it\n", program);
		skip();
	}
	make_lab();
	holder = start_program(run_args, &fd);
	wait_for(fd, "HL");
	assert_int_equal(kill(holder, SIGSTOP), 0);
	assert_int_equal(call(run_args), 2); /* somebody else has the folder */
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(end_of(holder), 1000 + SIGKILL);
	close(fd);
	assert_int_equal(call(run_args), 2); /* begun, not finished */
	holder = start_program(resume_args, &fd);
	wait_for(fd, "LL");
	assert_int_equal(kill(holder, SIGHUP), 0);
	wait_for(fd, NULL);
	assert_int_equal(end_of(holder), 1);
	close(fd);
	holder = start_program(resume_args, &fd);
	wait_for(fd, "LL");
	close(fd); /* nobody reads on: no reason to stop */
	assert_int_equal(end_of(holder), 1);
	snprintf(db, sizeof(db), "%s/etalon.db", lab);
	{
		struct fault f;

		if (kill_record_read(db, &finished, &f) != 0)
			fail_msg("%s", f.text);
	}
	assert_true(finished.closed);
	assert_int_equal(finished.n_sessions, 3);
	assert_false(finished.sessions[0].ended);
	assert_int_equal(finished.sessions[0].interruptions, 1);
	assert_true(finished.sessions[1].ended);
	assert_string_equal(finished.verdict[1], "nonconforming");
	assert_int_equal(call(resume_args), 2); /* closed */
}

static int set_up(void **state)
{
	struct db *db = sim_bench_db(NULL, template_path);

	(void)state;
	if (!db || sim_bench_load(&bench, "1-element") != 0)
		return -1;
	db_close(db);
	snprintf(path, sizeof(path), "%s.stopped", template_path);
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
		cmocka_unit_test(a_signal_ends_every_state_safely),
		cmocka_unit_test(only_the_same_batch_goes_on),
		cmocka_unit_test(killed_in_use_the_folder_is_free_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
