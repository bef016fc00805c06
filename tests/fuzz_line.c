/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_line.c - any bytes in any fragments: one result for each line end, inside its buffer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	struct port base;
	const uint8_t *data;
	size_t left, fragment;
};

static int bytes_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	struct bytes *b = (struct bytes *)p;
	size_t n = b->left < cap ? b->left : cap;

	(void)deadline_ns;
	if (n == 0)
		return ET_ERR_TIMEOUT;
	if (n > b->fragment)
		n = b->fragment;
	memcpy(buf, b->data, n);
	b->data += n;
	b->left -= n;
	return (int)n;
}

/* The first byte chooses the line end and the fragments, the second the room for a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct port_ops ops = { .read = bytes_read };
	static struct line_io l;
	struct bytes b = { .base.ops = &ops };
	size_t ends = 0, results = 0, cap;
	char end, *line;
	int err;

	if (size < 2)
		return 0;
	end = data[0] & 1 ? '\n' : '\r';
	b.fragment = data[0] / 2 ? data[0] / 2 : 5000;
	cap = (size_t)data[1] + 1;
	b.data = data + 2;
	b.left = size - 2;
	for (size_t i = 2; i < size; i++)
		ends += data[i] == (uint8_t)end;
	b.base.clk = clk_real_new();
	line = malloc(cap); /* so that a byte too many is seen */
	line_init(&l, &b.base, end);
	while ((err = line_read(&l, line, cap, INT64_MAX, NULL)) != ET_ERR_TIMEOUT) {
		results++;
		if (err != ET_OK && err != ET_ERR_PROTO)
			abort();
		if (err == ET_OK && (strlen(line) >= cap || strchr(line, end)))
			abort();
	}
	if (results != ends || l.len > sizeof(l.buf))
		abort();
	free(line);
	clk_free(b.base.clk);
	return 0;
}
