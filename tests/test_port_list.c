/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_list.c - the serial ports of a machine, and what is asked on them: the real libserialport over
 * pseudo-terminals that pass for serial ports. Only which devices there are is made up. */
#include "io/port_list.h"

#include <libserialport.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "bench/detect.h"
#include "drivers/registry.h"
#include "io/worker.h"
#include "tests/support/uart.h"

static const char *machine[8]; /* what libserialport lists, NULL at the end */
static char consoles[256]; /* /proc/consoles */

enum sp_return sp_list_ports(struct sp_port ***out)
{
	struct sp_port **all = calloc(8, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; machine[i]; i++)
		n += sp_get_port_by_name(machine[i], &all[n]) == SP_OK;
	*out = all;
	return SP_OK;
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *);

	if (!strcmp(path, "/proc/consoles"))
		return fmemopen(consoles, strlen(consoles) + 1, "r");
	*(void **)&next = dlsym(RTLD_NEXT, "fopen");
	return next(path, mode);
}

/* A generator on a serial line: answers TS, at 9600 baud and two stop bits only. */
struct fg {
	struct uart *u;
	int stop[2];
	char heard[200];
	size_t n;
};

static void be_fg(void *arg)
{
	struct fg *g = arg;

	for (;;) {
		struct pollfd p[2] = { { .fd = g->u->master, .events = POLLIN },
				       { .fd = g->stop[0], .events = POLLIN } };
		struct termios t;
		ssize_t got;

		poll(p, 2, -1);
		if (p[1].revents)
			return;
		got = read(g->u->master, g->heard + g->n, sizeof(g->heard) - 1 - g->n);
		assert_true(got > 0);
		g->n += (size_t)got;
		if (g->n < 3 || strcmp(g->heard + g->n - 3, "TS\r") != 0 ||
		    uart_speed(g->u) != 9600 || tcgetattr(g->u->slave, &t) < 0 ||
		    !(t.c_cflag & CSTOPB))
			continue;
		assert_int_equal(write(g->u->master, "TSFG301   V299\r", 15), 15);
	}
}

/* A terminal program that asks for no lock. Ended by a signal. */
static pid_t open_elsewhere(const struct uart *u)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < UARTS_MAX; i++)
			if (uarts[i].dir[0])
				close(uarts[i].slave);
		_exit(open(u->link, O_RDWR | O_NOCTTY) < 0 || write(ready[1], "", 1) != 1 ||
		      pause());
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void only_what_is_free_is_asked(void **state)
{
	struct uart *fg = uart_make("ttyUSB0"), *used = uart_make("ttyUSB1"),
		    *console = uart_make("ttyS0");
	struct fg g = { .u = fg };
	struct clk *c = clk_real_new();
	struct detect *d = calloc(1, sizeof(*d));
	struct worker *w;
	struct fault f = { 0 };
	pid_t pid = open_elsewhere(used);
	char none[200];

	(void)state;
	snprintf(consoles, sizeof(consoles), "tty0  -WU (EC  p  )    4:1\n%s -W- (EC p a) 4:64\n",
		 console->path + strlen("/dev/"));
	machine[0] = fg->path;
	machine[1] = used->path;
	machine[2] = console->path;
	machine[3] = "/dev/ttyUSB77"; /* gone since it was listed */
	machine[4] = "/dev/tty"; /* no serial port */
	assert_int_equal(pipe(g.stop), 0);
	assert_int_equal(worker_start(c, "fg", be_fg, &g, &w), ET_OK);

	assert_int_equal(detect_add_ports(d, &f), ET_OK);
	assert_int_equal(detect_run(d, c), ET_OK);
	assert_int_equal(d->n, 2);
	assert_int_equal(d->link[0].r.state, PROBE_FOUND);
	assert_ptr_equal(d->link[0].r.driver, &driver_zera_fg);
	assert_non_null(strstr(d->link[0].r.spec, "ttyUSB0,9600,8n2"));
	assert_int_equal(d->link[1].r.state, PROBE_IN_USE);
	assert_int_equal(d->link[1].r.fault.holder_pid, pid);

	assert_int_equal(write(g.stop[1], "", 1), 1);
	worker_join(w);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_string_equal(g.heard, "?\rTS\r");
	assert_int_equal(fcntl(used->master, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(used->master, none, sizeof(none)), -1); /* nothing was said there */
	assert_int_equal(fcntl(console->master, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(console->master, none, sizeof(none)), -1);
	close(g.stop[0]);
	close(g.stop[1]);
	free(d);
	clk_free(c);
	uart_free(fg);
	uart_free(used);
	uart_free(console);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_free_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
