/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procedures/plan_print.h"
#include "tests/support/near.h"

#define SAMPLE "procedures/plans/sample-energy.yaml"

static struct plan sample;
static struct yaml_doc *sample_doc;

static int load_sample(void **state)
{
	struct diag *d = diag_new();
	int err = plan_load_file(SAMPLE, &sample, &sample_doc, d);

	(void)state;
	diag_print(d, stderr);
	diag_free(d);
	return err;
}

static int free_sample(void **state)
{
	(void)state;
	yaml_free(sample_doc);
	return 0;
}

static void the_sample_plan_is_a_sample(void **state)
{
	const struct plan_step *s = sample.steps.items;

	(void)state;
	assert_string_equal(sample.id, "sample-energy");
	assert_int_equal(sample.standing, STANDING_SAMPLE);
	assert_int_equal(sample.rule, RULE_SIMPLE);
	assert_int_equal(sample.rounding.digits, 2);
	assert_int_equal(sample.rounding.mode, ROUND_HALF_EVEN);
	assert_near(sample.floor_a_pct, 0.05, 0);
	assert_near(sample.settle_s, 10, 0);
	assert_near(sample.cap_s, 300, 0);
	assert_int_equal(sample.retries, 1);
	assert_near(sample.window.phase_deg, 1, 0);
	assert_int_equal(sample.steps.n, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s[i].kind, STEP_ENERGY_ERROR);
		assert_int_equal(s[i].direction, ENERGY_DELIVERED);
		assert_near(s[i].limit_lo_pct, -1, 0);
		assert_near(s[i].limit_hi_pct, 1, 0);
		assert_true(isnan(s[i].current_a));
		assert_int_equal(s[i].min_intervals, INT64_MIN);
	}
	assert_near(s[0].current_pct_imax, 25, 0);
	assert_near(s[1].current_pct_imax, 2.5, 0);
	assert_near(s[2].current_pct_imax, 25, 0);
	assert_near(s[2].power_factor, 0.5, 0);
	assert_int_equal(s[2].sense, LOAD_LAG);
	assert_int_equal(s[0].sense, -1);
}

static void a_load_point_has_current_and_phase(void **state)
{
	struct plan_step s = {
		.current_pct_imax = 2.5, .current_a = NAN, .power_factor = 0.5, .sense = LOAD_LAG
	};

	(void)state;
	assert_near(plan_step_current_a(&s, 200), 5, 1e-12);
	s.current_a = 0.75;
	assert_near(plan_step_current_a(&s, 200), 0.75, 0);
	assert_near(plan_step_phase_deg(&s), 60, 1e-12);
	s.sense = LOAD_LEAD;
	assert_near(plan_step_phase_deg(&s), -60, 1e-12);
	s.direction = ENERGY_RECEIVED;
	assert_near(plan_step_phase_deg(&s), 120, 1e-12);
	s.power_factor = 1;
	s.sense = -1;
	assert_near(plan_step_phase_deg(&s), 180, 1e-12);
}

static void a_step_takes_from_the_plan_what_it_has_not(void **state)
{
	struct plan_step s = { .floor_a_pct = NAN, .settle_s = 3, .cap_s = NAN }, r;

	(void)state;
	r = plan_step_resolved(&sample, &s);
	assert_near(r.floor_a_pct, 0.05, 0);
	assert_near(r.settle_s, 3, 0);
	assert_near(r.cap_s, 300, 0);
}

static void the_record_reads_back_the_same(void **state)
{
	json_t *first = yaml_to_json(PLAN_SCHEMA, plan_keys, &sample), *second;
	char *text = json_dumps(first, JSON_COMPACT);
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct plan back;

	(void)state;
	assert_int_equal(plan_load_mem("journal", text, strlen(text), &back, &doc, d), ET_OK);
	second = yaml_to_json(PLAN_SCHEMA, plan_keys, &back);
	assert_true(json_equal(first, second));
	assert_int_equal(json_array_size(json_object_get(second, "steps")), 3);
	json_decref(first);
	json_decref(second);
	free(text);
	yaml_free(doc);
	diag_free(d);
}

/* ---- plans that do not hang together: the sample with one text in place of another ---- */

static char *read_sample(void)
{
	static char text[8192];
	FILE *f = fopen(SAMPLE, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static char *with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *out = NULL;

	assert_non_null(at);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return out;
}

static void a_plan_must_hang_together(void **state)
{
	static const struct {
		const char *from, *to, *error; /* NULL: right */
	} cases[] = {
		{ "retries: 1", "retries: 0", NULL },
		{ "current_pct_imax: 2.5", "current_a: 0.2", NULL },
		{ "current_pct_imax: 2.5", "current_a: 0.2\n    current_pct_imax: 2.5",
		  "step \"LL\": two currents; right would be: one of current_pct_imax and "
		  "current_a" },
		{ "    current_pct_imax: 2.5\n", "", "step \"LL\": no current" },
		{ "    sense: lag\n", "", "sense: this key is missing beside power_factor 0.5" },
		{ "power_factor: 1\n", "power_factor: 1\n    sense: lead\n",
		  "sense: lead has no meaning with power_factor 1" },
		{ "id: LL", "id: HL", "id: \"HL\" stands twice; first in line 31" },
		{ "limit_lo_pct: -1.0", "limit_lo_pct: 1.0",
		  "limit_lo_pct: 1 is not below limit_hi_pct: 1" },
		{ "floor_a_pct: 0.05", "floor_a_pct: 2",
		  "floor_a_pct: 2 is no less than the whole room" },
		{ "digits: 2", "digits: 5", "digits: \"5\" is out of range" },
		{ "settle_s: 10", "settle_s: 1,5", "settle_s: " },
		{ "cap_s: 300", "cap_s: 300 s", "cap_s: " },
		{ "power_factor: 0.5", "power_factor: 0", "power_factor: \"0\" is out of range" },
		{ "retries: 1", "retrys: 1", "retries" },
		{ "source:\n", "source:\n  approved_by: A\n",
		  "source.approved_by: \"A\" stands in a plan that is not approved" },
		{ "standing: sample", "standing: draft", "source.revision: this key is missing" },
		{ "standing: sample", "standing: approved",
		  "source.approved_by: this key is missing" },
	};
	const char *text = read_sample();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *changed = with(text, cases[i].from, cases[i].to), *said = NULL;
		struct diag *d = diag_new();
		struct yaml_doc *doc;
		struct plan p;
		size_t len;
		FILE *to = open_memstream(&said, &len);
		int err = plan_load_mem("p.yaml", changed, strlen(changed), &p, &doc, d);

		diag_print(d, to);
		fclose(to);
		if (cases[i].error && !strstr(said, cases[i].error))
			print_error("case %zu: \"%s\" is not in \"%s\"\n", i, cases[i].error, said);
		assert_int_equal(err, cases[i].error ? ET_ERR_FILE : ET_OK);
		assert_true(cases[i].error ? strstr(said, cases[i].error) != NULL
					   : diag_count(d) == 0);
		free(said);
		free(changed);
		yaml_free(doc);
		diag_free(d);
	}
}

static void two_persons_stand_behind_an_approved_plan(void **state)
{
	static const struct {
		const char *source;
		int err;
	} cases[] = {
		{ "  revision: 6\n  entered_by: A\n  approved_by: B\n", ET_OK },
		{ "  revision: 6\n  entered_by: A\n  approved_by: A\n", ET_ERR_FILE },
		{ "  revision: 6\n  entered_by: A\n", ET_ERR_FILE },
		{ "  entered_by: A\n  approved_by: B\n", ET_ERR_FILE },
		{ "  revision: 6\n  approved_by: B\n", ET_ERR_FILE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *half = with(read_sample(), "standing: sample", "standing: approved"), *more,
		     *text;
		struct diag *d = diag_new();
		struct yaml_doc *doc;
		struct plan p;

		assert_true(asprintf(&more, "source:\n%s", cases[i].source) > 0);
		text = with(half, "source:\n", more);
		assert_int_equal(plan_load_mem("p.yaml", text, strlen(text), &p, &doc, d),
				 cases[i].err);
		assert_int_equal(diag_count(d), cases[i].err != ET_OK);
		free(half);
		free(more);
		free(text);
		yaml_free(doc);
		diag_free(d);
	}
}

static void all_errors_come_in_one_go(void **state)
{
	char *one = with(read_sample(), "digits: 2", "digits: two");
	char *two = with(one, "id: LL", "id: HL");
	char *three = with(two, "    sense: lag\n", "");
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct plan p;

	(void)state;
	assert_int_equal(plan_load_mem("p.yaml", three, strlen(three), &p, &doc, d), ET_ERR_FILE);
	assert_int_equal(diag_count(d), 3);
	free(one);
	free(two);
	free(three);
	yaml_free(doc);
	diag_free(d);
}

static void the_page_warns_of_sample_limits(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	plan_print(&sample, LANG_EN, to);
	plan_print(&sample, LANG_FR, to);
	plan_print_line(&sample, LANG_FR, to);
	fclose(to);
	assert_non_null(strstr(text, "Steps: SAMPLE LIMITS, never a certificate\n"));
	assert_non_null(strstr(text, "Étapes : LIMITES D'EXEMPLE, jamais de certificat\n"));
	assert_non_null(strstr(
		text,
		"  LL      2.5 % of Imax, 100 % V, PF 1          ±1 %          Light load\n"));
	assert_non_null(strstr(
		text,
		"  LL      2,5 % de Imax, 100 % V, FP 1          ±1 %          Faible charge\n"));
	assert_non_null(strstr(text, "FP 0,5 ind."));
	assert_non_null(strstr(
		text, "sample-energy           1        exemple   3       Erreur d'énergie"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_plan_is_a_sample),
		cmocka_unit_test(a_load_point_has_current_and_phase),
		cmocka_unit_test(a_step_takes_from_the_plan_what_it_has_not),
		cmocka_unit_test(the_record_reads_back_the_same),
		cmocka_unit_test(a_plan_must_hang_together),
		cmocka_unit_test(two_persons_stand_behind_an_approved_plan),
		cmocka_unit_test(all_errors_come_in_one_go),
		cmocka_unit_test(the_page_warns_of_sample_limits),
	};

	return cmocka_run_group_tests(tests, load_sample, free_sample);
}
