/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_replay.c - `etalon replay`: a recorded run once more, or the conversation of single links as a list. */
#include "bench/commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "bench/output.h"
#include "bench/replay.h"
#include "bench/timeline.h"

/* ---- a whole run ---- */

static void print_figure(const json_t *figures)
{
	const double err = json_get_f64(figures, "err_pct"), U = json_get_f64(figures, "U_pct");

	if (isfinite(err))
		printf("  %+10.5f %8.5f", err, U);
	else
		printf("  %10s %8s", "-", "-");
	fputs("  ", stdout);
	output_cell(json_get_str(figures, "verdict"), 14);
}

static void print_positions(const json_t *positions, enum lang lang)
{
	const json_t *p;
	size_t i;

	json_array_foreach(positions, i, p)
	{
		const double part = json_get_f64(p, "part_of_U");

		printf("  %3lld  ", (long long)json_get_int(p, "position", 0));
		output_cell(json_get_str(p, "serial"), 12);
		print_figure(json_object_get(p, "recorded"));
		print_figure(json_object_get(p, "replayed"));
		if (part > 0)
			printf("  %.2g U", part);
		else if (part == 0)
			printf("  %s", tr(lang, "same", "identique"));
		putchar('\n');
	}
}

static void print_end(const json_t *a, const char *who, const char *label)
{
	const json_t *v = json_object_get(a, who);
	const char *result = json_get_str(v, "result"), *cause = json_get_str(v, "cause");
	const char *fault = json_get_str(v, "fault");

	printf("  %s: %s%s%s%s%s\n", label, result ? result : "-", cause ? ", " : "",
	       cause ? cause : "", fault ? ": " : "", fault ? fault : "");
}

static void print_attempts(const json_t *attempts, enum lang lang)
{
	const json_t *a;
	size_t i;

	json_array_foreach(attempts, i, a)
	{
		printf("\n%s %s, %s %lld\n", tr(lang, "Step", "Étape"), json_get_str(a, "step"),
		       tr(lang, "attempt", "tentative"), (long long)json_get_int(a, "number", 0));
		print_end(a, "recorded", tr(lang, "recorded", "consigné"));
		print_end(a, "replayed", tr(lang, "replayed", "rejoué"));
		printf("  %s\n", tr(lang,
				    "Pos  Meter            Error %      U %  recorded         "
				    "Error %      U %  "
				    "replayed",
				    "Pos  Compteur        Erreur %      U %  consigné        "
				    "Erreur %      U %  "
				    "rejoué"));
		print_positions(json_object_get(a, "positions"), lang);
	}
}

static void print_links(const json_t *links, enum lang lang)
{
	const json_t *l;
	size_t i;

	printf("\n%s\n",
	       tr(lang, "Link         questions  passed over  again  unknown  after the end  left",
		  "Lien         questions      sautées  redites inconnues  après la fin  reste"));
	json_array_foreach(links, i, l)
	{
		const char *first = json_get_str(l, "first_difference");

		output_cell(json_get_str(l, "instrument"), 12);
		printf(" %9lld  %11lld  %5lld  %7lld  %13lld  %4lld\n",
		       (long long)json_get_int(l, "questions", 0),
		       (long long)json_get_int(l, "passed_over", 0),
		       (long long)json_get_int(l, "again", 0),
		       (long long)json_get_int(l, "unknown", 0),
		       (long long)json_get_int(l, "after_end", 0),
		       (long long)json_get_int(l, "left", 0));
		if (first)
			printf("  %s\n", first);
	}
}

static const char *verdict_of(const char *result, enum lang lang)
{
	if (strcmp(result, "exact") == 0)
		return tr(
			lang,
			"The replay is exact: every question, event, figure and byte of raw data.",
			"La relecture est exacte : chaque question, événement, chiffre et octet de "
			"données brutes.");
	if (strcmp(result, "agrees") == 0)
		return tr(lang, "The replay agrees: same verdicts and causes.",
			  "La relecture concorde : mêmes verdicts et mêmes causes.");
	return tr(lang, "The replay differs.", "La relecture diffère.");
}

static void print_report(const json_t *r, enum lang lang)
{
	const char *first = json_get_str(r, "first_difference");
	const char *event = json_get_str(json_object_get(r, "events"), "first_difference");
	const double most = json_get_f64(r, "most_of_U");

	printf("%s %s, %s %s, %s%s\n", tr(lang, "Session", "Session"), json_get_str(r, "session"),
	       tr(lang, "batch", "lot"), json_get_str(r, "batch"),
	       strcmp(json_get_str(r, "clock"), "real") == 0
		       ? tr(lang, "recorded in real time", "consignée en temps réel")
		       : tr(lang, "recorded in virtual time", "consignée en temps virtuel"),
	       json_is_true(json_object_get(r, "complete"))
		       ? ""
		       : tr(lang, "; the recording was cut", "; l'enregistrement est tronqué"));
	print_attempts(json_object_get(r, "attempts"), lang);
	print_links(json_object_get(r, "links"), lang);
	printf("\n%s\n", verdict_of(json_get_str(r, "result"), lang));
	if (first)
		printf("%s: %s\n", tr(lang, "First difference", "Première différence"), first);
	if (event)
		printf("%s: %s\n",
		       tr(lang, "First event that differs", "Premier événement différent"), event);
	if (most > 0)
		printf("%s: %.2g\n",
		       tr(lang, "Largest difference of an error, as part of its U",
			  "Plus grande différence d'erreur, en fraction de son U"),
		       most);
}

static int replay_folder(const struct cli_args *a, const char *dir)
{
	struct diag *d = diag_new();
	enum replay_result result;
	struct fault f = { 0 };
	json_t *report = NULL;
	int code, err = d ? replay_run(dir, &report, &result, d, &f) : ET_ERR_NOMEM;

	if (err != ET_OK) {
		code = d && diag_count(d) ? cli_fail_diag(d)
					  : cli_fail(cli_exit_of(err), "%s", f.text);
	} else {
		code = result == REPLAY_DIFFERS ? EXIT_NOT_CONFORMING : EXIT_CONFORMING;
		if (!a->json)
			print_report(report, a->lang);
		else if (output_end(a, json_incref(report)) != EXIT_CONFORMING)
			code = EXIT_RECORD;
	}
	json_decref(report);
	diag_free(d);
	return code;
}

/* ---- single links ---- */

static int list_links(const struct cli_args *a)
{
	struct fault f = { 0 };
	json_t *lines = NULL;
	int err = timeline_load(a->words, a->n_words, &lines, &f);

	if (err != ET_OK)
		return cli_fail(err == ET_ERR_IO ? EXIT_USAGE : cli_exit_of(err), "%s", f.text);
	if (a->json)
		return output_end(a, lines);
	timeline_print(lines, a->lang);
	json_decref(lines);
	return EXIT_CONFORMING;
}

int cmd_replay(const struct cli_args *a)
{
	struct stat st;

	if (a->n_words == 1 && stat(a->words[0], &st) == 0 && S_ISDIR(st.st_mode))
		return replay_folder(a, a->words[0]);
	return list_links(a);
}
