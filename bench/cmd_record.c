/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_record.c - what the record answers: history, reports, audit, recomputation, export. */
#include "bench/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/json.h"
#include "bench/lab.h"
#include "bench/output.h"
#include "bench/recompute.h"
#include "db/query.h"
#include "reports/batch_report.h"
#include "reports/history_report.h"

static int open_lab(const struct cli_args *a, enum db_mode mode, struct lab *lab)
{
	struct fault f = { 0 };

	if (lab_open(a->lab, mode, lab, &f) != ET_OK)
		return cli_fail(cli_exit_of(f.code), "%s", f.text);
	return EXIT_CONFORMING;
}

/* ---- history, report ---- */

static int parse_day(const char *name, const char *text, int64_t otherwise, int64_t *utc_ns)
{
	int y, m, d, used = 0;
	struct tm tm = { 0 };

	*utc_ns = otherwise;
	if (!text)
		return EXIT_CONFORMING;
	if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &used) != 3 || text[used] || m < 1 ||
	    m > 12 || d < 1 || d > 31)
		return cli_fail(EXIT_USAGE, "--%s: \"%s\" is not a day; YYYY-MM-DD", name, text);
	tm.tm_year = y - 1900;
	tm.tm_mon = m - 1;
	tm.tm_mday = d;
	*utc_ns = (int64_t)timegm(&tm) * 1000000000;
	if (tm.tm_mday != d) /* timegm() has carried it into the next month */
		return cli_fail(EXIT_USAGE, "--%s: \"%s\" is not a day of the calendar", name,
				text);
	return EXIT_CONFORMING;
}

static int history_of_serial(const struct cli_args *a, struct lab *lab)
{
	struct fault f = { 0 };
	json_t *h = query_history(lab->db, NULL, a->words[0], &f);

	if (!h)
		return cli_fail(cli_exit_of(f.code), "%s", f.text);
	if (json_array_size(h) == 0) {
		json_decref(h);
		return cli_fail(EXIT_USAGE, "%s: no meter with this serial number is on record",
				a->words[0]);
	}
	if (a->json)
		return output_end(a, h);
	report_history(h, a->lang, stdout);
	json_decref(h);
	return EXIT_CONFORMING;
}

static int history_list(const struct cli_args *a, struct lab *lab)
{
	static const struct output_column columns[] = {
		{ "batch", "batch", "lot", 12 },       { "position", "pos", "pos", 4 },
		{ "maker", "maker", "fabricant", 14 }, { "serial", "serial", "série", 12 },
		{ "approval", "approval", "avis", 9 }, { "verdict", "verdict", "verdict", 14 },
		{ "reason", "reason", "motif", 24 },   { 0 }
	};
	struct query_filter q = QUERY_ALL;
	struct fault f = { 0 };

	q.batch = cli_value(a, "batch");
	q.verdict = cli_value(a, "verdict");
	q.approval = cli_value(a, "approval");
	q.apparatus = cli_value(a, "apparatus");
	if (parse_day("since", cli_value(a, "since"), INT64_MIN, &q.since_utc_ns) !=
		    EXIT_CONFORMING ||
	    parse_day("until", cli_value(a, "until"), INT64_MAX, &q.until_utc_ns) !=
		    EXIT_CONFORMING)
		return EXIT_USAGE;
	return output_table(a, columns, query_meters(lab->db, &q, &f), &f);
}

int cmd_history(const struct cli_args *a)
{
	struct lab lab;
	int code = open_lab(a, DB_READ, &lab);

	if (code != EXIT_CONFORMING)
		return code;
	code = a->n_words ? history_of_serial(a, &lab) : history_list(a, &lab);
	lab_close(&lab);
	return code;
}

/* Is that one of the files of the record itself? Opening it for writing would empty it. */
static bool is_of_record(const char *lab, const char *path)
{
	static const char *const names[] = { "etalon.db", "etalon.db-wal", "etalon.db-shm",
					     "etalon.db.lock" };
	struct stat to, of;
	char name[PATH_MAX];

	if (stat(path, &to) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", lab, names[i]);
		if (stat(name, &of) == 0 && of.st_dev == to.st_dev && of.st_ino == to.st_ino)
			return true;
	}
	return false;
}

static int to_file_or_stdout(const struct cli_args *a, FILE **out)
{
	const char *path = cli_value(a, "output");

	if (path && is_of_record(a->lab, path))
		return cli_fail(EXIT_USAGE, "--output: %s is the record itself", path);
	*out = path ? fopen(path, "we") : stdout;
	return *out ? EXIT_CONFORMING : cli_fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
}

/* A file that could not be written whole is an error, not a report. Of stdout cli_main() says it. */
static int finish_output(const struct cli_args *a, FILE *out, int code)
{
	const char *path = cli_value(a, "output");
	bool bad;

	if (!path)
		return code;
	errno = 0;
	bad = fflush(out) != 0 || ferror(out);
	if (fclose(out) != 0)
		bad = true;
	return bad ? cli_fail(EXIT_RECORD, "%s: %s", path,
			      errno ? strerror(errno) : "could not be written")
		   : code;
}

int cmd_report_batch(const struct cli_args *a)
{
	struct fault f = { 0 };
	json_t *report = NULL;
	struct lab lab;
	FILE *out;
	int code = open_lab(a, DB_READ, &lab);

	if (code != EXIT_CONFORMING)
		return code;
	if (report_batch_load(lab.db, a->words[0], &report, &f) != ET_OK) {
		lab_close(&lab);
		return cli_fail(cli_exit_of(f.code), "%s", f.text);
	}
	lab_close(&lab);
	code = to_file_or_stdout(a, &out);
	if (code == EXIT_CONFORMING) {
		char *text = NULL;
		size_t len = 0;

		if (!a->json)
			report_batch_text(report, a->lang, out);
		else if (json_canonical(report, &text, &len) == ET_OK)
			fprintf(out, "%s\n", text);
		free(text);
		code = finish_output(a, out, code);
	}
	json_decref(report);
	return code;
}

/* ---- audit ---- */

static int audit(const struct cli_args *a, bool whole)
{
	struct fault f = { 0 };
	struct lab lab;
	int64_t n = 0;
	char head[65];
	int code = open_lab(a, DB_READ, &lab), err;

	if (code != EXIT_CONFORMING)
		return code;
	err = whole ? db_verify(lab.db, &n, head, &f) : db_head(lab.db, &n, head, &f);
	if (whole && err == ET_OK)
		err = db_verify_projections(lab.db, &f);
	lab_close(&lab);
	if (a->json)
		(void)output_end(a, json_pack("{s:b,s:I,s:o,s:o}", "whole", err == ET_OK, "entries",
					      (json_int_t)n, "head",
					      err == ET_OK ? json_str(head) : json_null(), "fault",
					      err == ET_OK ? json_null() : json_str(f.text)));
	if (err != ET_OK)
		return cli_fail(cli_exit_of(err), "%s", f.text);
	if (!a->json && whole)
		printf("%lld %s\n", (long long)n,
		       tr(a->lang, "entries, the chain is whole",
			  "entrées, la chaîne est intacte"));
	if (!a->json)
		printf("%lld %s\n", (long long)n, head);
	return EXIT_CONFORMING;
}

int cmd_audit_verify(const struct cli_args *a)
{
	return audit(a, true);
}

int cmd_audit_head(const struct cli_args *a)
{
	return audit(a, false);
}

/* ---- recompute ---- */

static void print_difference(void *arg, const char *attempt, int position, const char *key,
			     const json_t *stored, const json_t *now)
{
	char *was = stored ? json_dumps(stored, JSON_ENCODE_ANY) : NULL,
	     *is = json_dumps(now, JSON_ENCODE_ANY);
	const struct cli_args *a = arg;

	fprintf(stderr, "%s %s %d: %s: %s %s, %s %s\n", attempt,
		tr(a->lang, "position", "position"), position, key,
		tr(a->lang, "stored", "enregistré"), was ? was : "-",
		tr(a->lang, "today", "aujourd'hui"), is ? is : "-");
	free(was);
	free(is);
}

int cmd_recompute(const struct cli_args *a)
{
	const char *batch = cli_value(a, "batch");
	struct recompute_count n;
	struct fault f = { 0 };
	struct lab lab;
	int code, err;

	if (!batch == !cli_value(a, "all"))
		return cli_fail(EXIT_USAGE, "recompute: --batch ID or --all");
	code = open_lab(a, DB_READ, &lab);
	if (code != EXIT_CONFORMING)
		return code;
	err = recompute(lab.db, batch, print_difference, (void *)(uintptr_t)a, &n, &f);
	lab_close(&lab);
	if (err != ET_OK)
		return cli_fail(cli_exit_of(err), "%s", f.text);
	if (batch && n.attempts == 0)
		return cli_fail(EXIT_USAGE, "%s: no attempt of such a batch is on record", batch);
	if (a->json)
		(void)output_end(a, json_pack("{s:I,s:I,s:I}", "attempts", (json_int_t)n.attempts,
					      "observations", (json_int_t)n.observations,
					      "different", (json_int_t)n.different));
	else
		printf("%lld %s, %lld %s, %lld %s\n", (long long)n.attempts,
		       tr(a->lang, "attempts", "essais"), (long long)n.observations,
		       tr(a->lang, "observations", "observations"), (long long)n.different,
		       tr(a->lang, "different", "différentes"));
	return n.different ? EXIT_INTEGRITY : EXIT_CONFORMING;
}

/* ---- export, rebuild ---- */

static int write_text(void *arg, const char *text, size_t len)
{
	return fwrite(text, 1, len, arg) == len ? ET_OK : ET_ERR_IO;
}

int cmd_export(const struct cli_args *a)
{
	struct fault f = { 0 };
	struct lab lab;
	FILE *out;
	int code, err;

	if (!cli_value(a, "journal"))
		return cli_fail(EXIT_USAGE, "export: --journal is what can be exported");
	code = open_lab(a, DB_READ, &lab);
	if (code != EXIT_CONFORMING)
		return code;
	code = to_file_or_stdout(a, &out);
	if (code == EXIT_CONFORMING) {
		err = db_export_journal(lab.db, write_text, out, &f);
		if (err == ET_ERR_IO) /* of the copy, not of the bench */
			err = ET_ERR_RECORD;
		code = finish_output(a, out,
				     err == ET_OK ? EXIT_CONFORMING
						  : cli_fail(cli_exit_of(err), "%s", f.text));
	}
	lab_close(&lab);
	return code;
}

/* Tables that do not follow from the journal are evidence: they are replaced only when somebody insists. */
static int rebuild(const struct cli_args *a, struct db *db)
{
	struct fault f = { 0 };
	int err = db_verify(db, NULL, NULL, &f);

	if (err != ET_OK)
		return cli_fail(cli_exit_of(err), "%s", f.text);
	err = db_verify_projections(db, &f);
	if (err != ET_OK && !cli_value(a, "force"))
		return cli_fail(cli_exit_of(err), "%s; nothing was changed, --force replaces it",
				f.text);
	if (err != ET_OK)
		(void)cli_fail(0, "%s; replaced", f.text);
	err = db_rebuild(db, &f);
	return err == ET_OK ? EXIT_CONFORMING : cli_fail(cli_exit_of(err), "%s", f.text);
}

int cmd_db_rebuild(const struct cli_args *a)
{
	struct lab lab;
	int code = open_lab(a, DB_WRITE, &lab);

	if (code != EXIT_CONFORMING)
		return code;
	code = rebuild(a, lab.db);
	lab_close(&lab);
	return code;
}
