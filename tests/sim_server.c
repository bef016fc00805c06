/* SPDX-License-Identifier: Apache-2.0 */
/* usage: sim_server SCENARIO - the simulated instruments on TCP ports of this machine, in real time, so that programs
 * that we did not write can talk to them (tools/foreign.sh).
 *
 * The simulator lives on the virtual clock; one thread moves that clock on to where real time is, and carries bytes.
 * The ports are told on stdout: "source 40001 reference 40002 reader 40003". It ends when its stdin is closed. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "simulator/simulator.h"

#define STEP_MS 1

static const char *const names[SIM_INSTRUMENTS] = { "source", "reference", "reader" };

struct door { /* one instrument: one client at a time */
	int listening, client; /* -1: none */
	struct port *port;
};

static int64_t real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * ET_NS_PER_S + t.tv_nsec;
}

static int listen_somewhere(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		return -1;
	*port = ntohs(a.sin_port);
	return fd;
}

static int open_doors(struct sim *sim, struct door door[SIM_INSTRUMENTS])
{
	struct fault f = { 0 };

	for (int i = 0; i < SIM_INSTRUMENTS; i++) {
		int number;

		door[i].client = -1;
		door[i].listening = listen_somewhere(&number);
		if (door[i].listening < 0 || sim_port(sim, names[i], &door[i].port, &f) != ET_OK)
			return -1;
		printf("%s %d%s", names[i], number, i + 1 < SIM_INSTRUMENTS ? " " : "\n");
	}
	return fflush(stdout);
}

static void hang_up(struct door *d)
{
	close(d->client);
	d->client = -1;
}

static void welcome(struct door *d)
{
	const int on = 1;

	d->client = accept(d->listening, NULL, NULL);
	if (d->client >= 0)
		setsockopt(d->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void to_instrument(struct door *d)
{
	char buf[512];
	const ssize_t n = read(d->client, buf, sizeof(buf));

	if (n <= 0 || port_write(d->port, buf, (size_t)n, 0) != ET_OK)
		hang_up(d);
}

/* What nobody listens to is lost, as on a line. */
static void from_instrument(struct door *d, struct clk *clk)
{
	char buf[4096];
	int n;

	while ((n = port_read(d->port, buf, sizeof(buf), clk_now_ns(clk))) > 0)
		if (d->client >= 0 && send(d->client, buf, (size_t)n, MSG_NOSIGNAL) != n)
			hang_up(d);
}

static void serve(struct clk *clk, struct door door[SIM_INSTRUMENTS])
{
	const int64_t offset_ns = clk_now_ns(clk) - real_ns();

	for (;;) {
		struct pollfd p[1 + SIM_INSTRUMENTS] = { { .fd = 0, .events = POLLIN } };
		char c;

		for (int i = 0; i < SIM_INSTRUMENTS; i++)
			p[1 + i] = (struct pollfd){ .fd = door[i].client < 0 ? door[i].listening
									     : door[i].client,
						    .events = POLLIN };
		poll(p, 1 + SIM_INSTRUMENTS, STEP_MS);
		if (p[0].revents && read(0, &c, 1) <= 0)
			return;
		clk_sleep_until(clk, real_ns() + offset_ns);
		for (int i = 0; i < SIM_INSTRUMENTS; i++) {
			if (p[1 + i].revents && door[i].client < 0)
				welcome(&door[i]);
			else if (p[1 + i].revents)
				to_instrument(&door[i]);
			from_instrument(&door[i], clk);
		}
	}
}

static int run(const struct scenario *sc)
{
	struct door door[SIM_INSTRUMENTS] = { 0 };
	struct fault f = { 0 };
	struct clk_start start;
	struct sim *sim = NULL;
	struct clk *clk;
	int bad = sim_clock_start(sc, NULL, &start);

	if (bad)
		return 2;
	clk = clk_virtual_new(&start);
	if (clk && sim_create(sc, NULL, clk, &sim, &f) == ET_OK) {
		bad = open_doors(sim, door);
		if (!bad)
			serve(clk, door);
		for (int i = 0; i < SIM_INSTRUMENTS; i++)
			port_close(door[i].port);
		sim_free(sim);
	} else {
		fprintf(stderr, "sim_server: %s\n", f.text);
		bad = 2;
	}
	clk_free(clk);
	return bad ? 2 : 0;
}

int main(int argc, char **argv)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct scenario sc;
	int code = 2;

	if (argc != 2) {
		fprintf(stderr, "usage: sim_server SCENARIO\n");
	} else if (scenario_load_file(argv[1], &sc, &doc, d) != ET_OK) {
		diag_print(d, stderr);
	} else {
		code = run(&sc);
		yaml_free(doc);
	}
	diag_free(d);
	return code;
}
