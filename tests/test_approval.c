/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/approval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procedures/approval_print.h"
#include "tests/support/near.h"

#define AE1559 "procedures/approvals/AE-1559-16.yaml"

static struct approval notice;
static struct yaml_doc *notice_doc;

static int load_notice(void **state)
{
	struct diag *d = diag_new();
	int err = approval_load_file(AE1559, &notice, &notice_doc, d);

	(void)state;
	diag_print(d, stderr);
	diag_free(d);
	return err;
}

static int free_notice(void **state)
{
	(void)state;
	yaml_free(notice_doc);
	return 0;
}

/* ---- the notice on file, against the printed one ---- */

static const char *item(const struct yaml_list *list, size_t i)
{
	assert_true(i < list->n);
	return ((const char *const *)list->items)[i];
}

static void ratings_are_those_of_the_notice(void **state)
{
	static const struct {
		int64_t configuration;
		double volt_v, curr_min_a, curr_max_a;
	} want[] = {
		{ 1, 120, 0.1, 10 }, { 1, 120, 0.2, 20 }, { 1, 120, 1, 100 },
		{ 2, 240, 0.1, 10 }, { 2, 240, 0.2, 20 }, { 2, 240, 2, 200 },
		{ 4, 120, 0.1, 10 }, { 4, 120, 0.2, 20 }, { 4, 120, 2, 200 },
	};
	const struct approval_rating *r = notice.ratings.items;

	(void)state;
	assert_int_equal(notice.ratings.n, 9);
	for (size_t i = 0; i < 9; i++) {
		assert_string_equal(r[i].model, "Focus ALF");
		assert_int_equal(r[i].configuration, want[i].configuration);
		assert_int_equal(r[i].base, BASE_S);
		assert_near(r[i].volt_v, want[i].volt_v, 0);
		assert_near(r[i].curr_min_a, want[i].curr_min_a, 0);
		assert_near(r[i].curr_max_a, want[i].curr_max_a, 0);
	}
}

static void meter_is_that_of_the_notice(void **state)
{
	(void)state;
	assert_string_equal(notice.number, "AE-1559");
	assert_int_equal(notice.revision, 16);
	assert_int_equal(notice.date.year, 2012);
	assert_int_equal(notice.date.month, 10);
	assert_int_equal(notice.date.day, 4);
	assert_string_equal(notice.device_type.fr, "Compteurs d'électricité: énergie et puissance");
	assert_string_equal(item(&notice.models, 0), "Focus ALF");
	assert_string_equal(item(&notice.aliases, 0), "FOCUS II");
	assert_near(notice.freq_hz, 60, 0);
	assert_near(notice.temp_min_c, -40, 0);
	assert_near(notice.temp_max_c, 53, 0);
	assert_near(notice.burden.va, 2.2, 0);
	assert_int_equal(notice.burden.kind, BURDEN_INDUCTIVE);
	assert_int_equal(notice.auxiliary_supply, 0);
	assert_int_equal(notice.firmware.n, 1);
	assert_string_equal(item(&notice.firmware, 0), "3.22");
	assert_true(isnan(notice.kh_wh));
	assert_int_equal(notice.demand.n, 0);
	assert_int_equal(notice.energy.n, 3);
	assert_string_equal(notice.energy_unit, "kW·h");
	assert_string_equal(notice.sealing.physical, "dual");
	assert_string_equal(notice.sealing.programming, "plug");
	assert_int_equal(notice.sealing.seals, 2);
}

static void modules_are_those_of_the_notice(void **state)
{
	static const struct {
		const char *name, *types, *functions;
		double va; /* 0: not stated */
		int kind;
		const char *firmware;
	} want[] = {
		{ "EMT-XMF", "plc", "", 0, -1, "" },
		{ "UMT-R-F", "plc", "demand", 0, -1, "2.14.1 4.02.1" },
		{ "UMT-R-FCB", "plc", "demand", 2.3, BURDEN_INDUCTIVE, "4.50" },
		{ "EMTR-3", "rf plc", "other", 3.5, BURDEN_INDUCTIVE, "" },
		{ "TS2", "plc", "demand tou", 41.5, BURDEN_CAPACITIVE, "18 20 23" },
		{ "HP AirPoint", "rf", "", 0, -1, "" },
		{ "StatSignal", "rf", "", 0, -1, "" },
		{ "Gridstream RF Mesh", "rf", "", 0, -1, "" },
		{ "NCZR101", "rf", "", 0, -1, "" },
		{ "NCZR101P", "rf", "other", 2.2, BURDEN_INDUCTIVE, "" },
		{ "NCZR101-1", "rf", "", 0, -1, "" },
		{ "NCZR101-P1", "rf", "", 0, -1, "" },
		{ "NCZR101H", "rf", "", 0, -1, "" },
		{ "NCZR101PH", "rf", "other", 4.95, BURDEN_INDUCTIVE, "" },
		{ "RES-3000-FOCUS-P", "rf", "other", 2.2, BURDEN_INDUCTIVE, "" },
	};
	const struct approval_module *m = notice.modules.items;

	(void)state;
	assert_int_equal(notice.modules.n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < notice.modules.n; i++) {
		const struct yaml_list *lists[] = { &m[i].types, &m[i].functions, &m[i].firmware };
		const char *texts[] = { want[i].types, want[i].functions, want[i].firmware };

		assert_string_equal(m[i].name, want[i].name);
		for (int k = 0; k < 3; k++) {
			char joined[100] = "";

			for (size_t j = 0; j < lists[k]->n; j++)
				snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined),
					 "%s%s", j ? " " : "", item(lists[k], j));
			assert_string_equal(joined, texts[k]);
		}
		if (want[i].va == 0)
			assert_true(isnan(m[i].burden.va));
		else
			assert_near(m[i].burden.va, want[i].va, 0);
		assert_int_equal(m[i].burden.kind, want[i].kind);
	}
}

static void revisions_are_those_of_the_notice(void **state)
{
	static const char *const dates[] = {
		"2008-02-08", "2008-05-02", "2008-09-04", "2009-01-28", "2009-03-04", "2009-04-09",
		"2009-06-05", "2009-07-03", "2009-12-07", "2009-12-15", "2010-03-29", "2010-04-12",
		"2010-05-10", "2010-09-24", "2012-04-11", "2012-07-26", "0000-00-00",
	};
	const struct approval_revision *r = notice.revisions.items;

	(void)state;
	assert_int_equal(notice.revisions.n, 17);
	for (int i = 0; i < 17; i++) {
		char date[40];

		snprintf(date, sizeof(date), "%04d-%02d-%02d", r[i].date.year, r[i].date.month,
			 r[i].date.day);
		assert_string_equal(date, dates[i]);
		assert_int_equal(r[i].number, i);
		assert_non_null(r[i].evaluator);
	}
	assert_string_equal(r[1].laboratory_ref, "TEL-26857-MC");
	assert_string_equal(r[6].laboratory_ref, "TEL26857-MC Rev. 1");
	assert_string_equal(item(&r[3].mals, 0), "MAL E171");
	assert_string_equal(item(&r[4].mals, 0), "MAL E-184");
	assert_string_equal(item(&r[10].mals, 0), "MAL E205");
	assert_string_equal(item(&r[15].mals, 0), "MAL-E297");
	assert_string_equal(r[16].evaluator_title.fr, "Métrologue légale");
}

static void a_module_is_found_by_any_of_its_names(void **state)
{
	static const char *const names[][2] = {
		{ "NCZR111P3", "RES-3000-FOCUS-P" },
		{ "NCZR11P3", "RES-3000-FOCUS-P" },
		{ "NCZ111P3", "RES-3000-FOCUS-P" },
		{ "res-3000-focus-p", "RES-3000-FOCUS-P" },
		{ "TS2-MU", "TS2" },
		{ "HP  Airpoint", "HP AirPoint" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(approval_module_find(&notice, names[i][0])->name, names[i][1]);
	assert_null(approval_module_find(&notice, "NCZR1"));
	assert_null(approval_module_find(&notice, ""));
}

static void the_record_reads_back_the_same(void **state)
{
	json_t *first = yaml_to_json(APPROVAL_SCHEMA, approval_keys, &notice), *second;
	char *text = json_dumps(first, JSON_COMPACT);
	struct diag *d = diag_new();
	struct approval back;
	struct yaml_doc *doc;

	(void)state;
	assert_int_equal(approval_load_mem("journal", text, strlen(text), &back, &doc, d), ET_OK);
	second = yaml_to_json(APPROVAL_SCHEMA, approval_keys, &back);
	assert_true(json_equal(first, second));
	assert_int_equal(json_array_size(json_object_get(second, "modules")), 15);
	json_decref(first);
	json_decref(second);
	free(text);
	yaml_free(doc);
	diag_free(d);
}

/* ---- files that do not hang together ---- */

#define HEAD                                                                       \
	"schema: etalon/approval/1\nnumber: AE-1\nrevision: 1\ndate: 2020-01-01\n" \
	"device_type: { en: a, fr: b }\napplicant: x\nmanufacturer: y\nmodels: [M]\n"
#define RATING \
	"{ model: M, configuration: 1, base: 13, volt_v: 120, curr_min_a: 1, curr_max_a: 10 }"
#define RATINGS "ratings:\n  - " RATING "\n"
#define REVISIONS                                                                      \
	"revisions:\n  - { number: 0, date: 2019-01-01, content: { en: a, fr: b } }\n" \
	"  - { number: 1, date: 2020-01-01, content: { en: a, fr: b } }\n"

static void a_file_must_hang_together(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: right */
	} cases[] = {
		{ HEAD RATINGS REVISIONS, NULL },
		{ HEAD "ratings:\n  - " RATING "\n  - " RATING "\n" REVISIONS,
		  "f.yaml:11:5: this rating stands twice; first in line 10" },
		{ HEAD RATINGS
		  "  - { model: N, configuration: 1, base: 13, volt_v: 120, curr_min_a: 1, "
		  "curr_max_a: 10 }\n" REVISIONS,
		  "f.yaml:11:5: model: \"N\" is none of the models" },
		{ HEAD RATINGS
		  "  - { model: M, configuration: 1, base: 13, volt_v: 120, curr_min_a: 20, "
		  "curr_max_a: 10 }\n" REVISIONS,
		  "f.yaml:11:5: curr_min_a: 20 is not below curr_max_a: 10" },
		{ HEAD RATINGS
		  "  - { model: M, configuration: 13, base: 13, volt_v: 120, curr_min_a: 1, "
		  "curr_max_a: 10 }\n" REVISIONS,
		  "f.yaml:11:32: configuration: \"13\" is out of range" },
		{ HEAD RATINGS REVISIONS "  - { number: 2, content: { en: a, fr: b } }\n",
		  "f.yaml:14:5: number: 2 is later than the notice, revision 1" },
		{ HEAD RATINGS "revisions:\n  - { number: 0, content: { en: a, fr: b } }\n",
		  "revisions: the notice's own revision 1 is missing" },
		{ HEAD RATINGS
		  "revisions:\n  - { number: 0, date: 2020-01-02, content: { en: a, fr: b } }\n"
		  "  - { number: 1, date: 2020-01-01, content: { en: a, fr: b } }\n",
		  "f.yaml:13:5: date: revision 1 is dated before revision 0" },
		{ HEAD RATINGS REVISIONS "modules:\n  - { name: A, maker: x, types: [rf] }\n"
					 "  - { name: B, maker: x, types: [rf], aliases: [a] }\n",
		  "f.yaml:16:5: \"a\" also names the module in line 15" },
		{ HEAD RATINGS REVISIONS "modules:\n  - { name: A, maker: x, types: [radio] }\n",
		  "f.yaml:15:5: types: \"radio\" is not known" },
		{ HEAD RATINGS REVISIONS
		  "modules:\n  - { name: A, maker: x, types: [rf], requires_any: [B] }\n",
		  "f.yaml:15:5: requires_any: \"B\" is none of the modules" },
		{ HEAD RATINGS REVISIONS
		  "modules:\n  - { name: A, maker: x, types: [rf], burden: { va: 2 } }\n",
		  "kind: this key is missing" },
		{ HEAD RATINGS REVISIONS
		  "conditions:\n  - { id: c, quantity: t, text: { en: a, fr: b } }\n",
		  "f.yaml:15:5: quantity, op, value and unit go together" },
		{ HEAD RATINGS REVISIONS
		  "conditions:\n  - { id: c, module: Z, text: { en: a, fr: b } }\n",
		  "f.yaml:15:5: module: \"Z\" is none of the modules" },
		{ HEAD RATINGS REVISIONS
		  "notes:\n  - { id: n, volt_v: 240, text: { en: a, fr: b } }\n",
		  "f.yaml:15:5: volt_v needs a configuration" },
		{ HEAD RATINGS REVISIONS "temp_min_c: 10\ntemp_max_c: -10\n",
		  "temp_min_c: 10 is not below temp_max_c: -10" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag *d = diag_new();
		struct yaml_doc *doc;
		struct approval a;
		char *text = NULL;
		size_t len;
		FILE *to = open_memstream(&text, &len);
		int err = approval_load_mem("f.yaml", cases[i].text, strlen(cases[i].text), &a,
					    &doc, d);

		diag_print(d, to);
		fclose(to);
		if (cases[i].error && !strstr(text, cases[i].error))
			print_error("case %zu: \"%s\" is not in \"%s\"\n", i, cases[i].error, text);
		assert_int_equal(err, cases[i].error ? ET_ERR_FILE : ET_OK);
		assert_int_equal(diag_count(d), cases[i].error != NULL);
		assert_true(!cases[i].error || strstr(text, cases[i].error));
		free(text);
		yaml_free(doc);
		diag_free(d);
	}
}

static void an_unreadable_file_is_no_notice(void **state)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc;
	struct approval a;

	(void)state;
	assert_int_equal(approval_load_file("tests/no-such.yaml", &a, &doc, d), ET_ERR_FILE);
	assert_int_equal(diag_count(d), 1);
	assert_null(a.number);
	yaml_free(doc);
	diag_free(d);
}

/* ---- meters ---- */

static struct meter_card good_meter(void)
{
	static const char *const seals[] = { "A 1", "A 2" };

	return (struct meter_card){
		.position = 1,
		.maker = "Landis+Gyr",
		.model = "Focus ALF",
		.serial = "SIM-1",
		.approval = "AE-1559",
		.approval_revision = 16,
		.configuration = SERVICE_2EL_3W_NETWORK,
		.base = BASE_S,
		.volt_v = 120,
		.curr_min_a = 2,
		.curr_max_a = 200,
		.kh_wh = 1,
		.firmware = "3.22",
		.seals = { (void *)seals, 2 },
	};
}

/* The only finding of that code; NULL when there is none. */
static const struct approval_finding *only(const struct meter_card *m, const char *code)
{
	static struct approval_finding f[APPROVAL_FINDINGS_MAX];
	const struct approval_finding *found = NULL;
	int n = approval_check(&notice, m, f, APPROVAL_FINDINGS_MAX);

	for (int i = 0; i < n; i++) {
		if (i > 0)
			assert_true(f[i].level <= f[i - 1].level);
		if (strcmp(f[i].code, code) != 0)
			continue;
		assert_null(found);
		found = &f[i];
	}
	return found;
}

static int worst(const struct meter_card *m)
{
	struct approval_finding f[APPROVAL_FINDINGS_MAX];

	return approval_check(&notice, m, f, APPROVAL_FINDINGS_MAX) > 0 ? (int)f[0].level : -1;
}

static void a_good_meter_has_only_its_plug_open(void **state)
{
	struct approval_finding f[APPROVAL_FINDINGS_MAX];
	struct meter_card m = good_meter();

	(void)state;
	assert_int_equal(approval_check(&notice, &m, f, APPROVAL_FINDINGS_MAX), 1);
	assert_int_equal(f[0].level, FINDING_AT_SEALING);
	assert_string_equal(f[0].code, "condition");
	assert_non_null(strstr(f[0].en, "to be verified at sealing"));
	assert_non_null(strstr(f[0].fr, "photo transistor du port optique"));
}

static void a_rating_must_stand_in_the_notice(void **state)
{
	static const struct {
		int64_t configuration;
		double volt_v, curr_min_a, curr_max_a;
		const char *en, *fr; /* NULL: approved */
	} cases[] = {
		{ 1, 120, 1, 100, NULL, NULL },
		{ 2, 240, 0.2, 20, NULL, NULL },
		{ 4, 120, 1, 100,
		  "2 element, 3 wire network, 120 V, 1-100 A: not approved; the notice lists "
		  "0.1-10 A; "
		  "0.2-20 A; 2-200 A",
		  "2 éléments, 3 fils réseau, 120 V, 1-100 A : non approuvé; l'avis énumère 0,1-10 "
		  "A; "
		  "0,2-20 A; 2-200 A" },
		{ 2, 120, 2, 200, "1½ element, 3 wire, 120 V: not approved; the notice lists 240 V",
		  "1½ élément, 3 fils, 120 V : non approuvé; l'avis énumère 240 V" },
		{ 10, 120, 2, 200,
		  "3 element, 4 wire Y: not approved; the notice lists 1 element, 2 wire; 1½ "
		  "element, 3 "
		  "wire; 2 element, 3 wire network",
		  "3 éléments, 4 fils Y : non approuvé; l'avis énumère 1 élément, 2 fils; 1½ "
		  "élément, 3 "
		  "fils; 2 éléments, 3 fils réseau" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meter_card m = good_meter();
		const struct approval_finding *f;

		m.configuration = cases[i].configuration;
		m.volt_v = cases[i].volt_v;
		m.curr_min_a = cases[i].curr_min_a;
		m.curr_max_a = cases[i].curr_max_a;
		f = only(&m, "rating");
		assert_int_equal(f != NULL, cases[i].en != NULL);
		if (!f)
			continue;
		assert_int_equal(f->level, FINDING_NONCONFORMING);
		assert_string_equal(f->en, cases[i].en);
		assert_string_equal(f->fr, cases[i].fr);
	}
}

static void one_element_at_240_v_is_told_as_a_contradiction(void **state)
{
	struct meter_card m = good_meter();

	(void)state;
	m.configuration = SERVICE_1EL_2W;
	m.volt_v = 240;
	m.curr_min_a = 0.1;
	m.curr_max_a = 10;
	assert_int_equal(only(&m, "rating")->level, FINDING_NONCONFORMING);
	assert_int_equal(only(&m, "contradiction")->level, FINDING_NOTE);
	assert_non_null(strstr(only(&m, "contradiction")->en, "Revision 1 of 2008-05-02 added"));
	assert_non_null(strstr(only(&m, "contradiction")->fr, "révision 1 du 2008-05-02"));
	m.volt_v = 120;
	assert_null(only(&m, "contradiction"));
}

static void what_is_not_recorded_stays_open(void **state)
{
	struct meter_card m = good_meter();

	(void)state;
	m.volt_v = NAN;
	assert_int_equal(only(&m, "rating")->level, FINDING_OPEN);
	m = good_meter();
	m.base = INT64_MIN;
	assert_int_equal(only(&m, "base")->level, FINDING_NOTE);
	m.base = BASE_A;
	assert_int_equal(only(&m, "base")->level, FINDING_NONCONFORMING);
	m = good_meter();
	m.kh_wh = NAN;
	assert_int_equal(only(&m, "kh")->level, FINDING_OPEN);
	m = good_meter();
	m.seals.n = 1;
	assert_int_equal(only(&m, "seal")->level, FINDING_AT_SEALING);
	assert_non_null(strstr(only(&m, "seal")->en, "1 of 2 seals"));
	m = good_meter();
	m.approval = NULL;
	assert_int_equal(only(&m, "approval")->level, FINDING_OPEN);
	m.model = NULL;
	assert_int_equal(only(&m, "model")->level, FINDING_OPEN);
	m.maker = NULL;
	assert_int_equal(only(&m, "maker")->level, FINDING_OPEN);
}

static void identity_is_compared(void **state)
{
	struct meter_card m = good_meter();

	(void)state;
	m.model = "FOCUS  II";
	assert_int_equal(only(&m, "model")->level, FINDING_NOTE);
	m.model = "focus alf";
	assert_null(only(&m, "model"));
	m.model = "Focus AX";
	assert_int_equal(only(&m, "model")->level, FINDING_NONCONFORMING);
	assert_string_equal(only(&m, "model")->en,
			    "model \"Focus AX\" is not approved; the notice approves Focus ALF");
	m = good_meter();
	m.maker = "LANDIS + GYR INC";
	assert_null(only(&m, "maker"));
	m.maker = "Itron";
	assert_int_equal(only(&m, "maker")->level, FINDING_OPEN);
	m = good_meter();
	m.approval = "AE-1356";
	assert_int_equal(only(&m, "approval")->level, FINDING_NONCONFORMING);
	m = good_meter();
	m.approval_revision = 9;
	assert_int_equal(only(&m, "revision")->level, FINDING_OPEN);
	assert_non_null(strstr(only(&m, "revision")->en, "revision 9 is recorded"));
}

static void firmware_is_a_set_of_texts(void **state)
{
	struct meter_card m = good_meter();

	(void)state;
	m.firmware = "3.220";
	assert_int_equal(only(&m, "firmware")->level, FINDING_NONCONFORMING);
	assert_string_equal(only(&m, "firmware")->fr,
			    "le micrologiciel « 3.220 » n'est pas approuvé; acceptés : 3.22");
	m.firmware = "3.23";
	assert_int_equal(only(&m, "firmware")->level, FINDING_NONCONFORMING);
	m.firmware = APPROVAL_NOT_DISPLAYED;
	assert_int_equal(only(&m, "firmware")->level, FINDING_OPEN);
	assert_non_null(strstr(only(&m, "firmware")->en, "not displayed"));
	m.firmware = NULL;
	assert_int_equal(only(&m, "firmware")->level, FINDING_OPEN);
	assert_non_null(strstr(only(&m, "firmware")->en, "not looked at"));
}

static void modules_have_a_set_of_versions_and_partners(void **state)
{
	struct meter_module mods[2] = { { .name = "TS2", .firmware = "19" } };
	struct meter_card m = good_meter();

	(void)state;
	m.modules = (struct yaml_list){ mods, 1 };
	assert_int_equal(only(&m, "module_firmware")->level, FINDING_NONCONFORMING);
	assert_string_equal(only(&m, "module_firmware")->en,
			    "TS2: firmware \"19\" is not approved; accepted: 18, 20, 23");
	assert_int_equal(only(&m, "contradiction")->level, FINDING_NOTE);
	mods[0].firmware = "20";
	assert_null(only(&m, "module_firmware"));
	mods[0].firmware = NULL;
	assert_int_equal(only(&m, "module_firmware")->level, FINDING_OPEN);
	mods[0].name = "TS2-MU";
	mods[1] = (struct meter_module){ .name = "TS2", .firmware = "23" };
	m.modules.n = 2;
	assert_null(only(&m, "module_firmware"));
	assert_string_equal(only(&m, "module")->en, "\"TS2-MU\" is part of the module TS2");

	mods[0] = (struct meter_module){ .name = "EMTR-3" };
	m.modules.n = 1;
	assert_int_equal(only(&m, "combination")->level, FINDING_NONCONFORMING);
	mods[1] = (struct meter_module){ .name = "UMT-R-FCB", .firmware = "4.50" };
	m.modules.n = 2;
	assert_null(only(&m, "combination"));
	assert_null(only(&m, "module_firmware"));
	mods[1].firmware = "4.5"; /* a text, not a number */
	assert_int_equal(only(&m, "module_firmware")->level, FINDING_NONCONFORMING);
	mods[1] = (struct meter_module){ .name = "TS1" };
	assert_int_equal(only(&m, "module")->level, FINDING_NONCONFORMING);
	assert_non_null(strstr(only(&m, "module")->en,
			       "\"TS1\" is not approved; the notice lists EMT-XMF"));
}

static void airpoint_opens_the_scroll_time(void **state)
{
	struct meter_module mod = { .name = "HP AirPoint" };
	struct meter_card m = good_meter();

	(void)state;
	assert_null(only(&m, "scroll_time"));
	m.modules = (struct yaml_list){ &mod, 1 };
	assert_int_equal(only(&m, "scroll_time")->level, FINDING_AT_SEALING);
	assert_non_null(strstr(only(&m, "scroll_time")->en, "10 seconds or more"));
	assert_non_null(strstr(only(&m, "scroll_time")->fr, "à vérifier au scellage"));
	assert_int_equal(only(&m, "burden")->level, FINDING_NOTE);
	assert_non_null(strstr(only(&m, "burden")->en, "states no burden"));
	assert_int_equal(worst(&m), FINDING_AT_SEALING);
}

static void the_least_findings_are_dropped(void **state)
{
	struct meter_module mods[3] = { { .name = "TS2" }, { .name = "?" }, { .name = "EMTR-3" } };
	struct approval_finding f[3] = { { .level = FINDING_NOTE } };
	struct meter_card m = good_meter();

	(void)state;
	m.modules = (struct yaml_list){ mods, 3 };
	m.model = "Focus AX";
	assert_int_equal(approval_check(&notice, &m, f, 2), 2);
	assert_string_equal(f[0].code, "model");
	assert_string_equal(f[1].code, "module");
	assert_string_equal(f[2].code, "");
	assert_int_equal(approval_check(&notice, &m, f, 0), 0);
}

static void words_are_cut_after_a_whole_character(void **state)
{
	struct approval a = notice;
	struct approval_note note = { .configuration = 4, .volt_v = NAN };
	struct meter_card m = good_meter();
	char text[600] = "x";

	(void)state;
	for (int i = 1; i + 2 < 600; i += 2)
		memcpy(text + i, "é", 3);
	note.text = (struct yaml_text2){ text, text };
	a.notes = (struct yaml_list){ &note, 1 };
	{
		struct approval_finding f[APPROVAL_FINDINGS_MAX];
		int n = approval_check(&a, &m, f, APPROVAL_FINDINGS_MAX);

		assert_string_equal(f[n - 1].code, "contradiction");
		assert_int_equal(strlen(f[n - 1].fr), sizeof(f[0].fr) - 1); /* 1 + 199 * 2 */
		m.model = text + 1;
		n = approval_check(&a, &m, f, APPROVAL_FINDINGS_MAX);
		assert_string_equal(f[0].code, "model");
		assert_null(strstr(f[0].en, "\xc3\""));
	}
}

/* ---- for people ---- */

static void the_page_says_what_is_and_is_not_stated(void **state)
{
	static const struct {
		enum lang lang;
		const char *want[8];
	} cases[] = {
		{ LANG_EN,
		  { "Notice of approval AE-1559 Rev. 16\n", "-40 to +53 °C", "41.5 VA capacitive",
		    "  Demand                  not stated\n", "2.14.1, 4.02.1",
		    "LCD scroll time ≥ 10 s", "MET Laboratories, Inc., TEL26857-MC Rev. 1",
		    "Jean Lafortune" } },
		{ LANG_FR,
		  { "Avis d'approbation AE-1559 Rev. 16\n", "-40 à +53 °C", "41,5 VA capacitif",
		    "  Puissance appelée       non précisé\n",
		    "socle S   (1)(13)   120 V  0,1-10 A\n", "DÉL infrarouge",
		    "Métrologiste légal principal", "à vérifier au scellage" } },
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *text = NULL;
		size_t len;
		FILE *to = open_memstream(&text, &len);
		int wide = 0;

		approval_print(&notice, cases[i].lang, to);
		approval_print_line(&notice, cases[i].lang, to);
		fclose(to);
		for (int k = 0; k < 8; k++) {
			if (!strstr(text, cases[i].want[k]))
				print_error("not on the page: %s\n", cases[i].want[k]);
			assert_non_null(strstr(text, cases[i].want[k]));
		}
		assert_non_null(strstr(
			text, "AE-1559     16    2012-10-04  9         15       Focus ALF,"));
		for (const char *p = text; *p; p++) {
			wide = *p == '\n' ? 0 : wide + ((*p & 0xc0) != 0x80);
			assert_true(wide <= 100);
		}
		assert_null(strstr(text, " nan"));
		assert_null(strstr(text, "(null)"));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ratings_are_those_of_the_notice),
		cmocka_unit_test(meter_is_that_of_the_notice),
		cmocka_unit_test(modules_are_those_of_the_notice),
		cmocka_unit_test(revisions_are_those_of_the_notice),
		cmocka_unit_test(a_module_is_found_by_any_of_its_names),
		cmocka_unit_test(the_record_reads_back_the_same),
		cmocka_unit_test(a_file_must_hang_together),
		cmocka_unit_test(an_unreadable_file_is_no_notice),
		cmocka_unit_test(a_good_meter_has_only_its_plug_open),
		cmocka_unit_test(a_rating_must_stand_in_the_notice),
		cmocka_unit_test(one_element_at_240_v_is_told_as_a_contradiction),
		cmocka_unit_test(what_is_not_recorded_stays_open),
		cmocka_unit_test(identity_is_compared),
		cmocka_unit_test(firmware_is_a_set_of_texts),
		cmocka_unit_test(modules_have_a_set_of_versions_and_partners),
		cmocka_unit_test(airpoint_opens_the_scroll_time),
		cmocka_unit_test(the_least_findings_are_dropped),
		cmocka_unit_test(words_are_cut_after_a_whole_character),
		cmocka_unit_test(the_page_says_what_is_and_is_not_stated),
	};

	return cmocka_run_group_tests(tests, load_notice, free_notice);
}
