/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_event_log.c - any list of events is refused or can be followed to its end, with none of its events there, or all. */
#include <stdlib.h>

#include "bench/event_log.h"
#include "io/port_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void offer_all(struct follow *f, const struct event_log *log)
{
	for (size_t i = 0; i < log->n; i++) {
		const struct event_line *line = &log->line[i];
		const struct event ev = {
			.kind = line->kind, .id = line->id, .from = line->from, .t_ns = line->t_ns
		};

		must(follow_offer(f, 0, &ev) == ET_OK);
	}
}

/* Time goes from one instant that is asked for to the next: it always comes to an end. */
static void follow_to_the_end(const struct event_log *log, bool all)
{
	struct follow_tally tally;
	struct follow *f = follow_new(log, &tally);
	struct event ev;
	int64_t now_ns = 0, until_ns = 0;
	enum follow_turn turn;

	if (all)
		offer_all(f, log);
	while ((turn = follow_turn(f, now_ns, &ev, &until_ns)) != FOLLOW_OVER) {
		if (turn == FOLLOW_TAKE) {
			must(ev.kind > EV_NONE && ev.kind < EV_KINDS && (int)ev.from < ET_TARGETS);
			continue;
		}
		must(until_ns > now_ns);
		now_ns = until_ns;
	}
	must(tally.taken + tally.missing == (int64_t)log->n);
	follow_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_log log;

	if (event_log_parse((const char *)data, size, 0, &log, NULL) != ET_OK)
		return 0;
	for (size_t i = 0; i < log.n; i++)
		must(log.line[i].handled_ns >= 0 && log.line[i].handled_ns <= REPLAY_LONGEST_NS &&
		     log.line[i].t_ns <= log.line[i].handled_ns);
	follow_to_the_end(&log, false);
	follow_to_the_end(&log, true);
	event_log_free(&log);
	return 0;
}
