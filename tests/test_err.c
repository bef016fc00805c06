/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <string.h>

#include "tests/support/near.h"

static void every_code_has_a_name(void **state)
{
	(void)state;
	for (int code = ET_ERR_INTEGRITY; code <= ET_OK; code++)
		assert_string_not_equal(et_err_name(code), "unknown");
	assert_string_equal(et_err_name(1), "unknown");
}

static void fault_is_bounded_and_returns_its_code(void **state)
{
	char longer[400];
	struct fault f;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(fault_set(&f, ET_ERR_IO, "%s", longer), ET_ERR_IO);
	assert_int_equal(f.code, ET_ERR_IO);
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
	assert_int_equal(fault_set(NULL, ET_ERR_ARG, "nobody reads this"), ET_ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name),
		cmocka_unit_test(fault_is_bounded_and_returns_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
