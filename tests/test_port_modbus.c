/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_modbus.c - Modbus TCP over the loopback, Modbus RTU over a pseudo-terminal: bytes on the wire,
 * replies that are late, cut or damaged, locks, and what port_open() refuses. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/modbus.h"
#include "tests/support/near.h"

#define SOON(c) (clk_now_ns(c) + INT64_C(5000000000))
#define SHORT(c) (clk_now_ns(c) + INT64_C(30000000))

static const struct modbus_question two = { MODBUS_INPUT, 0x0048, 2 };

struct line { /* the instrument's end is .peer, and this test is the instrument */
	struct clk *c;
	int listener, peer;
	char spec[96];
	struct port *p;
};

static struct port *open_or_fail(const char *spec, struct clk *c)
{
	struct fault f = { 0 };
	struct port *p = NULL;

	if (port_open(spec, c, &p, &f) != ET_OK)
		fail_msg("%s", f.text);
	assert_int_equal(p->kind, PORT_MODBUS);
	return p;
}

/* The kernel completes a connection before accept(): no second thread is needed. */
static void open_tcp(struct line *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	l->c = clk_real_new();
	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(l->listener, 4), 0);
	assert_int_equal(getsockname(l->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(l->spec, sizeof(l->spec), "modbus-tcp:127.0.0.1:%u,17", ntohs(a.sin_port));
	l->p = open_or_fail(l->spec, l->c);
	l->peer = accept(l->listener, NULL, NULL);
	assert_true(l->peer >= 0);
}

static void open_rtu(struct line *l)
{
	char path[64];

	l->c = clk_real_new();
	l->peer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(grantpt(l->peer), 0);
	assert_int_equal(unlockpt(l->peer), 0);
	assert_int_equal(ptsname_r(l->peer, path, sizeof(path)), 0);
	l->listener = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC); /* keeps it alive */
	snprintf(l->spec, sizeof(l->spec), "modbus-rtu:%s,9600,8n1,17", path);
	l->p = open_or_fail(l->spec, l->c);
}

static void close_line(struct line *l)
{
	port_close(l->p);
	close(l->peer);
	close(l->listener);
	clk_free(l->c);
}

static void hear(struct line *l, const void *want, size_t len)
{
	uint8_t got[64] = { 0 };
	size_t n = 0;

	while (n < len) {
		ssize_t some = read(l->peer, got + n, len - n);

		assert_true(some > 0);
		n += (size_t)some;
	}
	assert_memory_equal(got, want, len);
}

#define HEAR(l, bytes) hear(l, bytes, sizeof(bytes) - 1)
#define SAY(l, bytes) \
	assert_int_equal(write((l)->peer, bytes, sizeof(bytes) - 1), sizeof(bytes) - 1)
#define TCP_ASKED "\0\0\0\0\0\6\x11\4\0\x48\0\2"
#define TCP_REPLY "\0\0\0\0\0\7\x11\4\4\x43\x66\x80\0"
#define RTU_ASKED "\x11\4\0\x48\0\2\xf3\x4d"
#define RTU_REPLY "\x11\4\4\x43\x66\x80\0\x7e\x1e"

static void ask(struct line *l)
{
	assert_int_equal(modbus_ask(l->p, &two, SOON(l->c)), ET_OK);
}

static void assert_answer(struct line *l)
{
	uint16_t regs[2] = { 0 };

	assert_int_equal(modbus_answer(l->p, &two, false, regs, NULL, SOON(l->c)), ET_OK);
	assert_int_equal(regs[0], 0x4366);
	assert_int_equal(regs[1], 0x8000);
}

/* ---- TCP ---- */

static void tcp_frames(void **state)
{
	uint16_t regs[2];
	struct line l;
	int exception = 0;

	(void)state;
	open_tcp(&l);
	ask(&l);
	HEAR(&l, TCP_ASKED);
	SAY(&l, "\0\0\0\0\0\7\x11\4"); /* in pieces */
	SAY(&l, "\4\x43\x66\x80\0");
	assert_answer(&l);
	ask(&l);
	SAY(&l, "\0\0\0\0\0\3\x11\x84\2");
	assert_int_equal(modbus_answer(l.p, &two, false, regs, &exception, SOON(l.c)),
			 ET_ERR_DEVICE);
	assert_int_equal(exception, 2);
	close_line(&l);
}

static void accept_again(struct line *l)
{
	close(l->peer);
	l->peer = accept(l->listener, NULL, NULL);
	assert_true(l->peer >= 0);
}

/* Half a reply, and its rest too late: the next question goes over a new connection. */
static void tcp_a_late_reply_never_comes(void **state)
{
	uint16_t regs[2] = { 7, 7 };
	struct line l;

	(void)state;
	open_tcp(&l);
	ask(&l);
	HEAR(&l, TCP_ASKED);
	SAY(&l, "\0\0\0\0\0\7\x11\4\4\x11");
	assert_int_equal(modbus_answer(l.p, &two, false, regs, NULL, SHORT(l.c)), ET_ERR_TIMEOUT);
	assert_int_equal(regs[0], 7);
	SAY(&l, "\x11\x11\x11");
	ask(&l);
	accept_again(&l);
	HEAR(&l, TCP_ASKED);
	SAY(&l, TCP_REPLY);
	assert_answer(&l);
	close_line(&l);
}

static void tcp_a_dead_link_is_reopened(void **state)
{
	struct fault f = { 0 };
	uint16_t regs[2];
	struct line l;

	(void)state;
	open_tcp(&l);
	ask(&l);
	HEAR(&l, TCP_ASKED);
	close(l.peer);
	assert_int_equal(modbus_answer(l.p, &two, false, regs, NULL, SOON(l.c)), ET_ERR_IO);
	assert_int_equal(modbus_ask(l.p, &two, SOON(l.c)), ET_ERR_IO); /* until reopened */
	assert_int_equal(modbus_answer(l.p, &two, false, regs, NULL, SOON(l.c)), ET_ERR_IO);
	assert_int_equal(port_reopen(l.p, &f), ET_OK);
	l.peer = accept(l.listener, NULL, NULL);
	ask(&l);
	HEAR(&l, TCP_ASKED);
	SAY(&l, TCP_REPLY);
	assert_answer(&l);
	close(l.listener);
	assert_int_equal(port_reopen(l.p, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "modbus-tcp:127.0.0.1:"));
	assert_int_equal(modbus_ask(l.p, &two, SOON(l.c)), ET_ERR_IO);
	close_line(&l);
}

/* A length that no message has, other protocols, too much: an error, and nothing worse. */
static void tcp_nonsense_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", 47 },
		{ "\0\0\0\0\xff\xff\x11\4\xff\1\2\3\4\5\6\7\x8\x9", 18 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t regs[2] = { 7, 7 };
		struct line l;
		int err;

		open_tcp(&l);
		ask(&l);
		HEAR(&l, TCP_ASKED);
		assert_int_equal(write(l.peer, cases[i].bytes, cases[i].len), cases[i].len);
		err = modbus_answer(l.p, &two, false, regs, NULL, SHORT(l.c));
		assert_true(err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO);
		assert_int_equal(regs[0], 7);
		close_line(&l);
	}
}

/* ---- RTU ---- */

static void rtu_frames(void **state)
{
	uint16_t regs[2];
	struct line l;
	int exception = 0;

	(void)state;
	open_rtu(&l);
	ask(&l);
	HEAR(&l, RTU_ASKED);
	SAY(&l, "\x12\4\4\0\0\0\0\xd9\x45"); /* another unit */
	SAY(&l, RTU_REPLY);
	assert_answer(&l);
	ask(&l);
	HEAR(&l, RTU_ASKED);
	SAY(&l, "\x11\x84\2\xc3\x04");
	assert_int_equal(modbus_answer(l.p, &two, false, regs, &exception, SOON(l.c)),
			 ET_ERR_DEVICE);
	assert_int_equal(exception, 2);
	close_line(&l);
}

static void rtu_damage_and_leftovers(void **state)
{
	uint16_t regs[2] = { 7, 7 };
	struct line l;

	(void)state;
	open_rtu(&l);
	ask(&l);
	HEAR(&l, RTU_ASKED);
	SAY(&l, "\x11\4\4\x43\x66\x80\1\x7e\x1e"); /* one bit */
	assert_int_equal(modbus_answer(l.p, &two, false, regs, NULL, SOON(l.c)), ET_ERR_PROTO);
	ask(&l);
	HEAR(&l, RTU_ASKED);
	assert_int_equal(modbus_answer(l.p, &two, false, regs, NULL, SHORT(l.c)), ET_ERR_TIMEOUT);
	assert_int_equal(regs[0], 7);
	SAY(&l, "\x11\4\4\x11\x11\x11\x11\x73\x20"); /* late: gone with the next question */
	ask(&l);
	HEAR(&l, RTU_ASKED);
	SAY(&l, RTU_REPLY);
	assert_answer(&l);
	close_line(&l);
}

/* ---- both ---- */

static void a_link_is_locked(void **state)
{
	char raw[96];
	struct fault f = { 0 };
	struct line l;
	struct port *second;

	(void)state;
	open_tcp(&l);
	assert_int_equal(port_open(l.spec, l.c, &second, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "in use by"));
	snprintf(raw, sizeof(raw), "%.*s", (int)strcspn(l.spec + 7, ","), l.spec + 7);
	assert_int_equal(port_open(raw, l.c, &second, &f), ET_ERR_IO); /* as bytes too */
	assert_non_null(strstr(f.text, "in use by"));
	close_line(&l);
	open_rtu(&l);
	assert_int_equal(port_open(l.spec, l.c, &second, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "in use by"));
	close_line(&l);
}

static void wrong_specifications_are_refused(void **state)
{
	static const char *const specs[] = {
		"modbus-tcp:host",
		"modbus-tcp:host:502",
		"modbus-tcp:host:502,",
		"modbus-tcp:host:502,256",
		"modbus-tcp:host:502,-1",
		"modbus-tcp:host:0,1",
		"modbus-tcp::502,1",
		"modbus-rtu:/dev/ttyUSB0",
		"modbus-rtu:/dev/ttyUSB0,9600,8n1",
		"modbus-rtu:/dev/ttyUSB0,9600,8n1,0",
		"modbus-rtu:/dev/ttyUSB0,9600,8n1,248",
		"modbus-rtu:/dev/ttyUSB0,9600,7e1,1",
		"modbus-rtu:/dev/ttyUSB0,9601,8n1,1",
		"modbus-rtu:/dev/ttyUSB0,1",
		"modbus-rtu:ttyUSB0,9600,8n1,1",
		"modbus:/dev/ttyUSB0,9600,8n1,1",
	};
	static const struct clk_start start = { .mono_ns = 1 };
	struct clk *c = clk_real_new(), *v = clk_virtual_new(&start);
	struct port *p;

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct fault f = { 0 };

		if (port_open(specs[i], c, &p, &f) != ET_ERR_ARG)
			fail_msg("taken: %s (%s)", specs[i], f.text);
		assert_non_null(strstr(f.text, specs[i]));
	}
	assert_int_equal(port_open("modbus-tcp:127.0.0.1:502,1", v, &p, NULL), ET_ERR_ARG);
	assert_int_equal(port_open("modbus-rtu:/dev/ttyUSB0,9600,8n1,1", v, &p, NULL), ET_ERR_ARG);
	assert_int_equal(port_open("modbus-rtu:/dev/null,9600,8n1,1", c, &p, NULL), ET_ERR_IO);
	assert_int_equal(port_spec_kind("modbus-tcp:h:502,1"), PORT_MODBUS);
	assert_int_equal(port_spec_kind("modbus-rtu:/dev/x,9600,8n1,1"), PORT_MODBUS);
	assert_int_equal(port_spec_kind("tcp:h:502"), PORT_BYTES);
	assert_int_equal(port_spec_kind("serial:/dev/x,9600,8n1"), PORT_BYTES);
	assert_int_equal(port_spec_kind("simulated:x"), -1);
	assert_int_equal(port_spec_kind("transcript:x"), -1);
	clk_free(c);
	clk_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_frames),
		cmocka_unit_test(tcp_a_late_reply_never_comes),
		cmocka_unit_test(tcp_a_dead_link_is_reopened),
		cmocka_unit_test(tcp_nonsense_is_refused),
		cmocka_unit_test(rtu_frames),
		cmocka_unit_test(rtu_damage_and_leftovers),
		cmocka_unit_test(a_link_is_locked),
		cmocka_unit_test(wrong_specifications_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
