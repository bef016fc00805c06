/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_num.c - which texts are numbers, which are not, and that doubles survive the text. */
#include "base/num.h"

#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/near.h"

static void reals_that_are_numbers(void **state)
{
	static const struct {
		const char *text;
		double want;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "7", 7 },
		{ "+1.15000E+03", 1150 },
		{ "-2.5", -2.5 },
		{ "0.001", 0.001 },
		{ "10.010", 10.01 },
		{ "1e3", 1000 },
		{ "1E-3", 0.001 },
		{ "1e003", 1000 },
		{ "0e999", 0 },
		{ "1.7976931348623157e308", 1.7976931348623157e308 },
		{ "5e-324", 5e-324 },
		{ "123456789012345678901234567890", 123456789012345678901234567890.0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double got = -1;

		print_message("%s\n", cases[i].text);
		assert_int_equal(num_parse_f64(cases[i].text, strlen(cases[i].text), &got), ET_OK);
		assert_near(got, cases[i].want, 0);
	}
}

static void texts_that_are_no_reals(void **state)
{
	static const char *const cases[] = {
		"",    " ",	" 1",	 "1 ",	  "1,5",      "0x10",  "010",	"00",
		"-01", "60 Hz", "nan",	 "NAN",	  "inf",      "-inf",  "1e999", "-1e999",
		"1.",  ".5",	"-.5",	 "1e",	  "1e+",      "e5",    "+",	"-",
		"--1", "+-1",	"1.5.2", "1e5.0", "1e-999",   "0x1p3", "1_000", "1'000",
		"1d3", "١",	"1\n",	 "\t1",	  "infinity", "1e5e5", "0b1",
	};
	char longer[NUM_TEXT_MAX + 2];
	double got = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("'%s'\n", cases[i]);
		assert_int_equal(num_parse_f64(cases[i], strlen(cases[i]), &got), ET_ERR_PROTO);
	}
	assert_int_equal(num_parse_f64("1\0", 2, &got), ET_ERR_PROTO);
	memset(longer, '0', sizeof(longer));
	memcpy(longer, "1.", 2);
	assert_int_equal(num_parse_f64(longer, NUM_TEXT_MAX + 1, &got), ET_ERR_PROTO);
	assert_near(got, -1, 0);
	assert_int_equal(num_parse_f64(longer, NUM_TEXT_MAX, &got), ET_OK);
	assert_near(got, 1, 0);
}

static void only_the_named_bytes_are_read(void **state)
{
	const char text[] = { '1', '2', '3', 'x' }; /* no NUL behind: ASan watches */
	double real = -1;
	int64_t whole = -1;

	(void)state;
	assert_int_equal(num_parse_f64(text, 3, &real), ET_OK);
	assert_near(real, 123, 0);
	assert_int_equal(num_parse_f64(text, 4, &real), ET_ERR_PROTO);
	assert_int_equal(num_parse_i64(text, 2, &whole), ET_OK);
	assert_int_equal(whole, 12);
	assert_int_equal(num_parse_digits(text, 3, &whole), ET_OK);
	assert_int_equal(whole, 123);
}

static void integers(void **state)
{
	static const char *const wrong[] = {
		"",
		"+",
		"-",
		"01",
		"-01",
		"1.0",
		"1e3",
		" 1",
		"1 ",
		"0x1",
		"9223372036854775808",
		"-9223372036854775809",
		"99999999999999999999999",
		"000000000000000000000000001",
	};
	int64_t v = -7;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		print_message("'%s'\n", wrong[i]);
		assert_int_equal(num_parse_i64(wrong[i], strlen(wrong[i]), &v), ET_ERR_PROTO);
	}
	assert_int_equal(v, -7);
	assert_int_equal(num_parse_i64("9223372036854775807", 19, &v), ET_OK);
	assert_true(v == INT64_MAX);
	assert_int_equal(num_parse_i64("-9223372036854775808", 20, &v), ET_OK);
	assert_true(v == INT64_MIN);
	assert_int_equal(num_parse_i64("+42", 3, &v), ET_OK);
	assert_int_equal(v, 42);
	assert_int_equal(num_parse_i64("0", 1, &v), ET_OK);
	assert_int_equal(v, 0);
}

static void digits_of_instruments(void **state)
{
	int64_t v = -7;

	(void)state;
	assert_int_equal(num_parse_digits("", 0, &v), ET_ERR_PROTO);
	assert_int_equal(num_parse_digits("+1", 2, &v), ET_ERR_PROTO);
	assert_int_equal(num_parse_digits("1 ", 2, &v), ET_ERR_PROTO);
	assert_int_equal(num_parse_digits("0000000000000000000", 19, &v), ET_ERR_PROTO);
	assert_int_equal(v, -7);
	assert_int_equal(num_parse_digits("0042", 4, &v), ET_OK);
	assert_int_equal(v, 42);
	assert_int_equal(num_parse_digits("999999999999999999", 18, &v), ET_OK);
	assert_true(v == INT64_C(999999999999999999));
}

static void formats_as_expected(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(num_format_f64(buf, 0.1), "0.10000000000000001");
	assert_string_equal(num_format_f64(buf, 60), "60");
	assert_string_equal(num_format_f64(buf, -1.7976931348623157e308),
			    "-1.7976931348623157e+308");
	assert_string_equal(num_format_f64(buf, 5e-324), "4.9406564584124654e-324");
}

static void every_double_reads_back_bit_identical(void **state)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	uint64_t x = seed * 2 + 1;

	(void)state;
	print_message("SEED=%" PRIu64 "\n", seed);
	for (int i = 0; i < 200000; i++) {
		char buf[32];
		double v, back = NAN;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		memcpy(&v, &x, sizeof(v));
		if (!isfinite(v))
			continue;
		num_format_f64(buf, v);
		assert_int_equal(num_parse_f64(buf, strlen(buf), &back), ET_OK);
		assert_memory_equal(&v, &back, sizeof(v));
	}
}

/* Needs a locale with a decimal comma; where none is installed the test says that it was skipped. */
static void a_comma_locale_changes_nothing(void **state)
{
	static const char *const names[] = { "fr_CA.UTF-8", "fr_CA.utf8", "fr_FR.UTF-8",
					     "de_DE.UTF-8" };
	const char *set = NULL;
	char buf[32];
	double v = -1;
	int refused, taken;

	(void)state;
	for (size_t i = 0; !set && i < sizeof(names) / sizeof(names[0]); i++)
		set = setlocale(LC_ALL, names[i]);
	if (!set)
		skip();
	refused = num_parse_f64("1,5", 3, &v);
	taken = num_parse_f64("1.5", 3, &v);
	num_format_f64(buf, 0.5);
	setlocale(LC_ALL, "C");
	assert_int_equal(refused, ET_ERR_PROTO);
	assert_int_equal(taken, ET_OK);
	assert_near(v, 1.5, 0);
	assert_string_equal(buf, "0.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reals_that_are_numbers),
		cmocka_unit_test(texts_that_are_no_reals),
		cmocka_unit_test(only_the_named_bytes_are_read),
		cmocka_unit_test(integers),
		cmocka_unit_test(digits_of_instruments),
		cmocka_unit_test(formats_as_expected),
		cmocka_unit_test(every_double_reads_back_bit_identical),
		cmocka_unit_test(a_comma_locale_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
