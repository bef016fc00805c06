/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_detect.c - `etalon detect`: which instruments answer on which links. */
#include "bench/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/detect.h"
#include "bench/output.h"

struct work {
	struct detect d;
	struct bench_file bench;
	struct yaml_doc *doc;
	struct diag *diag;
};

/* ---- which links ---- */

static int add_bench(const char *path, struct work *w)
{
	const struct bench_instrument *in;
	struct fault f;

	if (bench_file_load(path, &w->bench, &w->doc, w->diag) != ET_OK)
		return cli_fail_diag(w->diag);
	in = w->bench.instruments.items;
	for (size_t i = 0; i < w->bench.instruments.n; i++)
		if (detect_add(&w->d, in[i].port, &in[i], true, &f) != ET_OK)
			return cli_fail(EXIT_USAGE, "%s", f.text);
	return EXIT_CONFORMING;
}

/* Links that were given or looked for stand instead of the laboratory's; --bench adds its own. */
static int collect(const struct cli_args *a, struct work *w)
{
	const char *bench = cli_value(a, "bench");
	const bool scan = cli_value(a, "scan") != NULL;
	char path[PATH_MAX];
	struct fault f;
	int code = EXIT_CONFORMING;

	snprintf(path, sizeof(path), "%s/bench.yaml", a->lab);
	if (bench || (!scan && a->n_words == 0))
		code = add_bench(bench ? bench : path, w);
	for (size_t i = 0; i < a->n_words && code == EXIT_CONFORMING; i++)
		if (detect_add(&w->d, a->words[i], NULL, true, &f) != ET_OK)
			code = cli_fail(EXIT_USAGE, "%s", f.text);
	if (scan && code == EXIT_CONFORMING && detect_add_ports(&w->d, &f) != ET_OK)
		code = cli_fail(cli_exit_of(f.code), "%s", f.text);
	return code;
}

/* ---- what is shown ---- */

static const char *state_word(const struct detect_link *l)
{
	if (!l->is_asked)
		return "not_asked";
	switch (l->r.state) {
	case PROBE_SILENT:
		return "silent";
	case PROBE_FOUND:
		return "found";
	case PROBE_UNKNOWN:
		return "unknown";
	case PROBE_IN_USE:
		return "in_use";
	case PROBE_FAILED:
		return "failed";
	}
	return "unknown";
}

static const char *state_remark(const struct detect_link *l, enum lang lang, char buf[320])
{
	const struct probe_result *r = &l->r;

	if (!l->is_asked)
		return tr(lang, "not asked: who is there is known only in a run",
			  "pas interrogé : ne se présente que pendant un essai");
	switch (r->state) {
	case PROBE_FOUND:
		return r->id.simulated ? tr(lang, "SIMULATED", "SIMULÉ") : "";
	case PROBE_SILENT:
		return tr(lang, "no answer", "aucune réponse");
	case PROBE_UNKNOWN:
		if (r->id.maker[0] || !r->heard[0])
			return tr(lang, "no driver for this instrument",
				  "aucun pilote pour cet instrument");
		snprintf(buf, 320, "%s \"%s\"",
			 tr(lang, "answers, not understood:", "répond, mais incompris :"),
			 r->heard);
		return buf;
	case PROBE_IN_USE:
		if (r->fault.holder_pid <= 0)
			return tr(lang, "in use by another program",
				  "utilisé par un autre programme");
		snprintf(buf, 320, tr(lang, "in use by process %d", "utilisé par le processus %d"),
			 r->fault.holder_pid);
		return buf;
	case PROBE_FAILED:
		return r->fault.text;
	}
	return "";
}

/* Bilingual, one or two parts. */
static json_t *remark(const struct detect_link *l, enum lang lang)
{
	char buf[320];
	const char *state = state_remark(l, lang, buf);
	const struct bench_instrument *want = l->expected;
	const bool wrong = l->r.state == PROBE_FOUND && !detect_is_expected(l);

	return json_sprintf("%s%s%s%s%s%s", state, *state && wrong ? "; " : "",
			    wrong ? tr(lang, "bench.yaml says ", "bench.yaml dit ") : "",
			    wrong ? want->driver : "", wrong && want->serial ? " " : "",
			    wrong && want->serial ? want->serial : "");
}

static json_t *text_or_null(const char *s)
{
	return s && *s ? json_string(s) : json_null();
}

static json_t *row(const struct detect_link *l, const struct cli_args *a)
{
	const struct probe_result *r = &l->r;
	const bool found = r->state == PROBE_FOUND;
	json_t *o = json_pack(
		"{s:s,s:s,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:o}", "link", l->spec, "port",
		r->spec[0] ? r->spec : l->spec, "instrument",
		text_or_null(l->expected ? l->expected->name : NULL), "state", state_word(l),
		"driver", text_or_null(found ? r->driver->name : NULL), "maker",
		text_or_null(r->id.maker), "model", text_or_null(r->id.model), "serial",
		text_or_null(r->id.serial), "firmware", text_or_null(r->id.firmware), "channels",
		r->id.channels ? json_integer(r->id.channels) : json_null(), "simulated",
		r->id.simulated, "as_expected",
		l->expected && l->is_asked ? json_boolean(detect_is_expected(l)) : json_null());

	if (a->json) {
		json_object_set_new(o, "heard",
				    text_or_null(r->state == PROBE_UNKNOWN ? r->heard : NULL));
		json_object_set_new(o, "in_use_by_pid",
				    r->fault.holder_pid > 0 ? json_integer(r->fault.holder_pid)
							    : json_null());
		json_object_set_new(o, "fault", text_or_null(r->fault.text));
	} else {
		json_object_set_new(o, "remark", remark(l, a->lang));
	}
	return o;
}

/* Names of links and makers are as long as they are. */
static void fit(struct output_column *columns, const json_t *rows)
{
	const json_t *o;
	size_t i;

	for (struct output_column *c = columns; c->key; c++)
		json_array_foreach(rows, i, o)
		{
			const char *text = json_string_value(json_object_get(o, c->key));

			if (text && (int)strlen(text) > c->width)
				c->width = (int)strlen(text);
		}
}

static int show(const struct cli_args *a, const struct detect *d)
{
	struct output_column columns[] = {
		{ "port", "Link", "Liaison", 7 },      { "driver", "Driver", "Pilote", 6 },
		{ "maker", "Maker", "Fabricant", 9 },  { "model", "Model", "Modèle", 6 },
		{ "serial", "Serial", "Numéro", 6 },   { "firmware", "Firmware", "Logiciel", 8 },
		{ "remark", "Remark", "Remarque", 8 }, { 0 },
	};
	json_t *rows = json_array();

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(rows, row(&d->link[i], a));
	fit(columns, rows);
	return output_table(a, columns, rows, NULL);
}

/* A link that was named should answer, with the instrument that bench.yaml names. */
static int judge(const struct detect *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct detect_link *l = &d->link[i];

		if (l->is_named && l->is_asked &&
		    (l->r.state != PROBE_FOUND || !detect_is_expected(l)))
			return EXIT_BENCH;
	}
	return EXIT_CONFORMING;
}

/* ---- the new file ---- */

static int write_bench(const struct cli_args *a, const struct detect *d, const char *path)
{
	static const char *const roles[BENCH_ROLES] = { "source", "reference", "reader" };
	unsigned missing;
	struct fault f;

	if (detect_write(d, path, &missing, &f) != ET_OK)
		return cli_fail(EXIT_USAGE, "%s", f.text);
	fprintf(stderr, "%s: %s\n", path,
		tr(a->lang, "written; each line with FILL IN wants something from you",
		   "écrit; chaque ligne avec FILL IN attend quelque chose de vous"));
	for (int i = 0; i < BENCH_ROLES; i++)
		if (missing >> i & 1)
			fprintf(stderr, "%s: %s \"%s\"\n", path,
				tr(a->lang, "nothing was found for the role",
				   "rien n'a été trouvé pour le rôle"),
				roles[i]);
	return missing ? EXIT_BENCH : EXIT_CONFORMING;
}

static int check_new(const char *path)
{
	if (path && (access(path, F_OK) == 0 || errno != ENOENT))
		return cli_fail(EXIT_USAGE, "--write: %s: %s; a new file is wanted", path,
				access(path, F_OK) == 0 ? "exists" : strerror(errno));
	return EXIT_CONFORMING;
}

static int ask_and_show(const struct cli_args *a, struct work *w)
{
	const char *path = cli_value(a, "write");
	struct clk *c = clk_real_new();
	int code, written;

	if (isatty(STDERR_FILENO) && w->d.n)
		fprintf(stderr, "%s\n",
			tr(a->lang, "asking; a silent link takes up to 15 s",
			   "interrogation en cours; une liaison muette prend jusqu'à 15 s"));
	if (!c || detect_run(&w->d, c) != ET_OK) {
		clk_free(c);
		return cli_fail(EXIT_RECORD, "out of memory");
	}
	clk_free(c);
	code = show(a, &w->d);
	if (code == EXIT_CONFORMING)
		code = judge(&w->d);
	written = path ? write_bench(a, &w->d, path) : EXIT_CONFORMING;
	return written == EXIT_CONFORMING ? code : written;
}

int cmd_detect(const struct cli_args *a)
{
	struct work *w = calloc(1, sizeof(*w));
	int code = check_new(cli_value(a, "write"));

	if (w)
		w->diag = diag_new();
	if (!w || !w->diag)
		code = cli_fail(EXIT_RECORD, "out of memory");
	else if (code == EXIT_CONFORMING)
		code = collect(a, w);
	if (w && code == EXIT_CONFORMING)
		code = ask_and_show(a, w);
	if (w) {
		yaml_free(w->doc);
		diag_free(w->diag);
	}
	free(w);
	return code;
}
