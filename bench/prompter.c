/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/prompter.h"

#include <stdlib.h>

#include "io/worker.h"

#define PUT_AGAIN_NS ((int64_t)5000000)

struct prompter {
	struct clk *clk;
	struct queue *events;
	prompter_fn *ask;
	void *arg;
	struct worker *worker; /* of the last question; NULL: none */
	struct request question;
	atomic_bool cancelled;
};

static void run(void *arg)
{
	struct prompter *p = arg;
	struct event ev = { .kind = EV_ANSWER, .id = p->question.id, .from = TO_STATION };

	ev.answer.yes = p->ask(p->arg, p->question.prompt, p->question.touch, &p->cancelled);
	ev.t_ns = clk_now_ns(p->clk);
	while (!atomic_load(&p->cancelled) && queue_put(p->events, &ev) != ET_OK)
		clk_sleep_until(p->clk, clk_now_ns(p->clk) + PUT_AGAIN_NS);
}

static void give_up(struct prompter *p)
{
	atomic_store(&p->cancelled, true);
	worker_join(p->worker);
	p->worker = NULL;
}

struct prompter *prompter_new(struct clk *c, struct queue *events, prompter_fn *ask, void *arg)
{
	struct prompter *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->clk = c;
	p->events = events;
	p->ask = ask;
	p->arg = arg;
	atomic_init(&p->cancelled, false);
	return p;
}

int prompter_ask(struct prompter *p, const struct request *r)
{
	give_up(p);
	p->question = *r;
	atomic_store(&p->cancelled, false);
	return worker_start(p->clk, "prompt", run, p, &p->worker);
}

void prompter_free(struct prompter *p)
{
	if (!p)
		return;
	give_up(p);
	free(p);
}
