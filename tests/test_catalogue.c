/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/near.h"

static char lab[] = "/tmp/etalon-catalogue-XXXXXX";

static void path_of(char *buf, size_t cap, const char *name)
{
	snprintf(buf, cap, "%s/%s", lab, name);
}

/* A copy of a document on file, with one text in place of another. */
static void put(const char *name, const char *original, const char *from, const char *to)
{
	static char text[65536];
	char path[200], *at;
	FILE *f = fopen(original, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	at = strstr(text, from);
	assert_non_null(at);
	path_of(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fclose(f);
}

static void drop(const char *name)
{
	char path[200];

	path_of(path, sizeof(path), name);
	assert_int_equal(remove(path), 0);
}

static int make_lab(void **state)
{
	char path[200];

	(void)state;
	if (!mkdtemp(lab))
		return -1;
	path_of(path, sizeof(path), "approvals");
	mkdir(path, 0700);
	path_of(path, sizeof(path), "plans");
	mkdir(path, 0700);
	put("approvals/b.yaml", "procedures/approvals/AE-1559-16.yaml", "revision: 16",
	    "revision: 16");
	put("approvals/a.yaml", "procedures/approvals/AE-1559-16.yaml", "number: AE-1559",
	    "number: AE-9999");
	put("approvals/c.yaml", "procedures/approvals/AE-1559-16.yaml", "revision: 16\n",
	    "revision: 17\n");
	put("approvals/.hidden.yaml", "procedures/approvals/AE-1559-16.yaml", "schema", "schema");
	put("approvals/notes.txt", "procedures/approvals/AE-1559-16.yaml", "schema", "schema");
	put("plans/p1.yaml", "procedures/plans/sample-energy.yaml", "version: 1", "version: 1");
	put("plans/p10.yaml", "procedures/plans/sample-energy.yaml", "version: 1", "version: 10");
	put("plans/p9.yaml", "procedures/plans/sample-energy.yaml", "version: 1", "version: 9");
	return 0;
}

static int drop_lab(void **state)
{
	static const char *const names[] = {
		"approvals/a.yaml",    "approvals/b.yaml",
		"approvals/c.yaml",    "approvals/.hidden.yaml",
		"approvals/notes.txt", "plans/p1.yaml",
		"plans/p10.yaml",      "plans/p9.yaml",
		"approvals",	       "plans",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		drop(names[i]);
	return remove(lab);
}

static void files_are_listed_in_order(void **state)
{
	struct diag *d = diag_new();
	struct catalogue c;

	(void)state;
	assert_int_equal(catalogue_list(lab, "approvals", &c, d), ET_OK);
	assert_int_equal(c.n, 3);
	assert_string_equal(strrchr(c.paths[0], '/'), "/a.yaml");
	assert_string_equal(strrchr(c.paths[1], '/'), "/b.yaml");
	assert_string_equal(strrchr(c.paths[2], '/'), "/c.yaml");
	catalogue_free(&c);
	assert_int_equal(c.n, 0);
	assert_int_equal(catalogue_list(lab, "elsewhere", &c, d), ET_ERR_FILE);
	assert_int_equal(diag_count(d), 1);
	assert_non_null(strstr(diag_text(d, 0), "cannot be opened: No such file"));
	diag_free(d);
}

/* c.yaml says revision 17 but lists none: it is wrong, and must not be chosen as the highest. */
static void a_notice_is_found_by_number_and_revision(void **state)
{
	struct diag *d = diag_new();
	struct approval a;
	struct yaml_doc *doc;

	(void)state;
	assert_int_equal(approval_find(lab, "AE-1559", 16, &a, &doc, d), ET_OK);
	assert_string_equal(a.number, "AE-1559");
	assert_int_equal(a.ratings.n, 9);
	yaml_free(doc);
	assert_int_equal(diag_count(d), 1);
	assert_non_null(strstr(diag_text(d, 0), "the notice's own revision 17 is missing"));
	assert_int_equal(approval_find(lab, "AE-1559", INT64_MIN, &a, &doc, d), ET_OK);
	assert_int_equal(a.revision, 16);
	yaml_free(doc);
	diag_free(d);
}

static void what_is_on_record_is_told(void **state)
{
	struct approval a = { .number = "untouched" };
	struct diag *d = diag_new();
	struct yaml_doc *doc;

	(void)state;
	assert_int_equal(approval_find(lab, "AE-1559", 15, &a, &doc, d), ET_ERR_FILE);
	assert_null(doc);
	assert_string_equal(a.number, "untouched");
	assert_string_equal(diag_text(d, 1),
			    "AE-1559 revision 15 is not in approvals; on record: AE-9999 "
			    "revision 16, AE-1559 revision 16");
	diag_free(d);
}

static void the_highest_version_is_a_number_not_a_name(void **state)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct plan p;

	(void)state;
	assert_int_equal(plan_find(lab, "sample-energy", INT64_MIN, &p, &doc, d), ET_OK);
	assert_int_equal(p.version, 10);
	yaml_free(doc);
	assert_int_equal(plan_find(lab, "sample-energy", 1, &p, &doc, d), ET_OK);
	assert_int_equal(p.version, 1);
	yaml_free(doc);
	assert_int_equal(diag_count(d), 0);
	assert_int_equal(plan_find(lab, "energy", INT64_MIN, &p, &doc, d), ET_ERR_FILE);
	assert_non_null(strstr(diag_text(d, 0),
			       "energy is not in plans; on record: sample-energy version 1, "));
	diag_free(d);
}

static void two_files_may_not_be_the_same_plan(void **state)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct plan p;

	(void)state;
	put("plans/q.yaml", "procedures/plans/sample-energy.yaml", "version: 1", "version: 9");
	assert_int_equal(plan_find(lab, "sample-energy", 9, &p, &doc, d), ET_ERR_FILE);
	assert_null(doc);
	assert_non_null(strstr(diag_text(d, 0), "sample-energy version 9 also stands in "));
	/* the twins do not hide what is beyond doubt */
	assert_int_equal(plan_find(lab, "sample-energy", INT64_MIN, &p, &doc, d), ET_OK);
	assert_int_equal(p.version, 10);
	yaml_free(doc);
	drop("plans/q.yaml");
	diag_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_listed_in_order),
		cmocka_unit_test(a_notice_is_found_by_number_and_revision),
		cmocka_unit_test(what_is_on_record_is_told),
		cmocka_unit_test(the_highest_version_is_a_number_not_a_name),
		cmocka_unit_test(two_files_may_not_be_the_same_plan),
	};

	return cmocka_run_group_tests(tests, make_lab, drop_lab);
}
