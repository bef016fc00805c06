/* SPDX-License-Identifier: Apache-2.0 */
/* io/line.c - splits what has been read at the line ends. */
#include "io/line.h"

#include <stdbool.h>
#include <string.h>

void line_init(struct line_io *l, struct port *p, char end)
{
	l->port = p;
	l->end = end;
	line_reset(l);
}

void line_reset(struct line_io *l)
{
	l->len = 0;
	l->too_long = 0;
	l->t_read_ns = 0;
}

static void drop_front(struct line_io *l, size_t n)
{
	memmove(l->buf, l->buf + n, l->len - n);
	l->len -= n;
}

/* @p text of @p len bytes stood before the line end. */
static int deliver(const struct line_io *l, const char *text, size_t len, char *out, size_t cap)
{
	const char other = l->end == '\n' ? '\r' : '\n';

	for (; len > 0 && text[0] == other; len--)
		text++;
	for (; len > 0 && text[len - 1] == other; len--)
		continue;
	if (len >= cap)
		return ET_ERR_PROTO;
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] ? text[i] : '?';
	out[len] = '\0';
	return ET_OK;
}

/* Take the first line out of the buffer. @return false: there is none yet. */
static bool take_line(struct line_io *l, char *out, size_t cap, int *err)
{
	const char *end = l->len ? memchr(l->buf, l->end, l->len) : NULL;

	if (!end) {
		if (l->len == sizeof(l->buf))
			l->too_long = 1;
		if (l->too_long)
			l->len = 0;
		return false;
	}
	if (l->too_long)
		*err = ET_ERR_PROTO;
	else
		*err = deliver(l, l->buf, (size_t)(end - l->buf), out, cap);
	l->too_long = 0;
	drop_front(l, (size_t)(end - l->buf) + 1);
	return true;
}

int line_read(struct line_io *l, char *out, size_t cap, int64_t deadline_ns, int64_t *t_ns)
{
	bool late = false;
	int err = ET_OK;

	while (!take_line(l, out, cap, &err)) {
		int n;

		if (late) /* bytes without end must not hold us for ever */
			return ET_ERR_TIMEOUT;
		n = port_read(l->port, l->buf + l->len, sizeof(l->buf) - l->len, deadline_ns);
		if (n == ET_ERR_PROTO) { /* no part of this line may pass for a line */
			l->len = 0;
			l->too_long = 1;
			n = 0;
		}
		if (n < 0)
			return n;
		l->len += (size_t)n;
		l->t_read_ns = l->port->t_read_ns;
		late = l->t_read_ns >= deadline_ns;
	}
	if (err == ET_OK && t_ns)
		*t_ns = l->t_read_ns;
	return err;
}

int line_read_another(struct line_io *l, char *out, size_t cap, int64_t deadline_ns, int64_t *t_ns)
{
	return clk_now_ns(l->port->clk) < deadline_ns ? line_read(l, out, cap, deadline_ns, t_ns)
						      : ET_ERR_TIMEOUT;
}

int line_write(struct line_io *l, const char *text, int64_t deadline_ns)
{
	char line[LINE_MAX_BYTES];
	size_t len = strlen(text);

	if (len >= sizeof(line))
		return ET_ERR_ARG;
	memcpy(line, text, len);
	line[len] = l->end;
	return port_write(l->port, line, len + 1, deadline_ns);
}
