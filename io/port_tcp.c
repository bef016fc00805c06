/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_tcp.c - raw TCP. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/port_fd.h"
#include "io/port_kinds.h"
#include "io/port_lock.h"

static const int64_t CONNECT_NS = 5LL * ET_NS_PER_S;

struct tcp_port {
	struct fd_port link;
	char host[128], service[8];
	char lock_name[PORT_LOCK_NAME_MAX];
	int lock;
};

/* A command and then a query in two writes would wait 40 ms for each other without TCP_NODELAY. */
static int connect_to(struct tcp_port *t, const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct clk *c = t->link.base.clk;
	const int one = 1;
	int failed = 0;
	socklen_t len = sizeof(failed);

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		goto connected;
	if (errno != EINPROGRESS)
		goto fail;
	if (fd_wait(c, fd, POLLOUT, clk_now_ns(c) + CONNECT_NS) == ET_ERR_TIMEOUT) {
		errno = ETIMEDOUT;
		goto fail;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) < 0)
		goto fail;
	errno = failed;
	if (failed)
		goto fail;
connected:
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		goto fail;
	return fd;
fail:
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

/* One address: its lock first, so that a second controller never reaches the instrument. */
static int try_address(struct tcp_port *t, const struct addrinfo *a, struct fault *f)
{
	int lock = port_lock_address(a, t->link.base.spec, t->lock_name, f);

	if (lock < 0)
		return lock;
	t->link.fd = connect_to(t, a);
	if (t->link.fd < 0) {
		int err = fault_set(f, ET_ERR_IO, "%s: %s", t->link.base.spec, strerror(errno));

		port_unlock_name(lock, t->lock_name);
		return err;
	}
	t->lock = lock;
	return ET_OK;
}

static int tcp_connect(struct fd_port *p, struct fault *f)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct tcp_port *t = (struct tcp_port *)p;
	struct addrinfo *found;
	int err = getaddrinfo(t->host, t->service, &hints, &found);

	if (err != 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", p->base.spec, gai_strerror(err));
	err = ET_ERR_IO;
	for (const struct addrinfo *a = found; a && err < 0; a = a->ai_next)
		err = try_address(t, a, f);
	freeaddrinfo(found);
	return err;
}

static void tcp_disconnect(struct fd_port *p)
{
	struct tcp_port *t = (struct tcp_port *)p;

	close(p->fd);
	port_unlock_name(t->lock, t->lock_name);
}

int port_tcp_open(const char *host, const char *service, const char *spec, struct clk *c,
		  struct port **out, struct fault *f)
{
	static const struct fd_kind kind = { tcp_connect, tcp_disconnect };
	struct tcp_port *t = calloc(1, sizeof(*t));

	if (!t)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", spec);
	t->link.kind = &kind;
	t->link.is_socket = true;
	snprintf(t->host, sizeof(t->host), "%s", host);
	snprintf(t->service, sizeof(t->service), "%s", service);
	return fd_port_open(&t->link, spec, c, out, f);
}
