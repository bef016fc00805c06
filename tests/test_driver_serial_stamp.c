/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_driver_serial_stamp.c - the serial-stamp driver against the examples of docs/ir-reader-protocol.md and
 * transcripts: what is lost is noticed, always. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ir_reader/serial_stamp_line.h"
#include "drivers/registry.h"
#include "io/port_transcript.h"
#include "tests/support/flood.h"
#include "tests/support/near.h"

#define DIR "tests/transcripts/serial-stamp/"

static const struct driver *const stamp = &driver_serial_stamp;
static const struct clk_start start = { .mono_ns = 0 };

/* ---- lines ---- */

static void the_checksum_is_the_published_one(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(ss_crc("123456789", 9), 0x29b1);
	assert_true(ss_seal("?5 CLK", out, sizeof(out)));
	assert_string_equal(out, "?5 CLK*099B");
	assert_false(ss_seal("?5 CLK", out, 11));
}

/* Every example of the page has the checksum that we compute, but the one that is wrong on purpose. */
static void examples_of_the_page_are_right(void **state)
{
	FILE *f = fopen("docs/ir-reader-protocol.md", "r");
	char line[512];
	int right = 0, wrong = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "    > ", 6) && strncmp(line, "    < ", 6))
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (ss_unseal(line + 6))
			right++;
		else
			wrong += !strcmp(line + 6, "?10 CLK*0000");
	}
	fclose(f);
	assert_int_equal(right, 29);
	assert_int_equal(wrong, 1);
}

static void numbers_and_masks_are_strict(void **state)
{
	static const char *const bad[] = { "",	 "01", "+1",	"-1",
					   "1 ", "a",  "65536", "99999999999999999999",
					   "1.0" };
	static const char *const bad_mask[] = {
		"", "0f", "F", "0x1", "10000000000000000", "g", " 1"
	};
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ss_number(bad[i], 65535, &v));
	for (size_t i = 0; i < sizeof(bad_mask) / sizeof(bad_mask[0]); i++)
		assert_false(ss_mask(bad_mask[i], &v));
	assert_int_equal(v, 7);
	assert_true(ss_number("65535", 65535, &v) && v == 65535);
	assert_true(ss_number("18446744073709551615", UINT64_MAX, &v) && v == UINT64_MAX);
	assert_false(ss_number("18446744073709551616", UINT64_MAX, &v));
	assert_true(ss_number("0", 3, &v) && v == 0);
	assert_false(ss_number("9", 3, &v));
	assert_true(ss_mask("ffffffffff", &v) && v == 0xffffffffff);
}

static void damaged_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	   "*",		  "*29B1",	 "!1 S 4*0000", "!1 S 4",
		"!1 S 4*", "!1 * 4*1234", "?5 CLK*099b", "?5 CLK*099B "
	};
	char line[64];
	struct ss_fields f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(line, bad[i]);
		assert_false(ss_unseal(line));
	}
	strcpy(line, "!1  S");
	assert_false(ss_split(line, &f));
	strcpy(line, "!1 ");
	assert_false(ss_split(line, &f));
	strcpy(line, "!");
	assert_false(ss_split(line, &f));
	strcpy(line, "!1 a=b c=");
	assert_true(ss_split(line, &f) && f.n == 3);
	assert_string_equal(ss_value(&f, 1, "a"), "b");
	assert_string_equal(ss_value(&f, 2, "c"), "");
	assert_null(ss_value(&f, 1, "aa"));
	assert_null(ss_value(&f, 3, "a"));
}

/* ---- driver ---- */

struct session {
	struct fault f;
	struct driver_env env;
	struct driver_inst *d;
	struct instrument_id id;
};

static int begin(struct session *s, const char *file)
{
	char path[128];

	*s = (struct session){ .env.name = "ir" };
	s->env.fault = &s->f;
	s->env.clk = clk_virtual_new(&start);
	snprintf(path, sizeof(path), DIR "%s", file);
	assert_int_equal(port_transcript_open(path, s->env.clk, &s->env.port, &s->f), ET_OK);
	return stamp->open(&s->env, &s->d, &s->id);
}
static void end(struct session *s)
{
	struct fault f = { 0 };

	stamp->close(s->d);
	if (port_transcript_result(s->env.port, &f) != 0)
		fail_msg("%s", f.text);
	port_close(s->env.port);
	clk_free(s->env.clk);
}

static void run_is_read(const char *file)
{
	struct edge_batch b;
	struct edge_reader_caps caps;
	struct clock_pair p;
	struct session s;

	assert_int_equal(begin(&s, file), ET_OK);
	assert_string_equal(s.id.maker, "Etalon");
	assert_string_equal(s.id.model, "IR40");
	assert_string_equal(s.id.serial, "SIM-IR-0001");
	assert_string_equal(s.id.firmware, "1.0.2");
	assert_true(s.id.simulated);
	caps = stamp->reader->caps(s.d);
	assert_int_equal(caps.channels, 40);
	assert_near(caps.resolution_s, 1e-6, 1e-18);
	assert_near(caps.u_stamp_s, 600e-9, 1e-18);
	assert_int_equal(stamp->reader->arm(s.d, (uint64_t)1 << 40), ET_ERR_ARG);
	assert_int_equal(stamp->reader->arm(s.d, 5), ET_OK);
	assert_int_equal(stamp->reader->sync(s.d, &p), ET_OK); /* the edges before it are kept */
	assert_int_equal(p.reader_ns, 4000104000);
	assert_int_equal(stamp->reader->read_edges(s.d, 0, &b), ET_OK);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.e[0].position, 1);
	assert_int_equal(b.e[0].seq, 1);
	assert_int_equal(b.e[0].t_reader_ns, 3000125000);
	assert_int_equal(b.e[0].flags, 0);
	assert_int_equal(b.e[1].position, 3);
	assert_int_equal(b.e[1].flags, EDGE_BOUNCED);
	assert_int_equal(b.e[2].seq, 2);
	assert_int_equal(b.e[2].flags, EDGE_SATURATED);
	assert_int_equal(stamp->reader->disarm(s.d), ET_OK);
	assert_int_equal(stamp->reader->read_edges(s.d, 0, &b), ET_OK);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.e[0].t_reader_ns, 4100000000);
	end(&s);
}

static void edges_and_clock_are_read(void **state)
{
	(void)state;
	run_is_read("run.txt");
	run_is_read("run-in-pieces.txt");
}

static const struct {
	const char *file, *says;
} losses[] = {
	{ "channel-gap.txt", "reader \"ir\": channel 1: edges from number 2 on are missing" },
	{ "line-gap.txt", "lines 2 to 2 were lost" },
	{ "reader-loss.txt", "channel 3: the reader lost 2 edges" },
	{ "overflow.txt", "lines 2 to 3 were lost" },
	{ "reset.txt", "lines 2 to 65535 were lost" },
	{ "clock-back.txt", "channel 1: the clock went back at edge 2" },
	{ "nonsense.txt", "a line that makes no sense" },
	{ "damaged-line.txt", "lines 2 to 2 were lost" },
};

static void every_loss_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		struct edge_batch b = { .n = 99 };
		struct session s;

		print_message("%s\n", losses[i].file);
		assert_int_equal(begin(&s, losses[i].file), ET_OK);
		assert_int_equal(stamp->reader->arm(s.d, 5), ET_OK);
		assert_int_equal(
			stamp->reader->read_edges(s.d, clk_now_ns(s.env.clk) + ET_NS_PER_S, &b),
			ET_ERR_LOST);
		assert_int_equal(b.n, 99);
		if (!strstr(s.f.text, losses[i].says))
			fail_msg("\"%s\" does not say \"%s\"", s.f.text, losses[i].says);
		/* and stays lost */
		assert_int_equal(stamp->reader->read_edges(s.d, 0, &b), ET_ERR_LOST);
		end(&s);
	}
}

static void a_lost_last_line_is_noticed(void **state)
{
	struct clock_pair p = { .reader_ns = -1 };
	struct session s;

	(void)state;
	assert_int_equal(begin(&s, "last-line-lost.txt"), ET_OK);
	assert_int_equal(stamp->reader->arm(s.d, 5), ET_OK);
	assert_int_equal(stamp->reader->sync(s.d, &p), ET_ERR_LOST);
	assert_int_equal(p.reader_ns, -1);
	assert_string_equal(s.f.text, "reader \"ir\": lines 3 to 3 were lost");
	end(&s);
}

static void a_late_answer_is_not_the_next_one(void **state)
{
	struct clock_pair p = { .reader_ns = -1 };
	struct session s;

	(void)state;
	assert_int_equal(begin(&s, "late-clock.txt"), ET_OK);
	assert_int_equal(stamp->reader->arm(s.d, 5), ET_OK);
	assert_int_equal(stamp->reader->sync(s.d, &p), ET_ERR_TIMEOUT);
	assert_string_equal(s.f.text, "reader \"ir\": no answer to CLK within 1 s");
	assert_int_equal(p.reader_ns, -1);
	assert_int_equal(stamp->reader->sync(s.d, &p), ET_OK);
	assert_int_equal(p.reader_ns, 5000104000);
	end(&s);
}

static void arming_is_read_back(void **state)
{
	struct edge_batch b;
	struct session s;

	(void)state;
	assert_int_equal(begin(&s, "arm-answer-lost.txt"), ET_OK);
	assert_int_equal(stamp->reader->arm(s.d, 5), ET_OK);
	assert_int_equal(stamp->reader->read_edges(s.d, 0, &b), ET_OK);
	assert_int_equal(b.n, 1);
	end(&s);
	assert_int_equal(begin(&s, "arm-not-taken.txt"), ET_OK);
	assert_int_equal(stamp->reader->arm(s.d, 5), ET_ERR_DEVICE);
	assert_string_equal(s.f.text, "reader \"ir\": did not take ARM 5: 0 is armed");
	end(&s);
	assert_int_equal(begin(&s, "refused.txt"), ET_OK);
	assert_int_equal(stamp->reader->arm(s.d, 5), ET_ERR_DEVICE);
	assert_string_equal(s.f.text, "reader \"ir\": refused ARM 5: RANGE");
	end(&s);
}

static void strangers_are_refused(void **state)
{
	struct session s;

	(void)state;
	assert_int_equal(begin(&s, "version-2.txt"), ET_ERR_DEVICE);
	end(&s);
	assert_int_equal(begin(&s, "silent.txt"), ET_ERR_TIMEOUT);
	end(&s);
	assert_int_equal(begin(&s, "command-damaged.txt"), ET_ERR_PROTO);
	assert_string_equal(s.f.text, "reader \"ir\": ID arrived damaged");
	end(&s);
}

/* Lose the first answer, then the second, ... until a run passes: never a wrong edge, never an edge too few. */
static void no_lost_answer_goes_unnoticed(void **state)
{
	int result, n = 0;

	(void)state;
	do {
		struct edge_batch b = { .n = 0 };
		struct clock_pair p = { .reader_ns = -1 };
		struct session s;
		struct fault f;
		int err = begin(&s, "run.txt");

		port_transcript_fail_read(s.env.port, n++);
		if (err == ET_OK)
			err = stamp->reader->arm(s.d, 5);
		if (err == ET_OK)
			err = stamp->reader->sync(s.d, &p);
		if (err == ET_OK)
			err = stamp->reader->disarm(s.d);
		if (err == ET_OK)
			err = stamp->reader->read_edges(s.d, 0, &b);
		if (err == ET_OK)
			assert_int_equal(b.n, 4);
		result = port_transcript_result(s.env.port, &f);
		assert_true(result == 0 ? err == ET_OK : err < 0);
		stamp->close(s.d);
		port_close(s.env.port);
		clk_free(s.env.clk);
	} while (result != 0);
	assert_in_range(n, 5, 12);
}

static void an_endless_talker_holds_nobody(void **state)
{
	(void)state;
	assert_near(flood_refused_after_s(stamp), 10, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_the_published_one),
		cmocka_unit_test(examples_of_the_page_are_right),
		cmocka_unit_test(numbers_and_masks_are_strict),
		cmocka_unit_test(damaged_lines_are_refused),
		cmocka_unit_test(edges_and_clock_are_read),
		cmocka_unit_test(every_loss_is_noticed),
		cmocka_unit_test(a_lost_last_line_is_noticed),
		cmocka_unit_test(a_late_answer_is_not_the_next_one),
		cmocka_unit_test(arming_is_read_back),
		cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(no_lost_answer_goes_unnoticed),
		cmocka_unit_test(an_endless_talker_holds_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
