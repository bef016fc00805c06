/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_tcp.c - TCP over the loopback, and what port_open() refuses. */
#include "io/port.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/quantities.h"
#include "tests/support/near.h"

#define SOON(c) (clk_now_ns(c) + 2000000000)

/* In the place of the C library's: how often is a name server troubled? */
static int names_asked;

int getaddrinfo(const char *restrict node, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	names_asked++;
	return real(node, service, hints, found);
}

struct server {
	struct clk *c;
	int listener, peer;
	unsigned short number;
	char spec[64];
	struct port *p;
};
/* The kernel completes a connection before accept(): no second thread is needed. */
static void open_server(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	struct fault f = { 0 };

	s->c = clk_real_new();
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listener, 4), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
	s->number = ntohs(a.sin_port);
	snprintf(s->spec, sizeof(s->spec), "tcp:127.0.0.1:%u", s->number);
	if (port_open(s->spec, s->c, &s->p, &f) != ET_OK)
		fail_msg("%s", f.text);
	s->peer = accept(s->listener, NULL, NULL);
	assert_true(s->peer >= 0);
}
static void close_server(struct server *s)
{
	port_close(s->p);
	close(s->peer);
	close(s->listener);
	clk_free(s->c);
}

static void bytes_pass_both_ways(void **state)
{
	struct server s;
	char got[16] = "";

	(void)state;
	open_server(&s);
	assert_string_equal(s.p->spec, s.spec);
	assert_int_equal(port_write(s.p, "*IDN?\n", 6, SOON(s.c)), ET_OK);
	assert_int_equal(recv(s.peer, got, 6, MSG_WAITALL), 6);
	assert_string_equal(got, "*IDN?\n");
	assert_int_equal(port_read(s.p, got, sizeof(got), clk_now_ns(s.c) + 2000000),
			 ET_ERR_TIMEOUT);
	assert_int_equal(send(s.peer, "\xff\0\r\n", 4, 0), 4);
	assert_int_equal(port_read(s.p, got, sizeof(got), SOON(s.c)), 4);
	assert_memory_equal(got, "\xff\0\r\n", 4);
	close_server(&s);
}

static void the_peer_may_go_and_come_back(void **state)
{
	struct server s;
	struct fault f = { 0 };
	char got[16] = "";

	(void)state;
	names_asked = 0;
	open_server(&s);
	assert_int_equal(send(s.peer, "bye", 3, 0), 3);
	close(s.peer);
	assert_int_equal(port_read(s.p, got, sizeof(got), SOON(s.c)), 3); /* what came before */
	assert_int_equal(port_read(s.p, got, sizeof(got), SOON(s.c)), ET_ERR_IO);
	assert_int_equal(port_reopen(s.p, &f), ET_OK);
	s.peer = accept(s.listener, NULL, NULL);
	assert_int_equal(send(s.peer, "again", 5, 0), 5);
	assert_int_equal(port_read(s.p, got, sizeof(got), SOON(s.c)), 5);
	close(s.peer);
	close(s.listener);
	assert_int_equal(port_reopen(s.p, &f), ET_ERR_IO);
	assert_int_equal(names_asked, 1); /* whoever reopens must not wait for a name server */
	assert_non_null(strstr(f.text, "Connection refused"));
	assert_int_equal(port_write(s.p, "x", 1, SOON(s.c)), ET_ERR_IO);
	s.peer = s.listener = -1;
	close_server(&s);
}

static void one_controller_an_instrument(void **state)
{
	struct server s;
	struct fault f = { 0 };
	struct port *second = NULL;
	char want[64], by_name[64], path[100], me[16];

	(void)state;
	open_server(&s);
	assert_int_equal(port_open(s.spec, s.c, &second, &f), ET_ERR_IO);
	pthread_getname_np(pthread_self(), me, sizeof(me));
	snprintf(want, sizeof(want), "is in use by %s (process %d)", me, getpid());
	assert_non_null(strstr(f.text, want));
	snprintf(path, sizeof(path), "/run/lock/etalon-tcp-127.0.0.1-%u.lock", s.number);
	if (access("/run/lock", W_OK) == 0)
		assert_int_equal(access(path, F_OK), 0);
	port_close(s.p);
	assert_int_equal(access(path, F_OK), -1); /* nothing is left behind */
	snprintf(by_name, sizeof(by_name), "tcp:[127.0.0.1]:%u", s.number);
	assert_int_equal(port_open(by_name, s.c, &s.p, &f), ET_OK);
	assert_null(second);
	close_server(&s);
}

static void wrong_specifications_are_refused(void **state)
{
	static const char longer[] = "tty:/a/very/long/name/a/very/long/name/a/very/long/name"
				     "/a/very/long/name/a/very/long/name/a/very/long/name"
				     "/a/very/long/name/a/very/long/name";
	static const char *const wrong[] = {
		"",
		"tcp",
		"udp:127.0.0.1:5025",
		"TCP:127.0.0.1:5025",
		"tcp:",
		"tcp:127.0.0.1",
		"tcp::5025",
		"tcp:127.0.0.1:",
		"tcp:127.0.0.1:0",
		"tcp:127.0.0.1:65536",
		"tcp:127.0.0.1:http",
		"tcp:127.0.0.1:+x",
		"tty:",
		"tty:ttyS0",
		"tty:/dev/ttyS0,",
		"tty:/dev/ttyS0,9600",
		"tty:/dev/ttyS0,9600,",
		"tty:/dev/ttyS0,9600,8n",
		"tty:/dev/ttyS0,9600,8n3",
		"tty:/dev/ttyS0,9600,8n1x",
		"tty:/dev/ttyS0,9600,6n1",
		"tty:/dev/ttyS0,9600,8x1",
		"tty:/dev/ttyS0,09600,8n1",
		"tty:/dev/ttyS0,0,8n1",
		"tty:/dev/ttyS0,9600,8n1,",
		"serial:/dev/ttyUSB0",
		"serial:/dev/ttyUSB0,8n1,9600",
		longer,
	};
	struct clk *c = clk_real_new();
	struct port *none = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fault f = { 0 };

		if (port_open(wrong[i], c, &none, &f) != ET_ERR_ARG)
			fail_msg("not refused: %s", wrong[i]);
		assert_int_equal(f.code, ET_ERR_ARG);
		assert_true(f.text[0] != '\0');
	}
	assert_null(none);
	clk_free(c);
}

static void what_is_not_there_is_named(void **state)
{
	static const char *const absent[] = { "tty:/dev/etalon-none",
					      "serial:/dev/etalon-none,9600,8n2",
					      "serial:/dev/null,9600,8n2", "tty:/dev/null" };
	struct clk *c = clk_real_new();
	struct port *none = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		struct fault f = { 0 };

		assert_int_equal(port_open(absent[i], c, &none, &f), ET_ERR_IO);
		assert_ptr_equal(strstr(f.text, absent[i]), f.text);
	}
	assert_null(none);
	clk_free(c);
}

static void simulated_time_refuses_real_links(void **state)
{
	static const char *const real[] = { "tcp:127.0.0.1:1", "tty:/dev/null",
					    "serial:/dev/null,9600,8n2" };
	struct clk *c = clk_virtual_new(&(struct clk_start){ 0 });
	struct port *none = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
		struct fault f = { 0 };

		assert_int_equal(port_open(real[i], c, &none, &f), ET_ERR_ARG);
		assert_non_null(strstr(f.text, "simulated time"));
	}
	assert_null(none);
	clk_free(c);
}

/* The worker of a run is forked from its guardian, which holds the port open. When the worker closes its copy, the lock stays. */
static void a_forked_copy_does_not_take_the_lock_away(void **state)
{
	struct port *second = NULL;
	struct fault f = { 0 };
	struct server s;
	pid_t pid;

	(void)state;
	open_server(&s);
	pid = fork();
	if (pid == 0) {
		port_close(s.p);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(port_open(s.spec, s.c, &second, &f), ET_ERR_IO);
	assert_null(second);
	close_server(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_pass_both_ways),
		cmocka_unit_test(the_peer_may_go_and_come_back),
		cmocka_unit_test(one_controller_an_instrument),
		cmocka_unit_test(a_forked_copy_does_not_take_the_lock_away),
		cmocka_unit_test(wrong_specifications_are_refused),
		cmocka_unit_test(what_is_not_there_is_named),
		cmocka_unit_test(simulated_time_refuses_real_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
