/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_serial.c - serial ports with modem lines, by libserialport.
 *
 * The library opens and configures; reading goes by the descriptor, because a blocking read of
 * libserialport 0.1.1 returns 0 for a time-out and for a device that is gone alike, and because the
 * library does not mark parity errors. It takes no lock either. */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
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

struct serial_port {
	struct fd_port link;
	char path[128];
	struct serial_setting set;
	struct sp_port *sp;
	int lock; /* a second descriptor of the device, locked before anything is changed */
};

static int sp_fault(const struct serial_port *s, enum sp_return err, const char *what,
		    struct fault *f)
{
	const char *spec = s->link.base.spec;
	char *words;

	if (err == SP_ERR_MEM)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", spec);
	if (err != SP_ERR_FAIL) /* SP_ERR_ARG, SP_ERR_SUPP: the operating system was not asked */
		return fault_set(f, ET_ERR_IO, "%s: %s", spec, what);
	words = sp_last_error_message();
	fault_set(f, ET_ERR_IO, "%s: %s", spec, words ? words : "failed");
	sp_free_error_message(words);
	return ET_ERR_IO;
}

static enum sp_parity parity_of(const struct serial_setting *set)
{
	return set->parity == 'e'   ? SP_PARITY_EVEN
	       : set->parity == 'o' ? SP_PARITY_ODD
				    : SP_PARITY_NONE;
}

static enum sp_return apply_setting(const struct serial_port *s)
{
	const struct serial_setting *set = &s->set;
	enum sp_return err = sp_set_baudrate(s->sp, set->baud);

	if (err == SP_OK)
		err = sp_set_bits(s->sp, set->data_bits);
	if (err == SP_OK)
		err = sp_set_parity(s->sp, parity_of(set));
	if (err == SP_OK)
		err = sp_set_stopbits(s->sp, set->stop_bits);
	if (err == SP_OK)
		err = sp_set_flowcontrol(s->sp, SP_FLOWCONTROL_NONE);
	return err;
}

/* A driver of the kernel may take another speed or frame than it was told. Speeds are divided from a clock: 2 % is
 * what the kernel itself takes for the same. */
static int confirm_setting(const struct serial_port *s, struct fault *f)
{
	const struct serial_setting *set = &s->set;
	struct sp_port_config *is = NULL;
	int baud = 0, bits = 0, stop = 0;
	enum sp_parity parity = SP_PARITY_INVALID;
	enum sp_return got = sp_new_config(&is);

	if (got == SP_OK)
		got = sp_get_config(s->sp, is);
	if (got == SP_OK)
		got = sp_get_config_baudrate(is, &baud);
	if (got == SP_OK)
		got = sp_get_config_bits(is, &bits);
	if (got == SP_OK)
		got = sp_get_config_parity(is, &parity);
	if (got == SP_OK)
		got = sp_get_config_stopbits(is, &stop);
	sp_free_config(is);
	if (got != SP_OK)
		return sp_fault(s, got, "its settings cannot be read back", f);
	if (abs(baud - set->baud) > set->baud / 50 || bits != set->data_bits ||
	    parity != parity_of(set) || stop != set->stop_bits)
		return fault_set(f, ET_ERR_IO, "%s: the device does not take these settings",
				 s->link.base.spec);
	return ET_OK;
}

static int mark_errors(const struct serial_port *s, int fd, struct fault *f)
{
	const tcflag_t mask = INPCK | PARMRK | IGNPAR | ISTRIP | IGNBRK | BRKINT;
	struct termios t, is;

	if (tcgetattr(fd, &t) < 0)
		goto fail;
	t.c_iflag = (t.c_iflag & ~mask) | INPCK | PARMRK;
	t.c_cc[VMIN] = 1; /* a read of nothing then is the end */
	t.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &t) < 0 || tcgetattr(fd, &is) < 0)
		goto fail;
	if (is.c_iflag != t.c_iflag || is.c_cflag != t.c_cflag)
		return fault_set(f, ET_ERR_IO, "%s: the device does not take these settings",
				 s->link.base.spec);
	if (ioctl(fd, TIOCEXCL) < 0 || tcflush(fd, TCIOFLUSH) < 0)
		goto fail;
	return ET_OK;
fail:
	return fault_set(f, ET_ERR_IO, "%s: %s", s->link.base.spec, strerror(errno));
}

static int configure(struct serial_port *s, int *fd, struct fault *f)
{
	enum sp_return got = apply_setting(s);
	int err;

	if (got != SP_OK)
		return sp_fault(s, got, "the device does not take these settings", f);
	err = confirm_setting(s, f);
	if (err < 0)
		return err;
	got = sp_get_port_handle(s->sp, fd);
	if (got != SP_OK)
		return sp_fault(s, got, "has no descriptor", f);
	err = mark_errors(s, *fd, f);
	if (err == ET_OK)
		err = port_lines_set(*fd, &s->set, s->link.base.spec, f);
	return err;
}

/* The library knows the names in /sys/class/tty only; people use those that stay, /dev/serial/by-id/... */
static enum sp_return find_port(struct serial_port *s)
{
	enum sp_return got = sp_get_port_by_name(s->path, &s->sp);
	char *device = got == SP_ERR_ARG ? realpath(s->path, NULL) : NULL;

	if (device)
		got = sp_get_port_by_name(device, &s->sp);
	free(device);
	return got;
}

/* After a failure nothing is left, not even TIOCEXCL: others may have the device open (the peer of a pseudo-terminal),
 * and then it would stay. What sp_close() says changes nothing. */
static int open_locked(struct serial_port *s, struct fault *f)
{
	enum sp_return got = find_port(s);
	int err, fd;

	if (got != SP_OK)
		return sp_fault(s, got, "no serial port of this name (a pseudo-terminal? tty:)", f);
	got = sp_open(s->sp, SP_MODE_READ_WRITE);
	if (got != SP_OK) {
		err = sp_fault(s, got, "cannot be opened", f);
		sp_free_port(s->sp);
		return err;
	}
	err = configure(s, &fd, f);
	if (err == ET_OK) {
		s->link.fd = fd;
		s->link.has_counts = port_lines_lost(fd, &s->link.lost);
		return ET_OK;
	}
	ioctl(s->lock, TIOCNXCL);
	(void)sp_close(s->sp);
	sp_free_port(s->sp);
	return err;
}

static int serial_connect(struct fd_port *p, struct fault *f)
{
	struct serial_port *s = (struct serial_port *)p;
	int err;

	s->lock = open(s->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (s->lock < 0 && errno == EBUSY)
		return port_lock_busy(s->path, p->base.spec, f);
	if (s->lock < 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", p->base.spec, strerror(errno));
	err = port_lock_device(s->lock, p->base.spec, f);
	if (err == ET_OK)
		err = open_locked(s, f);
	if (err < 0)
		close(s->lock);
	return err;
}

static void serial_disconnect(struct fd_port *p)
{
	struct serial_port *s = (struct serial_port *)p;

	ioctl(p->fd, TIOCNXCL);
	(void)sp_close(s->sp);
	sp_free_port(s->sp);
	close(s->lock);
}

int port_serial_open(const char *path, const struct serial_setting *set, const char *spec,
		     struct clk *c, struct port **out, struct fault *f)
{
	static const struct fd_kind kind = { serial_connect, serial_disconnect };
	struct serial_port *s = calloc(1, sizeof(*s));

	if (!s)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", spec);
	s->link.kind = &kind;
	s->link.has_marks = true;
	s->set = *set;
	snprintf(s->path, sizeof(s->path), "%s", path);
	return fd_port_open(&s->link, spec, c, out, f);
}
