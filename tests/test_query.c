/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of the technician and of the auditor. */
#include "db/query.h"

#include <string.h>

#include "base/json.h"
#include "tests/support/near.h"
#include "tests/support/record.h"

static struct db *d;

static void put(const char *kind, json_t *payload)
{
	struct fault f = { 0 };

	if (record_commit(d, kind, payload, &f) < 0)
		fail_msg("%s", f.text);
}

static json_t *other_approval(json_t *batch)
{
	json_t *p = json_array_get(json_object_get(batch, "positions"), 0);

	json_object_set_new(p, "approval", json_string("AE-1356"));
	json_array_append_new(json_object_get(batch, "apparatus"), json_string("REF-9"));
	return batch;
}

/* W1: meters 100..102, step HL void, then done; closed. W2: 102 and 103, nonconforming. W3: 100, open. */
static int set_up(void **state)
{
	(void)state;
	record_make_dir();
	d = record_create(record_path("e.db"), NULL); /* 1, 2 */
	put("apparatus.added", record_apparatus("REF-1", "C-2025")); /* 3 */
	put("batch.opened", record_batch("W1", "B1-1", 100, 3)); /* 4 */
	put("attempt.stored",
	    record_attempt("W1", "B1-1", "B1-1", "HL", 1, "void", 100, 3, 0.5, NULL));
	put("attempt.stored",
	    record_attempt("W1", "B1-2", "B1-1", "HL", 2, "done", 100, 3, 0.7, NULL));
	put("batch.closed",
	    record_closed("W1", "B1-1", 100, 3, "conforming", "HL", "B1-2")); /* 7 */
	put("session.ended",
	    json_pack("{s:s, s:i, s:n}", "session", "B1-1", "exit_code", 0, "reason")); /* 8 */
	put("session.started", record_session("B1-2")); /* 9 */
	put("batch.opened", other_approval(record_batch("W2", "B1-2", 102, 2))); /* 10 */
	put("batch.closed",
	    record_closed("W2", "B1-2", 102, 2, "nonconforming", "HL", "B1-2")); /* 11 */
	put("batch.opened", record_batch("W3", "B1-2", 100, 1)); /* 12 */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	db_close(d);
	record_remove_dir();
	return 0;
}

static json_t *at(json_t *array, size_t i)
{
	json_t *v = json_array_get(array, i);

	assert_non_null(v);
	return v;
}

static void the_history_of_a_serial_is_whole(void **state)
{
	struct fault f = { 0 };
	json_t *h = query_history(d, NULL, "00000102", &f), *m, *b, *a;

	(void)state;
	assert_int_equal(json_array_size(h), 1);
	m = at(h, 0);
	assert_string_equal(json_get_str(m, "maker"), "L+G");
	assert_int_equal(json_get_int(m, "first_seq", 0), 4);
	assert_int_equal(json_get_int(m, "last_seq", 0), 10);
	assert_int_equal(json_get_int(m, "first_utc_ns", 0), 1750000004000000000);
	b = json_object_get(m, "batches");
	assert_int_equal(json_array_size(b), 2);
	assert_string_equal(json_get_str(at(b, 0), "batch"), "W1");
	assert_int_equal(json_get_int(at(b, 0), "position", 0), 3);
	assert_string_equal(json_get_str(at(b, 0), "verdict"), "conforming");
	assert_true(json_is_true(json_object_get(at(b, 0), "simulated")));
	assert_int_equal(json_get_int(at(b, 0), "closed_seq", 0), 7);
	assert_string_equal(json_get_str(at(b, 1), "batch"), "W2");
	assert_int_equal(json_get_int(at(b, 1), "position", 0), 1);
	assert_string_equal(json_get_str(at(b, 1), "approval"), "AE-1356");

	a = json_object_get(at(b, 0), "attempts");
	assert_int_equal(json_array_size(a), 2); /* the void one too */
	assert_string_equal(json_get_str(at(a, 0), "result"), "void");
	assert_string_equal(json_get_str(at(a, 0), "attempt_cause"), "reference_silent");
	assert_string_equal(json_get_str(at(a, 1), "verdict"), "conforming");
	assert_int_equal(json_get_int(at(a, 1), "seq", 0), 6);
	assert_near(json_get_f64(at(a, 1), "err_pct"), 0.73, 1e-12);
	assert_near(json_get_f64(at(a, 1), "U_pct"), 0.05, 1e-12);
	a = json_object_get(at(b, 0), "steps");
	assert_int_equal(json_array_size(a), 1);
	assert_string_equal(json_get_str(at(a, 0), "attempt"), "B1-2");
	json_decref(h);

	h = query_history(d, "L+G", "00000102", &f);
	assert_int_equal(json_array_size(h), 1);
	json_decref(h);
	h = query_history(d, "Itron", "00000102", &f);
	assert_int_equal(json_array_size(h), 0);
	json_decref(h);
	h = query_history(d, NULL, "x' OR '1'='1", &f);
	assert_int_equal(json_array_size(h), 0);
	json_decref(h);
}

static void every_filter_narrows(void **state)
{
	static const struct {
		struct query_filter q;
		size_t meters, batches;
	} cases[] = {
#define ALL .since_utc_ns = INT64_MIN, .until_utc_ns = INT64_MAX
		{ { ALL }, 6, 3 },
		{ { ALL, .batch = "W2" }, 2, 1 },
		{ { ALL, .batch = "none" }, 0, 0 },
		{ { ALL, .session = "B1-2" }, 3, 2 },
		{ { ALL, .serial = "00000100" }, 2, 2 },
		{ { ALL, .serial = "00000100", .maker = "x" }, 0, 0 },
		{ { ALL, .verdict = "conforming" }, 3, 1 },
		{ { ALL, .verdict = "nonconforming" }, 2, 1 },
		{ { ALL, .verdict = "open" }, 1, 1 },
		{ { ALL, .approval = "AE-1356" }, 1, 1 },
		{ { ALL, .apparatus = "REF-9" }, 2, 1 },
		{ { ALL, .apparatus = "REF-1" }, 6, 3 },
		{ { ALL, .apparatus = "REF-9", .verdict = "conforming" }, 0, 0 },
		/* opened in seconds 4, 10 and 12 */
		{ { .since_utc_ns = 1750000010000000000, .until_utc_ns = INT64_MAX }, 3, 2 },
		{ { .since_utc_ns = INT64_MIN, .until_utc_ns = 1750000010000000000 }, 3, 1 },
		{ { .since_utc_ns = 1750000010000000000, .until_utc_ns = 1750000012000000000 },
		  2,
		  1 },
	};
	struct fault f = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *m = query_meters(d, &cases[i].q, &f),
		       *b = query_batches(d, &cases[i].q, &f);

		print_message("case %zu\n", i);
		assert_non_null(m);
		assert_non_null(b);
		assert_int_equal(json_array_size(m), cases[i].meters);
		assert_int_equal(json_array_size(b), cases[i].batches);
		json_decref(m);
		json_decref(b);
	}
}

static void a_batch_is_shown_whole(void **state)
{
	struct fault f = { 0 };
	json_t *b = query_batch(d, "W1", &f), *v;

	(void)state;
	assert_int_equal(json_get_int(b, "positions", 0), 3);
	assert_int_equal(json_get_int(b, "conforming", 0), 3);
	assert_string_equal(json_get_str(b, "owner"), "Énergie Nord");
	assert_int_equal(json_array_size(json_object_get(b, "meters")), 3);
	v = json_object_get(at(json_object_get(b, "meters"), 1), "steps");
	assert_string_equal(json_get_str(at(v, 0), "verdict"), "conforming");
	v = json_object_get(b, "attempts");
	assert_int_equal(json_array_size(v), 2);
	assert_string_equal(json_get_str(at(v, 0), "cause"), "reference_silent");
	v = json_object_get(b, "apparatus");
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(json_get_int(at(v, 0), "seq", 0), 3);
	json_decref(b);
	b = query_batch(d, "W9", &f);
	assert_true(json_is_null(b));
	json_decref(b);
}

static void lists_answer(void **state)
{
	struct fault f = { 0 };
	json_t *v = query_open_sessions(d, &f);

	(void)state;
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(json_get_str(at(v, 0), "session"), "B1-2");
	assert_int_equal(json_get_int(at(v, 0), "last_seq", 0), 12);
	json_decref(v);
	v = query_apparatus(d, NULL, &f);
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(json_get_str(at(v, 0), "expires"), "2026-01-07");
	assert_true(json_is_null(json_object_get(at(v, 0), "retired_seq")));
	json_decref(v);
	v = query_apparatus(d, "REF-9", &f);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	v = query_people(d, NULL, &f);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	put("correction", json_pack("{s:i, s:s}", "corrects_seq", 4, "reason", "wrong owner"));
	v = query_corrections(d, 4, &f);
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(json_get_str(at(v, 0), "reason"), "wrong owner");
	json_decref(v);
	v = query_corrections(d, 5, &f);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_history_of_a_serial_is_whole),
		TEST(every_filter_narrows),
		TEST(a_batch_is_shown_whole),
		TEST(lists_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
