/* SPDX-License-Identifier: Apache-2.0 */
/* io/clock_virtual.c - who runs next, and when that is. */
#include "io/clock_virtual.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantities.h"
#include "io/clock_calls.h"

struct vthread {
	struct vclk *clk;
	char name[16];
	sem_t go; /* posted when it is given the baton */
	pthread_t id; /* set once it has run */
	const void *at; /* where it waits; NULL: nowhere, or only for time */
	int64_t until_ns; /* it runs at this time */
	bool woken;
};

struct vclk {
	int64_t now_ns;
	struct clk_start start;
	struct vthread **thread; /* in the order in which they were made */
	size_t n_threads, cap_threads;
	struct vthread *running; /* holds the baton */
	struct calls calls;
	bool in_call; /* a callback runs: it must not wait */
	cpu_set_t cpus_before;
	bool pinned;
};

static bool holds_baton(const struct vclk *v)
{
	return pthread_equal(v->running->id, pthread_self());
}

/* On one CPU the waiter of a hand-over is never woken on another one that sleeps: several times
 * faster. Without it all is the same, but slower, so that a failure does not matter. One thread alone
 * hands nothing over, and may run where there is room. */
static void pin(struct vclk *v)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	if (cpu < 0 || sched_getaffinity(0, sizeof(v->cpus_before), &v->cpus_before) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	v->pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
}

struct vclk *vclk_new(const struct clk_start *start)
{
	struct vclk *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->start = *start;
	v->now_ns = start->mono_ns;
	v->running = vclk_thread_new(v, "main");
	if (!v->running) {
		free(v->thread);
		free(v);
		return NULL;
	}
	v->running->id = pthread_self();
	return v;
}

void vclk_free(struct vclk *v)
{
	assert(holds_baton(v) && !v->in_call);
	assert(v->n_threads == 1);
	if (v->pinned)
		sched_setaffinity(0, sizeof(v->cpus_before), &v->cpus_before);
	v->n_threads = 0;
	vclk_thread_free(v->running);
	calls_free(&v->calls);
	free(v->thread);
	free(v);
}

int64_t vclk_now_ns(const struct vclk *v)
{
	assert(holds_baton(v));
	return v->now_ns;
}

int64_t vclk_utc_ns(const struct vclk *v)
{
	assert(holds_baton(v));
	return v->start.utc_ns + (v->now_ns - v->start.mono_ns);
}

int32_t vclk_utc_offset_s(const struct vclk *v)
{
	return v->start.utc_offset_s;
}

/* Everybody waits for somebody else: a bug of ours, that would hang for ever. */
static void die_of_deadlock(const struct vclk *v)
{
	char names[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < v->n_threads && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, " %s",
					v->thread[i]->name);
	fprintf(stderr, "virtual clock: at %lld ns nothing can ever run; waiting:%s\n",
		(long long)v->now_ns, names);
	abort();
}

/* Run the callbacks that come first, and name the thread that is then due. */
static struct vthread *advance(struct vclk *v)
{
	for (;;) {
		int64_t t_call_ns = calls_next_ns(&v->calls);
		int64_t t_ns = ET_NEVER_NS;
		struct vthread *next = NULL;
		struct call call;

		for (size_t i = 0; i < v->n_threads; i++) {
			if (v->thread[i]->until_ns < t_ns) {
				next = v->thread[i];
				t_ns = next->until_ns;
			}
		}
		if (!next && t_call_ns == ET_NEVER_NS)
			die_of_deadlock(v);
		if (t_call_ns > t_ns) {
			v->now_ns = t_ns > v->now_ns ? t_ns : v->now_ns;
			return next;
		}
		v->now_ns = t_call_ns > v->now_ns ? t_call_ns : v->now_ns;
		call = calls_take(&v->calls);
		v->in_call = true;
		call.fn(call.arg, v->now_ns);
		v->in_call = false;
	}
}

static void hand_over(struct vclk *v, struct vthread *to)
{
	v->running = to;
	sem_post(&to->go);
}

static void await_baton(struct vthread *t)
{
	while (sem_wait(&t->go) < 0)
		assert(errno == EINTR);
}

bool vclk_wait(struct vclk *v, const void *at, int64_t until_ns)
{
	struct vthread *me = v->running, *next;

	assert(holds_baton(v) && !v->in_call);
	if (until_ns <= v->now_ns)
		return false;
	me->at = at;
	me->until_ns = until_ns;
	me->woken = false;
	next = advance(v);
	if (next != me) {
		hand_over(v, next);
		await_baton(me);
	}
	me->at = NULL;
	return me->woken;
}

void vclk_wake(struct vclk *v, const void *at)
{
	assert(holds_baton(v));
	for (size_t i = 0; i < v->n_threads; i++) {
		if (v->thread[i]->at != at)
			continue;
		v->thread[i]->at = NULL;
		v->thread[i]->woken = true;
		v->thread[i]->until_ns = v->now_ns;
	}
}

uint64_t vclk_call_at(struct vclk *v, int64_t t_ns, void (*fn)(void *, int64_t), void *arg)
{
	uint64_t id;

	assert(holds_baton(v));
	id = calls_add(&v->calls, t_ns, fn, arg);
	if (!id) { /* no way to tell it, and a lost callback would be a wrong simulation */
		fprintf(stderr, "virtual clock: out of memory\n");
		abort();
	}
	return id;
}

void vclk_cancel(struct vclk *v, uint64_t id)
{
	assert(holds_baton(v));
	calls_cancel(&v->calls, id);
}

int64_t vclk_next_due_ns(const struct vclk *v)
{
	int64_t t_ns = calls_next_ns(&v->calls);

	assert(holds_baton(v));
	for (size_t i = 0; i < v->n_threads; i++)
		if (v->thread[i] != v->running && v->thread[i]->until_ns < t_ns)
			t_ns = v->thread[i]->until_ns;
	return t_ns;
}

struct vthread *vclk_thread_new(struct vclk *v, const char *name)
{
	struct vthread *t;

	if (v->n_threads > 0 && !v->pinned)
		pin(v);
	if (v->n_threads == v->cap_threads) {
		size_t cap = v->cap_threads ? 2 * v->cap_threads : 16;
		struct vthread **more = realloc(v->thread, cap * sizeof(struct vthread *));

		if (!more)
			return NULL;
		v->thread = more;
		v->cap_threads = cap;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->clk = v;
	t->until_ns = v->now_ns;
	snprintf(t->name, sizeof(t->name), "%s", name);
	sem_init(&t->go, 0, 0);
	v->thread[v->n_threads++] = t;
	return t;
}

void vclk_thread_begin(struct vthread *t)
{
	await_baton(t);
	t->id = pthread_self();
}

static void forget_thread(struct vthread *t)
{
	struct vclk *v = t->clk;

	for (size_t i = 0; i < v->n_threads; i++) {
		if (v->thread[i] != t)
			continue;
		v->n_threads--;
		memmove(v->thread + i, v->thread + i + 1,
			(v->n_threads - i) * sizeof(struct vthread *));
		return;
	}
}

void vclk_thread_end(struct vthread *t)
{
	struct vclk *v = t->clk;

	assert(holds_baton(v) && !v->in_call);
	forget_thread(t);
	hand_over(v, advance(v));
}

void vclk_thread_free(struct vthread *t)
{
	forget_thread(t);
	sem_destroy(&t->go);
	free(t);
}
