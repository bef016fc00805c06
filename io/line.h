/* SPDX-License-Identifier: Apache-2.0 */
/* io/line.h - lines out of a byte link. What follows the line end is kept for the next call;
 * nothing is ever drained. */
#ifndef IO_LINE_H
#define IO_LINE_H

#include "io/port.h"

enum { LINE_MAX_BYTES = 4096 };

struct line_io {
	struct port *port; /* borrowed */
	char end; /* '\n' or '\r'; the other of the two is dropped at the edges of a line */
	size_t len; /* bytes held in buf */
	char buf[LINE_MAX_BYTES];
	int too_long; /* inside a line longer than buf, or damaged: thrown away up to its end */
	int64_t t_read_ns; /* when the last of them were read */
};

void line_init(struct line_io *l, struct port *p, char end);

/** Forget what is held (after port_reopen()). */
void line_reset(struct line_io *l);

/** One line, NUL-terminated, without its end. Empty lines are returned too. NUL bytes inside a line
 * become '?'. A line that is not complete at the deadline is kept and goes on with the next call.
 * @param t_ns  When its last byte was read; NULL allowed.
 * @return ET_OK, ET_ERR_TIMEOUT, ET_ERR_IO, ET_ERR_PROTO (longer than @p cap or LINE_MAX_BYTES, or
 * with a parity or framing error: skipped up to its end, one error for one line). */
int line_read(struct line_io *l, char *out, size_t cap, int64_t deadline_ns,
	      int64_t *t_ns) ET_CHECK;

/** As line_read(), for one who waits for a line among others: those that come without end end at the deadline. */
int line_read_another(struct line_io *l, char *out, size_t cap, int64_t deadline_ns,
		      int64_t *t_ns) ET_CHECK;

/** @p text and then the line end, in one write. @return as port_write(); ET_ERR_ARG: longer than
 * LINE_MAX_BYTES with its end. */
int line_write(struct line_io *l, const char *text, int64_t deadline_ns) ET_CHECK;

#endif
