/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_tcp.c - raw TCP. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/port_address.h"
#include "io/port_fd.h"
#include "io/port_kinds.h"
#include "io/port_lock.h"

static const int64_t CONNECT_NS = 5LL * ET_NS_PER_S;

struct tcp_port {
	struct fd_port link;
	struct port_addresses addresses;
	char lock_name[PORT_LOCK_NAME_MAX];
	int lock;
};

/* A command and then a query in two writes would wait 40 ms for each other without TCP_NODELAY. */
static int connect_to(struct tcp_port *t, const struct port_address *a)
{
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	struct clk *c = t->link.base.clk;
	const int one = 1;
	int failed = 0;
	socklen_t len = sizeof(failed);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&a->sa, a->len) == 0)
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
static int try_address(struct tcp_port *t, const struct port_address *a, struct fault *f)
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
	struct tcp_port *t = (struct tcp_port *)p;
	int err = port_addresses_find(&t->addresses, p->base.spec, f);

	if (err < 0)
		return err;
	err = ET_ERR_IO;
	for (int i = 0; i < t->addresses.n && err < 0; i++)
		err = try_address(t, &t->addresses.known[i], f);
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
	port_addresses_init(&t->addresses, host, service);
	return fd_port_open(&t->link, spec, c, out, f);
}
