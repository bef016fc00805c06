/* SPDX-License-Identifier: Apache-2.0 */
/* The history of a serial number, as an auditor reads it. */
#include "reports/history_report.h"

#include "db/query.h"
#include "tests/support/report_lab.h"

static int make_dir(void **state)
{
	(void)state;
	record_make_dir();
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	record_remove_dir();
	return 0;
}

static void check(struct db *d, const char *serial, enum lang lang, const char *golden)
{
	struct fault f = { 0 };
	json_t *h = query_history(d, NULL, serial, &f);
	char *text = lab_written(report_history, h, lang);

	lab_is_harmless(text);
	lab_is_golden(text, golden);
	free(text);
	json_decref(h);
}

static void all_attempts_are_there(void **state)
{
	struct db *d = lab_begin("h.db", "BT-17");

	(void)state;
	lab_finish(d, "BT-17");
	check(d, "SIM000002", LANG_EN, "history.en.txt");
	check(d, "SIM000002", LANG_FR, "history.fr.txt");
	check(d, "SIM\a5", LANG_EN, "history_hostile.en.txt");
	check(d, "SIMÉTÉ04", LANG_FR, "history_refused.fr.txt");
	db_close(d);
}

static void an_open_batch_has_no_verdict_yet(void **state)
{
	struct db *d = lab_begin("i.db", "BT-17");

	(void)state;
	check(d, "SIM000003", LANG_EN, "history_open.en.txt");
	db_close(d);
}

static void nothing_is_nothing(void **state)
{
	struct db *d = lab_begin("z.db", "BT-17");
	struct fault f = { 0 };
	json_t *h = query_history(d, NULL, "none", &f);
	char *text = lab_written(report_history, h, LANG_EN);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	json_decref(h);
	db_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_attempts_are_there),
		cmocka_unit_test(an_open_batch_has_no_verdict_yet),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
