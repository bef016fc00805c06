/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_yaml.c - files of people: what is read, and every way of being wrong with its message. */
#include "base/yaml.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "tests/support/near.h"

#define SCHEMA "etalon/sample/1"
#define HEAD "schema: " SCHEMA "\n"

struct point {
	struct yaml_mark mark;
	const char *id;
	double curr_a;
	struct yaml_list volts;
};

struct sample {
	struct yaml_mark mark;
	const char *firmware, *serial;
	struct yaml_text2 title;
	double volt_v, kh;
	int64_t retries;
	int live, mode;
	struct yaml_date issued;
	struct {
		struct yaml_mark mark;
		const char *name;
		double x;
	} owner;
	struct yaml_list points, notes;
};

static const char *const modes[] = { "series", "single_element", "true_service", NULL };

static const struct yaml_key point_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = offsetof(struct point, mark) },
	{ .name = "id", .type = YAML_STR, .offset = offsetof(struct point, id), .required = true },
	{ .name = "curr_a",
	  .type = YAML_F64,
	  .offset = offsetof(struct point, curr_a),
	  .min = 0.01,
	  .max = 200 },
	{ .name = "volts",
	  .type = YAML_F64S,
	  .offset = offsetof(struct point, volts),
	  .min = 0,
	  .max = 600 },
	{ 0 },
};

static const struct yaml_key owner_keys[] = {
	{ .name = "@",
	  .type = YAML_MARK,
	  .offset = offsetof(struct sample, owner.mark) - offsetof(struct sample, owner) },
	{ .name = "name",
	  .type = YAML_STR,
	  .offset = offsetof(struct sample, owner.name) - offsetof(struct sample, owner),
	  .required = true },
	{ .name = "x",
	  .type = YAML_F64,
	  .offset = offsetof(struct sample, owner.x) - offsetof(struct sample, owner) },
	{ 0 },
};

#define AT(member) .offset = offsetof(struct sample, member)
static const struct yaml_key keys[] = {
	{ .name = "@", .type = YAML_MARK, AT(mark) },
	{ .name = "firmware", .type = YAML_STR, AT(firmware) },
	{ .name = "serial", .type = YAML_STR, AT(serial) },
	{ .name = "title", .type = YAML_TEXT2, AT(title) },
	{ .name = "volt_v",
	  .type = YAML_F64,
	  AT(volt_v),
	  .required = true,
	  .min = 1,
	  .max = 600,
	  .want = "volts, 1 to 600" },
	{ .name = "kh", .type = YAML_F64, AT(kh) },
	{ .name = "retries", .type = YAML_I64, AT(retries), .min = 0, .max = 9 },
	{ .name = "live", .type = YAML_BOOL, AT(live) },
	{ .name = "mode", .type = YAML_WORD, AT(mode), .words = modes },
	{ .name = "issued", .type = YAML_DATE, AT(issued) },
	{ .name = "owner", .type = YAML_MAP, AT(owner), .keys = owner_keys },
	{ .name = "points",
	  .type = YAML_MAPS,
	  AT(points),
	  .keys = point_keys,
	  .size = sizeof(struct point) },
	{ .name = "notes", .type = YAML_STRS, AT(notes) },
	{ 0 },
};

static struct {
	struct sample s;
	struct yaml_doc *doc;
	struct diag *d;
	char *printed;
	int err;
} got;

static void forget(void)
{
	yaml_free(got.doc);
	diag_free(got.d);
	free(got.printed);
	memset(&got, 0, sizeof(got));
}

static int load_bytes(const char *text, size_t len)
{
	size_t printed;
	FILE *to;
	char *exact = malloc(len ? len : 1); /* ASan watches both ends */

	forget();
	memcpy(exact, text, len);
	memset(&got.s, 0x5a, sizeof(got.s));
	got.d = diag_new();
	got.err = yaml_load_mem("f.yaml", exact, len, SCHEMA, keys, &got.s, &got.doc, got.d);
	free(exact);
	to = open_memstream(&got.printed, &printed);
	diag_print(got.d, to);
	fclose(to);
	assert_int_equal(got.err == ET_OK, diag_count(got.d) == 0);
	return got.err;
}

static int load(const char *text)
{
	return load_bytes(text, strlen(text));
}

static int undo(void **state)
{
	(void)state;
	forget();
	return 0;
}

/* The whole text of the errors of a file. */
static void assert_errors(const char *text, const char *want)
{
	assert_int_equal(load(text), ET_ERR_FILE);
	assert_string_equal(got.printed, want);
}

/* A file that is right but for one line in line 3. */
static void assert_line_error(const char *line, const char *want)
{
	char text[2000], expect[2000];

	snprintf(text, sizeof(text), HEAD "volt_v: 120\n%s\n", line);
	snprintf(expect, sizeof(expect), "f.yaml:3:%s\n", want);
	assert_errors(text, expect);
}

static void assert_line_right(const char *line)
{
	char text[2000];

	snprintf(text, sizeof(text), HEAD "volt_v: 120\n%s\n", line);
	if (load(text) != ET_OK)
		print_error("%s", got.printed);
	assert_int_equal(got.err, ET_OK);
}

static const char whole_file[] = "# made by hand\n" HEAD "\n"
				 "firmware: 3.22\n"
				 "serial: 0012\n"
				 "title: { en: Burden, fr: \"Fardeau \xc3\xa9lev\xc3\xa9\" }\n"
				 "volt_v: 120.5   # nominal\n"
				 "kh: -1.8e-3\n"
				 "retries: 3\n"
				 "live: false\n"
				 "mode: single_element\n"
				 "issued: 2024-02-29\n"
				 "owner:\n"
				 "  name: Null\n"
				 "  x: 7\n"
				 "points:\n"
				 "  - id: 18\n"
				 "    curr_a: 0.01\n"
				 "    volts: [1, 2.5]\n"
				 "  - id: '007'\n"
				 "notes:\n"
				 "  - 0x10\n"
				 "  - |\n"
				 "    two\n"
				 "    lines\n";

static void every_type_is_read(void **state)
{
	const struct point *p;
	const double *volts;
	const char *const *notes;

	(void)state;
	assert_int_equal(load(whole_file), ET_OK);
	assert_string_equal(got.s.firmware, "3.22");
	assert_string_equal(got.s.serial, "0012");
	assert_string_equal(got.s.title.en, "Burden");
	assert_string_equal(got.s.title.fr, "Fardeau \xc3\xa9lev\xc3\xa9");
	assert_near(got.s.volt_v, 120.5, 0);
	assert_near(got.s.kh, -1.8e-3, 0);
	assert_int_equal(got.s.retries, 3);
	assert_int_equal(got.s.live, 0);
	assert_int_equal(got.s.mode, 1);
	assert_int_equal(got.s.issued.year, 2024);
	assert_int_equal(got.s.issued.month, 2);
	assert_int_equal(got.s.issued.day, 29);
	assert_string_equal(got.s.owner.name, "Null");
	assert_near(got.s.owner.x, 7, 0);
	assert_int_equal(got.s.mark.line, 2);
	assert_int_equal(got.s.mark.column, 1);
	assert_int_equal(got.s.owner.mark.line, 14);
	assert_int_equal(got.s.owner.mark.column, 3);
	assert_int_equal(got.s.points.n, 2);
	p = got.s.points.items;
	assert_string_equal(p[0].id, "18");
	assert_near(p[0].curr_a, 0.01, 0);
	assert_int_equal(p[0].volts.n, 2);
	volts = p[0].volts.items;
	assert_near(volts[0], 1, 0);
	assert_near(volts[1], 2.5, 0);
	assert_string_equal(p[1].id, "007");
	assert_true(isnan(p[1].curr_a));
	assert_int_equal(p[1].volts.n, 0);
	assert_int_equal(p[1].mark.line, 20);
	assert_int_equal(p[1].mark.column, 5);
	assert_int_equal(got.s.notes.n, 2);
	notes = got.s.notes.items;
	assert_string_equal(notes[0], "0x10");
	assert_string_equal(notes[1], "two\nlines\n");
}

static void assert_all_absent(void)
{
	assert_null(got.s.firmware);
	assert_null(got.s.serial);
	assert_null(got.s.title.en);
	assert_null(got.s.title.fr);
	assert_true(isnan(got.s.kh));
	assert_true(got.s.retries == INT64_MIN);
	assert_int_equal(got.s.live, -1);
	assert_int_equal(got.s.mode, -1);
	assert_int_equal(got.s.issued.year, 0);
	assert_int_equal(got.s.owner.mark.line, 0);
	assert_null(got.s.owner.name);
	assert_true(isnan(got.s.owner.x));
	assert_int_equal(got.s.points.n, 0);
	assert_null(got.s.points.items);
	assert_int_equal(got.s.notes.n, 0);
}

static void what_is_not_there_is_absent(void **state)
{
	(void)state;
	assert_int_equal(load(HEAD "volt_v: 120"), ET_OK);
	assert_all_absent();
	assert_int_equal(load(HEAD
			      "volt_v: 120\nfirmware:\nserial: null\ntitle: ~\nkh: null\nretries:\n"
			      "live: null\nmode: ~\nissued:\nowner: null\npoints: null\nnotes:\n"),
			 ET_OK);
	assert_all_absent();
	assert_int_equal(load("[unreadable"), ET_ERR_FILE);
	assert_all_absent();
	assert_true(isnan(got.s.volt_v));
	assert_int_equal(got.s.mark.line, 0);
}

static void all_errors_come_in_one_go(void **state)
{
	(void)state;
	assert_errors(
		"schema: etalon/sample/1\n"
		"volt_v: 1,5\n"
		"firmwear: 3.22\n"
		"owner: { x: nan, zzz: 1 }\n"
		"points:\n"
		"  - id: p1\n"
		"    curr_a: 60 Hz\n"
		"  - volts: [1, 700, \"3\"]\n"
		"  - 7\n"
		"volt_v: 5\n",
		"f.yaml:2:9: volt_v: \"1,5\" has a comma; the decimal sign is a point, and "
		"thousands are not set "
		"apart; right would be: volts, 1 to 600\n"
		"f.yaml:3:1: unknown key \"firmwear\"; did you mean firmware?\n"
		"f.yaml:4:8: name: this key is missing here; right would be: a text\n"
		"f.yaml:4:13: x: \"nan\" is not finite; right would be: a number such as 1.5\n"
		"f.yaml:4:18: unknown key \"zzz\"; known here: name, x\n"
		"f.yaml:7:13: curr_a: \"60 Hz\" has something after the number (the unit is part "
		"of the key); "
		"right would be: a number such as 1.5 from 0.01 to 200\n"
		"f.yaml:8:5: id: this key is missing here; right would be: a text\n"
		"f.yaml:8:16: volts: \"700\" is out of range; right would be: a list of numbers "
		"from 0 to 600\n"
		"f.yaml:8:21: volts: \"3\" is in quotes, which makes it a text; right would be: a "
		"list of numbers "
		"from 0 to 600\n"
		"f.yaml:9:5: points: \"7\" is not a mapping; right would be: a list of mappings\n"
		"f.yaml:10:1: volt_v: this key stands twice in one mapping; first in line 2\n");
}

static void numbers_are_strict(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "1,5",
		  "has a comma; the decimal sign is a point, and thousands are not set apart" },
		{ "0x10", "is not decimal" },
		{ "0o17", "is not decimal" },
		{ "010", "begins with a zero" },
		{ "-010", "begins with a zero" },
		{ "60 Hz", "has something after the number (the unit is part of the key)" },
		{ "60Hz", "has something after the number (the unit is part of the key)" },
		{ "1.5.2", "has something after the number (the unit is part of the key)" },
		{ "1_000", "has something after the number (the unit is part of the key)" },
		{ "nan", "is not finite" },
		{ ".nan", "is not finite" },
		{ "-.inf", "is not finite" },
		{ "Infinity", "is not finite" },
		{ "1e999", "is not in the range of numbers, or its exponent is not complete" },
		{ "1e-999", "is not in the range of numbers, or its exponent is not complete" },
		{ "1e", "is not in the range of numbers, or its exponent is not complete" },
		{ "1.", "needs a digit after the point" },
		{ "1.e5", "needs a digit after the point" },
		{ ".5", "needs a digit before the point" },
		{ "-.5", "needs a digit before the point" },
		{ "five", "is not a number" },
		{ "true", "is not a number" },
		{ "--5", "is not a number" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[100], want[300];

		snprintf(line, sizeof(line), "kh: %s", cases[i].text);
		snprintf(want, sizeof(want),
			 "5: kh: \"%s\" %s; right would be: a number such as 1.5", cases[i].text,
			 cases[i].why);
		assert_line_error(line, want);
	}
	assert_line_error("kh: '1.5'", "5: kh: \"1.5\" is in quotes, which makes it a text; "
				       "right would be: a number such as 1.5");
	assert_line_error("kh: [1.5]", "5: kh: a list is not a single value; "
				       "right would be: a number such as 1.5");
	assert_line_error("kh: { a: 1 }", "5: kh: a mapping is not a single value; "
					  "right would be: a number such as 1.5");
	assert_line_error("retries: 2.5", "10: retries: \"2.5\" is not a whole number; "
					  "right would be: a whole number from 0 to 9");
	assert_line_error("retries: 10", "10: retries: \"10\" is out of range; "
					 "right would be: a whole number from 0 to 9");
	assert_line_error("retries: 9223372036854775808",
			  "10: retries: \"9223372036854775808\" is too large; "
			  "right would be: a whole number from 0 to 9");
	assert_line_right("retries: 9");
	assert_line_right("kh: +1.5E+03");
	assert_near(got.s.kh, 1500, 0);
}

static void bounds_belong_to_the_range(void **state)
{
	(void)state;
	assert_int_equal(load(HEAD "volt_v: 1"), ET_OK);
	assert_int_equal(load(HEAD "volt_v: 600"), ET_OK);
	assert_errors(HEAD "volt_v: 600.0000001", "f.yaml:2:9: volt_v: \"600.0000001\" is out of "
						  "range; right would be: volts, 1 to 600\n");
	assert_errors(
		HEAD "volt_v: 0.99",
		"f.yaml:2:9: volt_v: \"0.99\" is out of range; right would be: volts, 1 to 600\n");
	assert_errors(HEAD "volt_v:",
		      "f.yaml:2:1: volt_v: \"\" says nothing; right would be: volts, 1 to 600\n");
}

static void texts_words_and_dates(void **state)
{
	(void)state;
	assert_line_error("serial: ''", "9: serial: \"\" is empty; right would be: a text");
	assert_line_error("serial: [1]",
			  "9: serial: a list is not a single value; right would be: a text");
	assert_line_error("live: yes",
			  "7: live: \"yes\" is neither; right would be: true or false");
	assert_line_error("live: \"true\"",
			  "7: live: \"true\" is neither; right would be: true or false");
	assert_line_error("mode: Series", "7: mode: \"Series\" is none of the words known here; "
					  "right would be: series, single_element or true_service");
	assert_line_error("notes: [a, ~]",
			  "12: notes: \"~\" is empty; right would be: a list of texts");
	assert_line_error("notes: a",
			  "8: notes: \"a\" is not a list; right would be: a list of texts");
	assert_line_error("title: { en: a }",
			  "8: fr: this key is missing here; right would be: a text");
	assert_line_error("title: a", "8: title: \"a\" is not a mapping; "
				      "right would be: { en: a text, fr: un texte }");
	assert_line_right("serial: true");
	assert_string_equal(got.s.serial, "true");
	assert_line_right("serial: 1e3");
	assert_string_equal(got.s.serial, "1e3");
	assert_line_right("mode: 'series'");
	assert_int_equal(got.s.mode, 0);
}

static void dates_are_days_of_the_calendar(void **state)
{
	static const char *const none[] = { "2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01",
					    "2024-00-10", "2024-01-00", "0000-01-01" };
	static const char *const unlike[] = { "2024-1-01", "24-01-01",	       "2024/01/01",
					      "20240101",  "2024-01-01T00:00", "+024-01-01" };
	char line[100], want[200];

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(line, sizeof(line), "issued: %s", none[i]);
		snprintf(want, sizeof(want),
			 "9: issued: \"%s\" is no day of the calendar; "
			 "right would be: a day such as 2024-02-29 (year-month-day)",
			 none[i]);
		assert_line_error(line, want);
	}
	for (size_t i = 0; i < sizeof(unlike) / sizeof(unlike[0]); i++) {
		snprintf(line, sizeof(line), "issued: %s", unlike[i]);
		snprintf(want, sizeof(want),
			 "9: issued: \"%s\" is not a date; "
			 "right would be: a day such as 2024-02-29 (year-month-day)",
			 unlike[i]);
		assert_line_error(line, want);
	}
	assert_line_right("issued: 2000-02-29");
	assert_line_right("issued: \"2024-12-31\"");
	assert_int_equal(got.s.issued.day, 31);
}

static void the_schema_comes_first(void **state)
{
	(void)state;
	assert_errors("volt_v: 120", "f.yaml:1:1: schema: this key is missing here; "
				     "right would be: schema: etalon/sample/1\n");
	assert_errors(
		"volt_v: 1,2\nkh: x\n# plan\nschema: etalon/sample/2", /* the rest can't be judged */
		"f.yaml:4:9: schema: \"etalon/sample/2\" is not what is read here; "
		"right would be: etalon/sample/1\n");
	assert_errors("schema: [1]\n", "f.yaml:1:9: schema: \"...\" is not what is read here; "
				       "right would be: etalon/sample/1\n");
	assert_errors(HEAD "volt_v: 120\nschema: " SCHEMA,
		      "f.yaml:3:1: schema: this key stands twice; first in line 1\n");
	assert_errors(HEAD "volt_v: 120\nowner:\n  name: x\n  schema: " SCHEMA,
		      "f.yaml:5:3: unknown key \"schema\"; known here: name, x\n");
}

static void a_near_key_is_suggested(void **state)
{
	(void)state;
	assert_line_error("retires: 1", "1: unknown key \"retires\"; did you mean retries?");
	assert_line_error("lives: true", "1: unknown key \"lives\"; did you mean live?");
	assert_line_error("Serial: 1", "1: unknown key \"Serial\"; did you mean serial?");
	assert_line_error("'@': 1",
			  "1: unknown key \"@\"; known here: firmware, serial, title, volt_v, kh, "
			  "retries, live, mode, issued, owner, points, notes");
}

static void only_the_plain_part_of_yaml(void **state)
{
	(void)state;
	assert_line_error("kh: &a 1", "8: an anchor (&); write the value out where it is needed");
	assert_line_error("kh: *a", "5: an alias (*); write the value out here");
	assert_line_error("<<: { kh: 1 }",
			  "1: a merge key (<<); write the keys out where they are needed");
	assert_line_error("kh: !!float 1",
			  "13: a tag (!); the kind of a value follows from its key");
	assert_line_error("? [a, b]\n: 5", "3: a list or mapping as key; right would be: a word");
	assert_line_error("---\nkh: 1", "1: a second document (---); one file is one document");
	assert_line_error("\tkh: 1", "1: a tab in the indentation; right would be: blanks");
	assert_line_error("kh: \x01", "5: a control character (byte 0x01) stands here");
	assert_line_error("serial: \"a\\0b\"", "9: the text has a control character in it");
	assert_line_error("serial: \"\\x9b\"", "9: the text has a control character in it");
	assert_line_error("serial: caf\xe9", "12: not UTF-8 (byte 0xe9); save the file as UTF-8");
	assert_errors("%YAML 1.1\n---\n" HEAD "volt_v: 120",
		      "f.yaml:1:1: a directive (%); no line begins with %\n");
	assert_errors("", "f.yaml:1:1: the file is empty\n");
	assert_errors("# nothing\n", "f.yaml:1:1: the file is empty\n");
	assert_errors(
		"- 5",
		"f.yaml:1:1: not a mapping; right would be: lines of \"key: value\", the first of "
		"them \"schema: etalon/sample/1\"\n");
	assert_int_equal(load("---\n" HEAD "volt_v: 120\n...\n"), ET_OK);
	assert_int_equal(load("\xef\xbb\xbf" HEAD "volt_v: 120\n"), ET_OK);
	assert_int_equal(load("schema: " SCHEMA "\r\nvolt_v: 120\r\nkh:\t5\r\n"), ET_OK);
	assert_near(got.s.kh, 5, 0);
}

/* What made libfyaml 0.7.12 go wrong; ASan and valgrind watch. */
static void hostile_bytes_of_the_past(void **state)
{
	(void)state;
	assert_int_equal(load("? R:\t:"), ET_ERR_FILE);
	assert_int_equal(load("a: 1\nb: 2\n? a complex key\n\t:\tx\n"), ET_ERR_FILE);
	assert_int_equal(load("-\t-\t- a\n?\t? b\n"), ET_ERR_FILE);
	assert_errors(HEAD "volt_v: 1\nserial: |",
		      "f.yaml:4:1: serial: \"\" is empty; right would be: a text\n");
	assert_errors(HEAD "volt_v: 1\nserial: >+\n\n",
		      "f.yaml:4:1: serial: \"\" is empty; right would be: a text\n");
	assert_errors(HEAD "volt_v: 1\nnotes:\n  - |\n  -1\n    two\n    les\n  -d\n   text\n",
		      "f.yaml:5:1: the lines of a text after | or > must be indented more\n");
	assert_errors(HEAD "volt_v: 1\nserial:\n  |\n  x10\n   - x\n    f: x\n    >ext\n",
		      "f.yaml:5:1: the lines of a text after | or > must be indented more\n");
	assert_errors(HEAD "volt_v: 1\nserial: >\n   a\n\n    b\n",
		      "f.yaml:4:1: the lines of a text after > must be indented alike; after | "
		      "they need not\n");
	assert_line_right("notes:\n- |\n a\n- >2\n\n   b\nowner:\n  name: |\n   c\n");
	assert_string_equal(((const char *const *)got.s.notes.items)[0], "a\n");
	assert_string_equal(((const char *const *)got.s.notes.items)[1], "\n b\n");
	assert_string_equal(got.s.owner.name, "c\n");
	assert_line_right("serial: |\n  a\n    \n  b\n     \nkh: 1");
	assert_string_equal(got.s.serial, "a\n\nb\n");
	assert_int_equal(load(HEAD "volt_v: 1\nserial: >-\n  a\n  b"), ET_OK);
	assert_string_equal(got.s.serial, "a b");
	assert_int_equal(load(HEAD "volt_v: 1\nserial: |\n  a"), ET_OK);
	assert_string_equal(got.s.serial, "a\n");
	assert_line_right("serial: \"a\tb\\tc\"");
	assert_string_equal(got.s.serial, "a b\tc");
}

static void syntax_errors_have_a_place(void **state)
{
	(void)state;
	assert_errors(HEAD "volt_v: [1, 2\nkh: 5\n",
		      "f.yaml:4:1: not YAML: flow sequence without a closing bracket\n");
	assert_errors(HEAD "volt_v: 5\nkh 5\nlive: true\n",
		      "f.yaml:3:1: not YAML: could not find expected ':'\n");
	assert_errors(HEAD " volt_v: 5\n", "f.yaml:1:9: not YAML: invalid multiline plain key\n");
}

static void depth_size_and_number_are_bounded(void **state)
{
	static char big[(1 << 20) + 2];
	size_t head = sizeof(HEAD "notes: ") - 1;

	(void)state;
	memset(big, '#', sizeof(big));
	assert_int_equal(load_bytes(big, sizeof(big) - 1), ET_ERR_FILE);
	assert_string_equal(got.printed, "f.yaml: larger than 1 MiB\n");
	memcpy(big, HEAD "volt_v: 120\n", sizeof(HEAD "volt_v: 120\n") - 1);
	assert_int_equal(load_bytes(big, 1 << 20), ET_OK);
	memcpy(big, HEAD "notes: ", head);
	memset(big + head, '[', 100);
	assert_int_equal(load_bytes(big, head + 100), ET_ERR_FILE);
	assert_string_equal(got.printed, "f.yaml:2:39: nested deeper than 32 levels\n");
	for (size_t i = head; i < sizeof(big); i++)
		big[i] = i == head ? '[' : (i - head) % 2 ? '1' : ',';
	assert_int_equal(load_bytes(big, 1 << 20), ET_ERR_FILE);
	assert_non_null(strstr(got.printed, "the file has more than 100000 values"));
	for (size_t i = 0; i < 90000 * 6; i += 6) {
		char line[8];

		snprintf(line, sizeof(line), "%04zx:\n", i / 6 & 0xffff);
		memcpy(big + i, line, 6);
	}
	assert_int_equal(load_bytes(big, 45000 * 6), ET_ERR_FILE);
	assert_int_equal(diag_count(got.d), DIAG_MAX + 1);
}

static char *to_text(void)
{
	json_t *j = yaml_to_json(SCHEMA, keys, &got.s);
	char *text = NULL;
	size_t len;

	assert_non_null(j);
	assert_int_equal(json_canonical(j, &text, &len), ET_OK);
	json_decref(j);
	return text;
}

static void json_goes_out_and_comes_back(void **state)
{
	static const char *const files[] = {
		whole_file,
		HEAD "volt_v: 120.1\n",
		HEAD "volt_v: 1e2\nserial: \"null\"\nfirmware: \"~\"\nnotes: [\"\\\"\\\\/\\t\\n "
		     "\\u2028 \\ufeff\", ' x ']\n",
		HEAD "volt_v: 1\npoints: [{ id: \"- a: b # c\", volts: [0.1, 1e-300, "
		     "599.99999999999989] }]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *first, *second;

		assert_int_equal(load(files[i]), ET_OK);
		first = to_text();
		if (load(first) != ET_OK)
			print_error("%s\n%s", first, got.printed);
		assert_int_equal(got.err, ET_OK);
		second = to_text();
		assert_string_equal(second, first);
		free(first);
		free(second);
	}
	assert_int_equal(load(whole_file), ET_OK);
	assert_int_equal(got.s.points.n, 2);
}

static void json_leaves_absent_members_out(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(load(HEAD "volt_v: 120.1\nlive: true\nissued: 2024-02-09\nmode: series\n"),
			 ET_OK);
	text = to_text();
	assert_string_equal(text, "{\"issued\":\"2024-02-09\",\"live\":true,\"mode\":\"series\","
				  "\"schema\":\"etalon/sample/1\",\"volt_v\":120.09999999999999}");
	free(text);
}

static void files_are_read_from_disk(void **state)
{
	char path[] = "/tmp/etalon-test-yaml-XXXXXX";
	int fd = mkstemp(path);
	ssize_t n;

	(void)state;
	assert_true(fd >= 0);
	n = write(fd, whole_file, sizeof(whole_file) - 1);
	close(fd);
	assert_int_equal(n, sizeof(whole_file) - 1);
	got.d = diag_new();
	assert_int_equal(yaml_load_file(path, SCHEMA, keys, &got.s, &got.doc, got.d), ET_OK);
	assert_near(got.s.volt_v, 120.5, 0);
	yaml_free(got.doc);
	unlink(path);
	assert_int_equal(yaml_load_file(path, SCHEMA, keys, &got.s, &got.doc, got.d), ET_ERR_FILE);
	assert_null(got.doc);
	assert_true(isnan(got.s.volt_v));
	assert_string_equal(diag_text(got.d, 0), "cannot be read: No such file or directory");
	assert_int_equal(yaml_load_file("/", SCHEMA, keys, &got.s, &got.doc, got.d), ET_ERR_FILE);
	assert_int_equal(diag_count(got.d), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_type_is_read, undo),
		cmocka_unit_test_teardown(what_is_not_there_is_absent, undo),
		cmocka_unit_test_teardown(all_errors_come_in_one_go, undo),
		cmocka_unit_test_teardown(numbers_are_strict, undo),
		cmocka_unit_test_teardown(bounds_belong_to_the_range, undo),
		cmocka_unit_test_teardown(texts_words_and_dates, undo),
		cmocka_unit_test_teardown(dates_are_days_of_the_calendar, undo),
		cmocka_unit_test_teardown(the_schema_comes_first, undo),
		cmocka_unit_test_teardown(a_near_key_is_suggested, undo),
		cmocka_unit_test_teardown(only_the_plain_part_of_yaml, undo),
		cmocka_unit_test_teardown(hostile_bytes_of_the_past, undo),
		cmocka_unit_test_teardown(syntax_errors_have_a_place, undo),
		cmocka_unit_test_teardown(depth_size_and_number_are_bounded, undo),
		cmocka_unit_test_teardown(json_goes_out_and_comes_back, undo),
		cmocka_unit_test_teardown(json_leaves_absent_members_out, undo),
		cmocka_unit_test_teardown(files_are_read_from_disk, undo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
