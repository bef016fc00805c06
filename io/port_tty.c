/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_tty.c - termios alone: pseudo-terminals, and ports without modem lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "io/port_fd.h"
#include "io/port_kinds.h"
#include "io/port_lines.h"
#include "io/port_lock.h"

struct tty_port {
	struct fd_port link;
	char path[128];
	struct serial_setting set;
};

static const struct {
	int baud;
	speed_t code;
} speeds[] = {
	{ 300, B300 },	     { 600, B600 },	  { 1200, B1200 },     { 2400, B2400 },
	{ 4800, B4800 },     { 9600, B9600 },	  { 19200, B19200 },   { 38400, B38400 },
	{ 57600, B57600 },   { 115200, B115200 }, { 230400, B230400 }, { 460800, B460800 },
	{ 921600, B921600 },
};

static speed_t speed_code(int baud)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		if (speeds[i].baud == baud)
			return speeds[i].code;
	}
	return B0;
}

/* Raw bytes; one with a parity or framing error is marked, not passed on as if it were good. */
static struct termios raw_mode(const struct serial_setting *set)
{
	struct termios t = { .c_iflag = INPCK | PARMRK, .c_cflag = CLOCAL | CREAD };

	t.c_cflag |= set->data_bits == 7 ? CS7 : CS8;
	if (set->parity != 'n')
		t.c_cflag |= PARENB;
	if (set->parity == 'o')
		t.c_cflag |= PARODD;
	if (set->stop_bits == 2)
		t.c_cflag |= CSTOPB;
	t.c_cc[VMIN] = 1;
	return t;
}

/* tcsetattr() succeeds when any one change was made: only reading back tells. */
static int configure(const struct tty_port *t, int fd, struct fault *f)
{
	const tcflag_t frame = CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS;
	struct termios want = raw_mode(&t->set), is;
	speed_t speed = speed_code(t->set.baud);

	if (cfsetispeed(&want, speed) < 0 || cfsetospeed(&want, speed) < 0 ||
	    tcsetattr(fd, TCSANOW, &want) < 0 || tcgetattr(fd, &is) < 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", t->link.base.spec, strerror(errno));
	if ((is.c_cflag & frame) != (want.c_cflag & frame) || is.c_iflag != want.c_iflag ||
	    is.c_lflag != 0 || is.c_oflag != 0 || cfgetospeed(&is) != speed ||
	    cfgetispeed(&is) != speed)
		return fault_set(f, ET_ERR_IO, "%s: the device does not take these settings",
				 t->link.base.spec);
	if (tcflush(fd, TCIOFLUSH) < 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", t->link.base.spec, strerror(errno));
	return ET_OK;
}

static int tty_connect(struct fd_port *p, struct fault *f)
{
	struct tty_port *t = (struct tty_port *)p;
	int fd = open(t->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int err;

	if (fd < 0 && errno == EBUSY)
		return port_lock_busy(t->path, p->base.spec, f);
	if (fd < 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", p->base.spec, strerror(errno));
	err = port_lock_device(fd, p->base.spec, f);
	if (err < 0)
		goto fail;
	if (!isatty(fd) || ioctl(fd, TIOCEXCL) < 0) {
		err = fault_set(f, ET_ERR_IO, "%s: %s", p->base.spec, strerror(errno));
		goto fail;
	}
	err = configure(t, fd, f);
	if (err == ET_OK)
		err = port_lines_set(fd, &t->set, p->base.spec, f);
	if (err < 0)
		goto release;
	p->fd = fd;
	p->has_counts = port_lines_lost(fd, &p->lost);
	return ET_OK;
release:
	ioctl(fd, TIOCNXCL);
fail:
	close(fd);
	return err;
}

/* Others may have it open too (the peer of a pseudo-terminal), and then TIOCEXCL would stay. */
static void tty_disconnect(struct fd_port *p)
{
	ioctl(p->fd, TIOCNXCL);
	close(p->fd);
}

int port_tty_open(const char *path, const struct serial_setting *set, const char *spec,
		  struct clk *c, struct port **out, struct fault *f)
{
	static const struct fd_kind kind = { tty_connect, tty_disconnect };
	struct tty_port *t;

	if (speed_code(set->baud) == B0)
		return fault_set(f, ET_ERR_ARG, "%s: %d baud is not a usual speed", spec,
				 set->baud);
	t = calloc(1, sizeof(*t));
	if (!t)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", spec);
	t->link.kind = &kind;
	t->link.has_marks = true;
	t->set = *set;
	snprintf(t->path, sizeof(t->path), "%s", path);
	return fd_port_open(&t->link, spec, c, out, f);
}
