/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_lines.c - see the header. */
#include "io/port_lines.h"

#include <errno.h>
#include <linux/serial.h>
#include <string.h>
#include <sys/ioctl.h>

static int set_line(int fd, enum modem_line want, int bit)
{
	if (want == LINE_AS_IS)
		return 0;
	return ioctl(fd, want == LINE_ON ? TIOCMBIS : TIOCMBIC, &bit);
}

static bool is_there(enum modem_line want, int bit, int lines)
{
	return want == LINE_AS_IS || (want == LINE_ON) == ((lines & bit) != 0);
}

int port_lines_set(int fd, const struct serial_setting *set, const char *spec, struct fault *f)
{
	int lines;

	if (set->dtr == LINE_AS_IS && set->rts == LINE_AS_IS)
		return ET_OK;
	if (set_line(fd, set->dtr, TIOCM_DTR) < 0 || set_line(fd, set->rts, TIOCM_RTS) < 0 ||
	    ioctl(fd, TIOCMGET, &lines) < 0)
		return fault_set(f, ET_ERR_IO, "%s: dtr and rts cannot be set here: %s", spec,
				 strerror(errno));
	if (!is_there(set->dtr, TIOCM_DTR, lines) || !is_there(set->rts, TIOCM_RTS, lines))
		return fault_set(f, ET_ERR_IO, "%s: the device does not take dtr and rts", spec);
	return ET_OK;
}

bool port_lines_lost(int fd, unsigned *out)
{
	struct serial_icounter_struct n;

	memset(&n, 0, sizeof(n));
	if (ioctl(fd, TIOCGICOUNT, &n) < 0)
		return false;
	*out = (unsigned)n.overrun + (unsigned)n.buf_overrun;
	return true;
}
