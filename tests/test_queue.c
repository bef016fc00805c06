/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_queue.c - order, bounds and deadlines of queues, on both clocks. */
#include "io/queue.h"
#include "io/worker.h"

#include "base/quantities.h"
#include "tests/support/near.h"

static const struct clk_start start = { .mono_ns = 1000 };

static void in_order_and_bounded(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct queue *q = queue_new(c, sizeof(int), 3);
	int v;

	(void)state;
	for (int round = 0; round < 4; round++) { /* the ring wraps */
		for (v = 10; v < 13; v++)
			assert_int_equal(queue_put(q, &v), ET_OK);
		v = 99;
		assert_int_equal(queue_put(q, &v), ET_ERR_LOST);
		for (int want = 10; want < 13; want++) {
			assert_int_equal(queue_get(q, &v, 0), ET_OK);
			assert_int_equal(v, want);
		}
		v = -1;
		assert_int_equal(queue_get(q, &v, 0), ET_ERR_TIMEOUT);
		assert_int_equal(v, -1);
		v = 1; /* one slot further */
		assert_int_equal(queue_put(q, &v), ET_OK);
		assert_int_equal(queue_get(q, &v, 0), ET_OK);
	}
	assert_int_equal(clk_now_ns(c), 1000); /* looking costs no time */
	assert_int_equal(queue_get(q, &v, 5000), ET_ERR_TIMEOUT);
	assert_int_equal(clk_now_ns(c), 5000);
	queue_free(q);
	queue_free(NULL);
	assert_null(queue_new(c, SIZE_MAX / 2, 3));
	clk_free(c);
}

static void put_seven(void *arg, int64_t now_ns)
{
	int v = 7;

	(void)now_ns;
	(void)!queue_put(arg, &v);
}
static void a_callback_may_put(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct queue *q = queue_new(c, sizeof(int), 1);
	int v = 0;

	(void)state;
	clk_call_at(c, 1500, put_seven, q);
	assert_int_equal(queue_get(q, &v, 1500), ET_OK); /* due at the deadline: still in time */
	assert_int_equal(v, 7);
	assert_int_equal(clk_now_ns(c), 1500);
	queue_free(q);
	clk_free(c);
}

enum { MESSAGES = 2000 };
struct ends {
	struct clk *c;
	struct queue *q;
	int64_t sum;
	int got, out_of_order;
};
static void produce(void *arg)
{
	struct ends *e = arg;

	for (int v = 1; v <= MESSAGES; v++) {
		while (queue_put(e->q, &v) == ET_ERR_LOST)
			clk_sleep_until(e->c, clk_now_ns(e->c) + 1000);
	}
}
static void consume(void *arg)
{
	struct ends *e = arg;
	int v, last = 0;

	while (e->got < MESSAGES && queue_get(e->q, &v, ET_NEVER_NS) == ET_OK) {
		e->got++;
		e->sum += v;
		e->out_of_order += v <= last;
		last = v;
	}
}
static void between_threads(struct clk *c)
{
	struct ends e = { .c = c, .q = queue_new(c, sizeof(int), 8) };
	struct worker *p, *k;

	assert_int_equal(worker_start(c, "consumer", consume, &e, &k), ET_OK);
	assert_int_equal(worker_start(c, "producer", produce, &e, &p), ET_OK);
	worker_join(p);
	worker_join(k);
	assert_int_equal(e.got, MESSAGES);
	assert_int_equal(e.sum, 2001000); /* n(n + 1)/2 */
	assert_int_equal(e.out_of_order, 0);
	queue_free(e.q);
	clk_free(c);
}
static void nothing_is_lost_between_threads(void **state)
{
	(void)state;
	between_threads(clk_real_new());
	between_threads(clk_virtual_new(&start));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_and_bounded),
		cmocka_unit_test(a_callback_may_put),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
