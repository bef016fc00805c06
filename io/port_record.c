/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_record.c - all traffic of a link, written down as a transcript. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/port_transcript.h"
#include "io/transcript.h"

struct recorder {
	struct port base;
	struct port *inner;
	FILE *file;
};

static struct recorder *recorder_of(struct port *p)
{
	return (struct recorder *)p; /* base is its first member */
}

static void record_bytes(struct recorder *r, int64_t t_ns, char kind, const uint8_t *data,
			 size_t len)
{
	char one[5];

	fprintf(r->file, "@ %lld\n%c", (long long)t_ns, kind);
	if (r->base.kind == PORT_MODBUS) {
		fputc('x', r->file);
		for (size_t i = 0; i < len; i++)
			fprintf(r->file, " %02x", data[i]);
		fputc('\n', r->file);
		return;
	}
	fputc(' ', r->file);
	for (size_t i = 0; i < len; i++) /* a blank at the end would not survive editors */
		fputs(data[i] == ' ' && i + 1 == len ? "\\x20" : transcript_byte(one, data[i]),
		      r->file);
	fputc('\n', r->file);
}

/* Stamped before it is sent, so that an answer never stands before its question. A full disk ends
 * the recording, not the measurement: the last line of a complete one says so. */
static int recorder_write(struct port *base, const void *buf, size_t len, int64_t deadline_ns)
{
	struct recorder *r = recorder_of(base);
	int64_t t_ns = clk_now_ns(base->clk);
	int err = port_write(r->inner, buf, len, deadline_ns);

	if (err == ET_OK)
		record_bytes(r, t_ns, '>', buf, len);
	else
		fprintf(r->file, "# at %lld: writing %zu bytes failed: %s\n", (long long)t_ns, len,
			et_err_name(err));
	return err;
}

/* Time-outs need no line: the times of the answers say what came too late. */
static int recorder_read(struct port *base, void *buf, size_t cap, int64_t deadline_ns)
{
	struct recorder *r = recorder_of(base);
	int n = port_read(r->inner, buf, cap, deadline_ns);

	if (n > 0)
		record_bytes(r, clk_now_ns(base->clk), '<', buf, (size_t)n);
	else if (n != ET_ERR_TIMEOUT)
		fprintf(r->file, "# at %lld: reading failed: %s\n",
			(long long)clk_now_ns(base->clk), et_err_name(n));
	return n;
}

static int recorder_reopen(struct port *base, struct fault *f)
{
	struct recorder *r = recorder_of(base);
	int err = port_reopen(r->inner, f);

	fprintf(r->file, "# at %lld: reopened: %s\n", (long long)clk_now_ns(base->clk),
		et_err_name(err));
	return err;
}

static void recorder_close(struct port *base)
{
	struct recorder *r = recorder_of(base);

	fputs("# End of the recording\n", r->file);
	fclose(r->file);
	port_close(r->inner);
	free(r);
}

/* Every line of @p header becomes a comment. */
static void write_header(FILE *file, const char *header)
{
	while (*header) {
		size_t n = strcspn(header, "\n");

		fprintf(file, "# %.*s\n", (int)n, header);
		header += n + (header[n] == '\n');
	}
}

int port_record(struct port *inner, const char *path, const char *header, struct port **out,
		struct fault *f)
{
	static const struct port_ops ops = { .write = recorder_write,
					     .read = recorder_read,
					     .reopen = recorder_reopen,
					     .close = recorder_close };
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r) {
		port_close(inner);
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", path);
	}
	r->file = fopen(path, "wxe");
	if (!r->file) {
		int err = fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));

		port_close(inner);
		free(r);
		return err;
	}
	setvbuf(r->file, NULL, _IOLBF, BUFSIZ); /* a crash loses no line */
	write_header(r->file, header);
	r->base.ops = &ops;
	r->base.clk = inner->clk;
	r->base.kind = inner->kind;
	memcpy(r->base.spec, inner->spec, sizeof(r->base.spec));
	r->inner = inner;
	*out = &r->base;
	return ET_OK;
}
