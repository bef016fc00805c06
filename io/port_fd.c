/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_fd.c - reading and writing a descriptor that never blocks, with a deadline. */
#include "io/port_fd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/port_lines.h"

static struct fd_port *fd_port_of(struct port *p)
{
	return (struct fd_port *)p; /* base is its first member */
}

int fd_wait(struct clk *c, int fd, short events, int64_t deadline_ns)
{
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = events };
		struct timespec ts;
		int64_t left_ns = 0;
		int n;

		if (deadline_ns != ET_NEVER_NS) {
			int64_t now_ns = clk_now_ns(c);

			left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
			ts.tv_sec = (time_t)(left_ns / ET_NS_PER_S);
			ts.tv_nsec = (long)(left_ns % ET_NS_PER_S);
		}
		n = ppoll(&pfd, 1, deadline_ns == ET_NEVER_NS ? NULL : &ts, NULL);
		if (n > 0)
			return pfd.revents & events ? ET_OK : ET_ERR_IO;
		if (n < 0 && errno != EINTR)
			return ET_ERR_IO;
		if (n == 0 && left_ns == 0)
			return ET_ERR_TIMEOUT;
	}
}

static int fd_port_write(struct port *base, const void *buf, size_t len, int64_t deadline_ns)
{
	struct fd_port *p = fd_port_of(base);
	const char *at = buf;
	int err;

	if (p->fd < 0)
		return ET_ERR_IO;
	while (len > 0) {
		ssize_t n =
			p->is_socket ? send(p->fd, at, len, MSG_NOSIGNAL) : write(p->fd, at, len);

		if (n > 0) {
			at += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return ET_ERR_IO;
		err = fd_wait(base->clk, p->fd, POLLOUT, deadline_ns);
		if (err < 0)
			return err;
	}
	return ET_OK;
}

/* Any bytes as the descriptor gives them. A read of nothing is the end of a connection, or a device
 * that is no longer there: the descriptor never blocks, so that it can't mean "not yet". */
static int read_some(struct fd_port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	for (;;) {
		ssize_t n = read(p->fd, buf, cap);
		int err;

		if (n > 0)
			return (int)n;
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || errno != EAGAIN)
			return ET_ERR_IO;
		err = fd_wait(p->base.clk, p->fd, POLLIN, deadline_ns);
		if (err < 0)
			return err;
	}
}

/* Take the marks out of what is held, up to the first damaged byte.
 * @return bytes in @p buf; 0: nothing held, or inside a mark; ET_ERR_PROTO: a damaged byte. */
static int unmark(struct fd_port *p, unsigned char *buf, size_t cap)
{
	size_t n = 0;

	while (p->raw_used < p->raw_len && n < cap) {
		unsigned char b = p->raw[p->raw_used];

		if (p->mark == 2) {
			if (n > 0) /* the good ones first */
				break;
			p->mark = 0;
			p->raw_used++;
			return ET_ERR_PROTO;
		}
		p->raw_used++;
		if (p->mark == 0 && b == 0xff) {
			p->mark = 1;
		} else if (p->mark == 1 && b == 0) {
			p->mark = 2;
		} else {
			p->mark = 0;
			buf[n++] = b;
		}
	}
	return (int)n;
}

/* Where in what was just read they are missing is not known: the error comes before it. */
static bool has_lost_bytes(struct fd_port *p)
{
	unsigned lost;

	if (!p->has_counts || !port_lines_lost(p->fd, &lost) || lost == p->lost)
		return false;
	p->lost = lost;
	return true;
}

static int fd_port_read(struct port *base, void *buf, size_t cap, int64_t deadline_ns)
{
	struct fd_port *p = fd_port_of(base);

	if (p->fd < 0)
		return ET_ERR_IO;
	if (!p->has_marks)
		return read_some(p, buf, cap, deadline_ns);
	for (;;) {
		int n = unmark(p, buf, cap);

		if (n != 0)
			return n;
		n = read_some(p, p->raw, sizeof(p->raw), deadline_ns);
		if (n < 0)
			return n;
		p->raw_used = 0;
		p->raw_len = (size_t)n;
		if (has_lost_bytes(p))
			return ET_ERR_PROTO;
	}
}

static void drop_connection(struct fd_port *p)
{
	if (p->fd >= 0)
		p->kind->disconnect(p);
	p->fd = -1;
	p->mark = 0;
	p->raw_used = p->raw_len = 0;
}

static int fd_port_reopen(struct port *base, struct fault *f)
{
	struct fd_port *p = fd_port_of(base);

	drop_connection(p);
	return p->kind->connect(p, f);
}

static void fd_port_close(struct port *base)
{
	drop_connection(fd_port_of(base));
	free(base);
}

int fd_port_open(struct fd_port *p, const char *spec, struct clk *c, struct port **out,
		 struct fault *f)
{
	static const struct port_ops ops = { .write = fd_port_write,
					     .read = fd_port_read,
					     .reopen = fd_port_reopen,
					     .close = fd_port_close };
	int err;

	p->base.ops = &ops;
	p->base.clk = c;
	snprintf(p->base.spec, sizeof(p->base.spec), "%s", spec);
	p->fd = -1;
	err = p->kind->connect(p, f);
	if (err < 0) {
		free(p);
		return err;
	}
	*out = &p->base;
	return ET_OK;
}
