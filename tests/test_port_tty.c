/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_tty.c - termios on a pseudo-terminal whose other end is here. */
#include "io/port.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/quantities.h"
#include "tests/support/near.h"

struct pty {
	struct clk *c;
	int master, slave; /* a simulator keeps both open too */
	char path[64], spec[100];
	struct port *p;
};
static void open_pty(struct pty *t, const char *setting)
{
	struct fault f = { 0 };

	t->c = clk_real_new();
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->master >= 0);
	assert_int_equal(grantpt(t->master), 0);
	assert_int_equal(unlockpt(t->master), 0);
	assert_int_equal(ptsname_r(t->master, t->path, sizeof(t->path)), 0);
	t->slave = open(t->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->slave >= 0);
	snprintf(t->spec, sizeof(t->spec), "tty:%s%s", t->path, setting);
	if (port_open(t->spec, t->c, &t->p, &f) != ET_OK)
		fail_msg("%s", f.text);
}
static void close_pty(struct pty *t)
{
	port_close(t->p);
	close(t->slave);
	close(t->master);
	clk_free(t->c);
}

static void every_byte_passes_both_ways(void **state)
{
	unsigned char all[256], got[256];
	struct pty t;
	size_t n = 0;

	(void)state;
	open_pty(&t, "");
	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	assert_int_equal(write(t.master, all, sizeof(all)), sizeof(all));
	while (n < sizeof(all)) {
		int some = port_read(t.p, got + n, sizeof(got) - n, clk_now_ns(t.c) + 1000000000);

		assert_true(some > 0);
		n += (size_t)some;
	}
	assert_memory_equal(got, all, sizeof(all));
	assert_int_equal(port_write(t.p, all, sizeof(all), clk_now_ns(t.c) + 1000000000), ET_OK);
	for (n = 0; n < sizeof(all);) {
		ssize_t some = read(t.master, got + n, sizeof(got) - n);

		assert_true(some > 0);
		n += (size_t)some;
	}
	assert_memory_equal(got, all, sizeof(all));
	assert_int_equal(port_read(t.p, got, 1, clk_now_ns(t.c) + 2000000), ET_ERR_TIMEOUT);
	close_pty(&t);
}

static void the_setting_is_applied(void **state)
{
	struct termios is;
	struct pty t;

	(void)state;
	open_pty(&t, ",19200,8n2");
	assert_int_equal(tcgetattr(t.master, &is), 0); /* both ends share it */
	assert_int_equal(cfgetospeed(&is), B19200);
	assert_int_equal(cfgetispeed(&is), B19200);
	assert_int_equal(is.c_cflag & (CSIZE | CSTOPB | PARENB | CRTSCTS), CS8 | CSTOPB);
	assert_int_equal(is.c_iflag, INPCK | PARMRK);
	assert_int_equal(is.c_lflag, 0);
	assert_int_equal(is.c_oflag, 0);
	close_pty(&t);
}

static void what_the_device_cannot_do_is_refused(void **state)
{
	char spec[100];
	struct fault f = { 0 };
	struct port *none = NULL;
	struct pty t;

	(void)state;
	open_pty(&t, "");
	port_close(t.p);
	snprintf(spec, sizeof(spec), "tty:%s,300,7e1", t.path); /* a pty has 8 bits only */
	assert_int_equal(port_open(spec, t.c, &none, &f), ET_ERR_IO);
	snprintf(spec, sizeof(spec), "tty:%s,1234,8n1", t.path);
	assert_int_equal(port_open(spec, t.c, &none, &f), ET_ERR_ARG);
	assert_non_null(strstr(f.text, "1234 baud is not a usual speed"));
	snprintf(spec, sizeof(spec), "serial:%s,9600,8n2", t.path);
	assert_int_equal(port_open(spec, t.c, &none, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "no serial port of this name"));
	snprintf(spec, sizeof(spec), "tty:%s,9600,8n2,dtr=on", t.path); /* nor has it modem lines */
	assert_int_equal(port_open(spec, t.c, &none, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "dtr and rts cannot be set here"));
	assert_null(none);
	assert_int_equal(port_open(t.spec, t.c, &t.p, &f), ET_OK); /* no lock is left behind */
	close_pty(&t);
}

static void a_second_opening_says_who_has_it(void **state)
{
	char want[64], spec[100], me[16];
	struct port *second = NULL;
	struct fault f = { 0 };
	struct pty t;

	(void)state;
	open_pty(&t, "");
	pthread_getname_np(pthread_self(), me, sizeof(me));
	snprintf(want, sizeof(want), "is in use by %s (process %d)", me, getpid());
	assert_int_equal(port_open(t.spec, t.c, &second, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, want));
	snprintf(spec, sizeof(spec), "serial:%s,9600,8n1", t.path);
	assert_int_equal(port_open(spec, t.c, &second, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, want));
	assert_null(second);
	port_close(t.p);
	assert_int_equal(port_open(t.spec, t.c, &t.p, &f), ET_OK);
	close_pty(&t);
}

static void an_exclusive_mark_does_not_stay(void **state)
{
	int exclusive = 0;
	struct pty t;

	(void)state;
	open_pty(&t, "");
	assert_int_equal(ioctl(t.slave, TIOCGEXCL, &exclusive), 0);
	assert_int_equal(exclusive, 1);
	port_close(t.p);
	t.p = NULL;
	assert_int_equal(ioctl(t.slave, TIOCGEXCL, &exclusive), 0);
	assert_int_equal(exclusive, 0);
	close_pty(&t);
}

static void unplugged_is_not_slow(void **state)
{
	struct fault f = { 0 };
	struct pty t;
	char got[8];

	(void)state;
	open_pty(&t, "");
	close(t.master);
	assert_int_equal(port_read(t.p, got, sizeof(got), ET_NEVER_NS), ET_ERR_IO);
	assert_int_equal(port_read(t.p, got, sizeof(got), 0), ET_ERR_IO);
	assert_int_equal(port_write(t.p, "x", 1, ET_NEVER_NS), ET_ERR_IO);
	assert_int_equal(port_reopen(t.p, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, t.path));
	assert_int_equal(port_read(t.p, got, sizeof(got), ET_NEVER_NS), ET_ERR_IO);
	t.master = -1;
	close_pty(&t);
}

static void reopening_forgets(void **state)
{
	struct pty t;
	char got[8] = "";

	(void)state;
	open_pty(&t, "");
	assert_int_equal(write(t.master, "old", 3), 3);
	assert_int_equal(port_read(t.p, got, 1, clk_now_ns(t.c) + 1000000000), 1);
	assert_int_equal(write(t.master, "older", 5), 5); /* nobody reads this one */
	assert_int_equal(port_reopen(t.p, NULL), ET_OK);
	assert_int_equal(port_read(t.p, got, sizeof(got), clk_now_ns(t.c) + 2000000),
			 ET_ERR_TIMEOUT);
	assert_int_equal(write(t.master, "new", 3), 3);
	assert_int_equal(port_read(t.p, got, sizeof(got), clk_now_ns(t.c) + 1000000000), 3);
	assert_string_equal(got, "new");
	close_pty(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_passes_both_ways),
		cmocka_unit_test(the_setting_is_applied),
		cmocka_unit_test(what_the_device_cannot_do_is_refused),
		cmocka_unit_test(a_second_opening_says_who_has_it),
		cmocka_unit_test(an_exclusive_mark_does_not_stay),
		cmocka_unit_test(unplugged_is_not_slow),
		cmocka_unit_test(reopening_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
