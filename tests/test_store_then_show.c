/* SPDX-License-Identifier: Apache-2.0 */
/* Store, then show: nothing is shown before it is durable, and what cannot be stored is never shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/kill_record.h"
#include "tests/support/near.h"
#include "tests/support/sim_bench.h"
#include "tests/support/vfs_torn.h"

enum { SEED = 5, TOLD_MAX = 256 };

struct told {
	enum station_notice_kind kind; /* COMMITTING, COMMITTED or SHOW */
	enum commit_what commit;
	char id[48]; /* of an attempt, once it has one */
};
struct log {
	struct told told[TOLD_MAX];
	int n;
	const char *path; /* the record as others see it; NULL: do not look */
	int64_t n_writes, n_syncs; /* at the end, before the record is closed */
	double volt_v, curr_a; /* at the terminals, at the end */
};

static struct sim_bench bench;
static char path[64];
static struct torn torn;
static struct run_result *result;

/* ---- the order of one commit: committing < committed < show ---- */

static int find(const struct told *t, int end, enum station_notice_kind kind,
		enum commit_what commit, const char *id)
{
	for (int i = end - 1; i >= 0; i--)
		if (t[i].kind == kind && t[i].commit == commit && (!id || strcmp(t[i].id, id) == 0))
			return i;
	return -1;
}

static int count(const struct told *t, int n, enum station_notice_kind kind,
		 enum commit_what commit)
{
	int found = 0;

	for (int i = 0; i < n; i++)
		found += t[i].kind == kind && t[i].commit == commit;
	return found;
}

/* One notice against those before it. @return NULL, or what is wrong. */
static const char *check_one(const struct told *t, int i)
{
	const char *id = t[i].commit == COMMIT_ATTEMPT ? t[i].id : NULL;
	const int committed = find(t, i, NOTICE_COMMITTED, t[i].commit, id);

	if (t[i].kind == NOTICE_COMMITTED) {
		if (count(t, i, NOTICE_COMMITTING, t[i].commit) <=
		    count(t, i, NOTICE_COMMITTED, t[i].commit))
			return "committed what was not given away";
		if (id && (!id[0] || committed >= 0))
			return "an attempt without an id of its own";
	}
	if (t[i].kind == NOTICE_SHOW) {
		if (t[i].commit != COMMIT_ATTEMPT && t[i].commit != COMMIT_BATCH_CLOSED)
			return "shown what is no verdict";
		if (committed < 0)
			return "shown before it was committed";
		if (find(t, i, NOTICE_SHOW, t[i].commit, id) >= 0)
			return "shown twice";
	}
	return NULL;
}

/* @return NULL, or what is wrong. @param whole  Every verdict that was committed must have been shown. */
static const char *check_order(const struct told *t, int n, bool whole)
{
	for (int i = 0; i < n; i++) {
		const char *wrong = check_one(t, i);

		if (wrong)
			return wrong;
	}
	if (whole && (count(t, n, NOTICE_COMMITTED, COMMIT_ATTEMPT) !=
			      count(t, n, NOTICE_SHOW, COMMIT_ATTEMPT) ||
		      count(t, n, NOTICE_COMMITTED, COMMIT_BATCH_CLOSED) !=
			      count(t, n, NOTICE_SHOW, COMMIT_BATCH_CLOSED)))
		return "committed and never shown";
	return NULL;
}

/* ---- a run that is listened to ---- */

/* What another process finds at this moment: only what was synced, because the VFS holds back the rest. */
static bool is_on_disk(const struct log *l, const struct told *t)
{
	const bool attempt = t->commit == COMMIT_ATTEMPT;
	struct fault f = { 0 };
	struct db *db = NULL;
	json_t *p;

	if (db_open(l->path, DB_READ, NULL, &db, &f) != ET_OK)
		fail_msg("%s", f.text);
	p = attempt ? db_last(db, "attempt.stored", "attempt", t->id, NULL)
		    : db_last(db, "batch.closed", "batch", bench.batch.id, NULL);
	json_decref(p);
	db_close(db);
	return p != NULL;
}

static void on_notice(void *arg, const struct station_notice *n)
{
	struct log *l = arg;
	struct told *t = &l->told[l->n];

	if (n->kind != NOTICE_COMMITTING && n->kind != NOTICE_COMMITTED && n->kind != NOTICE_SHOW)
		return;
	assert_true(l->n < TOLD_MAX);
	*t = (struct told){ .kind = n->kind, .commit = n->commit };
	snprintf(t->id, sizeof(t->id), "%s", n->new_id ? n->new_id : "");
	l->n++;
	if (l->path && n->kind == NOTICE_SHOW && !is_on_disk(l, t))
		fail_msg("%s is shown and is not on the disk", t->id[0] ? t->id : "the batch");
}

static void at_the_end(void *arg, struct sim *sim)
{
	struct log *l = arg;
	struct setpoint sp;

	sim_terminals(sim, &sp);
	for (int i = 0; i < ET_PHASES; i++) {
		l->volt_v = fmax(l->volt_v, sp.ph[i].volt_v);
		l->curr_a = fmax(l->curr_a, sp.ph[i].curr_a);
	}
	l->n_writes = torn.n_writes;
	l->n_syncs = torn.n_syncs;
}

static int run(struct log *l, const char *vfs, bool resume, int64_t resume_at_ns)
{
	struct sim_bench_run how = { .seed = SEED,
				     .notice = on_notice,
				     .arg = l,
				     .finished = at_the_end,
				     .resume = resume,
				     .resume_at_ns = resume_at_ns };
	struct fault f = { 0 };
	int err;

	if (db_open(path, DB_WRITE, vfs, &how.db, &f) != ET_OK)
		fail_msg("%s", f.text);
	err = sim_bench_run(&bench, &how, result, &f);
	db_close(how.db);
	if (err != ET_OK)
		fail_msg("%s", f.text);
	return result->exit_code;
}

static void make_record(void)
{
	struct db *db = sim_bench_db(NULL, path);

	assert_non_null(db);
	db_close(db);
}

/* ---- tests ---- */

static void what_is_shown_was_stored_before(void **state)
{
	struct log l = { .path = path };

	(void)state;
	make_record();
	torn = (struct torn){ 0 };
	torn_register(&torn, "torn");
	assert_int_equal(run(&l, "torn", false, 0), 1);
	torn_unregister(&torn);
	assert_ptr_equal(check_order(l.told, l.n, true), NULL);
	assert_int_equal(count(l.told, l.n, NOTICE_SHOW, COMMIT_ATTEMPT), 3);
	assert_int_equal(count(l.told, l.n, NOTICE_SHOW, COMMIT_BATCH_CLOSED), 1);
	assert_int_equal(count(l.told, l.n, NOTICE_COMMITTED, COMMIT_BATCH_OPENED), 1);
	sim_bench_db_remove(path);
}

static void a_wrong_order_is_seen(void **state)
{
	const enum station_notice_kind C = NOTICE_COMMITTING, D = NOTICE_COMMITTED, S = NOTICE_SHOW;
	const enum commit_what a = COMMIT_ATTEMPT, b = COMMIT_BATCH_CLOSED, o = COMMIT_SOURCE_STATE;
	const struct told good[] = { { C, o, "" },  { C, a, "" }, { D, o, "" }, { D, a, "1" },
				     { S, a, "1" }, { C, b, "" }, { D, b, "" }, { S, b, "" } };
	const struct told early[] = { { C, a, "" }, { S, a, "1" }, { D, a, "1" } };
	const struct told never[] = { { C, a, "" }, { S, a, "1" } };
	const struct told other[] = { { C, a, "" }, { D, a, "1" }, { S, a, "2" } };
	const struct told twice[] = { { C, a, "" }, { D, a, "1" }, { S, a, "1" }, { S, a, "1" } };
	const struct told hidden[] = { { C, a, "" }, { D, a, "1" } };
	const struct told unasked[] = { { D, a, "1" }, { S, a, "1" } };
	const struct told again[] = { { C, a, "" }, { D, a, "1" }, { C, a, "" }, { D, a, "1" } };
	const struct told batch[] = { { C, b, "" }, { S, b, "" }, { D, b, "" } };

	(void)state;
	assert_ptr_equal(check_order(good, 8, true), NULL);
	assert_string_equal(check_order(early, 3, true), "shown before it was committed");
	assert_string_equal(check_order(never, 2, true), "shown before it was committed");
	assert_string_equal(check_order(other, 3, true), "shown before it was committed");
	assert_string_equal(check_order(twice, 4, true), "shown twice");
	assert_string_equal(check_order(hidden, 2, true), "committed and never shown");
	assert_string_equal(check_order(unasked, 2, true), "committed what was not given away");
	assert_string_equal(check_order(again, 4, true), "an attempt without an id of its own");
	assert_string_equal(check_order(batch, 3, true), "shown before it was committed");
}

/* All that was shown is there, and the batch can be finished on a disk that works. */
static void check_record(const struct log *l, const char *where)
{
	static struct kill_record rec, after;
	struct log next = { 0 };
	struct fault f;

	if (kill_record_read(path, &rec, &f) != 0)
		fail_msg("%s: %s", where, f.text);
	for (int i = 0; i < l->n; i++)
		if (l->told[i].kind == NOTICE_SHOW && l->told[i].commit == COMMIT_ATTEMPT &&
		    !kill_record_attempt(&rec, l->told[i].id))
			fail_msg("%s: %s was shown and is not on record", where, l->told[i].id);
	if (count(l->told, l->n, NOTICE_SHOW, COMMIT_BATCH_CLOSED) && !rec.closed)
		fail_msg("%s: the batch was shown as closed and is not", where);
	if (rec.closed)
		return;
	assert_int_equal(run(&next, NULL, rec.opened, rec.mono_ns), 1);
	if (kill_record_read(path, &after, &f) != 0 || kill_record_goes_on(&rec, &after, &f) != 0)
		fail_msg("%s: %s", where, f.text);
	assert_true(after.closed);
}

/* @return exit code of a run whose disk fails at that write (then it stays full) or at that sync. */
static void fail_at(int64_t at_write, int64_t at_sync)
{
	struct log l = { 0 };
	char where[64];
	int code;

	snprintf(where, sizeof(where), "write %d, sync %d", (int)at_write, (int)at_sync);
	make_record();
	torn = (struct torn){ .pass_through = true,
			      .full_at_write = at_write,
			      .fail_at_sync = at_sync };
	torn_register(&torn, "torn");
	code = run(&l, "torn", false, 0);
	torn_unregister(&torn);
	if (code != 4)
		fail_msg("%s: exit code %d: %s", where, code, result->fault.text);
	if (check_order(l.told, l.n, true))
		fail_msg("%s: %s", where, check_order(l.told, l.n, true));
	assert_true(l.volt_v < 0.1 && l.curr_a < 0.01);
	print_message("%s: %d attempts shown; %s\n", where,
		      count(l.told, l.n, NOTICE_SHOW, COMMIT_ATTEMPT), result->fault.text);
	check_record(&l, where);
	sim_bench_db_remove(path);
}

static void what_cannot_be_stored_is_not_shown(void **state)
{
	struct log l = { 0 };

	(void)state;
	make_record();
	torn = (struct torn){ .pass_through = true };
	torn_register(&torn, "torn");
	assert_int_equal(run(&l, "torn", false, 0), 1);
	torn_unregister(&torn);
	sim_bench_db_remove(path);
	print_message("%d writes, %d syncs\n", (int)l.n_writes, (int)l.n_syncs);
	assert_true(l.n_writes > 50 && l.n_syncs >= 6);
	for (int i = 0; i < 12; i++)
		fail_at(1 + i * (l.n_writes - 1) / 11, 0);
	for (int64_t i = 1; i <= l.n_syncs; i += 2)
		fail_at(0, i);
}

static int set_up(void **state)
{
	(void)state;
	result = malloc(sizeof(*result));
	if (!result || sim_bench_load(&bench, "1-element") != 0)
		return -1;
	bench.plan.settle_s = 2;
	bench.plan.floor_a_pct = 0.5;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sim_bench_free(&bench);
	free(result);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_was_stored_before),
		cmocka_unit_test(a_wrong_order_is_seen),
		cmocka_unit_test(what_cannot_be_stored_is_not_shown),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
