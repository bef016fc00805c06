/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/uart.h - a pseudo-terminal that passes for a serial port, so that the real libserialport runs over it.
 *
 * To be included by the one file of a test program: its ioctl(), tcgetattr(), tcsetattr() and realpath() come before those of the C
 * library, for the shared libraries too (what LD_PRELOAD would do from outside). For a device that was made by
 * uart_make() they add what a pseudo-terminal has not: modem lines, counters of lost bytes, 7 bits and parity. All else
 * goes to the kernel. libserialport finds a device by a link in /sys/class/tty; a path like
 * "/dev/../../../tmp/X/ttyUSB0" leads it to our own link, and that to the pseudo-terminal. */
#ifndef TESTS_UART_H
#define TESTS_UART_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support/near.h"

struct uart {
	int master, slave; /* of the pseudo-terminal; -1: closed */
	dev_t dev;
	char dir[32], link[64]; /* where the device's name leads to */
	char path[96]; /* the device's name */
	_Atomic int lines; /* TIOCM_... */
	_Atomic tcflag_t frame; /* as asked for, of what a pseudo-terminal does not take */
	unsigned overruns;
	bool is_stubborn; /* takes no setting, and does not say so */
};
enum { UARTS_MAX = 4 };
static struct uart uarts[UARTS_MAX];
/* The n-th call that reaches a UART fails, counted from 1; 0: none. */
static _Atomic int uart_fail_at, uart_calls;
static unsigned long uart_failed_request; /* 0: tcgetattr or tcsetattr */

#define UART_FRAME ((tcflag_t)(CSIZE | PARENB | PARODD))

static struct uart *uart_of(int fd)
{
	const int keep = errno;
	struct stat st;

	for (int i = 0; fstat(fd, &st) == 0 && i < UARTS_MAX; i++)
		if (uarts[i].dev && uarts[i].dev == st.st_rdev)
			return &uarts[i];
	errno = keep;
	return NULL;
}

static int uart_fails(unsigned long request)
{
	if (++uart_calls != uart_fail_at)
		return 0;
	uart_failed_request = request;
	errno = EIO;
	return 1;
}

int ioctl(int fd, unsigned long request, ...) __THROW;
int ioctl(int fd, unsigned long request, ...)
{
	struct uart *u = uart_of(fd);
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (u && uart_fails(request))
		return -1;
	switch (u ? request : 0) {
	case TIOCMGET:
		*(int *)arg = u->lines;
		return 0;
	case TIOCMBIS:
		u->lines |= *(int *)arg;
		return 0;
	case TIOCMBIC:
		u->lines &= ~*(int *)arg;
		return 0;
	case TIOCGICOUNT:
		*(struct serial_icounter_struct *)arg =
			(struct serial_icounter_struct){ .overrun = (int)u->overruns };
		return 0;
	default:
		return (int)syscall(SYS_ioctl, fd, request, arg);
	}
}

int tcgetattr(int fd, struct termios *t) __THROW;
int tcgetattr(int fd, struct termios *t)
{
	int (*next)(int, struct termios *);
	struct uart *u = uart_of(fd);
	int err;

	*(void **)&next = dlsym(RTLD_NEXT, "tcgetattr");
	if (u && uart_fails(0))
		return -1;
	err = next(fd, t);
	if (u && err == 0)
		t->c_cflag = (t->c_cflag & ~UART_FRAME) | u->frame;
	return err;
}

int tcsetattr(int fd, int action, const struct termios *t) __THROW;
int tcsetattr(int fd, int action, const struct termios *t)
{
	int (*next)(int, int, const struct termios *);
	struct uart *u = uart_of(fd);
	struct termios of_pty = *t;

	*(void **)&next = dlsym(RTLD_NEXT, "tcsetattr");
	if (!u)
		return next(fd, action, t);
	if (uart_fails(0))
		return -1;
	if (u->is_stubborn)
		return 0;
	u->frame = t->c_cflag & UART_FRAME;
	of_pty.c_cflag = (of_pty.c_cflag & ~UART_FRAME) | CS8;
	return next(fd, action, &of_pty);
}

/* Where any link to it leads in the end: its name. */
char *uart_realpath(const char *path,
		    char *resolved) __asm__("realpath"); /* the header may have it inline */
char *uart_realpath(const char *path, char *resolved)
{
	char *(*next)(const char *, char *);
	struct stat st;

	for (int i = 0; !resolved && i < UARTS_MAX; i++)
		if (uarts[i].dev && stat(path, &st) == 0 && st.st_rdev == uarts[i].dev)
			return strdup(uarts[i].path);
	*(void **)&next = dlsym(RTLD_NEXT, "realpath");
	return next(path, resolved);
}

/* In baud, also where the speed has no code of its own. <asm/termbits.h> does not go with <termios.h>. */
static unsigned uart_speed(const struct uart *u)
{
	struct {
		tcflag_t iflag, oflag, cflag, lflag;
		cc_t line, cc[19];
		speed_t ispeed, ospeed;
	} is;

	assert_int_equal(ioctl(u->slave, _IOC(_IOC_READ, 'T', 0x2a, sizeof(is)), &is), 0);
	assert_int_equal(is.ispeed, is.ospeed);
	return is.ospeed;
}

/* Plug it in: a new pseudo-terminal behind the same name. */
static void uart_plug(struct uart *u)
{
	char pts[64];
	struct stat st;

	u->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(u->master >= 0);
	assert_int_equal(grantpt(u->master), 0);
	assert_int_equal(unlockpt(u->master), 0);
	assert_int_equal(ptsname_r(u->master, pts, sizeof(pts)), 0);
	u->slave = open(pts, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(u->slave >= 0);
	assert_int_equal(fstat(u->slave, &st), 0);
	u->dev = st.st_rdev;
	u->lines = TIOCM_DTR | TIOCM_RTS; /* as the kernel does when a device is opened */
	u->frame = CS8;
	assert_int_equal(symlink(pts, u->link), 0);
}

static void uart_unplug(struct uart *u)
{
	unlink(u->link);
	if (u->slave >= 0)
		close(u->slave);
	if (u->master >= 0)
		close(u->master);
	u->slave = u->master = -1;
	u->dev = 0;
}

/** @param name  Such as "ttyUSB0". Freed by uart_free(). */
static struct uart *uart_make(const char *name)
{
	struct uart *u = uarts;

	while (u->dir[0])
		u++;
	assert_true(u < uarts + UARTS_MAX);
	snprintf(u->dir, sizeof(u->dir), "/tmp/etalon-uart-XXXXXX");
	assert_non_null(mkdtemp(u->dir));
	snprintf(u->link, sizeof(u->link), "%s/%s", u->dir, name);
	snprintf(u->path, sizeof(u->path), "/dev/../../..%s", u->link);
	uart_plug(u);
	return u;
}

static void uart_free(struct uart *u)
{
	uart_unplug(u);
	rmdir(u->dir);
	*u = (struct uart){ .master = -1, .slave = -1 };
}

#endif
