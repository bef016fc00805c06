/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_data.c - notices of approval and plans of a laboratory folder: list, show, check. */
#include "bench/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "bench/output.h"
#include "procedures/approval_print.h"
#include "procedures/batch.h"
#include "procedures/catalogue.h"
#include "procedures/plan_print.h"

/* ---- approvals ---- */

static int list_approval(const struct cli_args *a, const char *path, json_t *all, struct diag *d)
{
	struct yaml_doc *doc = NULL;
	struct approval ap;
	const int err = approval_load_file(path, &ap, &doc, d);

	if (err == ET_OK) {
		if (!a->json)
			approval_print_line(&ap, a->lang, stdout);
		json_array_append_new(all,
				      json_pack("{s:s,s:I,s:s,s:s}", "number", ap.number,
						"revision", (json_int_t)ap.revision, "manufacturer",
						ap.manufacturer, "file", path));
	}
	yaml_free(doc);
	return err;
}

static int list(const struct cli_args *a, const char *sub,
		int (*one)(const struct cli_args *a, const char *path, json_t *all, struct diag *d))
{
	struct diag *d = diag_new();
	struct catalogue c;
	json_t *all = json_array();
	int err = d ? catalogue_list(a->lab, sub, &c, d) : ET_ERR_NOMEM;

	if (err == ET_OK) {
		for (size_t i = 0; i < c.n; i++)
			if (one(a, c.paths[i], all, d) != ET_OK)
				err = ET_ERR_FILE;
		catalogue_free(&c);
	}
	(void)output_end(a, all);
	if (!d)
		(void)cli_fail(EXIT_RECORD, "out of memory");
	else if (err != ET_OK)
		(void)cli_fail_diag(d);
	diag_free(d);
	return err == ET_OK ? EXIT_CONFORMING : EXIT_USAGE;
}

int cmd_approval_list(const struct cli_args *a)
{
	if (!a->json)
		approval_print_head(a->lang, stdout);
	return list(a, "approvals", list_approval);
}

static int parse_revision(const struct cli_args *a, int64_t *out)
{
	const char *text = cli_value(a, "revision");

	*out = INT64_MIN; /* the highest on record */
	if (text && num_parse_i64(text, strlen(text), out) != ET_OK)
		return cli_fail(EXIT_USAGE, "--revision: \"%s\" is not a whole number", text);
	return EXIT_CONFORMING;
}

int cmd_approval_show(const struct cli_args *a)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct approval ap;
	int64_t revision;
	int code = parse_revision(a, &revision);

	if (!d || code != EXIT_CONFORMING) {
		diag_free(d);
		return EXIT_USAGE;
	}
	if (approval_find(a->lab, a->words[0], revision, &ap, &doc, d) != ET_OK)
		code = cli_fail_diag(d);
	else if (a->json)
		code = output_end(a, yaml_to_json(APPROVAL_SCHEMA, approval_keys, &ap));
	else
		approval_print(&ap, a->lang, stdout);
	yaml_free(doc);
	diag_free(d);
	return code;
}

static json_t *finding_json(const struct approval_finding *f)
{
	return json_pack("{s:s,s:s,s:s,s:s}", "level", finding_level_word(f->level), "code",
			 f->code, "en", f->en, "fr", f->fr);
}

/* One meter against its own notice. @return is it approved? */
static bool check_meter(const struct cli_args *a, const struct meter_card *m, json_t *all,
			struct diag *d)
{
	struct approval_finding f[APPROVAL_FINDINGS_MAX];
	struct yaml_doc *doc = NULL;
	struct approval ap;
	json_t *findings = json_array();
	bool ok = false;

	if (!a->json)
		printf("%s %s (%s %lld)\n", m->maker, m->serial,
		       tr(a->lang, "position", "position"), (long long)m->position);
	if (m->approval &&
	    approval_find(a->lab, m->approval, m->approval_revision, &ap, &doc, d) == ET_OK) {
		const int n = approval_check(&ap, m, f, APPROVAL_FINDINGS_MAX);

		ok = n == 0 || f[0].level != FINDING_NONCONFORMING;
		for (int i = 0; i < n; i++)
			json_array_append_new(findings, finding_json(&f[i]));
		if (!a->json)
			approval_print_findings(f, n, a->lang, stdout);
	}
	json_array_append_new(all,
			      json_pack("{s:I,s:s,s:b,s:o}", "position", (json_int_t)m->position,
					"serial", m->serial, "approved", ok, "findings", findings));
	yaml_free(doc);
	return ok;
}

int cmd_approval_check(const struct cli_args *a)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct batch b;
	json_t *all = json_array();
	int code = EXIT_CONFORMING;

	if (!d) {
		json_decref(all);
		return cli_fail(EXIT_RECORD, "out of memory");
	}
	if (batch_load_file(a->words[0], &b, &doc, d) != ET_OK) {
		code = EXIT_USAGE;
		json_decref(all);
	} else {
		const struct meter_card *m = b.meters.items;

		for (size_t i = 0; i < b.meters.n; i++)
			if (!check_meter(a, &m[i], all, d))
				code = EXIT_NOT_CONFORMING;
		(void)output_end(a, all);
	}
	if (diag_count(d))
		diag_print(d, stderr); /* also what is wrong with other files of the folder */
	yaml_free(doc);
	diag_free(d);
	return code;
}

/* ---- plans ---- */

static int list_plan(const struct cli_args *a, const char *path, json_t *all, struct diag *d)
{
	struct yaml_doc *doc = NULL;
	struct plan p;
	const int err = plan_load_file(path, &p, &doc, d);

	if (err == ET_OK) {
		if (!a->json)
			plan_print_line(&p, a->lang, stdout);
		json_array_append_new(all, json_pack("{s:s,s:I,s:s}", "id", p.id, "version",
						     (json_int_t)p.version, "file", path));
	}
	yaml_free(doc);
	return err;
}

int cmd_plan_list(const struct cli_args *a)
{
	if (!a->json)
		plan_print_head(a->lang, stdout);
	return list(a, "plans", list_plan);
}

int cmd_plan_show(const struct cli_args *a)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct plan p;
	int code = EXIT_CONFORMING;

	if (!d)
		return cli_fail(EXIT_RECORD, "out of memory");
	if (plan_find(a->lab, a->words[0], INT64_MIN, &p, &doc, d) != ET_OK)
		code = cli_fail_diag(d);
	else if (a->json)
		code = output_end(a, yaml_to_json(PLAN_SCHEMA, plan_keys, &p));
	else
		plan_print(&p, a->lang, stdout);
	yaml_free(doc);
	diag_free(d);
	return code;
}

int cmd_plan_check(const struct cli_args *a)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct plan p;
	int code = EXIT_CONFORMING;

	if (!d)
		return cli_fail(EXIT_RECORD, "out of memory");
	if (plan_load_file(a->words[0], &p, &doc, d) != ET_OK)
		code = cli_fail_diag(d);
	else if (!a->json)
		printf("%s: %s %lld, %zu %s\n", a->words[0], p.id, (long long)p.version, p.steps.n,
		       tr(a->lang, "steps, no error", "étapes, aucune erreur"));
	yaml_free(doc);
	diag_free(d);
	return code;
}
