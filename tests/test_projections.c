/* SPDX-License-Identifier: Apache-2.0 */
/* The tables beside the journal: made again they are the same, changed they are found out; and the export. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/journal.h"
#include "tests/support/near.h"
#include "tests/support/record.h"

static const char *const tables[] = {
	"counters",	   "sessions",	      "people",	  "apparatus",	  "meters",   "batches",
	"batch_apparatus", "batch_positions", "attempts", "observations", "verdicts", "corrections",
};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

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

static void put(struct db *d, const char *kind, json_t *payload)
{
	struct fault f = { 0 };

	if (record_commit(d, kind, payload, &f) < 0)
		fail_msg("%s", f.text);
}

/* Something in every table. */
static struct db *full_record(const char *path)
{
	struct db *d = record_create(path, NULL);
	struct fault f = { 0 };

	put(d, "person.added",
	    json_pack("{s:s, s:s, s:s}", "id", "jt", "name", "J. T.", "role", "technician"));
	put(d, "apparatus.added", record_apparatus("REF-1", "C-2024"));
	put(d, "apparatus.added", record_apparatus("REF-1", "C-2025"));
	put(d, "apparatus.added", record_apparatus("REF-2", "D-1"));
	put(d, "apparatus.retired", json_pack("{s:s, s:s}", "id", "REF-2", "reason", "dropped"));
	put(d, "batch.opened", record_batch("W1", "B1-1", 100, 3));
	assert_int_equal(record_commit_attempt(d, "W1", 1, 100, 3, &f), ET_OK);
	put(d, "attempt.stored",
	    record_attempt("W1", "B1-2", "B1-1", "LL", 1, "void", 100, 3, 0.5, NULL));
	put(d, "session.started", record_session("B1-2"));
	put(d, "batch.interrupted",
	    json_pack("{s:s, s:s, s:s, s:i, s:n}", "batch", "W1", "session", "B1-2",
		      "found_session", "B1-1", "last_seq", 10, "note"));
	put(d, "attempt.stored",
	    record_attempt("W1", "B1-3", "B1-2", "LL", 2, "done", 100, 3, 0.7, NULL));
	put(d, "attempt.stored",
	    record_attempt("W1", "B1-4", "B1-2", "LL", 3, "void", 100, 3, 0.9, NULL));
	put(d, "source.state",
	    json_pack("{s:s, s:s, s:n}", "session", "B1-2", "state", "off_proven", "evidence"));
	put(d, "batch.closed", record_closed("W1", "B1-2", 100, 3, "conforming", "HL", "B1-1"));
	put(d, "correction", json_pack("{s:i, s:s}", "corrects_seq", 3, "reason", "name misspelt"));
	put(d, "batch.opened", record_batch("B1-12", "B1-2", 101, 1));
	put(d, "session.ended",
	    json_pack("{s:s, s:i, s:s}", "session", "B1-2", "exit_code", 3, "reason", "fault"));
	return d;
}

/* Everything in a table as text, in the order of its key. */
static char *dump(sqlite3 *s, const char *table)
{
	char *all = sqlite3_mprintf(""),
	     *sql = sqlite3_mprintf("SELECT * FROM %s ORDER BY 1, 2%s", table,
				    strcmp(table, "counters") ? ", 3" : "");
	sqlite3_stmt *q;

	assert_int_equal(sqlite3_prepare_v2(s, sql, -1, &q, NULL), SQLITE_OK);
	sqlite3_free(sql);
	while (sqlite3_step(q) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(q); i++) {
			const char *v = (const char *)sqlite3_column_text(q, i);
			char *more = sqlite3_mprintf("%z%s=%s|", all, sqlite3_column_name(q, i),
						     v ? v : "NULL");

			all = more;
		}
		all = sqlite3_mprintf("%z\n", all);
	}
	sqlite3_finalize(q);
	return all;
}

static void dump_all(const char *path, char *out[TABLES])
{
	sqlite3 *s;

	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	for (int i = 0; i < TABLES; i++) {
		out[i] = dump(s, tables[i]);
		assert_true(strlen(out[i]) > 0); /* the test covers it */
	}
	sqlite3_close(s);
}

static int change(const char *path, const char *sql)
{
	sqlite3 *s;
	int n;

	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, sql, NULL, NULL, NULL), SQLITE_OK);
	n = sqlite3_total_changes(s);
	sqlite3_close(s);
	return n;
}

static void made_again_they_are_identical(void **state)
{
	const char *path = record_path("e.db");
	char *before[TABLES], *after[TABLES];
	struct db *d = full_record(path);
	char head[65], again[65];
	struct fault f = { 0 };

	(void)state;
	dump_all(path, before);
	assert_int_equal(db_head(d, NULL, head, &f), ET_OK);
	assert_int_equal(db_verify_projections(d, &f), ET_OK);
	assert_int_equal(db_rebuild(d, &f), ET_OK);
	dump_all(path, after);
	for (int i = 0; i < TABLES; i++) {
		assert_string_equal(after[i], before[i]);
		sqlite3_free(after[i]);
	}
	/* also from ruins */
	for (int i = 0; i < TABLES; i++) {
		char sql[80];

		snprintf(sql, sizeof(sql), i % 2 ? "DROP TABLE %s" : "DELETE FROM %s", tables[i]);
		change(path, sql);
	}
	assert_int_equal(db_verify(d, NULL, NULL, &f), ET_ERR_INTEGRITY);
	assert_int_equal(db_rebuild(d, &f), ET_OK);
	dump_all(path, after);
	for (int i = 0; i < TABLES; i++) {
		assert_string_equal(after[i], before[i]);
		sqlite3_free(after[i]);
		sqlite3_free(before[i]);
	}
	assert_int_equal(db_verify(d, NULL, again, &f), ET_OK);
	assert_string_equal(again, head);
	/* and the connection goes on */
	put(d, "session.started", record_session("B1-3"));
	assert_int_equal(db_verify_projections(d, &f), ET_OK);
	db_close(d);
}

static void a_changed_table_is_found_out(void **state)
{
	static const char *const changes[] = {
		"UPDATE observations SET err_pct = 0.11 WHERE position = 1",
		"UPDATE verdicts SET verdict = 'nonconforming' WHERE position = 2 AND step = 'HL'",
		"UPDATE batch_positions SET verdict = NULL WHERE position = 3",
		"DELETE FROM attempts WHERE attempt = 'B1-2'",
		"DELETE FROM meters WHERE serial = '00000102'",
		"INSERT INTO people VALUES ('x', 1, 'X', 'signatory')",
		"UPDATE apparatus SET expires = '2036-01-07' WHERE id = 'REF-1'",
		"UPDATE corrections SET reason = ''",
		"UPDATE counters SET last = 99",
	};
	const char *path = record_path("e.db");
	struct fault f;
	struct db *d;

	(void)state;
	db_close(full_record(path));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		print_message("%s\n", changes[i]);
		assert_true(change(path, changes[i]) > 0);
		assert_int_equal(db_open(path, DB_READ, NULL, &d, &f), ET_OK);
		assert_int_equal(db_verify(d, NULL, NULL, &f),
				 ET_OK); /* the record itself is whole */
		assert_int_equal(db_verify_projections(d, &f), ET_ERR_INTEGRITY);
		print_message("    %s\n", f.text);
		db_close(d);
		assert_int_equal(db_open(path, DB_WRITE, NULL, &d, &f), ET_OK);
		assert_int_equal(db_rebuild(d, &f), ET_OK);
		assert_int_equal(db_verify_projections(d, &f), ET_OK);
		db_close(d);
	}
}

static char *one_text(const char *path, const char *sql)
{
	static char text[200];
	sqlite3_stmt *q;
	sqlite3 *s;

	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(s, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	snprintf(text, sizeof(text), "%s",
		 sqlite3_column_text(q, 0) ? (const char *)sqlite3_column_text(q, 0) : "NULL");
	assert_int_equal(sqlite3_step(q), SQLITE_DONE);
	sqlite3_finalize(q);
	sqlite3_close(s);
	return text;
}

static void they_say_what_the_entries_say(void **state)
{
	const char *path = record_path("e.db");

	(void)state;
	db_close(full_record(path));
	assert_string_equal(one_text(path, "SELECT certificate FROM apparatus WHERE id = 'REF-1'"),
			    "C-2025");
	assert_string_equal(
		one_text(path, "SELECT retired_seq || reason FROM apparatus WHERE id = 'REF-2'"),
		"7dropped");
	/* the entry of the apparatus that was in force */
	assert_string_equal(
		one_text(path, "SELECT apparatus_seq FROM batch_apparatus WHERE batch_seq = 8"),
		"5");
	/* void, done, void again: the figure that counted stands */
	assert_string_equal(one_text(path,
				     "SELECT verdict || attempt FROM verdicts WHERE batch_seq = 8"
				     " AND position = 2 AND step = 'LL'"),
			    "conformingB1-3");
	assert_string_equal(
		one_text(path, "SELECT err_pct FROM observations WHERE position = 2 AND seq = 13"),
		"0.72");
	assert_string_equal(one_text(path,
				     "SELECT group_concat(result) FROM (SELECT result FROM attempts"
				     " ORDER BY seq)"),
			    "done,void,done,void");
	assert_string_equal(one_text(path, "SELECT first_seq || ' ' || last_seq FROM meters"
					   " WHERE serial = '00000101'"),
			    "8 18");
	assert_string_equal(one_text(path, "SELECT last FROM counters WHERE series = 'batch'"),
			    "12");
	assert_string_equal(
		one_text(path, "SELECT ended_seq || reason FROM sessions WHERE session = 'B1-1'"),
		"12interrupted");
	assert_string_equal(one_text(path, "SELECT last_seq FROM sessions WHERE session = 'B1-2'"),
			    "19");
	assert_string_equal(one_text(path,
				     "SELECT interrupted_seq || ' ' || closed_seq FROM batches"
				     " WHERE batch = 'W1'"),
			    "12 16");
}

/* ---- export ---- */

struct text {
	char *p;
	size_t len;
};

static int collect(void *arg, const char *text, size_t len)
{
	struct text *t = arg;

	t->p = realloc(t->p, t->len + len + 1);
	memcpy(t->p + t->len, text, len);
	t->len += len;
	t->p[t->len] = '\0';
	return ET_OK;
}

static int refuse(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
	return ET_ERR_IO;
}

static const char first_line[] =
	"{\"actor\":\"jt\",\"boot_id\":\"b0071d\",\"hash\":"
	"\"08e1878c7be4054149aedcfdf2889dbf4e8a0f10da278b352fdf489e42bb09a7\","
	"\"kind\":\"laboratory.created\",\"mono_ns\":1000000000,"
	"\"payload\":{\"bench\":\"B1\",\"name\":\"Laboratoire d'essai\",\"simulated\":true},"
	"\"seq\":1,\"utc_ns\":1750000001000000000,\"utc_offset_s\":-14400}\n";

static void the_export_depends_on_content_alone(void **state)
{
	const char *a = record_path("a.db"), *b = record_path("b.db");
	struct text one = { 0 }, two = { 0 };
	struct fault f = { 0 };
	struct db *d;
	json_t *line;
	int lines = 0;

	(void)state;
	d = full_record(a);
	assert_int_equal(db_export_journal(d, collect, &one, &f), ET_OK);
	assert_int_equal(db_export_journal(d, refuse, NULL, &f), ET_ERR_IO);
	db_close(d);
	/* other page layout, blobs with other row numbers and packed at another level: the same content */
	db_close(full_record(b));
	change(b, "DROP TRIGGER blob_no_update; DROP TRIGGER blob_once; UPDATE blob SET id = 77;"
		  "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM");
	assert_int_equal(db_open(b, DB_READ, NULL, &d, &f), ET_OK);
	assert_int_equal(db_export_journal(d, collect, &two, &f), ET_OK);
	db_close(d);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.p, two.p, one.len);

	assert_int_equal(strncmp(one.p, first_line, sizeof(first_line) - 1), 0);
	for (char *p = one.p, *end; (end = strchr(p, '\n')); p = end + 1, lines++) {
		line = json_loadb(p, (size_t)(end - p), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(line);
		assert_true(!!json_object_get(line, "payload") != !!json_object_get(line, "bytes"));
		json_decref(line);
	}
	assert_int_equal(lines, 19 + 1);
	free(one.p);
	free(two.p);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(made_again_they_are_identical),
		TEST(a_changed_table_is_found_out),
		TEST(they_say_what_the_entries_say),
		TEST(the_export_depends_on_content_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
