/* SPDX-License-Identifier: Apache-2.0 */
/* bench/station.h - carries out what the sequencer asks for: instruments, record, timers, prompts.
 *
 * One loop in the calling thread: an event in, requests out. Everything that waits is a worker. */
#ifndef BENCH_STATION_H
#define BENCH_STATION_H

#include <signal.h>

#include "bench/event_log.h"
#include "bench/guard.h"
#include "bench/prompter.h"
#include "bench/recorder.h"
#include "bench/sequencer.h"
#include "drivers/instrument.h"

enum station_notice_kind {
	NOTICE_STATE, /* the sequencer entered another state */
	NOTICE_LOOK, /* figures may have moved */
	NOTICE_COMMITTING, /* a job is about to be given to the recorder */
	NOTICE_COMMITTED, /* it is durable */
	NOTICE_SHOW, /* what is stored may be shown */
	NOTICE_FINISHED,
};
struct station_notice {
	enum station_notice_kind kind;
	const struct seq *seq;
	enum commit_what commit; /* COMMITTING, COMMITTED, SHOW: of what */
	const char *new_id; /* COMMITTED an attempt: its id */
};

struct station_config {
	struct clk *clk;
	struct queue *events; /* of struct event; the instruments post there too */
	struct instrument *instruments[ET_TARGETS]; /* by enum request_target; TO_STATION is NULL */
	struct seq *seq;
	struct recorder *recorder;
	/** Fill @p j for a commit of @p what. @return ET_OK, ET_ERR_NOMEM. */
	int (*record)(void *arg, enum commit_what what, struct job *j);
	prompter_fn *ask; /* a person, with .arg; in a worker of its own */
	void (*notice)(void *arg, const struct station_notice *n); /* NULL is allowed */
	void (*taken)(void *arg,
		      const struct event *ev); /* before it is handled; NULL is allowed */
	struct follow
		*follow; /* a replay: events come in the order of a recording; NULL: as they come */
	void *arg;
	struct guard *guard; /* gets a beat each turn of the loop; NULL: nobody watches */
	const volatile sig_atomic_t
		*stop_signal; /* a signal number ends the run safely; NULL: never */
};

/** Run to its end, and stop the recorder. @return exit code of REQ_FINISH. */
int station_run(const struct station_config *cfg);

#endif
