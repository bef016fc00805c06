/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_serial.c - the real libserialport over a pseudo-terminal that passes for a serial port
 * (tests/support/uart.h): settings, modem lines, data, losses, unplugging, locks, and every failing call. */
#include "io/port.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/quantities.h"
#include "io/line.h"
#include "tests/support/uart.h"

static struct uart *u;
static struct clk *c;
static struct fault f;

static int plug_in(void **state)
{
	(void)state;
	u = uart_make("ttyUSB0");
	c = clk_real_new();
	f = (struct fault){ 0 };
	uart_fail_at = 0;
	return c ? 0 : -1;
}

static int take_away(void **state)
{
	(void)state;
	clk_free(c);
	uart_free(u);
	return 0;
}

static int open_with(const char *setting, struct port **p)
{
	char spec[128];

	snprintf(spec, sizeof(spec), "serial:%s,%s", u->path, setting);
	return port_open(spec, c, p, &f);
}

static struct port *opened(const char *setting)
{
	struct port *p = NULL;

	if (open_with(setting, &p) != ET_OK)
		fail_msg("%s", f.text);
	return p;
}

static int64_t in_ms(int64_t ms)
{
	return clk_now_ns(c) + ms * 1000000;
}

static bool is_exclusive(void)
{
	int exclusive = -1;

	assert_int_equal(ioctl(u->slave, TIOCGEXCL, &exclusive), 0);
	return exclusive;
}

static bool is_locked(void)
{
	const int fd = open(u->link, O_RDWR | O_NOCTTY | O_CLOEXEC);
	bool locked = flock(fd, LOCK_EX | LOCK_NB) < 0;

	assert_true(fd >= 0);
	close(fd);
	return locked;
}

static int descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void the_library_makes_the_setting(void **state)
{
	static const struct {
		const char *setting;
		unsigned baud;
		tcflag_t frame;
	} cases[] = {
		{ "9600,8n2", 9600, CS8 | CSTOPB },
		{ "19200,7e1", 19200, CS7 | PARENB },
		{ "300,8o1", 300, CS8 | PARENB | PARODD },
		{ "921600,8n1", 921600, CS8 },
		{ "12345,8n1", 12345, CS8 }, /* has no code of its own */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port *p = opened(cases[i].setting);
		struct termios is;

		assert_int_equal(tcgetattr(u->slave, &is), 0);
		assert_int_equal(uart_speed(u), cases[i].baud);
		assert_int_equal(is.c_cflag & (CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS),
				 cases[i].frame);
		assert_int_equal(is.c_iflag, INPCK | PARMRK);
		assert_int_equal(is.c_lflag & (ICANON | ECHO | ECHONL | ISIG | IEXTEN), 0);
		assert_int_equal(is.c_oflag, 0);
		assert_true(is_exclusive());
		assert_true(is_locked());
		port_close(p);
		assert_false(is_exclusive());
		assert_false(is_locked());
	}
}

/* tcsetattr() succeeds when any one change was made. */
static void a_device_that_keeps_its_own_setting(void **state)
{
	struct port *p = NULL;

	(void)state;
	u->is_stubborn = true;
	assert_int_equal(open_with("19200,7e1", &p), ET_ERR_IO);
	assert_non_null(strstr(f.text, "does not take these settings"));
	assert_null(p);
	assert_false(is_exclusive());
	assert_false(is_locked());
}

static void modem_lines_are_put_where_the_spec_wants_them(void **state)
{
	static const struct {
		const char *setting;
		int lines;
	} cases[] = {
		{ "9600,8n1", TIOCM_DTR | TIOCM_RTS }, /* as the kernel raised them */
		{ "9600,8n1,dtr=on,rts=off", TIOCM_DTR },
		{ "9600,8n1,rts=on,dtr=off", TIOCM_RTS },
		{ "9600,8n1,dtr=off,rts=off", 0 },
		{ "9600,8n1,dtr=on,rts=on", TIOCM_DTR | TIOCM_RTS },
		{ "9600,8n1,rts=off", TIOCM_DTR },
	};
	static const char *const wrong[] = { "9600,8n1,",	 "9600,8n1,dtr",
					     "9600,8n1,dtr=",	 "9600,8n1,dtr=1",
					     "9600,8n1,dtr=on,", "9600,8n1,dtr=on,dtr=off",
					     "9600,8n1,cts=on",	 "9600,8n1,dtr=onrts=on",
					     "9600,8n1dtr=on" };
	struct port *tty = NULL;
	char spec[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port *p = opened(cases[i].setting);

		assert_int_equal(u->lines, cases[i].lines);
		u->lines = TIOCM_DTR | TIOCM_RTS;
		assert_int_equal(port_reopen(p, &f), ET_OK);
		assert_int_equal(u->lines, cases[i].lines);
		port_close(p);
		u->lines = TIOCM_DTR | TIOCM_RTS;
	}
	snprintf(spec, sizeof(spec), "tty:%s,9600,8n1,dtr=off", u->path); /* the same by termios */
	assert_int_equal(port_open(spec, c, &tty, &f), ET_OK);
	assert_int_equal(u->lines, TIOCM_RTS);
	port_close(tty);
	u->lines = TIOCM_DTR | TIOCM_RTS;
	snprintf(spec, sizeof(spec), "modbus-rtu:%s,9600,8n1,rts=off,1", u->path);
	assert_int_equal(port_open(spec, c, &tty, &f), ET_OK);
	assert_int_equal(u->lines, TIOCM_DTR);
	port_close(tty);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct port *p = NULL;

		assert_int_equal(open_with(wrong[i], &p), ET_ERR_ARG);
		assert_non_null(strstr(f.text, "dtr=on,rts=off"));
	}
}

static void every_byte_passes_both_ways(void **state)
{
	unsigned char all[256], got[256];
	struct port *p = opened("9600,8n2");
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	assert_int_equal(write(u->master, all, sizeof(all)), sizeof(all));
	while (n < sizeof(all)) {
		int some = port_read(p, got + n, sizeof(got) - n, in_ms(10000));

		assert_true(some > 0);
		n += (size_t)some;
	}
	assert_memory_equal(got, all, sizeof(all));
	assert_int_equal(port_write(p, all, sizeof(all), in_ms(10000)), ET_OK);
	for (n = 0; n < sizeof(all);) {
		ssize_t some = read(u->master, got + n, sizeof(got) - n);

		assert_true(some > 0);
		n += (size_t)some;
	}
	assert_memory_equal(got, all, sizeof(all));
	assert_int_equal(port_read(p, got, 1, in_ms(2)), ET_ERR_TIMEOUT);
	assert_int_equal(write(u->master, "old", 3), 3);
	assert_int_equal(port_reopen(p, &f), ET_OK);
	assert_int_equal(port_read(p, got, 1, in_ms(2)), ET_ERR_TIMEOUT);
	port_close(p);
}

/* A byte that the port lost must not make "12345" of "123456": the line it may have been in is an error. */
static void an_overrun_damages_the_line(void **state)
{
	struct port *p = opened("9600,8n2");
	struct line_io io;
	char line[32];

	(void)state;
	line_init(&io, p, '\r');
	assert_int_equal(write(u->master, "AF50.00\r", 8), 8);
	assert_int_equal(line_read(&io, line, sizeof(line), in_ms(10000), NULL), ET_OK);
	assert_string_equal(line, "AF50.00");
	u->overruns++;
	assert_int_equal(write(u->master, "AF5.00\r", 7), 7);
	assert_int_equal(line_read(&io, line, sizeof(line), in_ms(10000), NULL), ET_ERR_PROTO);
	assert_int_equal(write(u->master, "AF60.00\r", 8), 8);
	assert_int_equal(line_read(&io, line, sizeof(line), in_ms(10000), NULL), ET_OK);
	assert_string_equal(line, "AF60.00");
	port_close(p);
}

/* A blocking read of the library gives 0 for both. */
static void unplugged_is_not_slow_and_it_may_come_back(void **state)
{
	struct port *p = opened("9600,8n2,dtr=on,rts=off");
	char got[8];

	(void)state;
	assert_int_equal(port_read(p, got, sizeof(got), in_ms(20)), ET_ERR_TIMEOUT);
	uart_unplug(u);
	assert_int_equal(port_read(p, got, sizeof(got), in_ms(10000)), ET_ERR_IO);
	assert_int_equal(port_write(p, "x", 1, in_ms(10000)), ET_ERR_IO);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(port_reopen(p, &f), ET_ERR_IO);
		assert_non_null(strstr(f.text, u->path));
		assert_int_equal(port_read(p, got, sizeof(got), in_ms(10000)), ET_ERR_IO);
		assert_int_equal(port_write(p, "x", 1, in_ms(10000)), ET_ERR_IO);
	}
	uart_plug(u);
	assert_int_equal(port_reopen(p, &f), ET_OK);
	assert_int_equal(u->lines, TIOCM_DTR);
	assert_int_equal(port_write(p, "TS\r", 3, in_ms(10000)), ET_OK);
	assert_int_equal(read(u->master, got, sizeof(got)), 3);
	assert_memory_equal(got, "TS\r", 3);
	port_close(p);
}

/* /dev/serial/by-id/... leads to another device after replugging. */
static void a_name_that_stays(void **state)
{
	char by_id[64], spec[128], got[8];
	struct port *p = NULL;

	(void)state;
	snprintf(by_id, sizeof(by_id), "%s/usb-Reader_0001", u->dir);
	assert_int_equal(symlink(u->link, by_id), 0);
	snprintf(spec, sizeof(spec), "serial:%s,9600,8n1", by_id);
	if (port_open(spec, c, &p, &f) != ET_OK)
		fail_msg("%s", f.text);
	uart_unplug(u);
	assert_int_equal(port_read(p, got, sizeof(got), in_ms(10000)), ET_ERR_IO);
	assert_int_equal(port_reopen(p, &f), ET_ERR_IO);
	uart_plug(u);
	assert_int_equal(port_reopen(p, &f), ET_OK);
	assert_int_equal(write(u->master, "hi\r", 3), 3);
	assert_int_equal(port_read(p, got, sizeof(got), in_ms(10000)), 3);
	port_close(p);
	unlink(by_id);
}

static void one_controller_a_device(void **state)
{
	char want[64], me[16];
	struct port *p = opened("9600,8n2"), *second = NULL;

	(void)state;
	assert_int_equal(open_with("300,7e1,dtr=off", &second), ET_ERR_IO);
	pthread_getname_np(pthread_self(), me, sizeof(me));
	snprintf(want, sizeof(want), "is in use by %s (process %d)", me, getpid());
	assert_non_null(strstr(f.text, want));
	assert_null(second);
	assert_int_equal(uart_speed(u), 9600); /* the first one's settings stand */
	assert_int_equal(u->lines, TIOCM_DTR | TIOCM_RTS);
	assert_true(is_exclusive());
	port_close(p);
}

/* The lock goes with its holder, however that ends. */
static void another_process_holds_it(void **state)
{
	struct port *p = NULL;
	char want[64];
	int ready[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct port *mine = NULL;
		char ok = open_with("9600,8n2", &mine) == ET_OK ? 'y' : 'n';

		_exit(write(ready[1], &ok, 1) == 1 && pause());
	}
	assert_int_equal(read(ready[0], want, 1), 1);
	assert_int_equal(want[0], 'y');
	assert_int_equal(open_with("9600,8n2", &p), ET_ERR_IO);
	snprintf(want, sizeof(want), "(process %d)", pid);
	assert_non_null(strstr(f.text, want));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* A pseudo-terminal whose other end stays open keeps TIOCEXCL, which only stops who is not root. */
	assert_int_equal(ioctl(u->slave, TIOCNXCL), 0);
	port_close(opened("9600,8n2"));
	close(ready[0]);
	close(ready[1]);
}

/* Let each call that reaches the device fail in turn, whoever makes it: nothing stays open, nothing stays locked. */
static void a_failing_call_undoes_everything(void **state)
{
	int before = descriptors(), failed = 0;

	(void)state;
	for (int n = 1;; n++) {
		struct port *p = NULL;
		int err;

		uart_calls = 0;
		uart_fail_at = n;
		err = open_with("19200,7e1,dtr=on,rts=off", &p);
		uart_fail_at = 0;
		if (err == ET_OK) {
			port_close(p);
			if (uart_calls < n)
				break;
			/* what may be missing: counters, and what old hardware has as 'termiox' */
			if (uart_failed_request != TIOCGICOUNT && uart_failed_request != 0x5432)
				fail_msg("call %d (%#lx) failed unnoticed", n, uart_failed_request);
		} else {
			failed++;
			assert_int_equal(err, ET_ERR_IO);
			assert_null(p);
			assert_non_null(strstr(f.text, u->path));
			assert_true(strlen(f.text) > strlen(u->path) + 20);
		}
		assert_int_equal(descriptors(), before);
		assert_false(is_exclusive());
		assert_false(is_locked());
		u->lines = TIOCM_DTR | TIOCM_RTS;
	}
	print_message("%d calls that may not fail\n", failed);
	assert_true(failed >= 15);
}

static void what_is_no_serial_port(void **state)
{
	struct port *p = NULL;

	(void)state;
	assert_int_equal(port_open("serial:/dev/null,9600,8n1", c, &p, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "no serial port of this name"));
	assert_int_equal(port_open("serial:/dev/ttyUSB999,9600,8n1", c, &p, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "No such file"));
	assert_null(p);
}

int main(void)
{
#define uart_test(t) cmocka_unit_test_setup_teardown(t, plug_in, take_away)
	const struct CMUnitTest tests[] = {
		uart_test(the_library_makes_the_setting),
		uart_test(a_device_that_keeps_its_own_setting),
		uart_test(modem_lines_are_put_where_the_spec_wants_them),
		uart_test(every_byte_passes_both_ways),
		uart_test(an_overrun_damages_the_line),
		uart_test(unplugged_is_not_slow_and_it_may_come_back),
		uart_test(a_name_that_stays),
		uart_test(one_controller_a_device),
		uart_test(another_process_holds_it),
		uart_test(a_failing_call_undoes_everything),
		uart_test(what_is_no_serial_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
