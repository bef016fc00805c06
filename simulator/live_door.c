/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/live_door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

void door_init(struct door *d)
{
	d->plugged = d->silent = false;
	d->spec[0] = '\0';
	d->number = 0;
	d->n_open = 0;
	d->n_in = d->n_out = 0;
	d->listening = d->client = d->master = d->slave = d->watch = -1;
	d->frame = (struct frame){ .n = 0 };
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int failed(const char *name, struct fault *f)
{
	return fault_set(f, ET_ERR_IO, "the line of the simulated %s: %s", name, strerror(errno));
}

/* ---- tcp ---- */

/* The same number again after it was unplugged. */
static int plug_tcp(struct door *d, const char *name, struct fault *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(d->number) };
	socklen_t len = sizeof(a);
	const int on = 1;

	d->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->listening < 0 ||
	    setsockopt(d->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(d->listening, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(d->listening, 1) < 0 ||
	    getsockname(d->listening, (struct sockaddr *)&a, &len) < 0)
		return failed(name, f);
	d->number = ntohs(a.sin_port);
	if (d->port->kind == PORT_MODBUS)
		snprintf(d->spec, sizeof(d->spec), "modbus-tcp:127.0.0.1:%u,%d", d->number,
			 FRAME_UNIT);
	else
		snprintf(d->spec, sizeof(d->spec), "tcp:127.0.0.1:%u", d->number);
	return ET_OK;
}

static void welcome(struct door *d)
{
	const int on = 1;

	d->frame = (struct frame){ .n = 0 };
	d->client = accept4(d->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (d->client >= 0)
		setsockopt(d->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* ---- tty ---- */

static int set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -1;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t);
}

static int make_link(const struct door *d, const char *path, const char *name, struct fault *f)
{
	struct stat st;

	if (!d->link[0])
		return ET_OK;
	if (lstat(d->link, &st) == 0 && S_ISLNK(st.st_mode)) /* of an earlier server */
		(void)unlink(d->link);
	if (symlink(path, d->link) < 0)
		return fault_set(f, ET_ERR_IO, "%s: the link to the simulated %s: %s", d->link,
				 name, strerror(errno));
	return ET_OK;
}

static int plug_tty(struct door *d, const char *name, struct fault *f)
{
	char path[64];
	int err;

	d->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (d->master < 0 || grantpt(d->master) < 0 || unlockpt(d->master) < 0 ||
	    ptsname_r(d->master, path, sizeof(path)) != 0)
		return failed(name, f);
	d->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	d->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->slave < 0 || d->watch < 0 || set_raw(d->slave) < 0 ||
	    inotify_add_watch(d->watch, path, IN_OPEN | IN_CLOSE) < 0)
		return failed(name, f);
	err = make_link(d, path, name, f);
	if (err != ET_OK)
		return err;
	d->n_open = 0;
	if (d->port->kind == PORT_MODBUS)
		snprintf(d->spec, sizeof(d->spec), "modbus-rtu:%s,9600,8n1,%d",
			 d->link[0] ? d->link : path, FRAME_UNIT);
	else
		snprintf(d->spec, sizeof(d->spec), "tty:%s", d->link[0] ? d->link : path);
	return ET_OK;
}

/* A client that went takes with it what it had not read, and its TIOCEXCL, which stays when it was killed. */
static void last_left(struct door *d)
{
	d->n_open = 0;
	d->frame.n = 0;
	d->n_out = 0;
	ioctl(d->slave, TIOCNXCL);
	tcflush(d->slave, TCIFLUSH);
}

static void count_clients(struct door *d)
{
	_Alignas(struct inotify_event) char buf[1024];
	ssize_t n;

	while ((n = read(d->watch, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(buf + at);

			if (e->mask & IN_OPEN)
				d->n_open++;
			if (e->mask & IN_CLOSE && --d->n_open <= 0)
				last_left(d);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
}

/* ---- both ---- */

int door_plug(struct door *d, const char *name, struct fault *f)
{
	const int err = d->kind == LIVE_TCP ? plug_tcp(d, name, f) : plug_tty(d, name, f);

	d->plugged = err == ET_OK;
	if (err != ET_OK)
		door_unplug(d);
	return err;
}

void door_unplug(struct door *d)
{
	close_fd(&d->client);
	close_fd(&d->listening);
	close_fd(&d->watch);
	close_fd(&d->slave);
	close_fd(&d->master);
	if (d->kind == LIVE_TTY && d->link[0] && d->plugged)
		(void)unlink(d->link);
	d->plugged = false;
	d->n_open = 0;
	d->n_in = d->n_out = 0;
}

void door_wants(const struct door *d, struct pollfd out[DOOR_FDS])
{
	out[0] = (struct pollfd){ .fd = d->client >= 0	    ? d->client
					: d->listening >= 0 ? d->listening
							    : d->master,
				  .events = d->n_out ? POLLIN | POLLOUT : POLLIN };
	out[1] = (struct pollfd){ .fd = d->watch, .events = POLLIN };
}

static bool has_client(const struct door *d)
{
	return d->client >= 0 || d->n_open > 0;
}

/* As much as the line takes now. What a client has not read when it goes is nobody's. */
static void push(struct door *d)
{
	ssize_t n = 0;

	if (!has_client(d))
		d->n_out = 0;
	if (d->n_out == 0)
		return;
	if (d->kind == LIVE_TTY)
		n = write(d->master, d->out, d->n_out);
	else
		n = send(d->client, d->out, d->n_out, MSG_NOSIGNAL);
	if (n < 0 && d->kind == LIVE_TCP && errno != EAGAIN && errno != EINTR)
		close_fd(&d->client);
	if (n <= 0)
		return;
	d->n_out -= (size_t)n;
	memmove(d->out, d->out + n, d->n_out);
}

static void hang_up(struct door *d)
{
	d->frame.n = 0;
	if (d->kind == LIVE_TCP)
		close_fd(&d->client);
}

static void take_bytes(struct door *d, int fd)
{
	const ssize_t n = read(fd, d->in, sizeof(d->in));

	d->n_in = n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(d);
}

void door_take(struct door *d, const struct pollfd p[DOOR_FDS])
{
	if (p[1].revents)
		count_clients(d);
	if (!(p[0].revents & ~POLLOUT)) /* what can be written is written by door_give() */
		return;
	if (d->kind == LIVE_TTY)
		take_bytes(d, d->master);
	else if (d->client >= 0)
		take_bytes(d, d->client);
	else
		welcome(d);
}

void door_pass(struct door *d)
{
	bool ok = true;

	if (d->n_in && d->port->kind == PORT_MODBUS)
		ok = frame_take(&d->frame, d->kind == LIVE_TCP, d->in, d->n_in, d->port);
	else if (d->n_in)
		ok = port_write(d->port, d->in, d->n_in, 0) == ET_OK;
	d->n_in = 0;
	if (!ok)
		hang_up(d);
}

void door_give(struct door *d)
{
	uint8_t buf[4096], framed[FRAME_MAX], *out = buf;
	int n;

	while ((n = port_read(d->port, buf, sizeof(buf), INT64_MIN)) > 0 || n == ET_ERR_PROTO) {
		if (d->silent || n < 0 || !has_client(d))
			continue;
		if (d->port->kind == PORT_MODBUS) {
			n = (int)frame_give(&d->frame, d->kind == LIVE_TCP, buf, (size_t)n, framed);
			out = framed;
		}
		if ((size_t)n > DOOR_HOLDS - d->n_out)
			continue;
		memcpy(d->out + d->n_out, out, (size_t)n);
		d->n_out += (size_t)n;
	}
	push(d);
}
