/* SPDX-License-Identifier: Apache-2.0 */
/* Events of a recording: what is read, what is refused, and a station that is told the same again. */
#include "bench/event_log.h"

#include <stdlib.h>
#include <string.h>

#include "io/port_replay.h"
#include "tests/support/near.h"

#define S ((int64_t)ET_NS_PER_S)

static struct event_log log_of(const char *text)
{
	struct event_log log = { 0 };
	struct fault f = { 0 };

	if (event_log_parse(text, strlen(text), 0, &log, &f) != ET_OK)
		fail_msg("%s", f.text);
	return log;
}

static void lines_are_read(void **state)
{
	struct event_log log =
		log_of("# head\n5 4 station start 0 0\n\n9 9 reader edges 0 0\n"
		       "9 7 reference failed 12 -4\n10 10 station answer 3 1\nend 6\n");

	(void)state;
	assert_int_equal(log.n, 4);
	assert_int_equal(log.line[2].from, TO_REFERENCE);
	assert_int_equal(log.line[2].kind, EV_FAILED);
	assert_int_equal(log.line[2].id, 12);
	assert_int_equal(log.line[2].detail, ET_ERR_TIMEOUT);
	assert_int_equal(log.line[2].handled_ns, 9);
	assert_int_equal(log.line[2].t_ns, 7);
	assert_true(log.ended);
	assert_int_equal(log.exit_code, 6);
	event_log_free(&log);
	log = log_of("5 4 station start 0 0\n9 9 reader edges 0"); /* cut */
	assert_int_equal(log.n, 1);
	assert_false(log.ended);
	event_log_free(&log);
}

static void what_is_wrong_is_refused(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "5 5 station start 0\n", "line 1: should be: HANDLED T FROM KIND ID DETAIL" },
		{ "5 5 station start 0 0 0\n", "line 1: should be: HANDLED" },
		{ "5  5 station start 0\n", "line 1: should be: HANDLED" },
		{ "x 5 station start 0 0\n", "line 1: should begin with two times in ns" },
		{ "5 6 station start 0 0\n", "line 1: should begin with two times in ns" },
		{ "5 -1 station start 0 0\n", "line 1: should begin with two times in ns" },
		{ "5 5 station start 0 0\n4 4 station timer 1 0\n", "line 2: goes back in time" },
		{ "2678400000000001 5 station start 0 0\n", "line 1: more than 31 days" },
		{ "5 5 teapot start 0 0\n", "line 1: who tells it should be" },
		{ "5 5 station brew 0 0\n", "line 1: not a kind of event that it tells" },
		{ "5 5 station none 0 0\n", "line 1: not a kind of event that it tells" },
		{ "5 5 station edges 0 0\n", "line 1: not a kind of event that it tells" },
		{ "5 5 reader timer 1 0\n", "line 1: not a kind of event that it tells" },
		{ "5 5 station start -1 0\n", "line 1: should end with an id and a detail" },
		{ "5 5 station start 4294967296 0\n", "line 1: should end with an id" },
		{ "5 5 station start 0 1001\n", "line 1: should end with an id and a detail" },
		{ "end x\n", "line 1: after end there should be an exit code" },
		{ "end 0\n5 5 station start 0 0\n", "line 2: after the end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event_log log = { 0 };
		struct fault f = { 0 };

		print_message("%s", cases[i].text);
		assert_int_equal(event_log_parse(cases[i].text, strlen(cases[i].text), 0, &log, &f),
				 ET_ERR_FILE);
		assert_int_equal(strncmp(f.text, cases[i].want, strlen(cases[i].want)), 0);
		assert_null(log.line);
	}
}

/* ---- following ---- */

static struct follow *fo;
static struct follow_tally tally;

static void offer(int64_t now_ns, enum request_target from, enum event_kind kind, uint32_t id)
{
	const struct event ev = { .kind = kind, .id = id, .from = from, .t_ns = now_ns };

	assert_int_equal(follow_offer(fo, now_ns, &ev), ET_OK);
}

static void assert_taken(int64_t now_ns, enum request_target from, enum event_kind kind,
			 uint32_t id, int64_t t_ns)
{
	struct event ev = { 0 };
	int64_t until_ns;

	assert_int_equal(follow_turn(fo, now_ns, &ev, &until_ns), FOLLOW_TAKE);
	assert_int_equal(ev.from, from);
	assert_int_equal(ev.kind, kind);
	assert_int_equal(ev.id, id);
	assert_int_equal(ev.t_ns, t_ns);
}

static void assert_waits(int64_t now_ns, int64_t want_ns)
{
	struct event ev;
	int64_t until_ns = 0;

	assert_int_equal(follow_turn(fo, now_ns, &ev, &until_ns), FOLLOW_WAIT);
	assert_int_equal(until_ns, want_ns);
}

static void assert_over(int64_t now_ns)
{
	struct event ev;
	int64_t until_ns;

	assert_int_equal(follow_turn(fo, now_ns, &ev, &until_ns), FOLLOW_OVER);
}

static void the_order_is_that_of_the_recording(void **state)
{
	struct event_log log = log_of("5 4 station start 0 0\n20 15 reader edges 0 0\n"
				      "21 10 station timer 2 0\n30 30 reader edges 0 0\n");

	(void)state;
	fo = follow_new(&log, &tally);
	assert_waits(0, 5 + FOLLOW_PATIENCE_NS + 1);
	offer(3, TO_STATION, EV_START, 0);
	assert_waits(3, 5);
	assert_taken(5, TO_STATION, EV_START, 0, 4);
	offer(10, TO_STATION, EV_TIMER, 2); /* early: it was handled after the edges */
	assert_waits(10, 20 + FOLLOW_PATIENCE_NS + 1 - 10);
	offer(14, TO_READER, EV_EDGES, 0);
	assert_waits(14, 20);
	assert_taken(20, TO_READER, EV_EDGES, 0, 15);
	assert_waits(20, 21);
	assert_taken(21, TO_STATION, EV_TIMER, 2, 10);
	offer(22, TO_READER, EV_EDGES, 0);
	assert_taken(40, TO_READER, EV_EDGES, 0, 30); /* late is late */
	assert_over(41);
	assert_int_equal(tally.taken, 4);
	assert_int_equal(tally.missing + tally.extra, 0);
	follow_free(fo);
	event_log_free(&log);
}

static void what_only_people_and_disks_say_comes_from_the_log(void **state)
{
	struct event_log log = log_of("5 5 station answer 3 0\n6 6 station failed 4 -10\n"
				      "7 7 station abort 0 15\n8 8 reference failed 5 -4\n");
	struct event ev;
	int64_t until_ns;

	(void)state;
	fo = follow_new(&log, &tally);
	offer(1, TO_STATION, EV_ANSWER, 3);
	offer(1, TO_STATION, EV_COMMITTED, 4);
	offer(1, TO_REFERENCE, EV_READING, 5);
	assert_int_equal(follow_turn(fo, 5, &ev, &until_ns), FOLLOW_TAKE);
	assert_int_equal(ev.kind, EV_ANSWER);
	assert_false(ev.answer.yes);
	assert_int_equal(follow_turn(fo, 6, &ev, &until_ns), FOLLOW_TAKE);
	assert_int_equal(ev.kind, EV_FAILED);
	assert_int_equal(ev.fault.code, ET_ERR_RECORD);
	assert_int_equal(follow_turn(fo, 7, &ev, &until_ns), FOLLOW_TAKE);
	assert_int_equal(ev.kind, EV_ABORT);
	assert_int_equal(ev.signal, 15);
	assert_int_equal(follow_turn(fo, 8, &ev, &until_ns), FOLLOW_TAKE);
	assert_int_equal(ev.kind, EV_READING); /* what an instrument says now is what it says */
	follow_free(fo);
	event_log_free(&log);
}

static void what_differs_is_counted(void **state)
{
	struct event_log log = log_of("5 5 reader done 3 0\n6 6 station timer 4 0\n");

	(void)state;
	fo = follow_new(&log, &tally);
	offer(1, TO_READER, EV_EDGES, 0);
	offer(1, TO_STATION, EV_TIMER, 4);
	assert_waits(2, 1 + FOLLOW_PATIENCE_NS + 1);
	assert_taken(2 + FOLLOW_PATIENCE_NS, TO_READER, EV_EDGES, 0, 1); /* nobody wanted it */
	assert_taken(8 + FOLLOW_PATIENCE_NS, TO_STATION, EV_TIMER, 4, 1);
	assert_int_equal(tally.extra, 2);
	assert_over(100 * S);
	assert_int_equal(tally.missing, 2);
	assert_string_equal(tally.first, "not recorded: reader edges 0 at 1 ns");
	follow_free(fo);
	event_log_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(the_order_is_that_of_the_recording),
		cmocka_unit_test(what_only_people_and_disks_say_comes_from_the_log),
		cmocka_unit_test(what_differs_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
