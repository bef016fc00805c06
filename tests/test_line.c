/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_line.c - lines out of fragments, and what is no line. */
#include "io/line.h"

#include <stdbool.h>
#include <string.h>

#include "base/quantities.h"
#include "tests/support/near.h"

static const struct clk_start start = { .mono_ns = 0 };

/* A port that gives out one fragment a read, 10 ns apart; then nothing, until the deadline. */
struct fragment {
	const char *data;
	size_t len; /* 0: @p err */
	int err;
};
struct script {
	struct port base;
	const struct fragment *next, *end;
	size_t used;
	char written[5000];
	size_t n_written;
};

static int script_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	struct script *s = (struct script *)p;
	const struct fragment *f = s->next;
	size_t n;

	if (f == s->end) {
		clk_sleep_until(p->clk, deadline_ns);
		return ET_ERR_TIMEOUT;
	}
	clk_sleep_until(p->clk, clk_now_ns(p->clk) + 10);
	if (!f->len) {
		s->next++;
		return f->err;
	}
	n = f->len - s->used < cap ? f->len - s->used : cap;
	memcpy(buf, f->data + s->used, n);
	s->used += n;
	if (s->used == f->len) {
		s->next++;
		s->used = 0;
	}
	return (int)n;
}
static int script_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	struct script *s = (struct script *)p;

	(void)deadline_ns;
	memcpy(s->written, buf, len);
	s->n_written = len;
	return ET_OK;
}
static const struct port_ops script_ops = { .write = script_write, .read = script_read };

static void begin(struct script *s, struct line_io *l, char end, const struct fragment *f, size_t n)
{
	*s = (struct script){ .base = { .ops = &script_ops, .clk = clk_virtual_new(&start) },
			      .next = f,
			      .end = f + n };
	line_init(l, &s->base, end);
}
#define BEGIN(s, l, end, f) begin(s, l, end, f, sizeof(f) / sizeof((f)[0]))
#define TEXT(t)                     \
	{                           \
		t, sizeof(t) - 1, 0 \
	}

static void assert_line(struct line_io *l, const char *want, int64_t want_t_ns)
{
	char got[100] = "untouched";
	int64_t t_ns = -1;

	assert_int_equal(line_read(l, got, sizeof(got), 100000, &t_ns), ET_OK);
	assert_string_equal(got, want);
	assert_int_equal(t_ns, want_t_ns);
}

static void lines_out_of_fragments(void **state)
{
	static const struct fragment f[] = { TEXT("+1.5E"), TEXT("+02\r\nsecond\n\nfo"),
					     TEXT("u\0rth\n"), TEXT("rest") };
	struct script s;
	struct line_io l;
	char got[100] = "untouched";

	(void)state;
	BEGIN(&s, &l, '\n', f);
	assert_line(&l, "+1.5E+02", 20);
	assert_line(&l, "second", 20); /* read with the one before */
	assert_line(&l, "", 20);
	assert_line(&l, "fou?rth", 30);
	assert_int_equal(line_read(&l, got, sizeof(got), 70, NULL), ET_ERR_TIMEOUT);
	assert_int_equal(clk_now_ns(s.base.clk), 70);
	assert_string_equal(got, "untouched");
	assert_int_equal(l.len, 4); /* half a line is kept */
	line_reset(&l);
	assert_int_equal(l.len, 0);
	clk_free(s.base.clk);
}

static void half_a_line_goes_on_after_a_timeout(void **state)
{
	static const struct fragment f[] = {
		TEXT("12"), { NULL, 0, ET_ERR_TIMEOUT }, TEXT("34\n"), { NULL, 0, ET_ERR_IO }
	};
	struct script s;
	struct line_io l;
	char got[100];

	(void)state;
	BEGIN(&s, &l, '\n', f);
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_ERR_TIMEOUT);
	assert_line(&l, "1234", 30);
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_ERR_IO);
	clk_free(s.base.clk);
}

static void carriage_returns_end_lines_too(void **state)
{
	static const struct fragment f[] = { TEXT("AAACK\rBB"), TEXT("ACK\r\nCC\n\n\r"),
					     TEXT("\r") };
	struct script s;
	struct line_io l;

	(void)state;
	BEGIN(&s, &l, '\r', f);
	assert_line(&l, "AAACK", 10);
	assert_line(&l, "BBACK", 20);
	assert_line(&l, "CC", 20);
	assert_line(&l, "", 30);
	assert_int_equal(line_write(&l, "UP", 0), ET_OK);
	assert_int_equal(s.n_written, 3);
	assert_memory_equal(s.written, "UP\r", 3);
	clk_free(s.base.clk);
}

static void a_line_too_long_is_one_error(void **state)
{
	static char longer[10000];
	const struct fragment f[] = { { longer, sizeof(longer), 0 }, TEXT("tail\nnext\n") };
	struct script s;
	struct line_io l;
	char got[100] = "untouched", small[4] = "abc";

	(void)state;
	memset(longer, '7', sizeof(longer));
	BEGIN(&s, &l, '\n', f);
	assert_int_equal(line_read(&l, got, sizeof(got), 15, NULL), ET_ERR_TIMEOUT);
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_ERR_PROTO);
	assert_string_equal(got, "untouched");
	assert_int_equal(line_read(&l, small, sizeof(small), 1000, NULL), ET_ERR_PROTO);
	assert_string_equal(small, "abc");
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_ERR_TIMEOUT);
	clk_free(s.base.clk);
}

static void the_longest_line_fits(void **state)
{
	static char line[LINE_MAX_BYTES + 1], got[LINE_MAX_BYTES + 1], text[LINE_MAX_BYTES + 1];
	const struct fragment f[] = { { line, LINE_MAX_BYTES, 0 },
				      { line, LINE_MAX_BYTES + 1, 0 } };
	struct script s;
	struct line_io l;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[LINE_MAX_BYTES - 1] = '\n';
	BEGIN(&s, &l, '\n', f);
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_OK);
	assert_int_equal(strlen(got), LINE_MAX_BYTES - 1);
	line[LINE_MAX_BYTES - 1] = 'x';
	line[LINE_MAX_BYTES] = '\n';
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_ERR_PROTO);
	memset(text, 'y', sizeof(text));
	text[LINE_MAX_BYTES - 1] = '\0';
	assert_int_equal(line_write(&l, text, 0), ET_OK);
	assert_int_equal(s.n_written, LINE_MAX_BYTES);
	text[LINE_MAX_BYTES - 1] = 'y';
	text[LINE_MAX_BYTES] = '\0';
	assert_int_equal(line_write(&l, text, 0), ET_ERR_ARG);
	clk_free(s.base.clk);
}

/* "12<damaged>34": neither part may pass for the figure. */
static void no_part_of_a_damaged_line_is_a_line(void **state)
{
	static const struct fragment f[] = {
		TEXT("12"), { NULL, 0, ET_ERR_PROTO }, TEXT("34\n5"), TEXT("6\n")
	};
	struct script s;
	struct line_io l;
	char got[100];

	(void)state;
	BEGIN(&s, &l, '\n', f);
	assert_int_equal(line_read(&l, got, sizeof(got), 1000, NULL), ET_ERR_PROTO);
	assert_line(&l, "56", 40);
	clk_free(s.base.clk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_out_of_fragments),
		cmocka_unit_test(half_a_line_goes_on_after_a_timeout),
		cmocka_unit_test(carriage_returns_end_lines_too),
		cmocka_unit_test(a_line_too_long_is_one_error),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(no_part_of_a_damaged_line_is_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
