/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

static char *printed(const struct diag *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	diag_print(d, to);
	fclose(to);
	return text;
}

static void sorted_by_place_within_a_file(void **state)
{
	struct diag *d = diag_new();
	char *text;

	(void)state;
	diag_add(d, "plan.yaml", 9, 3, "third");
	diag_add(d, "bench.yaml", 1, 1, "other %s", "file");
	diag_add(d, "plan.yaml", 2, 8, "second");
	diag_add(d, "plan.yaml", 2, 1, "first");
	diag_add(d, "plan.yaml", 9, 3, "fourth, same place, later");
	diag_add(d, "plan.yaml", 0, 0, "cannot be read");
	text = printed(d);
	assert_string_equal(text, "plan.yaml: cannot be read\n"
				  "plan.yaml:2:1: first\n"
				  "plan.yaml:2:8: second\n"
				  "plan.yaml:9:3: third\n"
				  "plan.yaml:9:3: fourth, same place, later\n"
				  "bench.yaml:1:1: other file\n");
	assert_int_equal(diag_count(d), 6);
	assert_string_equal(diag_text(d, 1), "first");
	assert_string_equal(diag_text(d, 5), "other file");
	assert_null(diag_text(d, 6));
	assert_null(diag_text(d, -1));
	free(text);
	diag_free(d);
	diag_free(NULL);
}

static void a_terminal_is_not_driven_by_a_file(void **state)
{
	struct diag *d = diag_new();
	char *text;

	(void)state;
	diag_add(d, "a\nb", 1, 1, "value \"\033[2J\r\x7f\" and \xc2\x9b, but caf\xc3\xa9");
	text = printed(d);
	assert_string_equal(text, "a?b:1:1: value \"?[2J??\" and ??, but caf\xc3\xa9\n");
	free(text);
	diag_free(d);
}

static void errors_without_end_are_cut(void **state)
{
	struct diag *d = diag_new();
	char *text;

	(void)state;
	assert_int_equal(diag_count(d), 0);
	for (int i = 1; i <= DIAG_MAX; i++)
		diag_add(d, "f", i, 1, "wrong");
	assert_int_equal(diag_count(d), DIAG_MAX);
	for (int i = 0; i < 1000; i++)
		diag_add(d, "f", 1, 1, "wrong");
	assert_int_equal(diag_count(d), DIAG_MAX + 1);
	assert_string_equal(diag_text(d, DIAG_MAX), "and more errors, not listed");
	assert_null(diag_text(d, DIAG_MAX + 1));
	text = printed(d);
	assert_non_null(strstr(text, "f:100:1: wrong\nand more errors, not listed\n"));
	free(text);
	diag_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_by_place_within_a_file),
		cmocka_unit_test(a_terminal_is_not_driven_by_a_file),
		cmocka_unit_test(errors_without_end_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
