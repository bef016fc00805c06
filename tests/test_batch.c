/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/near.h"

static const char yaml_text[] =
	"schema: etalon/batch/1\n"
	"id: B-2026-001\n"
	"work_order: WO 7\n"
	"owner: { name: \"Hydro Exemple, Ltée\", address: \"1, rue Principale\" }\n"
	"as: as_found\n"
	"plan: sample-energy\n"
	"approval: AE-1559\n"
	"approval_revision: 16\n"
	"configuration: 4\n"
	"volt_v: 120\n"
	"curr_min_a: 2\n"
	"curr_max_a: 200\n"
	"meters:\n"
	"  - { position: 1, maker: Landis+Gyr, model: Focus ALF, serial: \"007\", approval: "
	"AE-1559,\n"
	"      approval_revision: 16, configuration: 4, base: 13, volt_v: 120, curr_min_a: 2,\n"
	"      curr_max_a: 200, kh_wh: 1.0, firmware: \"3.22\",\n"
	"      modules: [{ name: TS2, firmware: \"23\" }, { name: EMTR-3 }], seals: [A 1, A 2] }\n"
	"  - { position: 3, maker: Landis+Gyr, model: Focus ALF, serial: \"~\", approval: "
	"AE-1559,\n"
	"      approval_revision: 16, configuration: 4, volt_v: 120, curr_min_a: 2,\n"
	"      curr_max_a: 200, kh_wh: 7.2, firmware: not displayed }\n";

#define HEAD                                                                            \
	"#schema,etalon/batch/1\n#id,B-2026-001\n#work_order,WO 7\n"                    \
	"#owner.name,\"Hydro Exemple, Ltée\"\n#owner.address,\"1, rue Principale\"\n"  \
	"#as,as_found\n#plan,sample-energy\n#approval,AE-1559\n#approval_revision,16\n" \
	"#configuration,4\n#volt_v,120\n#curr_min_a,2\n#curr_max_a,200\n# a remark, for people\n"
#define COLUMNS                                                                             \
	"position,serial,maker,model,approval,approval_revision,configuration,base,volt_v," \
	"curr_min_a,curr_max_a,kh_wh,firmware,modules,seals\n"
#define ROW1 \
	"1,007,Landis+Gyr,Focus ALF,AE-1559,16,4,13,120,2,200,1.0,3.22,TS2=23; EMTR-3,A 1;A 2\n"
#define ROW2 "3,~,Landis+Gyr,Focus ALF,AE-1559,16,4,,120,2,200,7.2,\"not displayed\",,\n"

static const char csv_text[] = HEAD COLUMNS ROW1 ROW2;

struct loaded {
	struct batch b;
	struct yaml_doc *doc;
	struct diag *d;
	char *said;
	int err;
};

static struct loaded load(const char *name, const char *text, size_t len)
{
	struct loaded l = { .d = diag_new() };
	size_t n;
	FILE *to = open_memstream(&l.said, &n);

	l.err = batch_load_mem(name, text, len, &l.b, &l.doc, l.d);
	diag_print(l.d, to);
	fclose(to);
	return l;
}

static void drop(struct loaded *l)
{
	free(l->said);
	yaml_free(l->doc);
	diag_free(l->d);
}

static void yaml_is_read(void **state)
{
	struct loaded l = load("b.yaml", yaml_text, strlen(yaml_text));
	const struct meter_card *m = l.b.meters.items;
	const struct meter_module *mod;

	(void)state;
	assert_string_equal(l.said, "");
	assert_int_equal(l.err, ET_OK);
	assert_string_equal(l.b.id, "B-2026-001");
	assert_string_equal(l.b.owner.name, "Hydro Exemple, Ltée");
	assert_int_equal(l.b.as, BATCH_AS_FOUND);
	assert_int_equal(l.b.meters.n, 2);
	assert_string_equal(m[0].serial, "007");
	assert_int_equal(m[0].base, BASE_S);
	assert_near(m[0].kh_wh, 1, 0);
	assert_string_equal(m[0].firmware, "3.22");
	assert_int_equal(m[0].modules.n, 2);
	mod = m[0].modules.items;
	assert_string_equal(mod[0].firmware, "23");
	assert_null(mod[1].firmware);
	assert_int_equal(m[0].seals.n, 2);
	assert_int_equal(m[1].position, 3);
	assert_int_equal(m[1].base, INT64_MIN);
	drop(&l);
}

static void csv_says_the_same_as_yaml(void **state)
{
	struct loaded y = load("b.yaml", yaml_text, strlen(yaml_text));
	struct loaded c = load("b.csv", csv_text, strlen(csv_text));
	json_t *from_yaml = yaml_to_json(BATCH_SCHEMA, batch_keys, &y.b);
	json_t *from_csv = yaml_to_json(BATCH_SCHEMA, batch_keys, &c.b);
	const struct meter_card *m = c.b.meters.items;

	(void)state;
	assert_string_equal(c.said, "");
	assert_int_equal(c.err, ET_OK);
	assert_true(json_equal(from_yaml, from_csv));
	assert_int_equal(m[0].mark.line, 16);
	assert_int_equal(m[1].mark.line, 17);
	json_decref(from_yaml);
	json_decref(from_csv);
	drop(&y);
	drop(&c);
}

/* What spreadsheets make of it: a byte order mark, CR LF, cells to the right, quotes everywhere. */
static void spreadsheets_may_dress_it_up(void **state)
{
	static const char plain[] = HEAD COLUMNS ROW1;
	char dressed[4000] = "\xef\xbb\xbf";
	size_t n = 3;
	struct loaded l;
	json_t *a, *b;

	(void)state;
	for (const char *p = plain; *p; p++) {
		if (*p == '\n') {
			memcpy(dressed + n, ",,,\r\n", 5);
			n += 5;
		} else {
			dressed[n++] = *p;
		}
	}
	memcpy(dressed + n, ",,,,,\r\n\r\n", 9);
	n += 9;
	l = load("B.CSV", dressed, n);
	assert_string_equal(l.said, "");
	assert_int_equal(l.b.meters.n, 1);
	a = yaml_to_json(BATCH_SCHEMA, batch_keys, &l.b);
	drop(&l);
	l = load("b.csv", plain, strlen(plain));
	b = yaml_to_json(BATCH_SCHEMA, batch_keys, &l.b);
	assert_true(json_equal(a, b));
	json_decref(a);
	json_decref(b);
	drop(&l);
}

static void errors_name_the_place_in_the_spreadsheet(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ HEAD COLUMNS "41,1,L,M,A,16,4,,120,2,200,1,,,\n",
		  "b.csv:16:1: position: \"41\" is out of range; right would be: a position of the "
		  "bench" },
		{ HEAD COLUMNS "1,é,L,M,A,16,4,,\"12\"\"0\",2,200,1,,,\n",
		  "b.csv:16:17: volt_v: \"12\"0\" " },
		{ HEAD COLUMNS "1,1,L,M,A,16,4,,120,2,200,\"1,2\",,,\n",
		  "b.csv:16:27: kh_wh: \"1,2\" " },
		{ HEAD COLUMNS "1,1,L,M,A,16,4,,120,2,200,,,,\n", "b.csv:16:27: kh_wh: " },
		{ HEAD COLUMNS "1,1,L,M,A,16,4\n", "volt_v: " },
		{ HEAD COLUMNS ROW1 "2,007,landis+gyr,M,A,16,4,,120,2,200,1,,,\n",
		  "b.csv:17:1: serial: 007 of landis+gyr already stands in line 16" },
		{ HEAD COLUMNS ROW1 "1,8,L,M,A,16,4,,120,2,200,1,,,\n",
		  "b.csv:17:1: position: 1 is taken by the meter in line 16" },
		{ HEAD COLUMNS "1,1,L,M,A,16,4,,120,200,2,1,,,\n",
		  "b.csv:16:1: curr_min_a: 200 is not below curr_max_a: 2" },
		{ HEAD COLUMNS "1,1,L,M,A,16,4,,120,2,200,1,,TS2; =23,\n", "b.csv:16:35: name: " },
		{ HEAD COLUMNS "1,1,L,M,A,16,4,,120,2,200,1,,TS2;;EMTR-3,\n",
		  "b.csv:16:34: name: this key is missing" },
		{ HEAD COLUMNS "1,1,L,M,A,16,4,,120,2,200,1,,,,,x\n",
		  "b.csv:16:33: this cell has no column name above it" },
		{ HEAD COLUMNS "1,1,\"L\"x,M,A,16,4,,120,2,200,1,,,\n",
		  "b.csv:16:8: after a closing quote stands something" },
		{ HEAD COLUMNS "1,1,L\"x,M,A,16,4,,120,2,200,1,,,\n",
		  "b.csv:16:6: a quote inside a cell" },
		{ HEAD COLUMNS "1,1,\"L,M,A,16,4,,120,2,200,1,,,\n" ROW2,
		  "b.csv:16:5: this quote is not closed in its line" },
		{ HEAD COLUMNS "1,1,L\tM\n", "b.csv:16:6: a tab; cells are separated by commas" },
		{ HEAD COLUMNS "1,1,L\rM\n", "b.csv:16:6: a control character (byte 0x0d)" },
		{ HEAD COLUMNS "1,\xe9,L\n",
		  "b.csv:16:3: not UTF-8 (byte 0xe9); save the file as UTF-8" },
		{ HEAD "position,seriel\n", "b.csv:15:10: unknown key \"seriel\"" },
		{ HEAD
		  "position,serial,maker,model,approval,approval_revision,configuration,volt_v,"
		  "curr_min_a,curr_max_a,position\n1,1,L,M,A,16,4,120,2,200,1\n2,2,L,M,A,16,4,120,"
		  "2,200,1\n",
		  "b.csv:15:99: position: this column stands twice" },
		{ HEAD "position;serial;maker\n",
		  "cells are separated by commas here, not by semicolons" },
		{ HEAD, "no line with the names of the columns" },
		{ HEAD COLUMNS, "meters: " },
		{ HEAD COLUMNS ROW1 "#plan,other\n",
		  "b.csv:17:1: #plan: a key below the names of the columns" },
		{ "#plan,a,b\n" HEAD COLUMNS ROW1, "b.csv:1:9: plan: a third cell" },
		{ "#plan,other\n" HEAD COLUMNS ROW1, "b.csv:8:2: plan: this key stands twice" },
		{ "#plam,other\n" HEAD COLUMNS ROW1, "b.csv:1:2: unknown key \"plam\"" },
		{ "#owner.nam,x\n" HEAD COLUMNS ROW1, "b.csv:1:2: unknown key \"nam\"" },
		{ "#meters,x\n" HEAD COLUMNS ROW1, "b.csv:1:2: unknown key \"meters\"" },
		{ "#owner,x\n" HEAD COLUMNS ROW1, "b.csv:1:2: unknown key \"owner\"" },
		{ "#schema,etalon/plan/1\n" COLUMNS ROW1, "b.csv:1:9: schema: " },
		{ "#id,x\n" COLUMNS ROW1, "schema: this key is missing" },
		{ "", "no line with the names of the columns" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loaded l = load("b.csv", cases[i].text, strlen(cases[i].text));

		if (!strstr(l.said, cases[i].error))
			print_error("case %zu: \"%s\" is not in \"%s\"\n", i, cases[i].error,
				    l.said);
		assert_int_equal(l.err, ET_ERR_FILE);
		assert_non_null(strstr(l.said, cases[i].error));
		drop(&l);
	}
}

static void a_missing_column_is_told_once(void **state)
{
	static const char text[] =
		HEAD "position,serial,maker,model,approval,approval_revision,configuration,volt_v,"
		     "curr_min_a,curr_max_a\n1,1,L,M,A,16,4,120,2,200\n2,2,L,M,A,16,4,120,2,200\n";
	struct loaded l = load("b.csv", text, strlen(text));

	(void)state;
	assert_int_equal(l.err, ET_ERR_FILE);
	assert_int_equal(diag_count(l.d), 1);
	assert_non_null(strstr(l.said,
			       "b.csv:15:1: kh_wh: this key is missing here; right would be: "
			       "watt-hours per pulse"));
	drop(&l);
}

static void all_errors_come_in_one_go(void **state)
{
	static const char text[] = HEAD COLUMNS "0,1,L,M,A,16,4,,120,2,200,x,,,\n"
						"1,2,L\"x,M\n"
						"1,3,L,M,A,16,4,,1200,2,200,1,,,\n";
	struct loaded l = load("b.csv", text, strlen(text));

	(void)state;
	assert_int_equal(diag_count(l.d), 4);
	assert_non_null(strstr(l.said, "b.csv:16:1: position"));
	assert_non_null(strstr(l.said, "b.csv:16:27: kh_wh"));
	assert_non_null(strstr(l.said, "b.csv:17:6: a quote"));
	assert_non_null(strstr(l.said, "b.csv:18:17: volt_v"));
	drop(&l);
}

static void what_is_too_much_is_refused(void **state)
{
	const size_t big = (1 << 18) + 1;
	char *text = malloc(big);
	struct loaded l;

	(void)state;
	memset(text, 'x', big);
	l = load("b.csv", text, big);
	assert_non_null(strstr(l.said, "larger than 256 KiB"));
	drop(&l);
	memset(text, ',', 65);
	l = load("b.csv", text, 65);
	assert_non_null(strstr(l.said, "b.csv:1:65: more than 64 cells"));
	drop(&l);
	memset(text, '\n', 5000);
	l = load("b.csv", text, 5000);
	assert_non_null(strstr(l.said, "b.csv:2001:1: more than 2000 lines"));
	drop(&l);
	free(text);
}

static void yaml_has_the_same_checks(void **state)
{
	char *twice;
	struct loaded l;

	(void)state;
	assert_true(asprintf(&twice,
			     "%s  - { position: 3, maker: L, model: M, serial: 9, approval: A,\n"
			     "      approval_revision: 1, configuration: 4, volt_v: 120,\n"
			     "      curr_min_a: 2, curr_max_a: 200 }\n",
			     yaml_text) > 0);
	l = load("b.yaml", twice, strlen(twice));
	assert_int_equal(l.err, ET_ERR_FILE);
	assert_int_equal(diag_count(l.d), 2);
	assert_non_null(
		strstr(l.said, "b.yaml:21:5: position: 3 is taken by the meter in line 18"));
	assert_non_null(strstr(l.said, "b.yaml:21:5: kh_wh: this key is missing here"));
	free(twice);
	drop(&l);
}

static void files_are_read(void **state)
{
	char path[] = "/tmp/etalon-batch-XXXXXX.csv";
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct batch b;
	int fd = mkstemps(path, 4);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	fputs(csv_text, f);
	fclose(f);
	assert_int_equal(batch_load_file(path, &b, &doc, d), ET_OK);
	assert_int_equal(b.meters.n, 2);
	yaml_free(doc);
	assert_int_equal(remove(path), 0);
	assert_int_equal(batch_load_file(path, &b, &doc, d), ET_ERR_FILE);
	assert_non_null(strstr(diag_text(d, 0), "cannot be read"));
	assert_null(b.id);
	yaml_free(doc);
	diag_free(d);
}

static void a_meter_must_fit_the_set_up(void **state)
{
	struct approval_finding f = { .code = "untouched" };
	struct loaded l = load("b.yaml", yaml_text, strlen(yaml_text));
	struct meter_card m = ((const struct meter_card *)l.b.meters.items)[0];

	(void)state;
	assert_true(batch_fits_setup(&l.b, &m, &f));
	assert_string_equal(f.code, "untouched");
	m.volt_v = 240;
	assert_false(batch_fits_setup(&l.b, &m, &f));
	assert_string_equal(f.code, "setup");
	assert_string_equal(
		f.en, "nameplate 2 element, 3 wire network, 240 V, 2-200 A; the bench is set up "
		      "for 2 element, 3 wire network, 120 V, 2-200 A: not to be energised in "
		      "this batch");
	m.volt_v = 120;
	m.curr_max_a = 100;
	assert_false(batch_fits_setup(&l.b, &m, &f));
	m.curr_max_a = NAN;
	assert_false(batch_fits_setup(&l.b, &m, &f));
	m = ((const struct meter_card *)l.b.meters.items)[0];
	m.configuration = SERVICE_1EL_2W;
	assert_false(batch_fits_setup(&l.b, &m, &f));
	assert_non_null(strstr(f.fr, "1 élément, 2 fils, 120 V"));
	drop(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_is_read),
		cmocka_unit_test(csv_says_the_same_as_yaml),
		cmocka_unit_test(spreadsheets_may_dress_it_up),
		cmocka_unit_test(errors_name_the_place_in_the_spreadsheet),
		cmocka_unit_test(a_missing_column_is_told_once),
		cmocka_unit_test(all_errors_come_in_one_go),
		cmocka_unit_test(what_is_too_much_is_refused),
		cmocka_unit_test(yaml_has_the_same_checks),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(a_meter_must_fit_the_set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
