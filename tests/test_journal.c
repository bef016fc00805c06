/* SPDX-License-Identifier: Apache-2.0 */
/* The record: who may open it, what it accepts, what it keeps. */
#include "db/journal.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "tests/support/near.h"
#include "tests/support/record.h"

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

/* Run SQL as any program could; @return SQLite's code. */
static int raw_sql(const char *path, const char *text)
{
	sqlite3 *s;
	int rc = sqlite3_open(path, &s);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s, text, NULL, NULL, NULL);
	sqlite3_close(s);
	return rc;
}

static struct db *open_ok(const char *path, enum db_mode mode)
{
	struct fault f = { 0 };
	struct db *d = NULL;

	if (db_open(path, mode, NULL, &d, &f) < 0)
		fail_msg("%s", f.text);
	return d;
}

static void a_stranger_computes_the_same_hash(void **state)
{
	const char *path = record_path("e.db");
	struct fault f = { 0 };
	char head[65];
	struct db *d;
	int64_t n;

	(void)state;
	assert_int_equal(db_open(path, DB_CREATE, NULL, &d, &f), ET_OK);
	assert_int_equal(db_head(d, &n, head, &f), ET_OK);
	assert_int_equal(n, 0);
	assert_string_equal(head,
			    "0000000000000000000000000000000000000000000000000000000000000000");
	/* both computed with the Python of docs/json.md */
	assert_int_equal(record_commit(d, "laboratory.created", record_laboratory(), &f), ET_OK);
	assert_int_equal(db_head(d, &n, head, &f), ET_OK);
	assert_string_equal(head,
			    "08e1878c7be4054149aedcfdf2889dbf4e8a0f10da278b352fdf489e42bb09a7");
	assert_int_equal(record_commit(d, "person.added",
				       json_pack("{s:s, s:s, s:s}", "role", "auditor", "name",
						 "Zoé", "id", "zoé"),
				       &f),
			 ET_OK);
	assert_int_equal(db_verify(d, &n, head, &f), ET_OK);
	assert_int_equal(n, 2);
	assert_string_equal(head,
			    "b61846ffb233d36d57c9e4aadad25f54c1edcf015a31bc9365d318c89b72a887");
	db_close(d);
}

static void only_our_files_are_opened(void **state)
{
	const char *path = record_path("e.db"), *other = record_path("other.db");
	struct fault f;
	struct db *d = NULL;
	FILE *t;

	(void)state;
	assert_int_equal(db_open(path, DB_READ, NULL, &d, &f), ET_ERR_FILE);
	assert_int_equal(db_open(path, DB_WRITE, NULL, &d, &f), ET_ERR_FILE);
	assert_int_not_equal(access(path, F_OK), 0); /* and not made by the way */
	db_close(open_ok(path, DB_CREATE));
	assert_int_equal(db_open(path, DB_CREATE, NULL, &d, &f), ET_ERR_FILE);
	assert_non_null(strstr(f.text, "exists already"));
	db_close(open_ok(path, DB_WRITE));
	db_close(open_ok(path, DB_READ));

	assert_int_equal(raw_sql(other, "CREATE TABLE t (x)"), SQLITE_OK);
	assert_int_equal(db_open(other, DB_WRITE, NULL, &d, &f), ET_ERR_INTEGRITY);
	assert_int_equal(db_open(other, DB_READ, NULL, &d, &f), ET_ERR_INTEGRITY);
	t = fopen(other, "w");
	assert_non_null(t);
	fputs("This is a text of more than a hundred bytes, which SQLite must not take for the "
	      "header "
	      "of one of its own database files.\n",
	      t);
	fclose(t);
	assert_int_equal(db_open(other, DB_READ, NULL, &d, &f), ET_ERR_INTEGRITY);
	assert_int_equal(truncate(other, 0), 0);
	assert_int_equal(db_open(other, DB_WRITE, NULL, &d, &f), ET_ERR_INTEGRITY);

	assert_int_equal(raw_sql(path, "PRAGMA user_version = 2"), SQLITE_OK);
	assert_int_equal(db_open(path, DB_WRITE, NULL, &d, &f), ET_ERR_INTEGRITY);
	assert_non_null(strstr(f.text, "newer"));
	assert_null(d);
}

static void one_writes_many_read(void **state)
{
	const char *path = record_path("e.db");
	struct db *w = record_create(path, NULL), *r, *second = NULL;
	struct fault f;
	char pid[16];
	int64_t n;

	(void)state;
	assert_int_equal(db_open(path, DB_WRITE, NULL, &second, &f), ET_ERR_STATE);
	snprintf(pid, sizeof(pid), "(%ld)", (long)getpid());
	assert_non_null(strstr(f.text, pid));
	assert_null(second);
	/* a reader sees what is committed, and nothing that is not */
	r = open_ok(path, DB_READ);
	assert_int_equal(db_begin(r, &f), ET_ERR_STATE);
	assert_int_equal(db_begin(w, &f), ET_OK);
	assert_int_equal(record_append(w, "session.ended",
				       json_pack("{s:s, s:i, s:n}", "session", "B1-1", "exit_code",
						 0, "reason"),
				       &f),
			 ET_OK);
	assert_int_equal(db_head(r, &n, NULL, &f), ET_OK);
	assert_int_equal(n, 2);
	assert_int_equal(db_commit(w, &f), ET_OK);
	assert_int_equal(db_head(r, &n, NULL, &f), ET_OK);
	assert_int_equal(n, 3);
	db_close(r);
	/* the refused one and the reader did not take the writer's locks with them */
	assert_int_equal(db_open(path, DB_WRITE, NULL, &second, &f), ET_ERR_STATE);
	db_close(w);
	db_close(open_ok(path, DB_WRITE));
}

static void another_program_that_locks_is_named(void **state)
{
	const char *path = record_path("e.db");
	struct db *d = record_create(path, NULL);
	struct fault f;
	sqlite3 *s;

	(void)state;
	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(db_begin(d, &f), ET_ERR_RECORD);
	assert_non_null(strstr(f.text, "locked by another program"));
	sqlite3_close(s);
	assert_int_equal(db_begin(d, &f), ET_OK);
	db_close(d);
}

static void sql_cannot_change_what_is_there(void **state)
{
	static const char *const attempts[] = {
		"UPDATE journal SET actor = 'x' WHERE seq = 2",
		"DELETE FROM journal WHERE seq = 2",
		"REPLACE INTO journal SELECT 2, utc_ns, utc_offset_s, boot_id, mono_ns, 'x', kind,"
		" payload, hash FROM journal WHERE seq = 2",
		"INSERT INTO journal SELECT 9, utc_ns, utc_offset_s, boot_id, mono_ns, 'x', kind,"
		" payload, hash FROM journal WHERE seq = 2",
		"INSERT INTO journal (utc_ns, utc_offset_s, boot_id, mono_ns, actor, kind, "
		"payload, hash)"
		" SELECT utc_ns, utc_offset_s, boot_id, mono_ns, 'x', kind, payload, hash FROM "
		"journal",
		"UPDATE blob SET kind = 'x'",
		"DELETE FROM blob",
		"REPLACE INTO blob SELECT id, hash, kind, len, x'00' FROM blob",
	};
	const char *path = record_path("e.db");
	struct db *d = record_create(path, NULL);
	struct fault f = { 0 };

	(void)state;
	assert_int_equal(record_commit(d, "batch.opened", record_batch("W1", "B1-1", 100, 1), &f),
			 ET_OK);
	assert_int_equal(record_commit_attempt(d, "W1", 1, 100, 1, &f), ET_OK);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		print_message("%s\n", attempts[i]);
		assert_int_equal(raw_sql(path, attempts[i]), SQLITE_CONSTRAINT);
	}
	assert_int_equal(db_verify(d, NULL, NULL, &f), ET_OK);
	db_close(d);
}

static void wrong_payloads_are_refused(void **state)
{
	struct db *d = record_create(record_path("e.db"), NULL);
	struct fault f = { 0 };
	json_t *p;
	int64_t n;

	(void)state;
	assert_int_equal(record_commit(d, "no.such.kind", json_object(), &f), ET_ERR_ARG);
	assert_int_equal(record_commit(d, "person.added", json_array(), &f), ET_ERR_ARG);
	assert_int_equal(record_commit(d, "person.added", json_object(), &f), ET_ERR_ARG);
	assert_string_equal(f.text, "person.added: id is missing");
	p = json_pack("{s:s, s:s, s:i}", "id", "a", "name", "b", "role", 3);
	assert_int_equal(record_commit(d, "person.added", p, &f), ET_ERR_ARG);
	assert_string_equal(f.text, "person.added: role has another type");
	p = record_apparatus("REF-1", "C1");
	json_object_del(json_array_get(json_object_get(p, "correction"), 0), "k");
	assert_int_equal(record_commit(d, "apparatus.added", p, &f), ET_ERR_ARG);
	assert_string_equal(f.text, "apparatus.added: correction[].k is missing");
	p = record_apparatus("REF-1", "C1"); /* no certificate at all is allowed */
	json_object_set_new(p, "certificate", json_null());
	assert_int_equal(record_commit(d, "apparatus.added", p, &f), ET_OK);
	p = record_closed("W1", "B1-1", 100, 1, "conforming", "HL", "B1-1");
	json_object_del(
		json_array_get(json_object_get(json_array_get(json_object_get(p, "positions"), 0),
					       "steps"),
			       0),
		"verdict");
	assert_int_equal(record_commit(d, "batch.closed", p, &f), ET_ERR_ARG);
	assert_string_equal(f.text, "batch.closed: positions[].steps[].verdict is missing");
	assert_int_equal(db_head(d, &n, NULL, &f), ET_OK);
	assert_int_equal(n, 3);
	db_close(d);
}

static void contradictions_are_refused(void **state)
{
	struct db *d = record_create(record_path("e.db"), NULL);
	struct fault f = { 0 };
	json_t *p;

	(void)state;
	assert_int_equal(record_commit(d, "laboratory.created", record_laboratory(), &f),
			 ET_ERR_ARG);
	assert_int_equal(record_commit(d, "session.started", record_session("B1-1"), &f),
			 ET_ERR_ARG);
	assert_int_equal(record_commit(d, "batch.opened", record_batch("W1", "B1-9", 1, 1), &f),
			 ET_ERR_ARG); /* no such session */
	p = record_batch("W1", "B1-1", 1, 2);
	json_object_set_new(json_array_get(json_object_get(p, "positions"), 1), "position",
			    json_integer(1));
	assert_int_equal(record_commit(d, "batch.opened", p, &f), ET_ERR_ARG);
	assert_int_equal(record_commit_attempt(d, "W1", 1, 1, 2, &f), ET_ERR_ARG); /* no batch */
	assert_int_equal(record_commit(d, "batch.opened", record_batch("W1", "B1-1", 1, 2), &f),
			 ET_OK);
	assert_int_equal(record_commit(d, "batch.opened", record_batch("W1", "B1-1", 1, 2), &f),
			 ET_ERR_ARG);
	assert_int_equal(record_commit_attempt(d, "W1", 1, 2, 2, &f),
			 ET_ERR_ARG); /* swapped meters */
	assert_int_equal(record_commit_attempt(d, "W1", 1, 1, 2, &f), ET_OK);
	assert_int_equal(record_commit_attempt(d, "W1", 1, 1, 2, &f), ET_ERR_ARG); /* the same id */
	p = record_closed("W1", "B1-1", 1, 2, "conforming", "HL", "B1-1");
	assert_int_equal(record_commit(d, "batch.closed", p, &f), ET_OK);
	assert_int_equal(record_commit_attempt(d, "W1", 2, 1, 2, &f), ET_ERR_ARG);
	assert_non_null(strstr(f.text, "closed"));
	p = json_pack("{s:i, s:s}", "corrects_seq", 99, "reason", "typing error");
	assert_int_equal(record_commit(d, "correction", p, &f), ET_ERR_ARG);
	p = json_pack("{s:s, s:s}", "id", "REF-9", "reason", "dropped");
	assert_int_equal(record_commit(d, "apparatus.retired", p, &f), ET_ERR_ARG);
	assert_int_equal(db_verify(d, NULL, NULL, &f), ET_OK);
	assert_int_equal(db_verify_projections(d, &f), ET_OK);
	db_close(d);
}

static void a_failed_transaction_leaves_nothing(void **state)
{
	struct db *d = record_create(record_path("e.db"), NULL);
	struct fault f = { 0 }, g = { 0 };
	int64_t n;

	(void)state;
	assert_int_equal(db_append(d, &(struct journal_stamp){ 0 }, "correction", NULL, NULL, &f),
			 ET_ERR_STATE);
	assert_int_equal(db_commit(d, &f), ET_ERR_STATE);
	assert_int_equal(db_begin(d, &f), ET_OK);
	assert_int_equal(db_begin(d, &f), ET_ERR_STATE);
	assert_int_equal(record_append(d, "session.started", record_session("B1-2"), &f), ET_OK);
	assert_int_equal(record_append(d, "person.added", json_object(), &f), ET_ERR_ARG);
	assert_int_equal(record_append(d, "session.started", record_session("B1-3"), &g),
			 ET_ERR_ARG);
	assert_string_equal(g.text, f.text); /* the first error stays the answer */
	assert_int_equal(db_commit(d, &g), ET_ERR_ARG);
	assert_string_equal(g.text, f.text);
	assert_int_equal(db_head(d, &n, NULL, &f), ET_OK);
	assert_int_equal(n, 2);
	assert_int_equal(record_commit(d, "session.started", record_session("B1-2"), &f), ET_OK);
	db_close(d);
}

static void raw_data_come_back_and_belong_to_an_entry(void **state)
{
	struct db *d = record_create(record_path("e.db"), NULL);
	char hash[65], again[65];
	struct fault f = { 0 };
	void *back;
	size_t len;

	(void)state;
	assert_int_equal(record_commit(d, "batch.opened", record_batch("W1", "B1-1", 1, 1), &f),
			 ET_OK);
	assert_int_equal(db_put_blob(d, "edges", "x", 1, hash, &f), ET_ERR_STATE);
	assert_int_equal(db_begin(d, &f), ET_OK);
	assert_int_equal(db_put_blob(d, "edges", "abc", 3, hash, &f), ET_OK);
	/* BLAKE2b-256 of "abc", from `b2sum -l 256` */
	assert_string_equal(hash,
			    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	assert_int_equal(db_put_blob(d, "edges", "abc", 3, again, &f), ET_OK);
	assert_string_equal(again, hash);
	assert_int_equal(db_commit(d, &f), ET_ERR_ARG); /* no entry names it */
	assert_int_equal(db_get_blob(d, hash, &back, &len, &f), ET_ERR_INTEGRITY);

	assert_int_equal(db_begin(d, &f), ET_OK); /* named, but not stored */
	assert_int_equal(record_append(d, "attempt.stored",
				       record_attempt("W1", "B1-1", "B1-1", "HL", 1, "done", 1, 1,
						      0.1, hash),
				       &f),
			 ET_ERR_ARG);
	db_rollback(d);
	assert_int_equal(db_begin(d, &f), ET_OK);
	assert_int_equal(db_put_blob(d, "edges", "abc", 3, hash, &f), ET_OK);
	assert_int_equal(record_append(d, "attempt.stored",
				       record_attempt("W1", "B1-1", "B1-1", "HL", 1, "done", 1, 1,
						      0.1, hash),
				       &f),
			 ET_OK);
	assert_int_equal(db_commit(d, &f), ET_OK);
	assert_int_equal(db_get_blob(d, hash, &back, &len, &f), ET_OK);
	assert_int_equal(len, 3);
	assert_memory_equal(back, "abc", 3);
	free(back);
	hash[3] = 'G';
	assert_int_equal(db_get_blob(d, hash, &back, &len, &f), ET_ERR_ARG);
	db_close(d);
}

static void ids_count_from_the_journal(void **state)
{
	struct fault f = { 0 };
	struct db *d;
	char id[48];

	(void)state;
	assert_int_equal(db_open(record_path("e.db"), DB_CREATE, NULL, &d, &f), ET_OK);
	assert_int_equal(db_next_id(d, "session", id, &f), ET_ERR_STATE);
	assert_int_equal(record_commit(d, "laboratory.created", record_laboratory(), &f), ET_OK);
	assert_int_equal(db_next_id(d, "certificat", id, &f), ET_ERR_ARG);
	assert_int_equal(db_next_id(d, "session", id, &f), ET_OK);
	assert_string_equal(id, "B1-1");
	assert_int_equal(record_commit(d, "session.started", record_session("B1-1"), &f), ET_OK);
	assert_int_equal(record_commit(d, "session.started", record_session("B1-41"), &f), ET_OK);
	assert_int_equal(record_commit(d, "session.started", record_session("B1-7"), &f), ET_OK);
	assert_int_equal(record_commit(d, "session.started", record_session("night-x9"), &f),
			 ET_OK);
	assert_int_equal(db_next_id(d, "session", id, &f), ET_OK);
	assert_string_equal(id, "B1-42");
	assert_int_equal(db_next_id(d, "batch", id, &f), ET_OK);
	assert_string_equal(id, "B1-1");
	db_close(d);
}

static void the_last_of_a_kind_is_found(void **state)
{
	struct db *d = record_create(record_path("e.db"), NULL);
	struct fault f = { 0 };
	int64_t seq = -1;
	json_t *p;

	(void)state;
	for (int v = 1; v <= 3; v++)
		assert_int_equal(
			record_commit(d, "plan.in_force",
				      json_pack("{s:s, s:i, s:s, s:{s:s}}", "id",
						v == 2 ? "other" : "sa\"mple", "version", v,
						"standing", "sample", "plan", "id", "other"),
				      &f),
			ET_OK);
	p = db_last(d, "plan.in_force", "id", "other", &seq);
	assert_int_equal(json_get_int(p, "version", 0), 2); /* not the one with it further inside */
	assert_int_equal(seq, 4);
	json_decref(p);
	p = db_last(d, "plan.in_force", "id", "sa\"mple", &seq);
	assert_int_equal(json_get_int(p, "version", 0), 3);
	json_decref(p);
	p = db_last(d, "plan.in_force", NULL, NULL, NULL);
	assert_int_equal(json_get_int(p, "version", 0), 3);
	json_decref(p);
	assert_null(db_last(d, "plan.in_force", "id", "none", &seq));
	assert_null(db_last(d, "batch.opened", NULL, NULL, &seq));
	p = db_payload(d, 4, "plan.in_force");
	assert_string_equal(json_get_str(p, "id"), "other");
	json_decref(p);
	assert_null(db_payload(d, 4, "batch.opened"));
	assert_null(db_payload(d, 44, NULL));
	db_close(d);
}

static void a_backup_is_a_whole_copy(void **state)
{
	const char *path = record_path("e.db"), *copy = record_path("copy.db");
	struct db *w = record_create(path, NULL), *r, *c;
	char head[65], copied[65];
	struct fault f = { 0 };
	int64_t n;

	(void)state;
	assert_int_equal(record_commit(w, "batch.opened", record_batch("W1", "B1-1", 1, 2), &f),
			 ET_OK);
	assert_int_equal(record_commit_attempt(w, "W1", 1, 1, 2, &f), ET_OK);
	r = open_ok(path, DB_READ);
	assert_int_equal(db_backup(r, copy, &f), ET_OK);
	assert_int_equal(db_backup(r, copy, &f), ET_ERR_FILE);
	assert_int_equal(db_backup(r, record_path("none/copy.db"), &f), ET_ERR_FILE);
	db_close(r);
	assert_int_equal(db_head(w, NULL, head, &f), ET_OK);
	assert_int_equal(record_commit_attempt(w, "W1", 2, 1, 2, &f), ET_OK);
	c = open_ok(copy, DB_WRITE); /* another file, another lock; and it can go on */
	assert_int_equal(db_verify(c, &n, copied, &f), ET_OK);
	assert_int_equal(n, 4);
	assert_string_equal(copied, head);
	assert_int_equal(db_verify_projections(c, &f), ET_OK);
	assert_int_equal(record_commit(c, "session.started", record_session("B1-2"), &f), ET_OK);
	db_close(c);
	db_close(w);
}

/* As an ordinary user: root may write everywhere. @return the exit code of the child. */
static int read_as_nobody(const char *path)
{
	const pid_t child = fork();
	struct db *d;
	int64_t n = 0;
	int status;

	assert_int_not_equal(child, -1);
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(10);
		if (db_open(path, DB_READ, NULL, &d, NULL) < 0)
			_exit(11);
		if (db_verify(d, &n, NULL, NULL) < 0 || n != 2)
			_exit(12);
		db_close(d);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_copy_where_nothing_can_be_written_is_read(void **state)
{
	const char *path = record_path("e?%#.db");

	(void)state;
	db_close(record_create(path, NULL));
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(record_path("."), 0555), 0);
	assert_int_equal(read_as_nobody(path), 0);
	assert_int_equal(chmod(record_path("."), 0755), 0);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(a_stranger_computes_the_same_hash),
		TEST(only_our_files_are_opened),
		TEST(one_writes_many_read),
		TEST(another_program_that_locks_is_named),
		TEST(sql_cannot_change_what_is_there),
		TEST(wrong_payloads_are_refused),
		TEST(contradictions_are_refused),
		TEST(a_failed_transaction_leaves_nothing),
		TEST(raw_data_come_back_and_belong_to_an_entry),
		TEST(ids_count_from_the_journal),
		TEST(the_last_of_a_kind_is_found),
		TEST(a_backup_is_a_whole_copy),
		TEST(a_copy_where_nothing_can_be_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
