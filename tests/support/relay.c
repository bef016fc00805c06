/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				     .sin_port = htons((uint16_t)port) };
}

static void hang_up(struct relay_line *l)
{
	if (l->client >= 0)
		close(l->client);
	if (l->server >= 0)
		close(l->server);
	l->client = l->server = -1;
}

int relay_open(struct relay *r, const int server_port[RELAY_LINES])
{
	*r = (struct relay){ .cut_line = -1 };
	for (int i = 0; i < RELAY_LINES; i++) {
		struct relay_line *l = &r->line[i];
		struct sockaddr_in a = loopback(0);
		socklen_t size = sizeof(a);

		l->client = l->server = -1;
		l->server_port = server_port[i];
		l->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (l->listening < 0 || bind(l->listening, (struct sockaddr *)&a, size) < 0 ||
		    listen(l->listening, 4) < 0 ||
		    getsockname(l->listening, (struct sockaddr *)&a, &size) < 0)
			return -1;
		l->port = ntohs(a.sin_port);
	}
	return 0;
}

void relay_close(struct relay *r)
{
	for (int i = 0; i < RELAY_LINES; i++) {
		hang_up(&r->line[i]);
		close(r->line[i].listening);
	}
}

static void welcome(struct relay_line *l)
{
	const struct sockaddr_in a = loopback(l->server_port);
	const int yes = 1;

	l->client = accept4(l->listening, NULL, NULL, SOCK_CLOEXEC);
	l->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->client < 0 || connect(l->server, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		hang_up(l);
		return;
	}
	setsockopt(l->client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(l->server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

/* UI, and a letter besides A: an output goes on. */
static void read_line(struct relay_line *l, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\r') {
			if (l->len < RELAY_TEXT - 1)
				l->text[l->len++] = bytes[i];
			continue;
		}
		l->text[l->len] = '\0';
		if (l->len == 11 && !strncmp(l->text, "UI", 2) && strspn(l->text + 2, "EPA") == 9 &&
		    strspn(l->text + 2, "A") != 9)
			l->n_switched_on++;
		l->len = 0;
	}
}

static void forget_what_is_there(int fd)
{
	char rest[4096];

	while (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

/* @return false: hung up. */
static bool carry(struct relay *r, struct relay_line *l, bool to_server)
{
	char buf[4096];
	const bool armed = !r->was_cut && r->cut_line == (int)(l - r->line);
	const ssize_t n = recv(to_server ? l->client : l->server, buf, sizeof(buf), 0);
	size_t pass = n > 0 ? (size_t)n : 0;
	bool cut;

	if (n <= 0)
		return false;
	cut = armed && l->n_bytes + pass >= r->cut_byte;
	if (cut && !r->deliver)
		pass = (size_t)(r->cut_byte - l->n_bytes);
	if (!to_server && l->n_lose > 0) {
		l->n_lose--;
		pass = 0;
	}
	if (pass && send(to_server ? l->server : l->client, buf, pass, MSG_NOSIGNAL) < 0)
		return false;
	if (to_server)
		read_line(l, buf, pass);
	l->n_bytes += pass;
	if (cut) {
		r->was_cut = true;
		r->on_cut(r->arg);
		if (!r->deliver)
			forget_what_is_there(l->client); /* a line left by half stays in l->text */
		r->on_drained(r->arg);
	}
	return true;
}

void relay_pump(struct relay *r, int timeout_ms)
{
	struct pollfd p[3 * RELAY_LINES];

	for (int i = 0; i < RELAY_LINES; i++) {
		const struct relay_line *l = &r->line[i];

		p[3 * i] = (struct pollfd){ l->client < 0 ? l->listening : -1, POLLIN, 0 };
		p[3 * i + 1] = (struct pollfd){ l->client, POLLIN, 0 };
		p[3 * i + 2] = (struct pollfd){ l->server, POLLIN, 0 };
	}
	if (poll(p, 3 * RELAY_LINES, timeout_ms) <= 0)
		return;
	for (int i = 0; i < RELAY_LINES; i++) {
		struct relay_line *l = &r->line[i];

		if (p[3 * i].revents)
			welcome(l);
		else if ((p[3 * i + 1].revents && !carry(r, l, true)) ||
			 (p[3 * i + 2].revents && !carry(r, l, false)))
			hang_up(l);
	}
}
