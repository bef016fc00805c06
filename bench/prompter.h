/* SPDX-License-Identifier: Apache-2.0 */
/* bench/prompter.h - asks a person in a worker of its own, so that nothing else waits for the person. */
#ifndef BENCH_PROMPTER_H
#define BENCH_PROMPTER_H

#include <stdatomic.h>

#include "base/quantities.h"
#include "io/queue.h"

/** Ask; true: yes. May wait for the person, but gives up (any answer) soon after @p cancelled has become true. */
typedef bool prompter_fn(void *arg, int prompt, enum touch touch, const atomic_bool *cancelled);

struct prompter;

/** @param events  Of struct event, borrowed: the answers go there, as EV_ANSWER. NULL: out of memory. */
struct prompter *prompter_new(struct clk *c, struct queue *events, prompter_fn *ask, void *arg);

/** Put the question of a REQ_PROMPT; one that is still open is given up. @return ET_OK, ET_ERR_NOMEM. */
int prompter_ask(struct prompter *p, const struct request *r) ET_CHECK;

/** An open question is given up. NULL is allowed. */
void prompter_free(struct prompter *p);

#endif
