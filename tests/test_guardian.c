/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_guardian.c - whatever becomes of the worker, the guardian switches the source off and says so: real
 * processes, real signals, and the real driver on a TCP link to an FG30x of a few lines. */
#include "bench/guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "bench/cli.h"
#include "bench/guardian_note.h"
#include "drivers/registry.h"
#include "tests/support/fake_fg.h"
#include "tests/support/near.h"

#define ALL_OFF "UIAAAAAAAAA"
#define MS INT64_C(1000000)

/* What a worker under test may tell the test, across processes. */
struct told {
	_Atomic int term, oom;
	_Atomic int64_t lost_ns; /* its last moment */
};

struct rig {
	char folder[64];
	struct fake_fg *fg;
	struct told *told;
	struct clk *clk;
	struct port *port;
	struct guardian_config cfg;
	struct fault f;
	json_t *note; /* what was left behind, once taken */
	int n_notes;
	int64_t away_ns; /* so long its port was unplugged */
};

static int open_rig(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;
	char spec[64];

	*r = (struct rig){ 0 };
	strcpy(r->folder, "/tmp/etalon-guardian-XXXXXX");
	if (!mkdtemp(r->folder))
		return -1;
	r->told = mmap(NULL, sizeof(*r->told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	r->fg = fake_fg_start();
	r->clk = clk_real_new();
	snprintf(spec, sizeof(spec), "tcp:127.0.0.1:%d", r->fg->tcp_port);
	if (port_open(spec, r->clk, &r->port, &r->f) != ET_OK)
		return -1;
	guardian_config_init(&r->cfg);
	r->cfg.name = "source";
	r->cfg.source = driver_zera_fg.source;
	r->cfg.port = r->port;
	r->cfg.clk = r->clk;
	r->cfg.folder = r->folder;
	r->cfg.program = "test";
	*state = r;
	return 0;
}

static int close_rig(void **state)
{
	struct rig *r = *state;
	char cmd[96];

	json_decref(r->note);
	port_close(r->port);
	clk_free(r->clk);
	fake_fg_stop(r->fg);
	munmap(r->told, sizeof(*r->told));
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", r->folder);
	return system(cmd);
}

static int take_note(void *arg, json_t *note, struct fault *f)
{
	struct rig *r = arg;

	(void)f;
	json_decref(r->note);
	r->note = json_incref(note);
	r->n_notes++;
	return ET_OK;
}

static int guard(struct rig *r, int (*worker)(void *, struct guard *))
{
	const int code = guardian_run(&r->cfg, worker, r, &r->f);

	assert_int_equal(guardian_notes_take(r->folder, take_note, r, &r->f), ET_OK);
	return code;
}

/* ---- workers ---- */

static void energise(struct guard *g, struct clk *c)
{
	strcpy(g->session, "SIM-session-7");
	atomic_store(&g->state, SEQ_MEASURING);
	atomic_store(&g->source, SEQ_SOURCE_ENERGISED);
	atomic_store(&g->beat_ns, clk_now_ns(c));
	atomic_store(&g->phase, GUARD_RUNNING);
}

static void beat_for(struct rig *r, struct guard *g, double s)
{
	const int64_t until = clk_now_ns(r->clk) + (int64_t)(s * 1e9);

	while (clk_now_ns(r->clk) < until) {
		atomic_store(&g->beat_ns, clk_now_ns(r->clk));
		usleep(20000);
	}
	atomic_store(&r->told->lost_ns, clk_now_ns(r->clk));
}

static int ends_well(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	beat_for(r, g, 0.1);
	atomic_store(&g->source, SEQ_SOURCE_OFF_PROVEN);
	atomic_store(&g->phase, GUARD_OVER);
	return 1;
}

/* A slow disk: the record may take any time when the source is off. */
static int slow_record(void *arg, struct guard *g)
{
	ends_well(arg, g);
	usleep(2500000);
	return 0;
}

static int wrong_file(void *arg, struct guard *g)
{
	(void)arg;
	(void)g;
	usleep(1500000); /* no beat is asked for before the run */
	return EXIT_USAGE;
}

static int killed(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	beat_for(r, g, 0.2);
	kill(getpid(), SIGKILL);
	return 0;
}

static int stopped(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	beat_for(r, g, 0.2);
	kill(getpid(), SIGSTOP);
	return 0;
}

static int spins(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	beat_for(r, g, 0.1);
	while (r->fg)
		__asm__ volatile("");
	return 0;
}

static int hangs_in_the_driver(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	atomic_store(&g->call_until_ns, clk_now_ns(r->clk) + 300 * MS);
	beat_for(r, g, 60);
	return 0;
}

static int aborts(void *arg, struct guard *g)
{
	struct rig *r = arg;
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGABRT, SIG_DFL);
	energise(g, r->clk);
	beat_for(r, g, 0.1);
	abort();
}

/* What the kernel does to the first in its list when memory runs out is SIGKILL: the worker must be that first. */
static int offers_itself(void *arg, struct guard *g)
{
	struct rig *r = arg;
	char text[16] = "";
	FILE *f = fopen("/proc/self/oom_score_adj", "r");

	if (f && fgets(text, sizeof(text), f))
		atomic_store(&r->told->oom, (int)strtol(text, NULL, 10));
	if (f)
		fclose(f);
	return killed(arg, g);
}

static int leaves_half_a_line(void *arg, struct guard *g)
{
	static const char half[] = "UIEEEPPPAAA"; /* a lone CR would switch everything on */
	struct rig *r = arg;

	energise(g, r->clk);
	if (port_write(r->port, half, strlen(half), clk_now_ns(r->clk) + 1000 * MS) != ET_OK)
		return 0;
	usleep(100000);
	return killed(arg, g);
}

static int goes_without_a_word(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	return 0; /* exit code 0, and the source is on */
}

static int knows_that_it_is_not_off(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	atomic_store(&g->source, SEQ_SOURCE_UNKNOWN);
	atomic_store(&g->phase, GUARD_OVER);
	return EXIT_ENERGISED;
}

static int was_contradicted(void *arg, struct guard *g)
{
	atomic_store(&g->contradicted, 1);
	return knows_that_it_is_not_off(arg, g);
}

static int is_over_and_stays(void *arg, struct guard *g)
{
	(void)knows_that_it_is_not_off(arg, g);
	while (pause() < 0)
		;
	return 0;
}

static struct told *signalled;
static void on_term(int signo)
{
	atomic_store(&signalled->term, signo);
}

static int waits_for_a_signal(void *arg, struct guard *g)
{
	struct rig *r = arg;

	signalled = r->told;
	signal(SIGTERM, on_term);
	signal(SIGHUP, on_term);
	signal(SIGQUIT, on_term);
	energise(g, r->clk);
	for (int i = 0; i < 500 && !atomic_load(&r->told->term); i++)
		beat_for(r, g, 0.02);
	atomic_store(&g->source, SEQ_SOURCE_OFF_PROVEN);
	atomic_store(&g->phase, GUARD_OVER);
	return atomic_load(&r->told->term) ? EXIT_BENCH : EXIT_CONFORMING;
}

/* ---- what must come of it ---- */

static int64_t note_ns(const struct rig *r, const char *key)
{
	return json_integer_value(json_object_get(r->note, key));
}

static void assert_word(const struct rig *r, const char *key, const char *word)
{
	assert_non_null(r->note);
	assert_string_equal(json_get_str(r->note, key), word);
}

/* Off, soon, nothing on again, and the note says what happened and when. */
static void assert_switched_off(struct rig *r, int code, const char *reason)
{
	const int off = fake_fg_find(r->fg, ALL_OFF, 0);

	assert_int_equal(code, EXIT_BENCH);
	assert_false(r->fg->on);
	assert_int_equal(r->fg->n_switched_on, 0);
	assert_true(off >= 0);
	assert_int_equal(r->n_notes, 1);
	assert_word(r, "event", "worker_lost");
	assert_word(r, "source", "off_reported");
	assert_word(r, "state", "measuring");
	assert_word(r, "session", "SIM-session-7");
	if (!strstr(json_get_str(r->note, "reason"), reason))
		fail_msg("reason: %s", json_get_str(r->note, "reason"));
	assert_true(r->fg->line[off].t_ns - note_ns(r, "noticed_mono_ns") < 500 * MS + r->away_ns);
	assert_true(note_ns(r, "off_reported_mono_ns") - note_ns(r, "noticed_mono_ns") <
		    (int64_t)((r->cfg.source->times.off_s + 1) * 1e9));
}

static void a_run_that_ends_well_is_left_alone(void **state)
{
	struct rig *r = *state;

	assert_int_equal(guard(r, ends_well), 1);
	assert_int_equal(r->fg->n_lines, 0);
	assert_int_equal(r->n_notes, 0);
	assert_int_equal(guard(r, slow_record), 0);
	assert_int_equal(guard(r, wrong_file), EXIT_USAGE);
	assert_int_equal(r->fg->n_lines, 0);
	assert_int_equal(r->n_notes, 0);
}

static void a_killed_worker(void **state)
{
	struct rig *r = *state;
	const int code = guard(r, killed);

	assert_switched_off(r, code, "signal 9");
	assert_true(note_ns(r, "noticed_mono_ns") - atomic_load(&r->told->lost_ns) < 500 * MS);
}

static void a_stopped_worker(void **state)
{
	struct rig *r = *state;
	const int code = guard(r, stopped);

	assert_switched_off(r, code, "stands still");
	assert_true(note_ns(r, "noticed_mono_ns") - atomic_load(&r->told->lost_ns) < 2000 * MS);
}

static void a_worker_that_spins(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, spins), "stands still");
}

static void a_worker_stuck_in_the_driver(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, hangs_in_the_driver), "did not come back");
}

static void a_worker_that_aborts(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, aborts), "signal 6");
}

static void the_worker_goes_first_when_memory_runs_out(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, offers_itself), "signal 9");
	assert_int_equal(atomic_load(&r->told->oom), 1000);
}

static void half_a_line_is_spoilt(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, leaves_half_a_line), "signal 9");
	assert_string_equal(r->fg->line[0].text, "UIEEEPPPAAA?");
}

static void an_exit_code_is_not_believed(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, goes_without_a_word), "by itself");
}

/* What the worker could not do the guardian tries once more: off after all is a bench fault, no alarm. */
static void not_known_to_be_off(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, knows_that_it_is_not_off), "by itself");
}

static void over_but_it_does_not_leave(void **state)
{
	struct rig *r = *state;

	assert_switched_off(r, guard(r, is_over_and_stays), "does not end");
}

static void another_instrument_is_believed(void **state)
{
	struct rig *r = *state;

	assert_int_equal(guard(r, was_contradicted), EXIT_ENERGISED);
	assert_false(r->fg->on); /* it was tried all the same */
	assert_word(r, "event", "source_not_off");
	assert_word(r, "source", "unknown");
}

static void a_source_that_refuses(void **state)
{
	struct rig *r = *state;

	r->fg->refuse_off = true;
	r->cfg.give_up_s = 1.2;
	assert_int_equal(guard(r, killed), EXIT_ENERGISED);
	assert_true(r->fg->on);
	assert_true(fake_fg_find(r->fg, ALL_OFF, fake_fg_find(r->fg, ALL_OFF, 0) + 1) > 0);
	assert_word(r, "event", "source_not_off");
	assert_non_null(strstr(json_get_str(r->note, "fault"), "UINAK"));
	assert_int_equal(note_ns(r, "off_reported_mono_ns"), 0);
}

static int killed_while_unplugged(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	r->fg->unplug_ms = 1500;
	return killed(arg, g);
}

static void unplugged_and_back(void **state)
{
	struct rig *r = *state;

	r->away_ns = 2500 * MS;
	assert_switched_off(r, guard(r, killed_while_unplugged), "signal 9");
}

/* A terminal on which somebody pressed Ctrl-S, or a pipe that nobody empties. */
static void says_into(struct rig *r, const int end[2])
{
	static char rubbish[4096];
	const int before = dup(STDERR_FILENO);
	int code;

	assert_int_equal(fcntl(end[1], F_SETFL, O_NONBLOCK), 0);
	while (write(end[1], rubbish, sizeof(rubbish)) > 0)
		;
	assert_int_equal(fcntl(end[1], F_SETFL, 0), 0); /* it would block now */
	assert_true(dup2(end[1], STDERR_FILENO) >= 0);
	code = guard(r, killed);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	close(before);
	close(end[0]);
	close(end[1]);
	assert_switched_off(r, code, "signal 9");
}

static void nobody_reads_what_it_says(void **state)
{
	int end[2];

	assert_int_equal(pipe(end), 0);
	says_into(*state, end);
}

/* It can't be opened anew. */
static void nobody_reads_its_socket(void **state)
{
	int end[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
	says_into(*state, end);
}

static int says_off_and_is_contradicted(void *arg, struct guard *g)
{
	struct rig *r = arg;

	energise(g, r->clk);
	atomic_store(&g->source, SEQ_SOURCE_OFF_REPORTED);
	atomic_store(&g->contradicted, 1);
	atomic_store(&g->phase, GUARD_OVER);
	return EXIT_BENCH;
}

static void a_report_that_is_contradicted_is_no_end(void **state)
{
	struct rig *r = *state;

	assert_int_equal(guard(r, says_off_and_is_contradicted), EXIT_ENERGISED);
	assert_word(r, "event", "source_not_off");
}

/* ---- signals, and the death of the guardian ---- */

static pid_t guardian_in_a_process(struct rig *r)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(guardian_run(&r->cfg, waits_for_a_signal, r, &r->f));
	usleep(500000);
	return pid;
}

static void signals_reach_the_worker(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGQUIT };
	struct rig *r = *state;
	int status;

	alarm(60);
	for (int i = 0; i < 3; i++) {
		pid_t pid;

		atomic_store(&r->told->term, 0);
		pid = guardian_in_a_process(r);
		kill(pid, SIGTSTP); /* Ctrl-Z stops neither of them */
		kill(pid, signals[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), EXIT_BENCH);
		assert_int_equal(atomic_load(&r->told->term), signals[i]);
	}
	alarm(0);
	assert_int_equal(r->fg->n_lines, 0); /* the worker brought it to the safe state */
}

/* Nobody guards any more: the worker goes to the safe state, and the note tells the next session. */
static void a_guardian_that_is_killed(void **state)
{
	struct rig *r = *state;
	const pid_t pid = guardian_in_a_process(r);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 500 && !atomic_load(&r->told->term); i++)
		usleep(10000);
	assert_int_equal(atomic_load(&r->told->term), SIGTERM);
	assert_int_equal(guardian_notes_take(r->folder, take_note, r, &r->f), ET_OK);
	assert_int_equal(r->n_notes, 1);
	assert_word(r, "event", "watching");
}

/* ---- the note ---- */

static struct guardian_note make_note(struct rig *r, const char *id)
{
	struct guardian_note n = { .event = "watching" };

	snprintf(n.id, sizeof(n.id), "%s", id);
	if (guardian_note_create(&n, r->folder, &r->f) != ET_OK)
		fail_msg("%s", r->f.text);
	return n;
}

static int take_nothing(void *arg, json_t *note, struct fault *f)
{
	(void)arg;
	(void)note;
	return fault_set(f, ET_ERR_RECORD, "the record is full");
}

static void a_note_stays_until_it_is_on_record(void **state)
{
	struct rig *r = *state;
	struct guardian_note n = make_note(r, "one"), held = make_note(r, "two");

	guardian_note_close(&n, true);
	assert_int_equal(guardian_notes_take(r->folder, take_nothing, r, &r->f), ET_ERR_RECORD);
	assert_int_equal(guardian_notes_take(r->folder, take_note, r, &r->f), ET_OK);
	assert_int_equal(r->n_notes, 1); /* the other is held by its guardian, who is alive */
	assert_word(r, "id", "one");
	assert_int_equal(guardian_notes_take(r->folder, take_note, r, &r->f), ET_OK);
	assert_int_equal(r->n_notes, 1);
	guardian_note_close(&held, false);
	assert_int_equal(guardian_notes_take("/nowhere/at/all", take_note, r, &r->f), ET_OK);
}

static void a_note_that_cannot_be_read_is_told_too(void **state)
{
	struct rig *r = *state;
	struct guardian_note n = make_note(r, "torn");

	assert_int_equal(pwrite(n.fd, "\xff\xfe{", 3, 0), 3);
	guardian_note_close(&n, true);
	assert_int_equal(guardian_notes_take(r->folder, take_note, r, &r->f), ET_OK);
	assert_word(r, "event", "unreadable");
	assert_word(r, "id", "guardian-torn.note");
}

static void hostile_bytes_of_a_source_fit_the_note(void **state)
{
	struct rig *r = *state;
	struct guardian_note n = make_note(r, "hostile");

	memset(n.fault, '\xc3', sizeof(n.fault) - 1);
	memset(n.program, '\xa9', sizeof(n.program) - 1);
	assert_int_equal(guardian_note_write(&n, &r->f), ET_OK);
	guardian_note_close(&n, true);
	assert_int_equal(guardian_notes_take(r->folder, take_note, r, &r->f), ET_OK);
	assert_word(r, "id", "hostile");
}

/* A full disk or a folder that is none: said before anything is energised. */
static void no_note_no_run(void **state)
{
	struct rig *r = *state;

	r->cfg.folder = "/proc/self/guardian";
	assert_int_equal(guardian_run(&r->cfg, killed, r, &r->f), EXIT_USAGE);
	assert_non_null(strstr(r->f.text, "/proc/self/guardian"));
	assert_int_equal(r->fg->n_lines, 0);
}

#define RIG(t) cmocka_unit_test_setup_teardown(t, open_rig, close_rig)
int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG(a_run_that_ends_well_is_left_alone),
		RIG(a_killed_worker),
		RIG(a_stopped_worker),
		RIG(a_worker_that_spins),
		RIG(a_worker_stuck_in_the_driver),
		RIG(a_worker_that_aborts),
		RIG(the_worker_goes_first_when_memory_runs_out),
		RIG(half_a_line_is_spoilt),
		RIG(an_exit_code_is_not_believed),
		RIG(not_known_to_be_off),
		RIG(over_but_it_does_not_leave),
		RIG(another_instrument_is_believed),
		RIG(a_source_that_refuses),
		RIG(unplugged_and_back),
		RIG(nobody_reads_what_it_says),
		RIG(nobody_reads_its_socket),
		RIG(a_report_that_is_contradicted_is_no_end),
		RIG(signals_reach_the_worker),
		RIG(a_guardian_that_is_killed),
		RIG(a_note_stays_until_it_is_on_record),
		RIG(a_note_that_cannot_be_read_is_told_too),
		RIG(hostile_bytes_of_a_source_fit_the_note),
		RIG(no_note_no_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
