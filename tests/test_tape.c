/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are written while something is measured: how they end, and that nobody waits for them. */
#include "io/tape.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/quantities.h"
#include "tests/support/near.h"

static const struct clk_start start = { .mono_ns = 0 };
static char folder[] = "/tmp/etalon-tape-XXXXXX";
static char path[64], other[64];
static char text[1 << 20];

static int set_up(void **state)
{
	(void)state;
	if (!folder[0] || !mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.txt", folder);
	snprintf(other, sizeof(other), "%s/b.txt", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const char *content(const char *of)
{
	FILE *f = fopen(of, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* The first line has always the same length. */
static void assert_content(const char *of, const char *state, const char *rest)
{
	const char *s = content(of);

	assert_int_equal(strcspn(s, "\n"), 119);
	if (strncmp(s, state, strlen(state)) != 0)
		fail_msg("%.119s", s);
	assert_string_equal(s + 120, rest);
}

static struct tapes *open_two(struct clk *c, struct tape **a, struct tape **b)
{
	struct tapes *s = NULL;
	struct fault f = { 0 };

	assert_int_equal(tapes_new(c, &s), ET_OK);
	assert_int_equal(tapes_open(s, path, a, &f), ET_OK);
	assert_int_equal(tapes_open(s, other, b, &f), ET_OK);
	assert_int_equal(tapes_start(s), ET_OK);
	return s;
}

static void they_end_complete(void **state)
{
	(void)state;
	for (int real = 0; real < 2; real++) {
		struct clk *c = real ? clk_real_new() : clk_virtual_new(&start);
		struct tape *a, *b;
		struct tapes *s = open_two(c, &a, &b);

		assert_content(path, "# State: cut", "");
		tape_printf(a, "%d\n", 1);
		tape_put(b, "2\n3\n", 4);
		(void)tapes_close(s, NULL);
		assert_content(path, "# State: complete ", "1\n");
		assert_content(other, "# State: complete ", "2\n3\n");
		unlink(path);
		unlink(other);
		clk_free(c);
	}
	assert_true(tapes_close(NULL, NULL));
}

/* On the real clock lines reach the file without anybody's doing. */
static void a_worker_writes(void **state)
{
	struct clk *c = clk_real_new();
	struct tape *a, *b;
	struct tapes *s = open_two(c, &a, &b);

	(void)state;
	tape_printf(a, "soon\n");
	for (int i = 0; i < 600 && !strstr(content(path), "soon"); i++)
		clk_sleep_until(c, clk_now_ns(c) + ET_NS_PER_S / 10);
	assert_content(path, "# State: cut", "soon\n");
	(void)tapes_close(s, NULL);
	unlink(path);
	unlink(other);
	clk_free(c);
}

static void a_file_that_exists_is_refused(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct tapes *s;
	struct tape *a = NULL;
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(tapes_new(c, &s), ET_OK);
	assert_int_equal(tapes_open(s, path, &a, &f), ET_OK);
	(void)tapes_close(s, NULL);
	assert_int_equal(tapes_new(c, &s), ET_OK);
	a = NULL;
	assert_int_equal(tapes_open(s, path, &a, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "File exists"));
	assert_null(a);
	(void)tapes_close(s, NULL);
	unlink(path);
	clk_free(c);
}

/* A file may have so many bytes: as a disk that is full. @return what there is to complain of, as exit code. */
static int fill_the_disk(bool real)
{
	struct clk *c = real ? clk_real_new() : clk_virtual_new(&start);
	const struct rlimit room = { 200000, 200000 };
	struct tapes *s = NULL;
	struct tape *a, *b;
	char why[TAPES_WHY_MAX];
	bool complete;

	signal(SIGXFSZ, SIG_IGN);
	if (tapes_new(c, &s) != ET_OK || tapes_open(s, path, &a, NULL) != ET_OK ||
	    tapes_open(s, other, &b, NULL) != ET_OK || tapes_start(s) != ET_OK ||
	    setrlimit(RLIMIT_FSIZE, &room) != 0)
		return 1;
	tape_printf(a, "first\n");
	for (int i = 0; i < 100000; i++)
		tape_printf(b, "line %d\n", i);
	tape_printf(a, "last\n");
	complete = tapes_close(s, why);
	clk_free(c);
	return !complete && strstr(why, "File too large") ? 0 : 2;
}

static void a_full_disk_ends_all_with_a_mark(void **state)
{
	(void)state;
	for (int real = 0; real < 2; real++) {
		const char *s;
		int status = -1;
		pid_t pid = fork();

		if (pid == 0)
			_exit(fill_the_disk(real));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		s = content(other);
		assert_int_equal(strncmp(s, "# State: ended before its time: File too large ", 47),
				 0);
		assert_true(strlen(s) <= 200000);
		assert_int_equal(s[strlen(s) - 1], '\n'); /* whole lines */
		assert_int_equal(strncmp(content(path), "# State: ended before its time", 30), 0);
		assert_null(strstr(text, "last")); /* the others do not go on alone */
		unlink(path);
		unlink(other);
	}
}

/* ---- a disk that is slow, or does not answer ---- */

static atomic_bool held_up;

/* In the place of the C library's. */
ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t);

	while (atomic_load(&held_up))
		usleep(1000);
	*(void **)&real = dlsym(RTLD_NEXT, "pwrite");
	return real(fd, buf, len, at);
}

static struct tape *one_tape(struct clk *c, struct tapes **s)
{
	struct tape *a = NULL;

	assert_int_equal(tapes_new(c, s), ET_OK);
	assert_int_equal(tapes_open(*s, path, &a, NULL), ET_OK);
	assert_int_equal(tapes_start(*s), ET_OK);
	return a;
}

/* Memory is bounded, and nobody waits. */
static void a_slow_disk_ends_them(void **state)
{
	static char line[4096];
	struct clk *c = clk_real_new();
	char why[TAPES_WHY_MAX];
	struct tapes *s = NULL;
	struct tape *a = one_tape(c, &s);

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	atomic_store(&held_up, true);
	for (int i = 0; i < 4096; i++)
		tape_put(a, line, sizeof(line));
	atomic_store(&held_up, false);
	assert_false(tapes_close(s, why));
	assert_string_equal(why, "the disk does not keep up");
	content(path);
	assert_int_equal(strncmp(text, "# State: ended before its time: the disk does", 45), 0);
	unlink(path);
	clk_free(c);
}

/* @return what there is to complain of, as exit code. When all is well it kills itself: its thread never ends, and who looks for
 * what a process leaves behind would find it. */
static int leave_behind(void)
{
	struct clk *c = clk_real_new();
	const int64_t began_ns = clk_now_ns(c);
	char why[TAPES_WHY_MAX];
	struct tapes *s = NULL;
	struct tape *a = one_tape(c, &s);

	atomic_store(&held_up, true);
	tape_printf(a, "one line\n");
	if (tapes_close(s, why) || strcmp(why, "the disk does not answer") != 0)
		return 1;
	if (clk_now_ns(c) - began_ns < 20 * (int64_t)ET_NS_PER_S)
		kill(getpid(), SIGKILL);
	return 2;
}

/* It is left behind, and the file says that it was cut. */
static void a_disk_that_does_not_answer_keeps_nobody(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(leave_behind());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	content(path);
	assert_int_equal(strncmp(text, "# State: cut", 12), 0);
	unlink(path);
}

/* A killed process leaves whole lines, and the first file never tells of what the second does not have. */
static void the_first_is_never_ahead(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct tape *a, *b;
	struct tapes *s = open_two(c, &a, &b);
	const char *last;
	int first_n, second_n;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		tape_printf(b, "%d\n", i);
		tape_printf(a, "%d\n", i);
	}
	last = content(path); /* as it is now: the process could end here */
	assert_true(strlen(last) > 10000);
	for (last += strlen(last) - 1; last[-1] != '\n'; last--)
		continue;
	first_n = atoi(last);
	last = content(other);
	for (last += strlen(last) - 1; last[-1] != '\n'; last--)
		continue;
	second_n = atoi(last);
	assert_true(second_n >= first_n);
	(void)tapes_close(s, NULL);
	unlink(path);
	unlink(other);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_end_complete),
		cmocka_unit_test(a_worker_writes),
		cmocka_unit_test(a_file_that_exists_is_refused),
		cmocka_unit_test(a_full_disk_ends_all_with_a_mark),
		cmocka_unit_test(a_slow_disk_ends_them),
		cmocka_unit_test(a_disk_that_does_not_answer_keeps_nobody),
		cmocka_unit_test(the_first_is_never_ahead),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
