/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated pulse reader against literal lines of docs/ir-reader-protocol.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/sim_rig.h"

#define READER "reader: {boot: 17}\n"

/* CRC-16/CCITT-FALSE bit by bit, for lines that are not in the document. */
static const char *with_crc(const char *text)
{
	static char line[160];
	unsigned crc = 0xFFFF;

	for (const char *p = text; *p; p++) {
		crc ^= (unsigned)(unsigned char)*p << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xFFFF : crc << 1;
	}
	snprintf(line, sizeof(line), "%s*%04X\n", text, crc);
	return line;
}

static const char *hear(struct rig *r, double s)
{
	return rig_hear(r, r->reader, '\n', s);
}

static void ask(struct rig *r, const char *question, const char *answer)
{
	rig_ask(r, r->reader, question, answer);
}

/* The reply to a command of ours, its checksum checked. */
static const char *reply_to(struct rig *r, const char *text)
{
	const char *line;
	char body[200];

	rig_say(r, r->reader, with_crc(text));
	do
		line = hear(r, 1);
	while (line[0] == '!');
	snprintf(body, sizeof(body), "%.*s", (int)(strlen(line) > 6 ? strlen(line) - 6 : 0), line);
	assert_string_equal(line, with_crc(body));
	return line;
}

static uint64_t field(const char *line, const char *key)
{
	char name[16];
	const char *at;

	snprintf(name, sizeof(name), " %s=", key);
	at = strstr(line, name);
	assert_non_null(at);
	return strtoull(at + strlen(name), NULL, 10);
}

static void test_literal_lines(void **state)
{
	struct rig r;

	(void)state;
	assert_string_equal(with_crc("123456789"), "123456789*29B1\n");
	rig_open(&r, READER);
	ask(&r, "?1 ID*1B94\n",
	    "=1 ID proto=1 maker=Etalon model=IR40 serial=SIM-IR-0001 fw=1.0.2 channels=40 "
	    "tick_ns=1000 u_ns=600 "
	    "boot=17*A0A7\n");
	ask(&r, "?3 DEB ffffffffff 5000*EB74\n", "=3 DEB mask=ffffffffff us=5000*796C\n");
	ask(&r, "?8 ARM 10000000000*D883\n", "-8 RANGE no channel 41*5544\n");
	ask(&r, "?9 FOO*7C97\n", "-9 SYNTAX unknown verb*9D8F\n");
	ask(&r, "?10 CLK*0000\n", "-0 CRC*1A7C\n");
	ask(&r, "\n\r\n?9 FOO*7C97\r\n", "-9 SYNTAX unknown verb*9D8F\n");
	rig_close(&r);
}

static void test_refusals(void **state)
{
	static const char *const refused[][2] = {
		{ "?5 CH 0", "-5 RANGE no channel 0" },
		{ "?5 CH 41", "-5 RANGE no channel 41" },
		{ "?5 DEB 1 50001", "-5 RANGE debounce over 50000 us" },
		{ "?5 CH 01", "-5 SYNTAX not a number" },
		{ "?5 ARM FF", "-5 SYNTAX not a number" },
		{ "?5 ARM 05", "-5 SYNTAX not a number" },
		{ "?5 ARM", "-5 SYNTAX wrong number of arguments" },
		{ "?5 CLK 1", "-5 SYNTAX wrong number of arguments" },
		{ "?5", "-5 SYNTAX" },
		{ "?5  CLK", "-5 SYNTAX" },
		{ "?65536 CLK", "-0 SYNTAX" },
		{ "?0 CLK", "-0 SYNTAX" },
		{ "=5 CLK", "-0 SYNTAX" },
	};
	char longest[200];
	struct rig r;

	(void)state;
	rig_open(&r, READER);
	for (size_t n = 0; n < sizeof(refused) / sizeof(refused[0]); n++) {
		char answer[80];

		snprintf(answer, sizeof(answer), "%s", with_crc(refused[n][1]));
		ask(&r, with_crc(refused[n][0]), answer);
	}
	memset(longest, 'x', sizeof(longest));
	snprintf(longest + 150, 50, "\n");
	{
		char answer[40];

		snprintf(answer, sizeof(answer), "%s", with_crc("-0 LONG"));
		ask(&r, longest, answer);
	}
	rig_close(&r);
}

static void test_power_up_and_reset(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, READER "events: [{kind: reader_reset, at_s: 10}]\n");
	assert_non_null(strstr(reply_to(&r, "?1 STAT"),
			       "=1 STAT boot=17 armed=0 lost=0 overruns=0 sat=0 last=0*"));
	assert_non_null(strstr(reply_to(&r, "?2 ARM 5"), "=2 ARM mask=5 t="));
	assert_non_null(
		strstr(reply_to(&r, "?3 CH 3"),
		       "=3 CH n=3 armed=1 edges=0 lost=0 bounces=0 deb_us=5000 sat=0 last=0*"));
	assert_string_equal(hear(&r, 20), with_crc("!0 B 18"));
	assert_non_null(strstr(reply_to(&r, "?4 STAT"),
			       "=4 STAT boot=18 armed=0 lost=0 overruns=0 sat=0 last=0*"));
	rig_close(&r);
}

/* 40 positions of 48 kW at Kh 1 are 13.3 edges a second each. */
static void test_edges(void **state)
{
	uint64_t last_t[41] = { 0 };
	unsigned n_edges[41] = { 0 }, next_number = 1;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET READER "meters: [{position: 1, to: 40}]\n");
	rig_on(&r, 240, 200, 0);
	reply_to(&r, "?1 ARM ffffffffff");
	rig_pass(&r, 30);
	for (const char *line = hear(&r, 0.2); line[0] == '!' && clk_now_ns(r.clk) < 1200000000000;
	     line = hear(&r, 0)) {
		unsigned number, ch, seq, flags, bounces;
		uint64_t t;

		assert_int_equal(sscanf(line, "!%u E %u %u %" SCNu64 " %u %u*", &number, &ch, &seq,
					&t, &flags, &bounces),
				 6);
		assert_int_equal(number, next_number++);
		assert_in_range(ch, 1, 40);
		assert_int_equal(seq, ++n_edges[ch]);
		if (last_t[ch]) /* 75 ms by a clock that is 20 ppm fast, and whole ticks of 1 us */
			assert_near((double)(t - last_t[ch]), 75001.5, 6);
		last_t[ch] = t;
		assert_int_equal(flags, 0);
		assert_int_equal(bounces, 0);
	}
	for (int ch = 1; ch <= 40; ch++)
		assert_in_range(n_edges[ch], 399, 404);
	assert_non_null(strstr(reply_to(&r, "?2 ARM 0"), "=2 ARM mask=0 t="));
	rig_pass(&r, 1);
	assert_string_equal(hear(&r, 0.1), ""); /* silent when nothing is armed */
	rig_close(&r);
}

/* Offset and rate of its clock, found as a host does. */
static void test_clock(void **state)
{
	uint64_t a, b;
	const char *line;
	int64_t t_a, t_b;
	struct rig r;

	(void)state;
	rig_open(&r, READER "");
	t_a = clk_now_ns(r.clk);
	line = reply_to(&r, "?1 CLK");
	a = field(line, "t1");
	assert_true(field(line, "t0") <= a && a <= field(line, "t2"));
	assert_true(field(line, "t2") - a >= 1000 &&
		    field(line, "t2") - a < 1100); /* answers after 1 ms */
	rig_pass(&r, 10000);
	t_b = clk_now_ns(r.clk);
	b = field(reply_to(&r, "?2 CLK"), "t1");
	assert_near((double)(b - a) * 1000 / (double)(t_b - t_a) - 1, 20e-6, 0.2e-6);
	rig_close(&r);
}

static void test_bounces_and_saturation(void **state)
{
	unsigned with = 0, without = 0;
	bool saturated = false;
	const char *line;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET READER "meters: [{position: 3, bounce_one_in: 2, bounce_s: 0.003}]\n"
				      "events: [{kind: saturated, at_s: 100, position: 3}]\n");
	rig_on(&r, 240, 100, 0);
	reply_to(&r, "?1 ARM 4");
	rig_pass(&r, 120);
	for (line = hear(&r, 0.1); line[0]; line = hear(&r, 0)) {
		unsigned number, seq, flags, bounces;
		uint64_t t;

		if (strstr(line, " S 4*")) {
			saturated = true;
			continue;
		}
		assert_int_equal(sscanf(line, "!%u E 3 %u %" SCNu64 " %u %u*", &number, &seq, &t,
					&flags, &bounces),
				 5);
		assert_in_range(bounces, 0, 3);
		with += bounces > 0;
		without += bounces == 0;
		assert_int_equal(flags, saturated);
	}
	assert_true(saturated);
	assert_in_range(with + without, 798, 802); /* 120 s of 24 kW */
	assert_true(with > 300 && without > 300);
	assert_non_null(strstr(reply_to(&r, "?2 STAT"), " sat=4 "));
	rig_close(&r);
}

/* 1200 baud take two or three edges a second; 26 come. What is lost is said, and its numbers stay away. */
static void test_overrun(void **state)
{
	unsigned next_number = 1, next_seq[3] = { 0, 1, 1 }, thrown = 0, lost = 0;
	const char *line;
	struct rig r;

	(void)state;
	rig_open(&r, RIG_QUIET "reader: {boot: 17, baud: 1200, buffer_lines: 128}\nmeters: "
			       "[{position: 1, to: 2}]\n");
	rig_on(&r, 240, 200, 0);
	rig_say(&r, r.reader, with_crc("?1 ARM 3"));
	rig_pass(&r, 40);
	while ((line = hear(&r, 1))[0]) {
		unsigned number, ch, n;
		char kind;

		if (line[0] != '!')
			continue;
		assert_true(sscanf(line, "!%u %c %u %u", &number, &kind, &ch, &n) >= 3);
		if (kind == 'O')
			thrown = ch, next_number += ch;
		assert_int_equal(number, next_number++);
		if (kind == 'L')
			lost += n, next_seq[ch] += n;
		if (kind == 'E')
			assert_int_equal(n, next_seq[ch]++);
		if (lost > 0 && kind == 'E')
			break;
	}
	assert_int_equal(thrown, 128);
	assert_int_equal(lost, 128);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal_lines),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_power_up_and_reset),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_bounces_and_saturation),
		cmocka_unit_test(test_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
