/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_transcript.c - any text is refused or plays: all that it sends is read, to its end. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/port_transcript.h"
#include "io/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

/* A driver that does exactly what the transcript says. */
static void follow(struct port *p, const struct transcript *t, struct clk *c)
{
	uint8_t got[MODBUS_PDU_MAX];

	for (size_t i = 0; i < t->n_steps; i++) {
		const struct transcript_step *s = &t->step[i];
		size_t used = 0;

		if (s->kind == '>')
			must(port_write(p, s->data, s->len, 0) == ET_OK);
		if (s->kind == '!' && s->what == TRANSCRIPT_TIMEOUT)
			must(port_read(p, got, sizeof(got), clk_now_ns(c)) == ET_ERR_TIMEOUT);
		while (s->kind == '<' && used < s->len) {
			int n = port_read(p, got, sizeof(got), INT64_MAX - 1);

			must(n > 0 && used + (size_t)n <= s->len);
			must(memcmp(got, s->data + used, (size_t)n) == 0);
			used += (size_t)n;
		}
	}
	must(port_transcript_result(p, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct clk_start start = { .mono_ns = 0 };
	struct transcript t;
	struct port *p;
	struct clk *c;
	char *text;
	bool plays;

	if (transcript_parse((const char *)data, size, &t, NULL) != ET_OK)
		return 0;
	text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	c = clk_virtual_new(&start);
	plays = strlen(text) == size; /* a NUL in a comment ends a text in memory, but not a file */
	for (size_t i = 0; i < t.n_steps; i++)
		plays = plays && t.step[i].end_ns < INT64_MAX / 4; /* later is for ever */
	if (plays) {
		must(port_transcript_open_mem(text, c, &p, NULL) == ET_OK);
		follow(p, &t, c);
		port_close(p);
	}
	clk_free(c);
	free(text);
	transcript_free(&t);
	return 0;
}
