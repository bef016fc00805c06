/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody edits the record with another program: it is seen, and named. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/journal.h"
#include "tests/support/near.h"
#include "tests/support/record.h"

static const char no_triggers[] =
	"DROP TRIGGER journal_no_update; DROP TRIGGER journal_no_delete; DROP TRIGGER "
	"journal_in_order;"
	"DROP TRIGGER blob_no_update; DROP TRIGGER blob_no_delete; DROP TRIGGER blob_once;";

static char trigger_texts[6][600];

static int keep_trigger(void *arg, int n, char **v, char **names)
{
	int *i = arg;

	(void)n;
	(void)names;
	assert_true(strlen(v[0]) < sizeof(trigger_texts[0]));
	strcpy(trigger_texts[(*i)++], v[0]);
	return 0;
}

/* Edit as one who knows the schema: triggers away, the change, triggers back. */
static void tamper(const char *path, const char *change)
{
	char *why = NULL;
	sqlite3 *s;
	int n = 0;

	assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
	assert_int_equal(sqlite3_exec(s, "SELECT sql FROM sqlite_schema WHERE type = 'trigger'",
				      keep_trigger, &n, NULL),
			 SQLITE_OK);
	assert_int_equal(n, 6);
	assert_int_equal(sqlite3_exec(s, no_triggers, NULL, NULL, NULL), SQLITE_OK);
	if (sqlite3_exec(s, change, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", change, why);
	assert_true(sqlite3_total_changes(s) > 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(sqlite3_exec(s, trigger_texts[i], NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(s);
}

/* 1 laboratory, 2 session, 3 batch, 4 and 5 attempts with a blob each, 6 closed. */
static void make_record(const char *path)
{
	struct db *d = record_create(path, NULL);
	struct fault f = { 0 };

	assert_int_equal(record_commit(d, "batch.opened", record_batch("W1", "B1-1", 100, 3), &f),
			 ET_OK);
	assert_int_equal(record_commit_attempt(d, "W1", 1, 100, 3, &f), ET_OK);
	assert_int_equal(record_commit_attempt(d, "W1", 2, 100, 3, &f), ET_OK);
	assert_int_equal(
		record_commit(d, "batch.closed",
			      record_closed("W1", "B1-1", 100, 3, "conforming", "HL", "B1-1"), &f),
		ET_OK);
	db_close(d);
}

static int verify(const char *path, struct fault *f, int64_t *n, char head[65])
{
	struct db *d;
	int err = db_open(path, DB_READ, NULL, &d, f);

	if (err < 0)
		return err;
	err = db_verify(d, n, head, f);
	db_close(d);
	return err;
}

static const struct {
	const char *change, *says;
} cases[] = {
	{ "UPDATE journal SET utc_ns = utc_ns + 1 WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET utc_offset_s = -18000 WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET utc_offset_s = utc_offset_s + 4294967296 WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET mono_ns = mono_ns - 1 WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET boot_id = 'b0071e' WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET actor = 'jtx' WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET actor = actor || char(0) || 'x' WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET boot_id = 'b0071dj', actor = 't' WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET kind = 'attempt.Stored' WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET payload = replace(payload, 'conforming', 'nonconforming')"
	  " WHERE seq = 4",
	  "entry 4 " },
	{ "UPDATE journal SET payload = payload || ' ' WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET hash = zeroblob(32) WHERE seq = 4", "entry 4 " },
	{ "UPDATE journal SET hash = (SELECT hash FROM journal WHERE seq = 5) WHERE seq = 4",
	  "entry 4 " },
	{ "UPDATE journal SET actor = 'x' WHERE seq = 1", "entry 1 " },
	{ "UPDATE journal SET actor = 'x' WHERE seq = 6", "entry 6 " },
	{ "DELETE FROM journal WHERE seq = 4", "entry 4 is missing" },
	{ "DELETE FROM journal WHERE seq = 1", "entry 1 is missing" },
	{ "DELETE FROM journal WHERE seq = 4; UPDATE journal SET seq = seq - 1 WHERE seq > 4",
	  "entry 4 " },
	{ "UPDATE journal SET seq = -4 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5;"
	  "UPDATE journal SET seq = 5 WHERE seq = -4",
	  "entry 4 " },
	{ "INSERT INTO journal SELECT 7, utc_ns, utc_offset_s, boot_id, mono_ns, actor, kind, "
	  "payload,"
	  " hash FROM journal WHERE seq = 6",
	  "entry 7 " },
	{ "INSERT INTO journal SELECT 0, utc_ns, utc_offset_s, boot_id, mono_ns, actor, kind, "
	  "payload,"
	  " hash FROM journal WHERE seq = 6",
	  "comes 0" },
	{ "UPDATE blob SET zstd = CAST(substr(zstd, 1, 20) || x'00' || substr(zstd, 22) AS BLOB)"
	  " WHERE id = 1",
	  "of entry 4: " },
	{ "UPDATE blob SET zstd = (SELECT zstd FROM blob WHERE id = 1) WHERE id = 2",
	  "of entry 5: " },
	{ "UPDATE blob SET zstd = x'' WHERE id = 2", "of entry 5: " },
	{ "UPDATE blob SET len = len + 1 WHERE id = 2", "of entry 5: " },
	{ "UPDATE blob SET len = 1099511627776 WHERE id = 2", "of entry 5: " },
	{ "UPDATE blob SET kind = 'samples' WHERE id = 2", "of entry 5: " },
	{ "UPDATE blob SET hash = randomblob(32) WHERE id = 2", "raw data " },
	{ "DELETE FROM blob WHERE id = 2", "of entry 5: they are missing" },
	{ "DELETE FROM blob", "they are missing" },
	{ "INSERT INTO blob SELECT 3, randomblob(32), kind, len, zstd FROM blob WHERE id = 1",
	  "no entry names them" },
};

static void every_change_is_seen_and_named(void **state)
{
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%zu.db", i);
		print_message("%s\n", cases[i].change);
		make_record(record_path(name));
		assert_int_equal(verify(record_path(name), &f, NULL, NULL), ET_OK);
		tamper(record_path(name), cases[i].change);
		assert_int_equal(verify(record_path(name), &f, NULL, NULL), ET_ERR_INTEGRITY);
		print_message("    %s\n", f.text);
		assert_non_null(strstr(f.text, cases[i].says));
	}
}

static void every_byte_of_a_payload_counts(void **state)
{
	const char *path = record_path("e.db");
	char change[300];
	struct fault f;

	(void)state;
	make_record(path);
	for (int at = 1; at < 900; at += 7) {
		snprintf(change, sizeof(change),
			 "UPDATE journal SET payload = CAST(substr(payload, 1, %d) || "
			 "char(unicode(substr("
			 "payload, %d, 1)) + 1) || substr(payload, %d) AS TEXT) WHERE seq = 3",
			 at - 1, at, at + 1);
		tamper(path, change);
		assert_int_equal(verify(path, &f, NULL, NULL), ET_ERR_INTEGRITY);
		snprintf(change, sizeof(change),
			 "UPDATE journal SET payload = substr(payload, 1, %d) || "
			 "char(unicode(substr("
			 "payload, %d, 1)) - 1) || substr(payload, %d) WHERE seq = 3",
			 at - 1, at, at + 1);
		tamper(path, change);
	}
	assert_int_equal(verify(path, &f, NULL, NULL), ET_OK); /* all put back */
}

/* What the chain alone cannot show, the head kept elsewhere does. */
static void an_end_cut_off_shows_only_in_the_head(void **state)
{
	const char *path = record_path("e.db");
	char before[65], after[65];
	struct fault f;
	int64_t n;

	(void)state;
	make_record(path);
	assert_int_equal(verify(path, &f, &n, before), ET_OK);
	assert_int_equal(n, 6);
	tamper(path, "DELETE FROM journal WHERE seq = 6");
	assert_int_equal(verify(path, &f, &n, after), ET_OK);
	assert_int_equal(n, 5);
	assert_string_not_equal(before, after);
}

static void the_schema_is_part_of_it(void **state)
{
	static const struct {
		const char *sql, *says;
	} changes[] = {
		{ "DROP TRIGGER journal_no_update", "the trigger journal_no_update is missing" },
		{ "CREATE TRIGGER quiet AFTER INSERT ON journal BEGIN SELECT 1; END",
		  "the trigger quiet is not ours" },
		{ "DROP TRIGGER blob_once; CREATE TRIGGER blob_once BEFORE INSERT ON blob BEGIN"
		  " SELECT 1; END",
		  "the trigger blob_once was changed" },
		{ "DROP INDEX journal_kind", "the index journal_kind is missing" },
		{ "CREATE VIEW zz AS SELECT 1", "the view zz is not ours" },
	};
	struct fault f;
	sqlite3 *s;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char name[16];

		snprintf(name, sizeof(name), "s%zu.db", i);
		make_record(record_path(name));
		assert_int_equal(sqlite3_open(record_path(name), &s), SQLITE_OK);
		assert_int_equal(sqlite3_exec(s, changes[i].sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(s);
		assert_int_equal(verify(record_path(name), &f, NULL, NULL), ET_ERR_INTEGRITY);
		assert_non_null(strstr(f.text, changes[i].says));
	}
}

/* Bytes of the file itself: an answer, never a crash, and never "all is well" with other content. */
static void damaged_files_are_survived(void **state)
{
	const char *path = record_path("e.db");
	unsigned char *good, *bad;
	char head[65], now[65];
	unsigned long seed = 20250714;
	struct fault f;
	long size;
	FILE *t;
	int seen = 0;

	(void)state;
	make_record(path);
	assert_int_equal(verify(path, &f, NULL, head), ET_OK);
	t = fopen(path, "rb");
	assert_non_null(t);
	assert_int_equal(fseek(t, 0, SEEK_END), 0);
	size = ftell(t);
	rewind(t);
	good = malloc((size_t)size);
	bad = malloc((size_t)size);
	assert_int_equal(fread(good, 1, (size_t)size, t), size);
	fclose(t);
	print_message("seed %lu\n", seed);
	for (int i = 0; i < 150; i++) {
		memcpy(bad, good, (size_t)size);
		for (int k = 0; k < 12; k++) {
			seed = seed * 6364136223846793005UL + 1442695040888963407UL;
			bad[(seed >> 33) % (unsigned long)size] = (unsigned char)(seed >> 25);
		}
		t = fopen(path, "wb");
		assert_int_equal(fwrite(bad, 1, (size_t)size, t), size);
		fclose(t);
		if (verify(path, &f, NULL, now) == ET_OK)
			assert_string_equal(now, head);
		else
			seen++;
	}
	assert_true(seen > 50);
	free(good);
	free(bad);
}

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

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(every_change_is_seen_and_named),
		TEST(every_byte_of_a_payload_counts),
		TEST(an_end_cut_off_shows_only_in_the_head),
		TEST(the_schema_is_part_of_it),
		TEST(damaged_files_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
