/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_lab.c - the laboratory itself: its folder, its people, its apparatus. */
#include "bench/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/apparatus.h"
#include "bench/lab.h"
#include "bench/output.h"
#include "db/query.h"
#include "drivers/driver.h"

static bool is_id(const char *s)
{
	return s && *s && strlen(s) < 24 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       strlen(s);
}

int cmd_init(const struct cli_args *a)
{
	const bool simulated = cli_value(a, "simulate") != NULL;
	const char *bench = cli_value(a, "bench"), *name = cli_value(a, "name");
	struct fault f = { 0 };

	if (!bench)
		bench = simulated ? "SIM" : "B1";
	if (!is_id(bench))
		return cli_fail(EXIT_USAGE, "--bench: \"%s\"; letters, digits, - and _, at most 23",
				bench);
	if (lab_create(a->words[0], bench,
		       name	   ? name
		       : simulated ? "Simulated laboratory"
				   : "Laboratory",
		       simulated, &f) != ET_OK)
		return cli_fail(f.code == ET_ERR_RECORD ? EXIT_RECORD : EXIT_USAGE, "%s", f.text);
	if (!a->json)
		printf("%s: %s\n", a->words[0],
		       simulated
			       ? tr(a->lang,
				    "a simulated laboratory; nothing made here certifies anything",
				    "un laboratoire simulé; rien de ce qui s'y fait ne certifie "
				    "quoi que ce soit")
			       : tr(a->lang, "a laboratory; now edit bench.yaml",
				    "un laboratoire; éditez bench.yaml"));
	return EXIT_CONFORMING;
}

int cmd_drivers(const struct cli_args *a)
{
	json_t *list = json_array();

	for (const struct driver *const *d = drivers; *d; d++) {
		if (!a->json)
			printf("%-16s %s\n", (*d)->name, (*d)->summary);
		json_array_append_new(
			list, json_pack("{s:s,s:s}", "name", (*d)->name, "summary", (*d)->summary));
	}
	return output_end(a, list);
}

/* ---- one entry by a person ---- */

static int record(const struct cli_args *a, struct lab *lab, const char *actor, const char *kind,
		  json_t *payload)
{
	struct fault f = { 0 };
	int err = payload ? lab_record(lab, actor, kind, payload, &f)
			  : fault_set(&f, ET_ERR_ARG, "not UTF-8");

	(void)a;
	json_decref(payload);
	return err == ET_OK ? EXIT_CONFORMING : cli_fail(cli_exit_of(err), "%s", f.text);
}

static int with_lab(const struct cli_args *a, enum db_mode mode,
		    int (*act)(const struct cli_args *a, struct lab *lab))
{
	struct fault f = { 0 };
	struct lab lab;
	int code;

	if (lab_open(a->lab, mode, &lab, &f) != ET_OK)
		return cli_fail(cli_exit_of(f.code), "%s", f.text);
	code = act(a, &lab);
	lab_close(&lab);
	return code;
}

/* Who acts must be on record; the first person of a laboratory registers himself or herself. */
static const char *actor_of(const struct cli_args *a, struct lab *lab)
{
	const char *who = cli_value(a, "operator");

	if (!who)
		(void)cli_fail(EXIT_USAGE, "--operator ID is needed: every entry has an author");
	else if (!lab_knows_person(lab, who)) {
		(void)cli_fail(
			EXIT_USAGE,
			"--operator: \"%s\" is not on record; `etalon person add` registers people",
			who);
		who = NULL;
	}
	return who;
}

static int person_add(const struct cli_args *a, struct lab *lab)
{
	static const char *const roles[] = { "technician", "signatory", "auditor", "admin" };
	const char *id = cli_value(a, "id"), *name = cli_value(a, "name"),
		   *role = cli_value(a, "role");
	json_t *first = db_last(lab->db, "person.added", NULL, NULL, NULL);
	const char *actor = first ? actor_of(a, lab) : id;
	bool known = false;

	json_decref(first);
	for (size_t i = 0; role && i < sizeof(roles) / sizeof(roles[0]); i++)
		known |= strcmp(roles[i], role) == 0;
	if (!is_id(id) || !name || !*name)
		return cli_fail(
			EXIT_USAGE,
			"--id (letters, digits, - and _, at most 23) and --name are needed");
	if (!known)
		return cli_fail(EXIT_USAGE, "--role: technician, signatory, auditor or admin");
	if (!actor)
		return EXIT_USAGE;
	return record(a, lab, actor, "person.added",
		      json_pack("{s:s,s:s,s:s}", "id", id, "name", name, "role", role));
}

int cmd_person_add(const struct cli_args *a)
{
	return with_lab(a, DB_WRITE, person_add);
}

static int person_list(const struct cli_args *a, struct lab *lab)
{
	static const struct output_column columns[] = { { "id", "id", "id", 12 },
							{ "name", "name", "nom", 28 },
							{ "role", "role", "fonction", 12 },
							{ 0 } };
	struct fault f = { 0 };

	return output_table(a, columns, query_people(lab->db, NULL, &f), &f);
}

int cmd_person_list(const struct cli_args *a)
{
	return with_lab(a, DB_READ, person_list);
}

/* ---- apparatus ---- */

static int apparatus_add(const struct cli_args *a, struct lab *lab)
{
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct apparatus app;
	const char *actor = actor_of(a, lab);
	int code = EXIT_USAGE;

	if (!d)
		return cli_fail(EXIT_RECORD, "out of memory");
	if (actor && apparatus_load_file(a->words[0], &app, &doc, d) != ET_OK)
		code = cli_fail_diag(d);
	else if (actor && (app.simulated == 1) != lab->simulated)
		code = cli_fail(
			EXIT_USAGE,
			"%s: simulated apparatus belongs in a simulated laboratory, and no other",
			a->words[0]);
	else if (actor) {
		code = record(a, lab, actor, "apparatus.added", apparatus_payload(&app));
	}
	yaml_free(doc);
	diag_free(d);
	return code;
}

int cmd_apparatus_add(const struct cli_args *a)
{
	return with_lab(a, DB_WRITE, apparatus_add);
}

static int apparatus_list(const struct cli_args *a, struct lab *lab)
{
	static const struct output_column columns[] = {
		{ "id", "id", "id", 10 },
		{ "kind", "kind", "genre", 18 },
		{ "model", "model", "modèle", 14 },
		{ "serial", "serial", "série", 14 },
		{ "certificate", "certificate", "certificat", 14 },
		{ "expires", "expires", "échéance", 10 },
		{ "reason", "retired: why", "retiré : motif", 20 },
		{ 0 }
	};
	struct fault f = { 0 };

	return output_table(a, columns, query_apparatus(lab->db, NULL, &f), &f);
}

int cmd_apparatus_list(const struct cli_args *a)
{
	return with_lab(a, DB_READ, apparatus_list);
}

static int apparatus_show(const struct cli_args *a, struct lab *lab)
{
	json_t *app = db_last(lab->db, "apparatus.added", "id", a->words[0], NULL);

	if (!app)
		return cli_fail(EXIT_USAGE, "%s: no such apparatus; `etalon apparatus list`",
				a->words[0]);
	if (a->json)
		return output_end(a, app);
	return output_object(a, app);
}

int cmd_apparatus_show(const struct cli_args *a)
{
	return with_lab(a, DB_READ, apparatus_show);
}

static int apparatus_retire(const struct cli_args *a, struct lab *lab)
{
	int64_t added = 0, retired = 0;
	json_t *app = db_last(lab->db, "apparatus.added", "id", a->words[0], &added);
	json_t *gone = db_last(lab->db, "apparatus.retired", "id", a->words[0], &retired);
	const char *actor = actor_of(a, lab), *reason = cli_value(a, "reason");
	const bool known = app != NULL;

	json_decref(app);
	json_decref(gone);
	if (!known)
		return cli_fail(EXIT_USAGE, "%s: no such apparatus; `etalon apparatus list`",
				a->words[0]);
	if (retired > added)
		return cli_fail(EXIT_USAGE, "%s is retired already", a->words[0]);
	if (!actor)
		return EXIT_USAGE;
	if (!reason || !*reason)
		return cli_fail(EXIT_USAGE, "--reason TEXT is needed");
	return record(a, lab, actor, "apparatus.retired",
		      json_pack("{s:s,s:s}", "id", a->words[0], "reason", reason));
}

int cmd_apparatus_retire(const struct cli_args *a)
{
	return with_lab(a, DB_WRITE, apparatus_retire);
}
