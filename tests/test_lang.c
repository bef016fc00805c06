/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lang.h"

#include <stdlib.h>

#include "tests/support/near.h"

static void the_locale_decides(void **state)
{
	static const struct {
		const char *lc_all, *lc_messages, *lang;
		enum lang want;
	} cases[] = {
		{ NULL, NULL, NULL, LANG_EN },		{ NULL, NULL, "C.UTF-8", LANG_EN },
		{ NULL, NULL, "fr_CA.UTF-8", LANG_FR }, { NULL, NULL, "fr", LANG_FR },
		{ NULL, NULL, "fr.UTF-8", LANG_FR },	{ NULL, NULL, "fr@euro", LANG_FR },
		{ NULL, NULL, "fry_NL", LANG_EN },	{ NULL, NULL, "f", LANG_EN },
		{ NULL, "fr_CA", "en_CA", LANG_FR },	{ NULL, "en_CA", "fr_CA", LANG_EN },
		{ "C", "fr_CA", "fr_CA", LANG_EN },	{ "", "", "fr_CA", LANG_FR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
		const char *const values[] = { cases[i].lc_all, cases[i].lc_messages,
					       cases[i].lang };

		print_message("case %zu\n", i);
		for (size_t n = 0; n < 3; n++) {
			unsetenv(names[n]);
			if (values[n])
				setenv(names[n], values[n], 1);
		}
		assert_int_equal(lang_from_locale(), cases[i].want);
	}
}

static void the_text_of_the_language(void **state)
{
	(void)state;
	assert_string_equal(tr(LANG_EN, "burden", "fardeau"), "burden");
	assert_string_equal(tr(LANG_FR, "burden", "fardeau"), "fardeau");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_locale_decides),
		cmocka_unit_test(the_text_of_the_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
