/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_reasons.c - why a meter got its verdict, in the words that a technician reads. */
#include <stdlib.h>

#include "base/json.h"
#include "reports/words.h"
#include "tests/support/near.h"

static void assert_reason(const char *step, const char *en, const char *fr)
{
	json_t *s = json_loads(step, 0, NULL);
	char buf[WORDS_REASON_MAX];

	assert_non_null(s);
	assert_string_equal(words_reason(buf, s, LANG_EN), en);
	assert_string_equal(words_reason(buf, s, LANG_FR), fr);
	json_decref(s);
}

#define LIMITS "\"limit_lo_pct\":-1.0,\"limit_hi_pct\":1.0,\"round_digits\":2"

static void figures_speak(void **state)
{
	(void)state;
	assert_reason("{\"verdict\":\"conforming\",\"near_limit\":false," LIMITS "}", "", "");
	assert_reason("{\"verdict\":\"nonconforming\",\"err_rounded_u6\":1820000,\"near_limit\":"
		      "true," LIMITS "}",
		      "0.82 % above the limit; near limit",
		      "0,82 % au-dessus de la limite; près de la limite");
}

/* Close to a limit, or blunt: what to do about it is not the same. */
static void an_inconclusive_one_says_which(void **state)
{
	(void)state;
	assert_reason("{\"verdict\":\"inconclusive\",\"err_rounded_u6\":950000,"
		      "\"U_rounded_u6\":100000," LIMITS "}",
		      "too close to the limit for this uncertainty",
		      "trop près de la limite pour cette incertitude");
	assert_reason("{\"verdict\":\"inconclusive\",\"err_rounded_u6\":16830000,"
		      "\"U_rounded_u6\":19550000," LIMITS "}",
		      "the uncertainty is larger than the limits",
		      "l'incertitude est plus grande que les limites");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_speak),
		cmocka_unit_test(an_inconclusive_one_says_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
