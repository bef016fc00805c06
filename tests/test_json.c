/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

static void assert_canonical(json_t *v, const char *want)
{
	char *text = NULL;
	size_t len = 0;

	assert_non_null(v);
	assert_int_equal(json_canonical(v, &text, &len), ET_OK);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
	json_decref(v);
}

static json_t *parsed(const char *text)
{
	struct fault f = { 0 };
	json_t *v = json_parse(text, strlen(text), &f);

	if (!v)
		print_error("%s\n", f.text);
	return v;
}

static void one_canonical_form(void **state)
{
	json_t *o = json_object();

	(void)state;
	json_object_set_new(o, "b", json_num(0.1));
	json_object_set_new(o, "B", json_num(60));
	json_object_set_new(o, "a", json_num(NAN));
	json_object_set_new(o, "ab", json_num(-INFINITY));
	json_object_set_new(o, "", json_integer(INT64_MIN));
	json_object_set_new(o, "\xc3\xa9", json_str("\xc3\xa9\"\\/\n\x01"));
	json_object_set_new(o, "z", json_num(1e300));
	assert_canonical(o, "{\"\":-9223372036854775808,\"B\":60.0,\"a\":null,\"ab\":null,"
			    "\"b\":0.10000000000000001,\"z\":1.0000000000000001e300,"
			    "\"\xc3\xa9\":\"\xc3\xa9\\\"\\\\/\\n\\u0001\"}");
	assert_canonical(json_num(1), "1.0");
	assert_canonical(json_str(NULL), "null");
	assert_canonical(json_str("\xff"), "null");
}

static void order_of_writing_does_not_matter(void **state)
{
	(void)state;
	assert_canonical(parsed(" { \"y\" : [1, 2.50, true, {\"d\":1,\"c\":2}],\n \"x\":null } "),
			 "{\"x\":null,\"y\":[1,2.5,true,{\"c\":2,\"d\":1}]}");
	assert_canonical(parsed("{\"x\":null,\"y\":[1,25e-1,true,{\"c\":2,\"d\":1}]}"),
			 "{\"x\":null,\"y\":[1,2.5,true,{\"c\":2,\"d\":1}]}");
	assert_canonical(parsed("\"text\""), "\"text\"");
}

static void getters_do_not_guess(void **state)
{
	json_t *o = parsed("{\"f\":1.5,\"i\":7,\"s\":\"12\",\"n\":null,\"t\":true}");

	(void)state;
	assert_near(json_get_f64(o, "f"), 1.5, 0);
	assert_near(json_get_f64(o, "i"), 7, 0);
	assert_true(isnan(json_get_f64(o, "s")));
	assert_true(isnan(json_get_f64(o, "n")));
	assert_true(isnan(json_get_f64(o, "missing")));
	assert_int_equal(json_get_int(o, "i", -1), 7);
	assert_int_equal(json_get_int(o, "f", -1), -1);
	assert_int_equal(json_get_int(o, "s", -1), -1);
	assert_int_equal(json_get_int(o, "t", -1), -1);
	assert_string_equal(json_get_str(o, "s"), "12");
	assert_null(json_get_str(o, "i"));
	assert_null(json_get_str(o, "missing"));
	json_decref(o);
	assert_true(isnan(json_get_f64(NULL, "f")));
}

static void what_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"{",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1} x",
		"[1,]",
		"{a:1}",
		"'a'",
		"1e999",
		"nan",
		"99999999999999999999",
		"\"\\u0000\"",
		"\"\xff\"",
		"01",
		"[1]\n[2]",
		"\"\\ud800\"",
	};
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		print_message("%s\n", wrong[i]);
		memset(&f, 0, sizeof(f));
		assert_null(json_parse(wrong[i], strlen(wrong[i]), &f));
		assert_int_equal(f.code, ET_ERR_PROTO);
		assert_non_null(strstr(f.text, "line "));
	}
	assert_null(json_parse("{}\0", 3, &f));
	assert_null(json_parse("[", 1, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_canonical_form),
		cmocka_unit_test(order_of_writing_does_not_matter),
		cmocka_unit_test(getters_do_not_guess),
		cmocka_unit_test(what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
