/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_fd.c - parity marks, deadlines and broken links, over a socket pair. */
#include "io/port_fd.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quantities.h"
#include "tests/support/near.h"

static int other_end = -1;
static bool refuses;

static int pair_connect(struct fd_port *p, struct fault *f)
{
	int fd[2];

	if (refuses || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) < 0)
		return fault_set(f, ET_ERR_IO, "refused");
	p->fd = fd[0];
	other_end = fd[1];
	return ET_OK;
}
static void pair_disconnect(struct fd_port *p)
{
	close(p->fd);
}
static const struct fd_kind pair_kind = { pair_connect, pair_disconnect };

static struct port *open_pair(struct clk *c, bool has_marks)
{
	struct fd_port *p = calloc(1, sizeof(*p));
	struct port *out = NULL;

	p->kind = &pair_kind;
	p->is_socket = true;
	p->has_marks = has_marks;
	assert_int_equal(fd_port_open(p, "pair:", c, &out, NULL), ET_OK);
	assert_string_equal(out->spec, "pair:");
	return out;
}
static void feed(const char *data, size_t len)
{
	assert_int_equal(write(other_end, data, len), len);
}
static int read_now(struct port *p, char *buf, size_t cap)
{
	memset(buf, 0, cap);
	return port_read(p, buf, cap, 0);
}

static void marked_bytes_are_errors(void **state)
{
	struct clk *c = clk_real_new();
	struct port *p = open_pair(c, true);
	char got[16];

	(void)state;
	feed("ab\xff\0Xcd\xff\xff\xff\0\0e", 13);
	assert_int_equal(read_now(p, got, sizeof(got)), 2); /* the good ones first */
	assert_string_equal(got, "ab");
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_PROTO);
	assert_int_equal(read_now(p, got, sizeof(got)), 3);
	assert_string_equal(got, "cd\xff");
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_PROTO); /* a break */
	assert_int_equal(read_now(p, got, sizeof(got)), 1);
	assert_string_equal(got, "e");

	feed("\xff", 1); /* a mark in pieces */
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_TIMEOUT);
	feed("\0", 1);
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_TIMEOUT);
	feed("\xff", 1);
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_PROTO);
	feed("\xff", 1);
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_TIMEOUT);
	feed("\xffz", 2);
	assert_int_equal(read_now(p, got, 1), 1);
	assert_int_equal((unsigned char)got[0], 0xff);
	assert_int_equal(read_now(p, got, 1), 1);
	assert_string_equal(got, "z");
	close(other_end);
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_IO);
	port_close(p);
	clk_free(c);
}

static void reading_waits_no_longer_than_its_deadline(void **state)
{
	struct clk *c = clk_real_new();
	struct port *p = open_pair(c, false);
	int64_t t_ns = clk_now_ns(c);
	char got[16];

	(void)state;
	assert_int_equal(port_read(p, got, sizeof(got), t_ns + 5000000), ET_ERR_TIMEOUT);
	assert_true(clk_now_ns(c) >= t_ns + 5000000);
	feed("\xff\0x", 3); /* no marks here */
	assert_int_equal(port_read(p, got, sizeof(got), ET_NEVER_NS), 3);
	assert_memory_equal(got, "\xff\0x", 3);
	close(other_end);
	port_close(p);
	clk_free(c);
}

static void writing_is_whole_or_an_error(void **state)
{
	static char big[1 << 22];
	struct clk *c = clk_real_new();
	struct port *p = open_pair(c, false);
	int64_t t_ns = clk_now_ns(c);
	char got[16] = "";

	(void)state;
	assert_int_equal(port_write(p, "hello", 5, 0), ET_OK);
	assert_int_equal(read(other_end, got, sizeof(got)), 5);
	assert_string_equal(got, "hello");
	assert_int_equal(port_write(p, NULL, 0, 0), ET_OK);
	assert_int_equal(port_write(p, big, sizeof(big), t_ns + 5000000), ET_ERR_TIMEOUT);
	assert_true(clk_now_ns(c) >= t_ns + 5000000);
	close(other_end);
	assert_int_equal(port_write(p, "x", 1, ET_NEVER_NS), ET_ERR_IO); /* and no SIGPIPE */
	port_close(p);
	clk_free(c);
}

static void reopening_forgets_and_may_fail(void **state)
{
	struct clk *c = clk_real_new();
	struct port *p = open_pair(c, true);
	struct fault f = { 0 };
	int old_end = other_end;
	char got[16];

	(void)state;
	feed("abcdef\xff", 7);
	assert_int_equal(read_now(p, got, 2), 2);
	assert_int_equal(port_reopen(p, &f), ET_OK);
	close(old_end);
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_TIMEOUT);
	feed("\0new", 4); /* no longer in a mark */
	assert_int_equal(read_now(p, got, sizeof(got)), 4);
	close(other_end);
	refuses = true;
	assert_int_equal(port_reopen(p, &f), ET_ERR_IO);
	assert_string_equal(f.text, "refused");
	assert_int_equal(read_now(p, got, sizeof(got)), ET_ERR_IO);
	assert_int_equal(port_write(p, "x", 1, 0), ET_ERR_IO);
	assert_int_equal(port_reopen(p, &f), ET_ERR_IO);
	refuses = false;
	assert_int_equal(port_reopen(p, &f), ET_OK);
	feed("x", 1);
	assert_int_equal(read_now(p, got, sizeof(got)), 1);
	close(other_end);
	port_close(p);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marked_bytes_are_errors),
		cmocka_unit_test(reading_waits_no_longer_than_its_deadline),
		cmocka_unit_test(writing_is_whole_or_an_error),
		cmocka_unit_test(reopening_forgets_and_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
