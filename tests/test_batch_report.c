/* SPDX-License-Identifier: Apache-2.0 */
/* A batch from the record to paper: every verdict, every void attempt, in two languages. */
#include "reports/batch_report.h"

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

static json_t *loaded(struct db *d, const char *batch)
{
	struct fault f = { 0 };
	json_t *r = NULL;

	if (report_batch_load(d, batch, &r, &f) != ET_OK)
		fail_msg("%s", f.text);
	return r;
}

static void check_text(const json_t *report, enum lang lang, const char *table, const char *whole)
{
	char *text = lab_written(report_batch_table, report, lang);

	lab_is_harmless(text);
	lab_is_golden(text, table);
	free(text);
	text = lab_written(report_batch_text, report, lang);
	lab_is_harmless(text);
	lab_is_golden(text, whole);
	free(text);
}

static void a_closed_batch_in_both_languages(void **state)
{
	struct db *d = lab_begin("a.db", "BT-17");
	json_t *r;

	(void)state;
	lab_finish(d, "BT-17");
	r = loaded(d, "BT-17");
	check_text(r, LANG_EN, "batch_table.en.txt", "batch_report.en.txt");
	check_text(r, LANG_FR, "batch_table.fr.txt", "batch_report.fr.txt");
	json_decref(r);
	db_close(d);
}

/* meters[m].steps[s] */
static const json_t *step_at(const json_t *r, size_t m, size_t s)
{
	const json_t *meter = json_array_get(json_object_get(r, "meters"), m);

	return json_array_get(json_object_get(meter, "steps"), s);
}

static void check_step(const json_t *s, const char *want)
{
	json_t *w = lab_json(want);
	const char *key;
	const json_t *v;

	json_object_foreach(w, key, v)
	{
		if (!json_equal(json_object_get(s, key), v))
			fail_msg("%s: %s", key, json_dumps(s, JSON_INDENT(1)));
	}
	json_decref(w);
}

static void the_object_says_what_the_record_says(void **state)
{
	struct db *d = lab_begin("j.db", "BT-17");
	json_t *r;

	(void)state;
	lab_finish(d, "BT-17");
	r = loaded(d, "BT-17");
	assert_string_equal(json_get_str(r, "schema"), "etalon/batch-report/1");
	assert_true(json_is_true(json_object_get(r, "closed")));
	assert_true(json_is_true(json_object_get(r, "simulated")));
	assert_int_equal(json_array_size(json_object_get(r, "meters")), 5);
	check_step(step_at(r, 0, 0),
		   "{'step':'HL','verdict':'conforming','cause':null,'attempt':'B1-2','number':2,"
		   "'err_pct':0.12,'U_pct':0.05,'k':2.1088,'err_rounded_u6':120000,'U_rounded_u6':"
		   "50000,'round_digits':2,'limit_lo_pct':-1.0,'limit_hi_pct':1.0,'n_intervals':26,"
		   "'span_s':93.6,'u_a_pct':0.0123,'u_b_pct':0.02,'dof_eff':25.04,'first_last_pct':"
		   "0.1189,'set_lo_pct':0.1,'set_hi_pct':0.14,'period_ratio':0.999,'beat':false,"
		   "'walk':false,'n_missed':0,'n_rejected':0,'near_limit':false}");
	check_step(step_at(r, 0, 1), "{'verdict':'inconclusive','near_limit':true}");
	check_step(step_at(r, 1, 0), "{'verdict':'nonconforming','near_limit':true}");
	/* not measured: limits from the plan, nothing else */
	check_step(
		step_at(r, 3, 1),
		"{'verdict':'not_run','attempt':null,'cause':null,'err_pct':null,"
		"'err_rounded_u6':null,'limit_lo_pct':-1.25,'limit_hi_pct':1.0,'near_limit':null,"
		"'n_missed':null}");
	/* the repetition stands; what the void one read is no result */
	check_step(step_at(r, 4, 0), "{'verdict':'conforming','attempt':'B1-3','number':3,"
				     "'err_rounded_u6':-970000,'near_limit':true}");
	check_step(step_at(r, 4, 1), "{'verdict':'void','cause':'no_pulses','err_pct':null,"
				     "'err_rounded_u6':null,'near_limit':null}");
	assert_int_equal(json_array_size(json_object_get(r, "attempts")), 4);
	check_step(json_array_get(json_object_get(r, "attempts"), 0),
		   "{'attempt':'B1-1','result':'void','cause':'reference_silent','seq':8,"
		   "'fault':'ref: no reply\\u001b[2J to EM01?'}");
	assert_int_equal(json_get_int(json_object_get(r, "journal"), "entries", 0), 13);
	json_decref(r);
	db_close(d);
}

static void a_batch_that_broke_off(void **state)
{
	struct db *d = lab_begin("o.db", "BT-18");
	json_t *r;

	(void)state;
	lab_session(d, "B1-2");
	lab_put(d, "batch.interrupted",
		"{'batch':'BT-18','session':'B1-2','found_session':'B1-1','last_seq':9,'note':"
		"null}");
	lab_put(d, "batch.interrupted",
		"{'batch':null,'session':'B1-2','found_session':'B1-1',"
		"'last_seq':9,'note':'none of ours'}");
	lab_put(d, "correction", "{'corrects_seq':7,'reason':'the owner\\u2019s address'}");
	lab_put(d, "correction", "{'corrects_seq':2,'reason':'none of ours'}");
	r = loaded(d, "BT-18");
	assert_true(json_is_false(json_object_get(r, "closed")));
	assert_int_equal(json_array_size(json_object_get(r, "interruptions")), 1);
	assert_int_equal(json_array_size(json_object_get(r, "sessions")), 2);
	assert_int_equal(json_array_size(json_object_get(r, "corrections")), 1);
	check_text(r, LANG_EN, "batch_open_table.en.txt", "batch_open_report.en.txt");
	check_text(r, LANG_FR, "batch_open_table.fr.txt", "batch_open_report.fr.txt");
	json_decref(r);
	db_close(d);
}

static void the_plan_is_the_one_of_then(void **state)
{
	struct db *d = lab_begin("p.db", "BT-17");
	const json_t *plan;
	json_t *r;

	(void)state;
	lab_plan(d, 2, "Changed since");
	r = loaded(d, "BT-17");
	plan = json_object_get(r, "plan");
	assert_int_equal(json_get_int(plan, "version", 0), 1);
	assert_string_equal(json_get_str(json_object_get(plan, "title"), "en"), "Energy error");
	assert_int_equal(json_array_size(json_object_get(plan, "steps")), 2);
	json_decref(r);
	db_close(d);
}

static void no_such_batch(void **state)
{
	struct db *d = lab_begin("n.db", "BT-17");
	json_t *const before = json_null();
	json_t *r = before;
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(report_batch_load(d, "BT-99", &r, &f), ET_ERR_STATE);
	assert_string_equal(f.text, "there is no batch \"BT-99\" on record");
	assert_ptr_equal(r, before);
	assert_int_equal(report_batch_load(d, "", &r, NULL), ET_ERR_STATE);
	db_close(d);
}

/* One step with that cause, printed. */
static char *reason_line(const char *cause, const char *verdict, enum lang lang)
{
	char text[700];
	json_t *r;
	char *out;

	snprintf(text, sizeof(text),
		 "{'batch':'B','closed':true,'simulated':false,'plan':{'standing':'approved'},"
		 "'meters':[{'position':1,'serial':'S','measured':true,'verdict':'%s','reason':%s,"
		 "'steps':[{'step':'HL','verdict':'%s','cause':%s,'n_edges':4,'n_accepted':24,"
		 "'n_missed':3,'n_rejected':0,'period_ratio':1.3333333333333333,'kh_wh':7.2}]}]}",
		 verdict, cause, verdict, cause);
	r = lab_json(text);
	out = lab_written(report_batch_table, r, lang);
	lab_is_harmless(out);
	json_decref(r);
	return out;
}

/* The text of the reason column, its lines joined by a blank. */
static void check_reason(const char *cause, enum lang lang, const char *want)
{
	char quoted[80], got[400] = "", *out;
	char *line;

	snprintf(quoted, sizeof(quoted), "'%s'", cause);
	out = reason_line(quoted, "void", lang);
	line = strstr(out, "     HL");
	assert_non_null(line);
	for (line = strtok(line, "\n"); line && line[0] == ' '; line = strtok(NULL, "\n")) {
		const size_t reason_at = 57;

		if (strlen(line) > reason_at) /* all before is ASCII */
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s",
				 got[0] ? " " : "", line + reason_at);
	}
	if (strcmp(got, want) != 0)
		fail_msg("%s: \"%s\" in\n%s", cause, got, out);
	free(out);
}

static void causes_say_what_to_look_at(void **state)
{
	(void)state;
	check_reason("missed_or_spurious_pulses", LANG_EN,
		     "3 of 27 pulses missing, 0 extra: aim of the sensor, stray light");
	check_reason(
		"wrong_kh", LANG_FR,
		"les impulsions viennent 1,33 fois plus rarement que ne le dit Kh 7,2 Wh : Kh de "
		"la fiche, ou mauvaise forme de compteur");
	check_reason("wrong_form", LANG_EN,
		     "the meter registers 75.0 % of the energy: its form, or its connection (an "
		     "element without voltage or current)");
	check_reason(
		"too_few_pulses", LANG_EN,
		"4 pulses, too few to compute from: aim of the sensor, or the time is too short "
		"for this load");
	check_reason("from_the_future", LANG_FR, "from_the_future");
}

/* Every cause has a sentence of its own in each language: none falls back to its word. */
static void no_cause_is_without_words(void **state)
{
	static const char *const causes[] = {
		"no_pulses",
		"too_few_pulses",
		"missed_or_spurious_pulses",
		"ambiguous_numbering",
		"unstable_pulses",
		"wrong_kh",
		"wrong_form",
		"gross_error",
		"reference_silent",
		"reference_overload",
		"range_changed",
		"constant_changed",
		"energy_sign",
		"energy_power_mismatch",
		"sequence_gap",
		"reader_loss",
		"clock_map",
		"setpoint_left",
		"instrument_failed",
		"source_event",
		"aborted",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		char quoted[80], *en, *fr;

		snprintf(quoted, sizeof(quoted), "'%s'", causes[i]);
		en = reason_line(quoted, "void", LANG_EN);
		fr = reason_line(quoted, "void", LANG_FR);
		if (strchr(en, '_') || strchr(fr, '_') || !strchr(strstr(en, "HL: "), ':'))
			fail_msg("%s\n%s", en, fr);
		assert_non_null(strstr(fr, "HL : "));
		assert_true(strlen(strstr(en, "     HL")) > 40);
		free(en);
		free(fr);
	}
}

/* Whoever calls: an object that is no report is printed as one without anything. */
static void half_an_object_is_no_harm(void **state)
{
	static const char *const objects[] = {
		"{}",
		"[]",
		"{'meters':[{}],'attempts':[{'positions':[{}]}],'sessions':[{}],'apparatus':[{}],"
		"'plan':{'steps':[{}]},'interruptions':[{}],'corrections':[{}],'instruments':[{}]}",
		"{'meters':[{'steps':[{'err_rounded_u6':9223372036854775807,'U_rounded_u6':-1,"
		"'round_digits':-7,'limit_lo_pct':1e300,'limit_hi_pct':-1e15,'verdict':"
		"'nonconforming'}],'findings':[{'level':'nonconforming','code':7}],'measured':1,"
		"'reason':'error_beyond_limit','position':-9223372036854775807}],'plan':7}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		json_t *o = lab_json(objects[i]);

		for (int lang = LANG_EN; lang <= LANG_FR; lang++) {
			char *text = lab_written(report_batch_text, o, (enum lang)lang);

			assert_non_null(strstr(text, "\nJournal               0 ent"));
			lab_is_harmless(text);
			free(text);
		}
		json_decref(o);
	}
}

static void an_approved_plan_needs_no_mark(void **state)
{
	char *out = reason_line("null", "conforming", LANG_EN);

	(void)state;
	assert_null(strstr(out, "SPECIMEN"));
	assert_null(strstr(out, "SAMPLE"));
	assert_null(strstr(out, "NOT "));
	assert_non_null(strstr(out, "\n1 meter: conforming 1\n"));
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_batch_in_both_languages),
		cmocka_unit_test(the_object_says_what_the_record_says),
		cmocka_unit_test(a_batch_that_broke_off),
		cmocka_unit_test(the_plan_is_the_one_of_then),
		cmocka_unit_test(no_such_batch),
		cmocka_unit_test(causes_say_what_to_look_at),
		cmocka_unit_test(no_cause_is_without_words),
		cmocka_unit_test(half_an_object_is_no_harm),
		cmocka_unit_test(an_approved_plan_needs_no_mark),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
