/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_clock.c - the order of things on the virtual clock, and the deadlines of both. */
#include "io/clock.h"
#include "io/queue.h"
#include "io/worker.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/quantities.h"
#include "tests/support/near.h"

#define MS 1000000LL

static const struct clk_start start = { .mono_ns = 5000000000,
					.utc_ns = 1700000000000000000,
					.utc_offset_s = -18000,
					.boot_id = "boot" };

/* What happened, as text: "name@ms " each. Written only by who holds the baton. */
struct trace {
	struct clk *c;
	char text[4096];
	size_t len;
};
static void note(struct trace *t, const char *what)
{
	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len, "%s@%lld ", what,
				   (long long)(clk_now_ns(t->c) - start.mono_ns) / MS);
	assert_true(t->len < sizeof(t->text));
}

struct sleeper {
	struct trace *t;
	const char *name;
	int64_t first_ms, step_ms;
	int times;
};
static void sleep_and_note(void *arg)
{
	struct sleeper *s = arg;

	for (int i = 0; i < s->times; i++) {
		clk_sleep_until(s->t->c, start.mono_ns + (s->first_ms + i * s->step_ms) * MS);
		note(s->t, s->name);
	}
}

static void virtual_time_is_what_it_was_told(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	int64_t mono_ns, raw_ns;

	(void)state;
	assert_true(clk_is_virtual(c));
	assert_int_equal(clk_now_ns(c), 5000000000);
	assert_int_equal(clk_utc_ns(c), 1700000000000000000);
	assert_int_equal(clk_utc_offset_s(c), -18000);
	assert_string_equal(clk_boot_id(c), "boot");
	clk_sleep_until(c, 5000000001);
	assert_int_equal(clk_now_ns(c), 5000000001);
	assert_int_equal(clk_utc_ns(c), 1700000000000000001);
	clk_sleep_until(c, 4000000000); /* past */
	assert_int_equal(clk_now_ns(c), 5000000001);
	clk_raw_pair(c, &mono_ns, &raw_ns);
	assert_int_equal(mono_ns, 5000000001);
	assert_int_equal(raw_ns, 5000000001);
	clk_free(c);
}

static void one_cpu_only_while_threads_hand_over(void **state)
{
	cpu_set_t before, during, after;
	struct clk *c;
	struct trace t = { 0 };
	struct sleeper s = { &t, "a", 10, 10, 1 };
	struct worker *w;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	t.c = c = clk_virtual_new(&start);
	assert_int_equal(sched_getaffinity(0, sizeof(during), &during), 0);
	assert_true(CPU_EQUAL(&before, &during));
	assert_int_equal(worker_start(c, "a", sleep_and_note, &s, &w), ET_OK);
	assert_int_equal(sched_getaffinity(0, sizeof(during), &during), 0);
	assert_int_equal(CPU_COUNT(&during), 1);
	worker_join(w);
	clk_free(c);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

static void earliest_first_and_ties_in_order_of_making(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct trace t = { .c = c };
	struct sleeper a = { &t, "a", 10, 10, 3 }, b = { &t, "b", 5, 5, 4 };
	struct worker *wa, *wb;

	(void)state;
	assert_int_equal(worker_start(c, "a", sleep_and_note, &a, &wa), ET_OK);
	assert_int_equal(worker_start(c, "b", sleep_and_note, &b, &wb), ET_OK);
	note(&t, "main"); /* nobody runs before it waits */
	clk_sleep_until(c, start.mono_ns + 20 * MS);
	note(&t, "main");
	worker_join(wb);
	note(&t, "joined");
	worker_join(wa);
	note(&t, "joined");
	assert_string_equal(
		t.text, "main@0 b@5 a@10 b@10 b@15 main@20 a@20 b@20 joined@20 a@30 joined@30 ");
	clk_free(c);
}

struct called {
	struct trace *t;
	const char *name;
	int64_t now_ns;
	uint64_t other; /* to cancel */
};
static void call_and_note(void *arg, int64_t now_ns)
{
	struct called *x = arg;

	x->now_ns = now_ns;
	note(x->t, x->name);
	if (x->other)
		clk_cancel(x->t->c, x->other);
}

static void do_nothing(void *arg, int64_t now_ns)
{
	(void)arg;
	(void)now_ns;
}

static void what_is_due_next_is_known(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct trace t = { .c = c };
	struct sleeper s = { &t, "a", 10, 10, 1 };
	struct worker *w;
	uint64_t id;

	(void)state;
	assert_true(clk_next_due_ns(c) == ET_NEVER_NS);
	id = clk_call_at(c, start.mono_ns + 20 * MS, do_nothing, NULL);
	assert_int_equal(clk_next_due_ns(c), start.mono_ns + 20 * MS);
	assert_int_equal(worker_start(c, "a", sleep_and_note, &s, &w), ET_OK);
	assert_int_equal(clk_next_due_ns(c), start.mono_ns);
	clk_sleep_until(c, start.mono_ns + MS);
	assert_int_equal(clk_next_due_ns(c), start.mono_ns + 10 * MS);
	worker_join(w);
	assert_int_equal(clk_next_due_ns(c), start.mono_ns + 20 * MS);
	clk_cancel(c, id);
	assert_true(clk_next_due_ns(c) == ET_NEVER_NS);
	clk_free(c);
}

static void callbacks_come_before_threads(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct trace t = { .c = c };
	struct called x = { &t, "x", 0, 0 }, y = { &t, "y", 0, 0 }, z = { &t, "z", 0, 0 };
	struct called past = { &t, "past", 0, 0 };
	uint64_t id;

	(void)state;
	assert_true(clk_call_at(c, start.mono_ns + 7 * MS, call_and_note, &x) > 0);
	z.other = clk_call_at(c, start.mono_ns + 7 * MS, call_and_note, &y);
	clk_call_at(c, start.mono_ns + 6 * MS, call_and_note, &z); /* cancels y */
	id = clk_call_at(c, start.mono_ns + 1 * MS, call_and_note, &y);
	clk_cancel(c, id);
	clk_cancel(c, id);
	clk_call_at(c, ET_NEVER_NS, call_and_note, &y);
	clk_call_at(c, 1, call_and_note, &past); /* long ago: at the next wait */
	assert_string_equal(t.text, "");
	clk_sleep_until(c, start.mono_ns + 7 * MS);
	note(&t, "main");
	assert_string_equal(t.text, "past@0 z@6 x@7 main@7 ");
	assert_int_equal(past.now_ns, start.mono_ns);
	assert_int_equal(x.now_ns, start.mono_ns + 7 * MS);
	clk_free(c);
}

/* The heap against a plain search for the earliest, with random times and cancellations. */
struct random_call {
	int64_t t_ns;
	uint64_t id;
	int nth;
	bool pending;
	int *ran, *wrong;
	struct random_call *all;
};
enum { CALLS = 300 };
static void check_is_earliest(void *arg, int64_t now_ns)
{
	struct random_call *me = arg;

	*me->wrong += !me->pending || now_ns != me->t_ns;
	me->pending = false;
	++*me->ran;
	for (int i = 0; i < CALLS; i++) {
		const struct random_call *r = &me->all[i];

		*me->wrong += r->pending &&
			      (r->t_ns < me->t_ns || (r->t_ns == me->t_ns && r->nth < me->nth));
	}
}
static void many_callbacks_run_in_order(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	static struct random_call calls[CALLS];
	int ran = 0, wrong = 0, left = CALLS;
	unsigned seed = 20240501;

	(void)state;
	for (int i = 0; i < CALLS; i++) {
		calls[i] = (struct random_call){
			start.mono_ns + 1 + rand_r(&seed) % 100, 0, i, true, &ran, &wrong, calls
		};
		calls[i].id = clk_call_at(c, calls[i].t_ns, check_is_earliest, &calls[i]);
		if (i % 3 == 2) {
			struct random_call *victim = &calls[rand_r(&seed) % (i + 1)];

			left -= victim->pending;
			victim->pending = false;
			clk_cancel(c, victim->id);
		}
	}
	clk_sleep_until(c, start.mono_ns + 200);
	assert_int_equal(wrong, 0);
	assert_int_equal(ran, left);
	assert_in_range(left, 200, 299);
	clk_free(c);
}

struct waiter {
	struct trace *t;
	struct clk_cond *k;
	const char *name;
	int64_t deadline_ns;
	int result;
};
static void wait_and_note(void *arg)
{
	struct waiter *w = arg;

	w->result = clk_cond_wait(w->k, clk_cond_count(w->k), w->deadline_ns);
	note(w->t, w->name);
}
static void wake_by_call(void *arg, int64_t now_ns)
{
	(void)now_ns;
	clk_cond_wake(arg);
}

static void woken_threads_run_before_time_goes_on(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct trace t = { .c = c };
	struct clk_cond *k = clk_cond_new(c);
	struct waiter a = { &t, k, "a", ET_NEVER_NS, 1 };
	struct waiter b = { &t, k, "b", start.mono_ns + 3 * MS, 1 };
	struct waiter d = { &t, k, "d", start.mono_ns + 4 * MS, 1 };
	struct worker *w[3];

	(void)state;
	assert_int_equal(worker_start(c, "a", wait_and_note, &a, &w[0]), ET_OK);
	assert_int_equal(worker_start(c, "b", wait_and_note, &b, &w[1]), ET_OK);
	assert_int_equal(worker_start(c, "d", wait_and_note, &d, &w[2]), ET_OK);
	clk_call_at(c, start.mono_ns + 4 * MS, wake_by_call, k); /* just at d's deadline */
	clk_sleep_until(c, start.mono_ns + 4 * MS);
	note(&t, "main");
	for (int i = 0; i < 3; i++)
		worker_join(w[i]);
	assert_string_equal(t.text, "b@3 main@4 a@4 d@4 ");
	assert_int_equal(a.result, ET_OK);
	assert_int_equal(b.result, ET_ERR_TIMEOUT);
	assert_int_equal(d.result, ET_OK);
	clk_cond_free(k);
	clk_free(c);
}

static void a_wake_before_the_wait_is_not_lost(struct clk *c)
{
	struct clk_cond *k = clk_cond_new(c);
	uint64_t seen = clk_cond_count(k);

	clk_cond_wake(k);
	assert_int_equal(clk_cond_wait(k, seen, ET_NEVER_NS), ET_OK);
	assert_int_equal(clk_cond_wait(k, clk_cond_count(k), 0), ET_ERR_TIMEOUT);
	clk_cond_free(k);
}
static void wakes_are_not_lost(void **state)
{
	struct clk *v = clk_virtual_new(&start), *r = clk_real_new();

	(void)state;
	a_wake_before_the_wait_is_not_lost(v);
	a_wake_before_the_wait_is_not_lost(r);
	clk_free(v);
	clk_free(r);
}

/* Three stages, each a worker, with sleeps, queues and callbacks between them. */
struct stage {
	struct trace *t;
	struct queue *in, *out;
	unsigned seed;
	const char *name;
};
static void feed(void *arg, int64_t now_ns)
{
	struct stage *s = arg;
	int v = (int)(now_ns % 1000);

	if (queue_put(s->in, &v) != ET_OK)
		note(s->t, "full");
	if (now_ns < start.mono_ns + 60 * MS)
		clk_call_at(s->t->c, now_ns + 1 + (rand_r(&s->seed) % 4) * MS, feed, s);
}
static void work(void *arg)
{
	struct stage *s = arg;
	int v;

	while (queue_get(s->in, &v, clk_now_ns(s->t->c) + 30 * MS) == ET_OK) {
		note(s->t, s->name);
		clk_sleep_until(s->t->c, clk_now_ns(s->t->c) + (rand_r(&s->seed) % 5) * MS);
		if (s->out && queue_put(s->out, &v) != ET_OK)
			note(s->t, "full");
	}
	note(s->t, "end");
}
static void run_pipeline(struct trace *t)
{
	struct clk *c = clk_virtual_new(&start);
	struct queue *q[3];
	struct worker *w[3];
	struct stage s[3] = { { .name = "p" }, { .name = "q" }, { .name = "r" } };

	*t = (struct trace){ .c = c };
	for (int i = 0; i < 3; i++)
		q[i] = queue_new(c, sizeof(int), 4);
	for (int i = 0; i < 3; i++) {
		s[i].t = t;
		s[i].seed = (unsigned)i + 7;
		s[i].in = q[i];
		s[i].out = i < 2 ? q[i + 1] : NULL;
		assert_int_equal(worker_start(c, s[i].name, work, &s[i], &w[i]), ET_OK);
	}
	clk_call_at(c, start.mono_ns + MS, feed, &s[0]);
	for (int i = 0; i < 3; i++)
		worker_join(w[i]);
	for (int i = 0; i < 3; i++)
		queue_free(q[i]);
	clk_free(c);
}
static void the_same_program_runs_the_same_way(void **state)
{
	static struct trace first, again;

	(void)state;
	run_pipeline(&first);
	assert_true(first.len > 300); /* it did something */
	for (int i = 0; i < 5; i++) {
		run_pipeline(&again);
		assert_string_equal(first.text, again.text);
	}
}

static void wait_for_ever(void *arg)
{
	struct clk_cond *k = arg;

	(void)!clk_cond_wait(k, clk_cond_count(k), ET_NEVER_NS);
}
static void a_deadlock_names_who_waits_and_aborts(void **state)
{
	char said[400] = "";
	int fd[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct clk *c = clk_virtual_new(&start);
		struct worker *w;

		signal(SIGABRT, SIG_DFL);
		dup2(fd[1], STDERR_FILENO);
		if (worker_start(c, "patient", wait_for_ever, clk_cond_new(c), &w) == ET_OK)
			worker_join(w);
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(fd[0], said, sizeof(said) - 1) > 0);
	close(fd[0]);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "nothing can ever run; waiting: main patient\n"));
}

static void look_at_signals(void *arg)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	*(bool *)arg = sigismember(&set, SIGINT) == 1 && sigismember(&set, SIGTERM) == 1;
}
static void workers_block_signals_and_the_caller_does_not(void **state)
{
	struct clk *c = clk_real_new();
	struct worker *w;
	bool blocked = false;

	(void)state;
	assert_int_equal(worker_start(c, "a name that is too long", look_at_signals, &blocked, &w),
			 ET_OK);
	worker_join(w);
	assert_true(blocked);
	look_at_signals(&blocked);
	assert_false(blocked);
	worker_join(NULL);
	clk_free(c);
}

static void real_time_keeps_its_deadlines(void **state)
{
	struct clk *c = clk_real_new();
	struct clk_cond *k = clk_cond_new(c);
	int64_t t_ns = clk_now_ns(c), mono_ns, raw_ns;

	(void)state;
	assert_false(clk_is_virtual(c));
	clk_sleep_until(c, t_ns + 3 * MS);
	assert_true(clk_now_ns(c) >= t_ns + 3 * MS);
	t_ns = clk_now_ns(c);
	assert_int_equal(clk_cond_wait(k, clk_cond_count(k), t_ns + 3 * MS), ET_ERR_TIMEOUT);
	assert_true(clk_now_ns(c) >= t_ns + 3 * MS);
	clk_sleep_until(c, -5);
	clk_raw_pair(c, &mono_ns, &raw_ns);
	assert_true(mono_ns <= clk_now_ns(c) && mono_ns > t_ns && raw_ns > 0);
	assert_int_equal(strlen(clk_boot_id(c)), 36);
	assert_true(llabs(clk_utc_ns(c) / ET_NS_PER_S - time(NULL)) <= 1);
	assert_true(abs(clk_utc_offset_s(c)) <= 14 * 3600);
	clk_cond_free(k);
	clk_free(c);
}

static void wake_soon(void *arg)
{
	clk_cond_wake(arg);
}
static void a_real_wake_arrives(void **state)
{
	struct clk *c = clk_real_new();
	struct clk_cond *k = clk_cond_new(c);
	uint64_t seen = clk_cond_count(k);
	struct worker *w;

	(void)state;
	assert_int_equal(worker_start(c, "waker", wake_soon, k, &w), ET_OK);
	assert_int_equal(clk_cond_wait(k, seen, ET_NEVER_NS), ET_OK);
	worker_join(w);
	clk_cond_free(k);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_time_is_what_it_was_told),
		cmocka_unit_test(one_cpu_only_while_threads_hand_over),
		cmocka_unit_test(earliest_first_and_ties_in_order_of_making),
		cmocka_unit_test(what_is_due_next_is_known),
		cmocka_unit_test(callbacks_come_before_threads),
		cmocka_unit_test(many_callbacks_run_in_order),
		cmocka_unit_test(woken_threads_run_before_time_goes_on),
		cmocka_unit_test(wakes_are_not_lost),
		cmocka_unit_test(the_same_program_runs_the_same_way),
		cmocka_unit_test(a_deadlock_names_who_waits_and_aborts),
		cmocka_unit_test(workers_block_signals_and_the_caller_does_not),
		cmocka_unit_test(real_time_keeps_its_deadlines),
		cmocka_unit_test(a_real_wake_arrives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
