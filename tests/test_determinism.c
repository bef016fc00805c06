/* SPDX-License-Identifier: Apache-2.0 */
/* The same scenario and seed give the same journal, byte for byte: idle or loaded, in one go or killed and gone on with
 * at the same moment. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/kill_child.h"
#include "tests/support/kill_record.h"
#include "tests/support/near.h"

enum { CPUS_MAX = 2 };

struct bytes {
	char *data;
	size_t len, cap;
};

static struct sim_bench bench;

/* ---- journals ---- */

static int keep(void *arg, const char *text, size_t len)
{
	struct bytes *b = arg;

	if (b->len + len > b->cap) {
		b->cap = 2 * (b->len + len);
		b->data = realloc(b->data, b->cap);
		assert_non_null(b->data);
	}
	memcpy(b->data + b->len, text, len);
	b->len += len;
	return ET_OK;
}

static struct bytes export_of(struct db *db)
{
	struct bytes b = { 0 };
	struct fault f = { 0 };

	if (db_export_journal(db, keep, &b, &f) != ET_OK)
		fail_msg("%s", f.text);
	return b;
}

static struct bytes run(uint64_t seed)
{
	struct run_result *res = malloc(sizeof(*res));
	struct sim_bench_run how = { .seed = seed };
	struct fault f = { 0 };
	struct bytes b;
	char path[64];

	assert_non_null(res);
	how.db = sim_bench_db(NULL, path);
	assert_non_null(how.db);
	if (sim_bench_run(&bench, &how, res, &f) != ET_OK)
		fail_msg("%s", f.text);
	assert_int_equal(res->exit_code, 1);
	b = export_of(how.db);
	db_close(how.db);
	sim_bench_db_remove(path);
	free(res);
	return b;
}

static bool is_same(const struct bytes *a, const struct bytes *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Where two texts part, in words; for the log of the test. */
static void assert_same(const struct bytes *a, const struct bytes *b, const char *what)
{
	size_t i = 0;

	if (is_same(a, b))
		return;
	while (i < a->len && i < b->len && a->data[i] == b->data[i])
		i++;
	fail_msg("%s: %zu and %zu bytes, they part at %zu: %.80s", what, a->len, b->len, i,
		 b->data + (i > 40 ? i - 40 : 0));
}

/* ---- load ---- */

static atomic_bool stop;

static void *spin(void *arg)
{
	const int cpu = *(const int *)arg;
	cpu_set_t one;
	unsigned n = 0;

	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one); /* not allowed: then wherever it is */
	while (!atomic_load_explicit(&stop, memory_order_relaxed))
		if (++n % 100000 == 0)
			sched_yield();
	return NULL;
}

static struct bytes run_loaded(uint64_t seed)
{
	pthread_t threads[2 * CPUS_MAX];
	int cpus[2 * CPUS_MAX];
	struct bytes b;

	atomic_store(&stop, false);
	for (int i = 0; i < 2 * CPUS_MAX; i++) {
		cpus[i] = i % CPUS_MAX;
		assert_int_equal(pthread_create(&threads[i], NULL, spin, &cpus[i]), 0);
	}
	b = run(seed);
	atomic_store(&stop, true);
	for (int i = 0; i < 2 * CPUS_MAX; i++)
		pthread_join(threads[i], NULL);
	return b;
}

/* ---- tests ---- */

/* Killed while the second step is measured, then finished. Children only: no thread runs here yet. */
static struct bytes run_interrupted(const char *from, const char *path)
{
	static struct kill_report report;
	static struct kill_record rec;
	struct kill_run k = { .bench = &bench, .path = path, .seed = 3 };
	struct bytes b;
	struct fault f = { 0 };
	struct db *db = NULL;

	assert_int_equal(kill_record_copy(from, path), 0);
	k.at = 300;
	assert_int_equal(kill_child(&k, &report), 0);
	assert_true(report.struck);
	assert_int_equal(kill_record_read(path, &rec, &f), 0);
	assert_true(rec.opened && rec.n_attempts == 1);
	k = (struct kill_run){ .bench = &bench,
			       .path = path,
			       .seed = 3,
			       .resume = true,
			       .resume_at_ns = rec.mono_ns };
	assert_int_equal(kill_child(&k, &report), 0);
	assert_int_equal(report.last.exit_code, 1);
	assert_int_equal(db_open(path, DB_READ, NULL, &db, &f), ET_OK);
	b = export_of(db);
	db_close(db);
	return b;
}

static void killed_and_finished_it_is_the_same_twice(void **state)
{
	struct bytes a, b;
	char from[64], path[80];
	struct db *db = sim_bench_db(NULL, from);

	(void)state;
	assert_non_null(db);
	db_close(db);
	snprintf(path, sizeof(path), "%s.again", from);
	a = run_interrupted(from, path);
	b = run_interrupted(from, path);
	assert_same(&a, &b, "killed and finished");
	sim_bench_db_remove(from);
	free(a.data);
	free(b.data);
}

static void idle_or_loaded_the_journal_is_the_same(void **state)
{
	struct bytes idle = run(1), again = run(1), loaded = run_loaded(1), other = run(2);

	(void)state;
	print_message("%zu bytes\n", idle.len);
	assert_true(idle.len > 20000);
	assert_same(&idle, &again, "idle");
	assert_same(&idle, &loaded, "loaded");
	assert_false(is_same(&idle, &other)); /* the seed matters, and the comparison can fail */
	free(idle.data);
	free(again.data);
	free(loaded.data);
	free(other.data);
}

static int set_up(void **state)
{
	(void)state;
	return sim_bench_load(&bench, "1-element");
}

static int tear_down(void **state)
{
	(void)state;
	sim_bench_free(&bench);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_and_finished_it_is_the_same_twice),
		cmocka_unit_test(idle_or_loaded_the_journal_is_the_same),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
