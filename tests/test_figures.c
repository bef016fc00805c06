/* SPDX-License-Identifier: Apache-2.0 */
/* Figures, times and columns as people read them. */
#include "reports/figures.h"

#include <stdio.h>
#include <string.h>

#include "metrology/rounding.h"
#include "reports/page.h"
#include "tests/support/near.h"

static void a_rounded_figure_is_written_as_it_is(void **state)
{
	static const struct {
		int64_t u6;
		int digits;
		const char *en, *fr;
	} t[] = {
		{ 120000, 2, "+0.12", "+0,12" },
		{ -980000, 2, "-0.98", "-0,98" },
		{ 0, 2, "0.00", "0,00" },
		{ 620000000, 1, "+620.0", "+620,0" },
		{ 3000000, 0, "+3", "+3" },
		{ 125000, 2, "+0.125", "+0,125" }, /* never rounded again */
		{ 1, 0, "+0.000001", "+0,000001" },
		{ 120000, 99, "+0.120000", "+0,120000" },
		{ ROUNDING_NONE, 2, "-", "-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_string_equal(figures_u6(t[i].u6, t[i].digits, FIGURE_SIGNED, LANG_EN).s,
				    t[i].en);
		assert_string_equal(figures_u6(t[i].u6, t[i].digits, FIGURE_SIGNED, LANG_FR).s,
				    t[i].fr);
	}
	assert_string_equal(figures_u6(50000, 2, FIGURE_PLAIN, LANG_FR).s, "0,05");
	assert_string_equal(figures_u6(INT64_MAX, 2, FIGURE_SIGNED, LANG_EN).s,
			    "+9223372036854.775807");
}

static void a_figure_of_the_record_can_be_subtracted(void **state)
{
	json_t *o = json_pack("{s:i, s:n, s:I, s:I, s:f}", "a", 120000, "b", "c", INT64_MAX, "d",
			      INT64_MIN + 1, "e", 1.5);

	(void)state;
	assert_int_equal(figures_of(o, "a"), 120000);
	for (const char *const *k = (const char *const[]){ "b", "c", "d", "e", "f", NULL }; *k; k++)
		assert_true(figures_of(o, *k) == ROUNDING_NONE);
	json_decref(o);
}

static void other_figures(void **state)
{
	(void)state;
	assert_string_equal(figures_f64(2.0895, 2, LANG_EN).s, "2.09");
	assert_string_equal(figures_f64(2.0895, 2, LANG_FR).s, "2,09");
	assert_string_equal(figures_f64(NAN, 2, LANG_EN).s, "-");
	assert_string_equal(figures_f64(INFINITY, 2, LANG_EN).s, "-");
	assert_string_equal(figures_f64(1e300, 2, LANG_EN).s, "-");
	assert_string_equal(figures_short(7.2, LANG_FR).s, "7,2");
	assert_string_equal(figures_short(240, LANG_FR).s, "240");
	assert_string_equal(figures_short(0.1, LANG_EN).s, "0.1");
	assert_string_equal(figures_short(NAN, LANG_EN).s, "-");
}

static void times_carry_their_offset(void **state)
{
	const int64_t t = INT64_C(1767619867) * 1000000000; /* 2026-01-05T13:31:07Z */

	(void)state;
	assert_string_equal(figures_time(t, -18000).s, "2026-01-05 08:31:07 -05:00");
	assert_string_equal(figures_time(t + 999999999, 0).s, "2026-01-05 13:31:07 +00:00");
	assert_string_equal(figures_time(t, -12600).s, "2026-01-05 10:01:07 -03:30");
	assert_string_equal(figures_time(t, 20700).s, "2026-01-05 19:16:07 +05:45");
	assert_string_equal(figures_time(t, -18059).s, "2026-01-05 08:31:07 -05:00");
	assert_string_equal(figures_time(t, 86400).s, "2026-01-05 13:31:07 +00:00");
	assert_string_equal(figures_time(t, INT32_MIN).s, "2026-01-05 13:31:07 +00:00");
	assert_string_equal(figures_time(-1, 0).s, "1969-12-31 23:59:59 +00:00");
	assert_string_equal(figures_time(INT64_C(1709164800000000000), -3600).s,
			    "2024-02-28 23:00:00 -01:00");
	assert_string_equal(figures_time(INT64_MIN, 0).s, "1677-09-21 00:12:43 +00:00");
	assert_string_equal(figures_time(INT64_MAX, 0).s, "2262-04-11 23:47:16 +00:00");
}

static void columns_are_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(figures_columns(""), 0);
	assert_int_equal(figures_columns("Élan"), 4);
	assert_int_equal(figures_columns("E\xcc\x81lan"), 4); /* É as a letter and its accent */
	assert_int_equal(figures_columns("電力"), 4);
	assert_int_equal(figures_columns("a\x1b[31m"), 6); /* as "a?[31m" */
	assert_int_equal(figures_columns("\xe2\x80\xae"), 1); /* right-to-left override */
	assert_int_equal(figures_columns("a\xff\xc3"), 3); /* no UTF-8 */
}

/* What page functions write; freed with free(). */
static char *written(void (*write)(struct page *p))
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct page p = { .to = to, .lang = LANG_EN };

	assert_non_null(to);
	write(&p);
	fclose(to);
	return text;
}

static void some_cells(struct page *p)
{
	page_cell(p, "Élan", 6, false);
	page_cell(p, "7", 3, true);
	page_cell(p, "a long text", 6, false);
	page_cell(p, NULL, 3, false);
	page_line_end(p);
	page_cell(p, "\x1b]0;x\x07\xc2\x9b\n\r\xe2\x80\xae", 20, false);
	page_to(p, 22);
	page_wrapped(p, "cut\xc3");
}

static void cells_are_aligned_and_harmless(void **state)
{
	char *text = written(some_cells);

	(void)state;
	assert_string_equal(text, "Élan    7a lon…-\n"
				  "?]0;x?????            cut?\n");
	free(text);
}

static void some_paragraphs(struct page *p)
{
	page_to(p, 80);
	page_wrapped(p, "one two three four five six seven");
	page_to(p, 90);
	page_wrapped(p, "0123456789abc");
	page_to(p, 120); /* beyond the line: one way or another it ends */
	page_wrapped(p, "x y");
	page_field(p, "label", "text");
}

static void long_text_goes_on_below(void **state)
{
	char want[400], *text = written(some_paragraphs);

	(void)state;
	snprintf(want, sizeof(want),
		 "%80sone two three four\n%80sfive six seven\n%90s0123456789\n%90sabc\n", "", "",
		 "", "");
	assert_memory_equal(text, want, strlen(want));
	assert_non_null(strstr(text, "x y\n"));
	assert_non_null(strstr(text, "\nlabel                 text\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rounded_figure_is_written_as_it_is),
		cmocka_unit_test(a_figure_of_the_record_can_be_subtracted),
		cmocka_unit_test(other_figures),
		cmocka_unit_test(times_carry_their_offset),
		cmocka_unit_test(columns_are_not_bytes),
		cmocka_unit_test(cells_are_aligned_and_harmless),
		cmocka_unit_test(long_text_goes_on_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
