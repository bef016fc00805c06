/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_record.c - all traffic of a link, written down as a transcript. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/port_transcript.h"
#include "io/transcript.h"

enum { CHUNK = 1024 }; /* bytes of one line; each takes 4 characters at most */

struct recorder {
	struct port base;
	struct port *inner;
	struct tape *tape;
};

static struct recorder *recorder_of(struct port *p)
{
	return (struct recorder *)p; /* base is its first member */
}

/* The line '@' and the line that it belongs to in one piece: they are never cut apart. */
static void record_line(struct recorder *r, int64_t t_ns, int64_t end_ns, char kind,
			const uint8_t *data, size_t len)
{
	const bool pdu = r->base.kind == PORT_MODBUS;
	char line[4 * CHUNK + 64], one[5];
	int n = snprintf(line, sizeof(line), "@ %lld", (long long)t_ns);

	if (end_ns > t_ns)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %lld", (long long)end_ns);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "\n%c%s", kind, pdu ? "x" : " ");
	for (size_t i = 0; i < len; i++)
		if (pdu)
			n += snprintf(line + n, sizeof(line) - (size_t)n, " %02x", data[i]);
		else /* a blank at the end would not survive editors */
			n += snprintf(line + n, sizeof(line) - (size_t)n, "%s",
				      data[i] == ' ' && i + 1 == len
					      ? "\\x20"
					      : transcript_byte(one, data[i]));
	line[n++] = '\n';
	tape_put(r->tape, line, (size_t)n);
}

static void record_note(struct recorder *r, int64_t t_ns, int64_t end_ns, enum transcript_what what)
{
	if (end_ns > t_ns)
		tape_printf(r->tape, "@ %lld %lld\n! %s\n", (long long)t_ns, (long long)end_ns,
			    transcript_word(what));
	else
		tape_printf(r->tape, "@ %lld\n! %s\n", (long long)t_ns, transcript_word(what));
}

/* Stamped before it is sent, so that an answer never stands before its question. */
static int recorder_write(struct port *base, const void *buf, size_t len, int64_t deadline_ns)
{
	struct recorder *r = recorder_of(base);
	const uint8_t *data = buf;
	int64_t end_ns;
	int err;

	base->t_write_ns = clk_now_ns(base->clk);
	err = port_write(r->inner, buf, len, deadline_ns);
	end_ns = clk_now_ns(base->clk);
	for (size_t at = 0; at < len; at += CHUNK)
		record_line(r, base->t_write_ns, end_ns, '>', data + at,
			    len - at < CHUNK ? len - at : CHUNK);
	if (err != ET_OK)
		record_note(r, base->t_write_ns, base->t_write_ns,
			    err == ET_ERR_TIMEOUT ? TRANSCRIPT_WRITE_TIMED_OUT
						  : TRANSCRIPT_WRITE_FAILED);
	return err;
}

static int recorder_read(struct port *base, void *buf, size_t cap, int64_t deadline_ns)
{
	struct recorder *r = recorder_of(base);
	const int64_t begin_ns = clk_now_ns(base->clk);
	int n = port_read(r->inner, buf, cap < CHUNK ? cap : CHUNK, deadline_ns);

	base->t_read_ns = clk_now_ns(base->clk);
	if (n > 0)
		record_line(r, begin_ns, base->t_read_ns, '<', buf, (size_t)n);
	else
		record_note(r, begin_ns, base->t_read_ns,
			    n == ET_ERR_TIMEOUT ? TRANSCRIPT_NOTHING
			    : n == ET_ERR_PROTO ? TRANSCRIPT_READ_DAMAGED
						: TRANSCRIPT_READ_FAILED);
	return n;
}

static int recorder_reopen(struct port *base, struct fault *f)
{
	struct recorder *r = recorder_of(base);
	const int64_t begin_ns = clk_now_ns(base->clk);
	int err = port_reopen(r->inner, f);

	record_note(r, begin_ns, clk_now_ns(base->clk),
		    err == ET_OK ? TRANSCRIPT_REOPENED : TRANSCRIPT_NOT_REOPENED);
	return err;
}

static void recorder_taken(struct port *base)
{
	const int64_t now_ns = clk_now_ns(base->clk);

	record_note(recorder_of(base), now_ns, now_ns, TRANSCRIPT_REQUEST);
}

static void recorder_close(struct port *base)
{
	port_close(recorder_of(base)->inner);
	free(base);
}

int port_record(struct port *inner, struct tape *tape, struct port **out)
{
	static const struct port_ops ops = { .write = recorder_write,
					     .read = recorder_read,
					     .reopen = recorder_reopen,
					     .close = recorder_close,
					     .taken = recorder_taken,
					     .stamps = true };
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r) {
		port_close(inner);
		return ET_ERR_NOMEM;
	}
	r->base.ops = &ops;
	r->base.clk = inner->clk;
	r->base.kind = inner->kind;
	memcpy(r->base.spec, inner->spec, sizeof(r->base.spec));
	r->inner = inner;
	r->tape = tape;
	*out = &r->base;
	return ET_OK;
}
