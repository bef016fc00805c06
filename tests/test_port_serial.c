/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_serial.c - what is asked of libserialport, and what is undone when it refuses.
 *
 * The library opens no pseudo-terminal, so its functions are replaced here: the ones below come before those
 * of the shared library. The device is a pseudo-terminal all the same. */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "io/port.h"
#include "tests/support/near.h"

struct sp_port {
	int fd;
	char path[64];
};
static char asked[200]; /* what was called, one word each */
static const char *refused; /* this call fails */
static int n_ports, n_open, n_messages;

static enum sp_return call(const char *word)
{
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "%s ", word);
	return refused && strcmp(refused, word) == 0 ? SP_ERR_FAIL : SP_OK;
}
static enum sp_return call_number(const char *name, int n)
{
	char word[40];

	snprintf(word, sizeof(word), "%s=%d", name, n);
	return call(word);
}

enum sp_return sp_get_port_by_name(const char *name, struct sp_port **out)
{
	enum sp_return err = call("find");

	if (err != SP_OK)
		return err;
	*out = calloc(1, sizeof(**out));
	snprintf((*out)->path, sizeof((*out)->path), "%s", name);
	n_ports++;
	return SP_OK;
}
void sp_free_port(struct sp_port *p)
{
	n_ports--;
	free(p);
}
enum sp_return sp_open(struct sp_port *p, enum sp_mode flags)
{
	enum sp_return err = call_number("open", (int)flags);

	if (err != SP_OK)
		return err;
	p->fd = open(p->path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	n_open++;
	return p->fd < 0 ? SP_ERR_FAIL : SP_OK;
}
enum sp_return sp_close(struct sp_port *p)
{
	n_open--;
	close(p->fd);
	return SP_OK;
}
enum sp_return sp_set_baudrate(struct sp_port *p, int baudrate)
{
	struct termios t;

	tcgetattr(p->fd, &t);
	cfmakeraw(&t);
	tcsetattr(p->fd, TCSANOW, &t);
	return call_number("baud", baudrate);
}
enum sp_return sp_set_bits(struct sp_port *p, int bits)
{
	(void)p;
	return call_number("bits", bits);
}
enum sp_return sp_set_parity(struct sp_port *p, enum sp_parity parity)
{
	(void)p;
	return call_number("parity", (int)parity);
}
enum sp_return sp_set_stopbits(struct sp_port *p, int stopbits)
{
	(void)p;
	return call_number("stop", stopbits);
}
enum sp_return sp_set_flowcontrol(struct sp_port *p, enum sp_flowcontrol flow)
{
	(void)p;
	return call_number("flow", (int)flow);
}
enum sp_return sp_get_port_handle(const struct sp_port *p, void *out)
{
	*(int *)out = p->fd;
	return call("handle");
}
char *sp_last_error_message(void)
{
	n_messages++;
	return strdup("made to fail");
}
void sp_free_error_message(char *message)
{
	n_messages--;
	free(message);
}

struct pty {
	struct clk *c;
	int master, slave;
	char path[64], spec[100];
};
static void open_pty(struct pty *t, const char *setting)
{
	t->c = clk_real_new();
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->master >= 0);
	assert_int_equal(grantpt(t->master), 0);
	assert_int_equal(unlockpt(t->master), 0);
	assert_int_equal(ptsname_r(t->master, t->path, sizeof(t->path)), 0);
	t->slave = open(t->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t->slave >= 0);
	snprintf(t->spec, sizeof(t->spec), "serial:%s,%s", t->path, setting);
	asked[0] = '\0';
	refused = NULL;
}
static void close_pty(struct pty *t)
{
	close(t->slave);
	close(t->master);
	clk_free(t->c);
	assert_int_equal(n_open, 0);
	assert_int_equal(n_ports, 0);
	assert_int_equal(n_messages, 0);
}

static void the_setting_is_asked_for_and_errors_are_marked(void **state)
{
	static const struct {
		const char *setting, *want;
	} cases[] = {
		{ "9600,8n2", "find open=3 baud=9600 bits=8 parity=0 stop=2 flow=0 handle " },
		{ "19200,7e1", "find open=3 baud=19200 bits=7 parity=2 stop=1 flow=0 handle " },
		{ "300,8o1", "find open=3 baud=300 bits=8 parity=1 stop=1 flow=0 handle " },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fault f = { 0 };
		struct port *p = NULL;
		struct termios is;
		struct pty t;
		int exclusive = 0;

		open_pty(&t, cases[i].setting);
		if (port_open(t.spec, t.c, &p, &f) != ET_OK)
			fail_msg("%s", f.text);
		assert_string_equal(asked, cases[i].want);
		assert_int_equal(tcgetattr(t.slave, &is), 0);
		assert_int_equal(is.c_iflag, INPCK | PARMRK);
		assert_int_equal(ioctl(t.slave, TIOCGEXCL, &exclusive), 0);
		assert_int_equal(exclusive, 1);
		port_close(p);
		assert_int_equal(ioctl(t.slave, TIOCGEXCL, &exclusive), 0);
		assert_int_equal(exclusive, 0);
		close_pty(&t);
	}
}

static void bytes_pass_and_unplugged_is_not_slow(void **state)
{
	struct fault f = { 0 };
	struct port *p = NULL;
	char got[8] = "";
	struct pty t;

	(void)state;
	open_pty(&t, "9600,8n2");
	assert_int_equal(port_open(t.spec, t.c, &p, &f), ET_OK);
	assert_int_equal(port_write(p, "UP\r", 3, clk_now_ns(t.c) + 1000000000), ET_OK);
	assert_int_equal(read(t.master, got, sizeof(got)), 3);
	assert_memory_equal(got, "UP\r", 3);
	assert_int_equal(port_read(p, got, sizeof(got), clk_now_ns(t.c) + 2000000), ET_ERR_TIMEOUT);
	assert_int_equal(write(t.master, "a\377b\r", 4), 4);
	assert_int_equal(port_read(p, got, sizeof(got), clk_now_ns(t.c) + 1000000000), 4);
	assert_memory_equal(got, "a\377b\r", 4);
	assert_int_equal(write(t.master, "old", 3), 3);
	assert_int_equal(port_reopen(p, &f), ET_OK);
	assert_int_equal(port_read(p, got, sizeof(got), clk_now_ns(t.c) + 2000000), ET_ERR_TIMEOUT);
	close(t.master);
	assert_int_equal(port_read(p, got, sizeof(got), clk_now_ns(t.c) + 1000000000), ET_ERR_IO);
	assert_int_equal(port_write(p, "x", 1, clk_now_ns(t.c) + 1000000000), ET_ERR_IO);
	port_close(p);
	t.master = -1;
	close_pty(&t);
}

static void one_controller_a_device(void **state)
{
	struct port *p = NULL, *second = NULL;
	char want[64], me[16];
	struct fault f = { 0 };
	struct pty t;

	(void)state;
	open_pty(&t, "9600,8n2");
	assert_int_equal(port_open(t.spec, t.c, &p, &f), ET_OK);
	asked[0] = '\0';
	assert_int_equal(port_open(t.spec, t.c, &second, &f), ET_ERR_IO);
	pthread_getname_np(pthread_self(), me, sizeof(me));
	snprintf(want, sizeof(want), "is in use by %s (process %d)", me, getpid());
	assert_non_null(strstr(f.text, want));
	assert_string_equal(asked, ""); /* the first one's settings were not touched */
	assert_null(second);
	port_close(p);
	close_pty(&t);
}

/* Whatever fails, nothing stays open and no lock is left. */
static void a_refusal_undoes_everything(void **state)
{
	static const char *const words[] = { "find",	 "open=3", "baud=9600", "bits=7",
					     "parity=2", "stop=1", "flow=0",	"handle" };
	struct pty t;

	(void)state;
	open_pty(&t, "9600,7e1");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct port *p = NULL;
		struct fault f = { 0 };

		refused = words[i];
		assert_int_equal(port_open(t.spec, t.c, &p, &f), ET_ERR_IO);
		assert_non_null(strstr(f.text, "made to fail"));
		assert_null(p);
		assert_int_equal(n_open, 0);
		assert_int_equal(n_ports, 0);
		refused = NULL;
		assert_int_equal(port_open(t.spec, t.c, &p, &f), ET_OK);
		port_close(p);
		asked[0] = '\0';
	}
	close_pty(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_setting_is_asked_for_and_errors_are_marked),
		cmocka_unit_test(bytes_pass_and_unplugged_is_not_slow),
		cmocka_unit_test(one_controller_a_device),
		cmocka_unit_test(a_refusal_undoes_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
