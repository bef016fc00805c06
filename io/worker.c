/* SPDX-License-Identifier: Apache-2.0 */
/* io/worker.c - a thread, and on a virtual clock its turn for the baton. */
#include "io/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/quantities.h"
#include "io/clock_impl.h"

struct worker {
	void (*fn)(void *arg);
	void *arg;
	char name[16];
	pthread_t id;
	struct vthread *turn; /* NULL on the clock of the kernel, and so the next two */
	struct clk_cond *ended;
	bool has_ended;
};

static void *run(void *arg)
{
	struct worker *w = arg;

	pthread_setname_np(pthread_self(), w->name);
	if (w->turn)
		vclk_thread_begin(w->turn);
	w->fn(w->arg);
	if (w->turn) {
		w->has_ended = true;
		clk_cond_wake(w->ended);
		vclk_thread_end(w->turn);
	}
	return NULL;
}

/* Signals are for the main thread: the new one inherits a mask that blocks all. */
static int make_thread(struct worker *w)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->id, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

int worker_start(struct clk *c, const char *name, void (*fn)(void *arg), void *arg,
		 struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return ET_ERR_NOMEM;
	w->fn = fn;
	w->arg = arg;
	snprintf(w->name, sizeof(w->name), "%s", name);
	if (c->v) {
		w->ended = clk_cond_new(c);
		if (!w->ended)
			goto fail;
		w->turn = vclk_thread_new(c->v, name);
		if (!w->turn)
			goto fail;
	}
	if (make_thread(w) == 0) {
		*out = w;
		return ET_OK;
	}
	if (w->turn)
		vclk_thread_free(w->turn);
fail:
	clk_cond_free(w->ended);
	free(w);
	return ET_ERR_NOMEM;
}

void worker_join(struct worker *w)
{
	if (!w)
		return;
	while (w->turn && !w->has_ended) /* woken, or for ever: the result says nothing new */
		(void)!clk_cond_wait(w->ended, clk_cond_count(w->ended), ET_NEVER_NS);
	pthread_join(w->id, NULL);
	if (w->turn)
		vclk_thread_free(w->turn);
	clk_cond_free(w->ended);
	free(w);
}
