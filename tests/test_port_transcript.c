/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_port_transcript.c - transcripts played back, recorded, and refused. */
#include "io/port_transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/line.h"
#include "io/port_sim.h"
#include "tests/support/near.h"

static const struct clk_start start = { .mono_ns = 1000 };

static struct port *play(const char *text, struct clk *c)
{
	struct port *p = NULL;
	struct fault f = { 0 };

	if (port_transcript_open_mem(text, c, &p, &f) != ET_OK)
		fail_msg("%s", f.text);
	return p;
}
static void end(struct port *p, int want, const char *want_fault)
{
	struct clk *c = p->clk;
	struct fault f = { 0 };

	assert_int_equal(port_transcript_result(p, &f), want);
	assert_string_equal(f.text, want_fault);
	port_close(p);
	clk_free(c);
}
static void assert_read(struct port *p, int64_t deadline_ns, const char *want)
{
	char got[64] = "";

	assert_int_equal(port_read(p, got, sizeof(got) - 1, deadline_ns), strlen(want));
	assert_string_equal(got, want);
}
static void assert_no_read(struct port *p, int64_t deadline_ns, int want)
{
	char got[64];

	assert_int_equal(port_read(p, got, sizeof(got), deadline_ns), want);
}
static int say(struct port *p, const char *text)
{
	return port_write(p, text, strlen(text), 0);
}

static void a_dialogue_is_played(void **state)
{
	struct port *p = play("# Device: made up\n"
			      "\n"
			      "> *IDN?\\n\n"
			      "< ACME,REF\n"
			      "< 3000\\x2C\\xe9\\r\\n\n"
			      "> \\x55\\\\A\n"
			      "> B\n"
			      "< x\r\n", /* an editor's line end */
			      clk_virtual_new(&start));
	char got[4] = "";

	(void)state;
	assert_no_read(p, 2000, ET_ERR_TIMEOUT); /* not asked yet */
	assert_int_equal(clk_now_ns(p->clk), 2000);
	assert_no_read(p, ET_NEVER_NS, ET_ERR_IO);
	assert_int_equal(say(p, "*ID"), ET_OK); /* divided otherwise */
	assert_no_read(p, 0, ET_ERR_TIMEOUT);
	assert_int_equal(say(p, "N?\n"), ET_OK);
	assert_int_equal(port_read(p, got, 3, 0), 3);
	assert_string_equal(got, "ACM");
	assert_read(p, 0, "E,REF"); /* one line is one fragment */
	assert_read(p, 0, "3000,\xe9\r\n");
	assert_int_equal(say(p, "U\\AB"), ET_OK);
	assert_read(p, 0, "x");
	assert_no_read(p, 3000, ET_ERR_TIMEOUT);
	end(p, 0, "");
}

static void deviations_are_named(void **state)
{
	struct port *p = play("> A\\n\n< 1\n> B\n", clk_virtual_new(&start));

	(void)state;
	assert_int_equal(say(p, "A\r"), ET_ERR_IO);
	assert_int_equal(say(p, "C"), ET_ERR_IO); /* the first one is named */
	assert_int_equal(say(p, "A\n"), ET_OK);
	assert_read(p, 0, "1");
	assert_int_equal(say(p, "B"), ET_OK);
	end(p, -1, "transcript:memory: line 1: should be sent: A\\n; was sent: A\\r");

	p = play("> A\n", clk_virtual_new(&start));
	assert_int_equal(say(p, "AB"), ET_ERR_IO);
	assert_int_equal(say(p, "A"), ET_OK); /* nothing was taken of the wrong one */
	end(p, -1, "transcript:memory: line 1: should be sent: A; was sent: AB");

	p = play("", clk_virtual_new(&start));
	assert_no_read(p, 0, ET_ERR_TIMEOUT);
	assert_int_equal(say(p, "A"), ET_ERR_IO);
	end(p, -1, "transcript:memory: after its end was sent: A");
}

static void what_is_left_over_is_named(void **state)
{
	struct port *p = play("> A\n< 1\n\n< 2\n> B\n", clk_virtual_new(&start));

	(void)state;
	assert_int_equal(say(p, "A"), ET_OK);
	assert_read(p, 0, "1");
	assert_int_equal(say(p, "B"), ET_OK);
	end(p, -1, "transcript:memory: left over from line 4 on");

	p = play("> A\n! timeout\n", clk_virtual_new(&start));
	assert_int_equal(say(p, "A"), ET_OK);
	end(p, -1, "transcript:memory: left over from line 2 on");
}

/* The answer to the first question comes after its time-out. */
static const char late[] = "> P?\\n\n! timeout\n< 99\\n\n! timeout\n> P?\\n\n< 1150\\n\n";

static void late_answers_come_late(void **state)
{
	struct port *p = play(late, clk_virtual_new(&start));

	(void)state;
	assert_int_equal(say(p, "P?\n"), ET_OK);
	assert_no_read(p, 5000, ET_ERR_TIMEOUT);
	assert_int_equal(clk_now_ns(p->clk), 5000);
	assert_read(p, 6000, "99\n");
	assert_no_read(p, 7000, ET_ERR_TIMEOUT);
	assert_int_equal(say(p, "P?\n"), ET_OK);
	assert_read(p, 8000, "1150\n");
	assert_int_equal(clk_now_ns(p->clk), 7000);
	end(p, 0, "");
}

static void a_timeout_is_not_skipped(void **state)
{
	struct port *p = play(late, clk_virtual_new(&start));

	(void)state;
	assert_int_equal(say(p, "P?\n"), ET_OK);
	assert_int_equal(say(p, "P?\n"), ET_ERR_IO);
	end(p, -1, "transcript:memory: line 2: before this time-out was sent: P?\\n");
}

static void reopening_forgets_late_answers(void **state)
{
	struct port *p = play(late, clk_virtual_new(&start));

	(void)state;
	assert_int_equal(say(p, "P?\n"), ET_OK);
	assert_no_read(p, 5000, ET_ERR_TIMEOUT);
	assert_int_equal(port_reopen(p, NULL), ET_OK);
	assert_no_read(p, 5001, ET_ERR_TIMEOUT);
	assert_int_equal(say(p, "P?\n"), ET_OK);
	assert_read(p, 8000, "1150\n");
	end(p, 0, "");
}

static void marks_delay_answers_after_their_question(void **state)
{
	struct port *p = play("@ 700\n> A\n@ 1200\n< 1\n< 2\n@ 9000\n> B\n@ 9100\n< 3\n",
			      clk_virtual_new(&start));

	(void)state;
	clk_sleep_until(p->clk, 2000);
	assert_int_equal(say(p, "A"), ET_OK);
	assert_no_read(p, 2499, ET_ERR_TIMEOUT);
	assert_read(p, 2500, "1");
	assert_int_equal(clk_now_ns(p->clk), 2500);
	assert_read(p, 0, "2");
	clk_sleep_until(p->clk, 50000); /* slower than when it was recorded */
	assert_int_equal(say(p, "B"), ET_OK);
	assert_read(p, ET_NEVER_NS, "3");
	assert_int_equal(clk_now_ns(p->clk), 50100);
	end(p, 0, "");

	p = play("@ 5000\n< 1\n@ 5300\n< 2\n> A\n", clk_virtual_new(&start)); /* a stream */
	assert_read(p, ET_NEVER_NS, "1");
	assert_int_equal(clk_now_ns(p->clk), 1000);
	assert_read(p, ET_NEVER_NS, "2");
	assert_int_equal(clk_now_ns(p->clk), 1300);
	assert_int_equal(say(p, "A"), ET_OK);
	end(p, 0, "");

	p = play("@ 0\n> A\n@ 9223372036854775807\n< 1\n", clk_virtual_new(&start));
	assert_int_equal(say(p, "A"), ET_OK);
	assert_no_read(p, 5000, ET_ERR_TIMEOUT);
	assert_no_read(p, ET_NEVER_NS, ET_ERR_IO);
	end(p, -1, "transcript:memory: left over from line 4 on");

	p = play("@ 0\n> A\n@ 9000000000000\n< 1\n", clk_real_new()); /* not in real time */
	assert_int_equal(say(p, "A"), ET_OK);
	assert_read(p, 0, "1");
	end(p, 0, "");
}

/* Lose the first answer, then the second, until a run passes: here the third. */
static void each_answer_can_be_lost(void **state)
{
	static const int reached[] = { 1, 1, 0 };

	(void)state;
	for (int n = 0; n < 3; n++) {
		struct port *p = play("> A\n! timeout\n< 1\n> B\n< 2\n", clk_virtual_new(&start));

		port_transcript_fail_read(p, n);
		assert_int_equal(say(p, "A"), ET_OK);
		assert_no_read(p, 2000, ET_ERR_TIMEOUT);
		if (n == 0)
			assert_no_read(p, 3000, ET_ERR_TIMEOUT);
		assert_read(p, 4000, "1"); /* late, but it comes */
		assert_int_equal(say(p, "B"), ET_OK);
		if (n == 1)
			assert_no_read(p, 3000, ET_ERR_TIMEOUT);
		else
			assert_read(p, 3000, "2");
		end(p, reached[n], "");
	}
}

static void what_is_no_transcript_is_refused(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "> A\nhello\n", "memory: line 2: should begin with # @ > < or !" },
		{ ">A\n", "memory: line 1: there should be a blank and then bytes" },
		{ "<\n", "memory: line 1: there should be a blank and then bytes" },
		{ "< \n", "memory: line 1: there should be a blank and then bytes" },
		{ "> \\t\n", "memory: line 1: after \\ there should be n, r, \\ or xHH" },
		{ "> \\x4\n", "memory: line 1: after \\ there should be n, r, \\ or xHH" },
		{ "> \\x4g\n", "memory: line 1: after \\ there should be n, r, \\ or xHH" },
		{ "> a\\", "memory: line 1: after \\ there should be n, r, \\ or xHH" },
		{ "> \xe9\n",
		  "memory: line 1: a byte that is not printable should be written as \\xHH" },
		{ "! Timeout\n", "memory: line 1: after ! there should be timeout" },
		{ "@ 1,5\n> A\n", "memory: line 1: after @ there should be a time in ns" },
		{ "@ -1\n> A\n", "memory: line 1: after @ there should be a time in ns" },
		{ "@ 5\n@ 6\n> A\n", "memory: line 2: a second @ for the same line" },
		{ "@ 5\n> A\n@ 4\n> A\n", "memory: line 3: @ goes back in time" },
		{ "> A\n@ 5\n", "memory: line 2: nothing follows the last @" },
	};
	struct clk *c = clk_virtual_new(&start);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port *p = NULL;
		struct fault f = { 0 };

		assert_int_equal(port_transcript_open_mem(cases[i].text, c, &p, &f), ET_ERR_FILE);
		assert_string_equal(f.text, cases[i].want);
		assert_null(p);
	}
	clk_free(c);
}

/* An instrument that answers each "?" 300 ns later, with bytes that need care. */
static void answer(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len)
{
	if (data[len - 2] == '?')
		sim_emit(s, t_ns + 300, "\\ \xff\0~ ", 6);
}
static const struct sim_peer_ops answer_ops = { .receive = answer };

static void ask_twice(struct port *p, int64_t *t_ns)
{
	char got[16];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(say(p, "VAL?\n"), ET_OK);
		assert_no_read(p, clk_now_ns(p->clk) + 200, ET_ERR_TIMEOUT);
		assert_int_equal(port_read(p, got, sizeof(got), ET_NEVER_NS), 6);
		assert_memory_equal(got, "\\ \xff\0~ ", 6);
		t_ns[i] = clk_now_ns(p->clk);
	}
	assert_int_equal(say(p, "OFF\n"), ET_OK);
	assert_int_equal(port_reopen(p, NULL), ET_OK);
}

static void a_recording_plays_back(void **state)
{
	static const char want[] = "\n"
				   "@ 1000\n"
				   "> VAL?\\n\n"
				   "@ 1000 1200\n"
				   "! nothing\n"
				   "@ 1200 1300\n"
				   "< \\\\ \\xFF\\x00~\\x20\n"
				   "@ 1300\n"
				   "> VAL?\\n\n"
				   "@ 1300 1500\n"
				   "! nothing\n"
				   "@ 1500 1600\n"
				   "< \\\\ \\xFF\\x00~\\x20\n"
				   "@ 1600\n"
				   "> OFF\\n\n"
				   "@ 1600\n"
				   "! reopened\n";
	char folder[] = "/tmp/etalon-test-XXXXXX", path[64], spec[80], text[1000] = "";
	struct sim_peer peer = { .ops = &answer_ops };
	struct clk *c = clk_virtual_new(&start);
	struct port *inner, *p;
	struct tapes *tapes;
	struct tape *tape;
	struct fault f = { 0 };
	int64_t live_ns[2], played_ns[2];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/link.txt", folder);
	assert_int_equal(port_sim_new(c, &peer, "a", &(struct sim_link_timing){ 0 }, &inner),
			 ET_OK);
	assert_int_equal(tapes_new(c, &tapes), ET_OK);
	assert_int_equal(tapes_open(tapes, path, &tape, &f), ET_OK);
	assert_int_equal(port_record(inner, tape, &p), ET_OK);
	assert_string_equal(p->spec, "sim:a");
	ask_twice(p, live_ns);
	port_close(p);
	(void)tapes_close(tapes, NULL);
	clk_free(c);

	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_memory_equal(text, "# State: complete ", 18);
	assert_string_equal(strchr(text, '\n'), want);

	c = clk_virtual_new(&start);
	snprintf(spec, sizeof(spec), "transcript:%s", path);
	assert_int_equal(port_open(spec, c, &p, &f), ET_OK);
	ask_twice(p, played_ns);
	assert_int_equal(live_ns[0], 1300);
	assert_int_equal(played_ns[0], live_ns[0]);
	assert_int_equal(played_ns[1], live_ns[1]);
	assert_int_equal(port_transcript_result(p, &f), 0);
	port_close(p);

	/* a recording is never overwritten */
	assert_int_equal(tapes_new(c, &tapes), ET_OK);
	assert_int_equal(tapes_open(tapes, path, &tape, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "File exists"));
	(void)tapes_close(tapes, NULL);
	unlink(path);
	assert_int_equal(port_open(spec, c, &p, &f), ET_ERR_IO);
	assert_non_null(strstr(f.text, "No such file"));
	snprintf(spec, sizeof(spec), "transcript:%s", folder);
	assert_int_equal(port_open(spec, c, &p, &f), ET_ERR_IO); /* a folder */
	rmdir(folder);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dialogue_is_played),
		cmocka_unit_test(deviations_are_named),
		cmocka_unit_test(what_is_left_over_is_named),
		cmocka_unit_test(late_answers_come_late),
		cmocka_unit_test(a_timeout_is_not_skipped),
		cmocka_unit_test(reopening_forgets_late_answers),
		cmocka_unit_test(marks_delay_answers_after_their_question),
		cmocka_unit_test(each_answer_can_be_lost),
		cmocka_unit_test(what_is_no_transcript_is_refused),
		cmocka_unit_test(a_recording_plays_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
