/* SPDX-License-Identifier: Apache-2.0 */
/* A link that is what a recording says: the times of the recording, and what happens when a question is not its next. */
#include "io/port_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantities.h"
#include "tests/support/near.h"

#define MS 1000000

static struct clk *c;
static struct port *p;
static struct replay_tally tally;

static int open_text(const char *text, struct fault *f)
{
	static const struct clk_start start = { .mono_ns = 1000 };

	c = clk_virtual_new(&start);
	p = NULL;
	return port_replay_open("r", text, strlen(text), c, &tally, &p, f);
}

static void begin(const char *text)
{
	struct fault f = { 0 };

	if (open_text(text, &f) != ET_OK)
		fail_msg("%s", f.text);
}

static void end(void)
{
	port_close(p);
	clk_free(c);
}

static int say(const char *text)
{
	return port_write(p, text, strlen(text), ET_NEVER_NS);
}

/* What a read gives that waits until @p deadline_ns, and when. */
static void assert_read(int64_t deadline_ns, const char *want, int64_t want_ns)
{
	char got[64] = "";
	const int n = port_read(p, got, sizeof(got) - 1, deadline_ns);

	if (n < 0)
		fail_msg("read: %s, wanted %s", et_err_name(n), want);
	assert_string_equal(got, want);
	assert_int_equal(p->t_read_ns, want_ns);
	assert_int_equal(clk_now_ns(c), want_ns);
}

static void assert_no_read(int64_t deadline_ns, int err, int64_t until_ns)
{
	char got[8];

	assert_int_equal(port_read(p, got, sizeof(got), deadline_ns), err);
	assert_int_equal(clk_now_ns(c), until_ns);
}

/* A question is at its instant again, and so is all that a driver measures with. */
static void the_times_are_those_of_the_recording(void **state)
{
	(void)state;
	begin("@ 5000 5400\n> V?\\n\n@ 7000\n< 1\\n\n@ 9000\n! nothing\n@ 20000\n> W?\\n\n@ "
	      "21000\n< 2\n"
	      "@ 21500\n< \\n\n");
	assert_int_equal(say("V?\n"), ET_OK);
	assert_int_equal(p->t_write_ns, 5000);
	assert_int_equal(clk_now_ns(c), 5400); /* the write took so long */
	assert_read(ET_NEVER_NS, "1\n", 7000);
	assert_no_read(8990, ET_ERR_TIMEOUT, 9000); /* it came back a little late then */
	assert_int_equal(say("W?\n"), ET_OK);
	assert_read(30000, "2", 21000);
	assert_read(30000, "\n", 21500);
	assert_no_read(30000, ET_ERR_TIMEOUT, 30000);
	assert_no_read(ET_NEVER_NS, ET_ERR_IO, 30000); /* for ever would be a hang */
	end();
	assert_int_equal(tally.asked, 2);
	assert_int_equal(tally.wait_ns, 11000);
	assert_int_equal(
		tally.passed_over + tally.again + tally.unknown + tally.left + tally.unread, 0);
	assert_string_equal(tally.first, "");
}

static const char polls[] = "@ 1000\n> E?\\n\n@ 2000\n< 1\\n\n"
			    "@ 3000\n> E?\\n\n@ 4000\n< 2\\n\n"
			    "@ 5000\n> STOP\\n\n@ 6000\n< ok\\n\n";

static void a_question_less_is_passed_over(void **state)
{
	(void)state;
	begin(polls);
	assert_int_equal(say("E?\n"), ET_OK);
	assert_read(ET_NEVER_NS, "1\n", 2000);
	assert_int_equal(say("STOP\n"), ET_OK);
	assert_int_equal(p->t_write_ns, 5000);
	assert_read(ET_NEVER_NS, "ok\n", 6000); /* not the answer to what was not asked */
	end();
	assert_int_equal(tally.asked, 2);
	assert_int_equal(tally.passed_over, 1);
	assert_string_equal(tally.first, "line 6: asked then: E?\\n; now: STOP\\n (those before it "
					 "were not asked now)");
}

static void a_question_more_is_answered_as_before(void **state)
{
	(void)state;
	begin(polls);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(say("E?\n"), ET_OK);
		assert_read(ET_NEVER_NS, i == 1 ? "1\n" : "2\n", 2000 * i);
	}
	assert_int_equal(say("E?\n"), ET_OK);
	assert_int_equal(p->t_write_ns, 4000);
	assert_no_read(4900, ET_ERR_TIMEOUT, 4900); /* as late as it was */
	assert_read(ET_NEVER_NS, "2\n", 5000);
	assert_int_equal(say("STOP\n"), ET_OK);
	assert_read(ET_NEVER_NS, "ok\n", 6000);
	end();
	assert_int_equal(tally.again, 1);
	assert_int_equal(tally.asked, 3);
	assert_int_equal(tally.left, 0);
}

static void an_unknown_question_has_no_answer(void **state)
{
	(void)state;
	begin(polls);
	assert_int_equal(say("WHO?\n"), ET_OK);
	assert_no_read(1500, ET_ERR_TIMEOUT, 1500);
	assert_int_equal(say("E?\n"), ET_OK);
	assert_read(ET_NEVER_NS, "1\n", 2000);
	end();
	assert_int_equal(tally.unknown, 1);
	assert_int_equal(tally.asked, 1);
	assert_int_equal(tally.left, 2);
	assert_int_equal(tally.unread, 5);
	assert_string_equal(
		tally.first,
		"line 2: asked then: E?\\n; now: WHO?\\n (unknown, so without an answer)");
}

/* The same words an hour later are another question. */
static void only_what_is_near_is_meant(void **state)
{
	(void)state;
	begin("@ 2000\n> A\\n\n@ 3600000000000\n> B\\n\n@ 3600000001000\n< late\\n\n");
	assert_int_equal(say("A\n"), ET_OK);
	assert_int_equal(say("B\n"), ET_OK);
	assert_no_read(9000, ET_ERR_TIMEOUT, 9000);
	clk_sleep_until(c, 3599 * (int64_t)ET_NS_PER_S);
	assert_int_equal(say("B\n"), ET_OK);
	assert_read(ET_NEVER_NS, "late\n", 3600000001000);
	end();
	assert_int_equal(tally.unknown, 1);
	assert_int_equal(tally.asked, 2);
}

static void links_fail_as_they_did(void **state)
{
	struct fault f = { 0 };

	(void)state;
	begin("@ 2000\n> A\\n\n@ 3000\n! read damaged\n@ 4000\n! read failed\n"
	      "@ 5000\n! not reopened\n@ 6000\n! reopened\n"
	      "@ 7000\n> B\\n\n@ 7000\n! write failed\n@ 8000\n! reopened\n"
	      "@ 9000\n> C\\n\n@ 9000\n! write timed out\n");
	assert_int_equal(say("A\n"), ET_OK);
	assert_no_read(ET_NEVER_NS, ET_ERR_PROTO, 3000);
	assert_no_read(ET_NEVER_NS, ET_ERR_IO, 4000);
	assert_int_equal(port_reopen(p, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "could not be opened again"));
	assert_int_equal(port_reopen(p, &f), ET_OK);
	assert_int_equal(clk_now_ns(c), 6000);
	assert_int_equal(say("B\n"), ET_ERR_IO);
	assert_int_equal(port_reopen(p, &f), ET_OK);
	assert_int_equal(say("C\n"), ET_ERR_TIMEOUT);
	assert_int_equal(say("C\n"), ET_OK); /* there is nobody any more */
	assert_int_equal(port_reopen(p, &f), ET_OK); /* not then */
	end();
	assert_int_equal(tally.asked, 3);
	assert_int_equal(tally.unknown, 1);
	assert_string_equal(tally.first,
			    "line 0: asked then: nothing more; now:  (opened anew now, "
			    "not then)");
}

static void reopening_forgets(void **state)
{
	(void)state;
	begin("@ 2000\n> A\\n\n@ 3000\n< 1\\n\n@ 4000\n> B\\n\n@ 5000\n! reopened\n"
	      "@ 6000\n> C\\n\n@ 7000\n< 3\\n\n");
	assert_int_equal(say("A\n"), ET_OK);
	assert_int_equal(port_reopen(p, NULL), ET_OK);
	assert_int_equal(say("C\n"), ET_OK);
	assert_read(ET_NEVER_NS, "3\n", 7000);
	end();
	assert_int_equal(tally.passed_over, 1);
	assert_int_equal(tally.unread, 0);
}

/* Looks that found nothing: the nearest one counts, and one that waits longer passes over them. */
static void looks_for_nothing(void **state)
{
	(void)state;
	begin("@ 100000000\n! nothing\n@ 150000000\n! nothing\n@ 200000000\n< a\\n\n"
	      "@ 250000000\n! nothing\n@ 900000000\n< b\\n\n");
	clk_sleep_until(c, 149 * MS);
	assert_no_read(0, ET_ERR_TIMEOUT, 150 * MS);
	assert_read(150 * MS, "a\n", 200 * MS); /* then it was read so late, too */
	assert_read(5000 * (int64_t)MS, "b\n", 900 * MS);
	end();
}

static void requests_are_taken_when_they_were(void **state)
{
	int64_t t_ns = 7;

	(void)state;
	begin("@ 2000\n! request\n@ 3000\n> A\\n\n@ 4000\n< 1\\n\n@ 5000\n! nothing\n@ 6000\n! "
	      "request\n"
	      "@ 8000\n! nothing\n");
	assert_int_equal(port_next(p, &t_ns), PORT_NEXT_REQUEST);
	assert_int_equal(t_ns, 2000 + REPLAY_LATE_NS);
	port_taken(p);
	assert_int_equal(clk_now_ns(c), 2000);
	assert_int_equal(say("A\n"), ET_OK);
	assert_read(ET_NEVER_NS, "1\n", 4000);
	assert_int_equal(port_next(p, &t_ns), PORT_NEXT_STREAM);
	assert_int_equal(t_ns, 5000);
	assert_int_equal(port_next(p, &t_ns), PORT_NEXT_ANY); /* it did not want that */
	assert_no_read(5000, ET_ERR_TIMEOUT, 5000);
	assert_int_equal(port_next(p, &t_ns), PORT_NEXT_REQUEST);
	port_taken(p);
	assert_int_equal(clk_now_ns(c), 6000);
	assert_int_equal(port_next(p, &t_ns), PORT_NEXT_STREAM);
	assert_no_read(8000, ET_ERR_TIMEOUT, 8000);
	assert_int_equal(port_next(p, &t_ns), PORT_NEXT_ANY);
	port_taken(p); /* no such in the recording: at once */
	assert_int_equal(clk_now_ns(c), 8000);
	end();
}

static void what_was_cut_off_is_ignored(void **state)
{
	static const char *const ends[] = { "", "@ 50", "@ 5000\n", "@ 5000\n> B",
					    "@ 5000\n@ 6000\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char text[100];

		snprintf(text, sizeof(text), "# head\n@ 2000\n> A\\n\n@ 3000\n< 1\\n\n%s", ends[i]);
		begin(text);
		assert_int_equal(say("A\n"), ET_OK);
		assert_read(ET_NEVER_NS, "1\n", 3000);
		end();
		assert_int_equal(tally.left, 0);
	}
}

static void what_is_no_recording_is_refused(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "> A\n", "r: line 1: without a line @ before it, so this is no recording" },
		{ "@ 5\n! teapot\n", "r: line 2: after ! there should be timeout" },
		{ "@ 5 4\n> A\n", "r: line 1: the second time after @ should be the end, in ns" },
		{ "@ 5 \n> A\n", "r: line 1: the second time after @ should be the end, in ns" },
		{ "@ 2678400000001001\n> A\n", "r: line 2: more than 31 days after the beginning" },
		{ "@ 5 2678400000001001\n> A\n",
		  "r: line 2: more than 31 days after the beginning" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fault f = { 0 };

		assert_int_equal(open_text(cases[i].text, &f), ET_ERR_FILE);
		assert_string_equal(f.text, cases[i].want);
		assert_null(p);
		clk_free(c);
	}
	c = clk_real_new();
	assert_int_equal(port_replay_open("r", "", 0, c, &tally, &p, NULL), ET_ERR_ARG);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_times_are_those_of_the_recording),
		cmocka_unit_test(a_question_less_is_passed_over),
		cmocka_unit_test(a_question_more_is_answered_as_before),
		cmocka_unit_test(an_unknown_question_has_no_answer),
		cmocka_unit_test(only_what_is_near_is_meant),
		cmocka_unit_test(links_fail_as_they_did),
		cmocka_unit_test(reopening_forgets),
		cmocka_unit_test(looks_for_nothing),
		cmocka_unit_test(requests_are_taken_when_they_were),
		cmocka_unit_test(what_was_cut_off_is_ignored),
		cmocka_unit_test(what_is_no_recording_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
