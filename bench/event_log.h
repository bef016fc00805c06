/* SPDX-License-Identifier: Apache-2.0 */
/* bench/event_log.h - what the station was told in a run, in its order; and a station that is told the same again.
 *
 * The events of a recording, one a line, in the order in which the station took them:
 *   HANDLED T FROM KIND ID DETAIL
 * HANDLED: bench time, ns, when it was taken; T: its own time; ID: of the request that it answers, 0: none; DETAIL: of an
 * answer 1 (yes) or 0, of an abort the signal, of a failure its code, else 0. A run that came to its end ends with
 *   end EXIT-CODE
 * Lines that begin with # are passed over. */
#ifndef BENCH_EVENT_LOG_H
#define BENCH_EVENT_LOG_H

#include "base/quantities.h"
#include "io/tape.h"

struct event_line {
	int64_t handled_ns, t_ns;
	enum request_target from;
	enum event_kind kind;
	uint32_t id;
	int detail;
};
struct event_log {
	struct event_line *line;
	size_t n;
	bool ended; /* false: the recording was cut */
	int exit_code;
};

/** @param text  What was cut off at its end is ignored. @param begin_ns  No event is earlier, or more than
 * REPLAY_LONGEST_NS later. @param out  Freed by event_log_free(); untouched unless ET_OK.
 * @return ET_OK, ET_ERR_FILE (@p f names the line), ET_ERR_NOMEM. */
int event_log_parse(const char *text, size_t len, int64_t begin_ns, struct event_log *out,
		    struct fault *f) ET_CHECK;
void event_log_free(struct event_log *log);

void event_log_put(struct tape *t, int64_t now_ns, const struct event *ev);
void event_log_end(struct tape *t, int exit_code);

/* ---- to follow a log ---- */
struct follow;

struct follow_tally {
	int64_t taken; /* as recorded */
	int64_t missing; /* recorded, did not come within FOLLOW_PATIENCE_NS */
	int64_t extra; /* came, not recorded */
	int64_t changed; /* taken, but says another thing than was recorded: of another kind, or another error */
	char first[160]; /* the first of these, in words; "": none */
};
#define FOLLOW_PATIENCE_NS ((int64_t)60 * ET_NS_PER_S)

/** @param log, tally  Borrowed. @return NULL: out of memory. */
struct follow *follow_new(const struct event_log *log, struct follow_tally *tally);
void follow_free(struct follow *f);

/** An event came; it waits for its turn. @return ET_OK, ET_ERR_NOMEM. */
int follow_offer(struct follow *f, int64_t now_ns, const struct event *ev) ET_CHECK;

enum follow_turn { FOLLOW_WAIT = 0, FOLLOW_TAKE, FOLLOW_OVER };
/** What is to be done now: take @p ev, with the time that it had then; wait for more to come, until @p until_ns;
 * or stop, because the recording has no more. */
enum follow_turn follow_turn(struct follow *f, int64_t now_ns, struct event *ev, int64_t *until_ns);

#endif
