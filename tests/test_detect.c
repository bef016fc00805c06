/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_detect.c - `etalon detect` on lines of this machine: simulated instruments, and links that are silent, talk
 * nonsense, belong to somebody, or to an instrument of another make. */
#include "bench/cli.h"
#include "bench/detect.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/port.h"
#include "io/worker.h"
#include "tests/support/live_bench.h"
#include "tests/support/near.h"

static const char scenario[] = "schema: etalon/scenario/1\n"
			       "epoch: \"2026-03-02T08:00:00-05:00\"\n"
			       "bench: {connection: series, configuration: 1}\n";

static struct live_bench b;

static int set_up(void **state)
{
	(void)state;
	if (live_bench_make(&b) != 0 || live_bench_write(&b, "live.scenario.yaml", scenario) != 0)
		return -1;
	return live_bench_serve(&b, "live.scenario.yaml", "");
}

static int tear_down(void **state)
{
	(void)state;
	live_bench_remove(&b);
	return 0;
}

static const char *port_of(const char *name)
{
	return json_string_value(json_object_get(b.ports, name));
}

static void forget(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", b.dir, name);
	unlink(path);
}

/* stdout as JSON after @p words, which must end with @p code; again while a loaded machine lets the simulated
 * instruments miss their time. */
static json_t *detect(const char *words, int code)
{
	char *out, path[128];
	json_t *rows;
	int ended = live_bench_run(&b, words);

	for (int tries = 0; ended == EXIT_BENCH && code != ended && tries < 4; tries++) {
		print_message("etalon %s: %d, again\n", words, ended);
		if (sscanf(words, "detect --write %100s", path) == 1)
			forget(path);
		ended = live_bench_run(&b, words);
	}
	out = live_bench_read(&b, "out.txt");
	rows = json_loads(out, 0, NULL);
	free(out);
	if (ended != code)
		fail_msg("etalon %s: %d, not %d", words, ended, code);
	return rows;
}

static void assert_row(const json_t *rows, size_t i, const char *key, const char *want)
{
	const char *is = json_string_value(json_object_get(json_array_get(rows, i), key));

	if (!is || strcmp(is, want))
		fail_msg("row %zu: %s is \"%s\", not \"%s\"", i, key, is ? is : "(null)", want);
}

static void assert_printed(const char *name, const char *text)
{
	char *out = live_bench_read(&b, name);

	if (!strstr(out, text))
		fail_msg("\"%s\" is not in:\n%s", text, out);
	free(out);
}

/* ---- the bench of a laboratory ---- */

static void the_links_of_bench_yaml(void **state)
{
	static const char *const drivers_want[] = { "zera-fg", "zera-com5003", "serial-stamp" };
	json_t *rows = detect("detect --bench live.yaml --json", 0);
	char answer[160];

	(void)state;
	assert_int_equal(json_array_size(rows), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *row = json_array_get(rows, i);
		const char *serial = json_string_value(json_object_get(row, "serial"));

		assert_row(rows, i, "state", "found");
		assert_row(rows, i, "driver", drivers_want[i]);
		assert_true(json_is_true(json_object_get(row, "simulated")));
		assert_true(json_is_true(json_object_get(row, "as_expected")));
		assert_int_equal(strncmp(serial, "SIM", 3), 0);
	}
	assert_row(rows, 0, "instrument", "source");
	json_decref(rows);
	assert_int_equal(live_bench_tell(&b, "terminals", answer, sizeof(answer)), 0);
	assert_non_null(strstr(answer, "\"volt_v\":[0.0,0.0,0.0]"));
	(void)detect("detect --bench live.yaml --lang fr", 0);
	assert_printed("out.txt", "SIMULÉ");
	assert_printed("out.txt", "Liaison");
}

/* ---- the new file ---- */

/* Another instrument than the file says is told, and is a fault of the bench. */
static void assert_another_is_told(void)
{
	char command[200];
	json_t *rows;

	snprintf(command, sizeof(command),
		 "sed -i 's/serial: \"SIM-COM-[0-9]*\"/serial: \"9999\"/' %s/new.yaml", b.dir);
	assert_int_equal(system(command), 0);
	rows = detect("detect --bench new.yaml --json", 3);
	assert_true(json_is_false(json_object_get(json_array_get(rows, 1), "as_expected")));
	assert_row(rows, 1, "state", "found");
	json_decref(rows);
	(void)detect("detect --bench new.yaml", 3);
	assert_printed("out.txt", "bench.yaml says zera-com5003 9999");
}

static void what_was_found_makes_a_bench(void **state)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	char words[600], path[128];
	struct bench_file bench;

	(void)state;
	snprintf(words, sizeof(words), "detect --write new.yaml %s %s %s", port_of("reader"),
		 port_of("reference"), port_of("source"));
	(void)detect(words, 0);
	assert_printed("err.txt", "FILL IN");
	snprintf(path, sizeof(path), "%s/new.yaml", b.dir);
	if (bench_file_load(path, &bench, &doc, d) != ET_OK)
		diag_print(d, stderr);
	assert_int_equal(diag_count(d), 0);
	assert_int_equal(bench.instruments.n, 3);
	assert_string_equal(bench_file_instrument(&bench, BENCH_SOURCE)->driver, "zera-fg");
	assert_int_equal(strncmp(bench_file_instrument(&bench, BENCH_SOURCE)->port,
				 port_of("source"), strlen(port_of("source"))),
			 0);
	assert_string_equal(bench_file_instrument(&bench, BENCH_REFERENCE)->port,
			    port_of("reference"));
	assert_non_null(bench_file_instrument(&bench, BENCH_READER)->serial);
	assert_int_equal(bench.positions.n, 40);
	assert_true(bench.limits.volt_max_v < 10); /* nothing can be energised with it as it is */
	yaml_free(doc);
	diag_free(d);
	(void)detect("detect --bench new.yaml", 0);
	snprintf(words, sizeof(words), "detect --write new.yaml %s", port_of("source"));
	(void)detect(words, 2);
	assert_printed("err.txt", "new.yaml: exists");
	assert_another_is_told();
	unlink(path);
}

static void a_missing_instrument_is_a_line_to_fill_in(void **state)
{
	char words[300], path[128];

	(void)state;
	snprintf(words, sizeof(words), "detect --write half.yaml %s --lang fr", port_of("source"));
	(void)detect(words, 3);
	assert_printed("err.txt", "rien n'a été trouvé pour le rôle \"reference\"");
	assert_printed("half.yaml", "# - {name: reference, role: reference, driver: DRIVER");
	(void)detect("detect --bench half.yaml", 2);
	assert_printed("err.txt", "none has the role \"reference\"");
	snprintf(path, sizeof(path), "%s/half.yaml", b.dir);
	unlink(path);
}

/* ---- links that are no instrument of ours ---- */

struct neighbour {
	int fd, slave; /* the pseudo-terminal's master, or a listening socket */
	bool is_tcp;
	const char *after, *says; /* when the bytes that came end so */
	char spec[80], heard[400];
	size_t n;
	int stop[2];
	struct worker *worker;
};

static void live_on(void *arg)
{
	struct neighbour *k = arg;
	int fd = k->fd;

	for (;;) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
				       { .fd = k->stop[0], .events = POLLIN } };
		ssize_t got;

		poll(p, 2, -1);
		if (p[1].revents)
			break;
		if (k->is_tcp && fd == k->fd) {
			fd = accept(k->fd, NULL, NULL);
			continue;
		}
		got = read(fd, k->heard + k->n, sizeof(k->heard) - 1 - k->n);
		if (got <= 0)
			break;
		k->n += (size_t)got;
		if (k->says && k->n >= strlen(k->after) &&
		    !strcmp(k->heard + k->n - strlen(k->after), k->after))
			assert_int_equal(write(fd, k->says, strlen(k->says)), strlen(k->says));
	}
	if (fd != k->fd)
		close(fd);
}

static void make_neighbour(struct neighbour *k, struct clk *c, bool is_tcp, const char *after,
			   const char *says)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	char path[64];

	*k = (struct neighbour){ .is_tcp = is_tcp, .after = after, .says = says, .slave = -1 };
	if (is_tcp) {
		k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(k->fd, (struct sockaddr *)&a, len), 0);
		assert_int_equal(listen(k->fd, 1), 0);
		assert_int_equal(getsockname(k->fd, (struct sockaddr *)&a, &len), 0);
		snprintf(k->spec, sizeof(k->spec), "tcp:127.0.0.1:%d", ntohs(a.sin_port));
	} else {
		k->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_int_equal(grantpt(k->fd), 0);
		assert_int_equal(unlockpt(k->fd), 0);
		assert_int_equal(ptsname_r(k->fd, path, sizeof(path)), 0);
		k->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
		snprintf(k->spec, sizeof(k->spec), "tty:%s,9600,8n2", path);
	}
	assert_int_equal(pipe2(k->stop, O_CLOEXEC), 0);
	assert_int_equal(worker_start(c, "neighbour", live_on, k, &k->worker), ET_OK);
}

static void end_neighbour(struct neighbour *k)
{
	assert_int_equal(write(k->stop[1], "", 1), 1);
	worker_join(k->worker);
	close(k->stop[0]);
	close(k->stop[1]);
	close(k->fd);
	if (k->slave >= 0)
		close(k->slave);
}

#define ALL_QUESTIONS "?\rTS\r?\n*IDN?\n?\n?1 ID*1B94\n"

/* How often each is asked depends on when the answers come; that nothing else is sent does not. */
static void assert_only_questions(const char *heard)
{
	static const char *const questions[] = { "?\rTS\r", "?\n*IDN?\n", "?\n?1 ID*1B94\n" };

	while (*heard) {
		size_t i = 0;

		while (i < 3 && strncmp(heard, questions[i], strlen(questions[i])))
			i++;
		if (i < 3)
			heard += strlen(questions[i]);
		else
			fail_msg("\"%s\" is no question", heard);
	}
}

/* All at once: the whole takes as long as the slowest. */
static void links_that_are_no_instrument_of_ours(void **state)
{
	struct neighbour silent, talks, fluke;
	struct clk *c = clk_real_new();
	struct port *mine = NULL;
	char words[600];
	struct fault f;
	json_t *rows;

	(void)state;
	make_neighbour(&silent, c, false, NULL, NULL);
	make_neighbour(&talks, c, false, "TS\r", "\x1b[2Jlogin: \r");
	make_neighbour(&fluke, c, true, "*IDN?\n", "FLUKE,6105A,9876,1.03\r\n");
	assert_int_equal(port_open(port_of("reader"), c, &mine, &f), ET_OK);
	snprintf(words, sizeof(words), "detect --json %s %s %s %s tty:/dev/nowhere", silent.spec,
		 talks.spec, fluke.spec, port_of("reader"));
	rows = detect(words, 3);
	assert_row(rows, 0, "state", "silent");
	assert_row(rows, 1, "state", "unknown");
	assert_row(rows, 1, "heard", "?[2Jlogin: ");
	assert_row(rows, 2, "state", "unknown");
	assert_row(rows, 2, "maker", "FLUKE");
	assert_row(rows, 2, "serial", "9876");
	assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "driver")));
	assert_row(rows, 3, "state", "in_use");
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(rows, 3), "in_use_by_pid")),
		getpid());
	assert_row(rows, 4, "state", "failed");
	json_decref(rows);
	port_close(mine);
	end_neighbour(&silent);
	end_neighbour(&talks);
	end_neighbour(&fluke);
	assert_string_equal(silent.heard, ALL_QUESTIONS);
	assert_only_questions(talks.heard);
	assert_only_questions(fluke.heard);
	clk_free(c);
}

static void wrong_words(void **state)
{
	(void)state;
	(void)detect("detect --bench nowhere.yaml", 2);
	assert_printed("err.txt", "nowhere.yaml");
	(void)detect("detect tcp:here", 3);
	assert_printed("out.txt", "should be tcp:HOST:PORT");
	(void)detect("detect --lab lab", 0); /* a virtual bench has no lines */
	assert_printed("out.txt", "not asked");
	(void)detect("detect modbus-tcp:127.0.0.1:9,1", 0);
	assert_printed("out.txt", "not asked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_links_of_bench_yaml),
		cmocka_unit_test(what_was_found_makes_a_bench),
		cmocka_unit_test(a_missing_instrument_is_a_line_to_fill_in),
		cmocka_unit_test(links_that_are_no_instrument_of_ours),
		cmocka_unit_test(wrong_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
