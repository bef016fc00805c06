/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_modbus.c - Modbus messages: literal bytes played from transcripts, recorded, and over a simulated line. */
#include "io/modbus.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/port_sim.h"
#include "io/port_transcript.h"
#include "tests/support/near.h"

static const struct clk_start start = { .mono_ns = 1000 };
static const struct modbus_question two = { MODBUS_INPUT, 0x0048, 2 };

static struct port *play(const char *text, struct clk *c)
{
	struct fault f = { 0 };
	struct port *p;

	if (port_transcript_open_mem(text, c, &p, &f) != ET_OK)
		fail_msg("%s", f.text);
	assert_int_equal(p->kind, PORT_MODBUS);
	return p;
}

static int64_t in_ms(struct clk *c, int ms)
{
	return clk_now_ns(c) + ms * INT64_C(1000000);
}

/* One question, and what becomes of the reply. */
static const struct {
	const char *reply;
	int err, exception;
} replies[] = {
	{ "<x 04 04 43 66 80 00\n", ET_OK, 0 },
	{ "<x 84 02\n", ET_ERR_DEVICE, 2 },
	{ "<x 84 63\n", ET_ERR_DEVICE, 0x63 },
	/* another function, count, length: a late one, then ours */
	{ "<x 03 04 00 00 00 00\n<x 04 04 43 66 80 00\n", ET_OK, 0 },
	{ "<x 04 06 00 00 00 00 00 00\n<x 04 04 43 66 80 00\n", ET_OK, 0 },
	{ "<x 04\n<x 04 04 00 00 00\n<x 04 04 00 00 00 00 00\n<x 04 04 43 66 80 00\n", ET_OK, 0 },
	{ "<x 83 02\n<x 84 02 00\n<x 04 04 43 66 80 00\n", ET_OK, 0 },
	{ "<x 04 04 43 66\n! timeout\n", ET_ERR_TIMEOUT, 0 },
	{ "! timeout\n", ET_ERR_TIMEOUT, 0 },
};

static void replies_are_taken_by_their_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct clk *c = clk_virtual_new(&start);
		struct fault f = { 0 };
		uint16_t regs[2] = { 7, 7 };
		char text[256];
		struct port *p;
		int exception = 0;

		snprintf(text, sizeof(text), ">x 04 00 48 00 02\n%s", replies[i].reply);
		p = play(text, c);
		assert_int_equal(modbus_ask(p, &two, in_ms(c, 100)), ET_OK);
		assert_int_equal(modbus_answer(p, &two, false, regs, &exception, in_ms(c, 100)),
				 replies[i].err);
		assert_int_equal(exception, replies[i].exception);
		assert_int_equal(regs[0], replies[i].err == ET_OK ? 0x4366 : 7);
		assert_int_equal(regs[1], replies[i].err == ET_OK ? 0x8000 : 7);
		if (port_transcript_result(p, &f) != 0)
			fail_msg("%zu: %s", i, f.text);
		port_close(p);
		clk_free(c);
	}
}

static void exceptions_may_be_passed_over(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct port *p = play(">x 04 00 48 00 02\n<x 84 03\n<x 84 02\n<x 04 04 00 01 00 02\n", c);
	uint16_t regs[2];
	int exception;

	(void)state;
	assert_int_equal(modbus_ask(p, &two, in_ms(c, 100)), ET_OK);
	assert_int_equal(modbus_answer(p, &two, true, regs, &exception, in_ms(c, 100)), ET_OK);
	assert_int_equal(regs[1], 2);
	assert_int_equal(exception, 2);
	port_close(p);
	clk_free(c);
}

static void wrong_calls_send_nothing(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct port *p = play(">x 04 00 48 00 02\n", c);
	uint8_t small[MODBUS_PDU_MAX + 1] = { 0 };

	(void)state;
	assert_int_equal(modbus_ask(p, &(struct modbus_question){ MODBUS_INPUT, 0, 0 }, 0),
			 ET_ERR_ARG);
	assert_int_equal(modbus_ask(p, &(struct modbus_question){ MODBUS_INPUT, 0, 126 }, 0),
			 ET_ERR_ARG);
	assert_int_equal(port_write(p, small, sizeof(small), 0), ET_ERR_ARG);
	assert_int_equal(port_read(p, small, MODBUS_PDU_MAX - 1, 0), ET_ERR_ARG);
	port_close(p);
	clk_free(c);
}

static void exceptions_have_names(void **state)
{
	(void)state;
	assert_string_equal(modbus_exception_name(2), "illegal data address");
	assert_string_equal(modbus_exception_name(11), "gateway: the device does not answer");
	for (int i = -1; i < 300; i++)
		assert_true(strlen(modbus_exception_name(i)) > 5);
	assert_string_equal(modbus_exception_name(7), "unknown exception");
}

static void what_is_no_message_is_refused(void **state)
{
	static const char *const texts[] = {
		">x\n",	     ">x \n",	     ">x 4\n",	     ">x 04 \n",  ">x 04  00\n", ">x 0g\n",
		">x 0400\n", ">x 04\n> A\n", "> A\n>x 04\n", "<x 04 0\n", "< A\n<x 4\n",
	};
	char longest[16 + 3 * (MODBUS_PDU_MAX + 1)] = ">x";
	struct clk *c = clk_virtual_new(&start);
	struct fault f;
	struct port *p;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (port_transcript_open_mem(texts[i], c, &p, &f) != ET_ERR_FILE)
			fail_msg("taken: %s", texts[i]);
	for (int i = 0; i < MODBUS_PDU_MAX; i++)
		strcat(longest, " aB");
	assert_int_equal(port_transcript_open_mem(longest, c, &p, &f), ET_OK);
	port_close(p);
	strcat(longest, " 00");
	assert_int_equal(port_transcript_open_mem(longest, c, &p, &f), ET_ERR_FILE);
	assert_non_null(strstr(f.text, "1 to 253 bytes"));
	clk_free(c);
}

/* ---- over a simulated line ---- */

struct meter { /* answers every request with the same two registers */
	struct sim_peer base;
};
static void meter_receive(struct sim_peer *s, int64_t t_ns, const uint8_t *data, size_t len)
{
	static const uint8_t reply[] = { 4, 4, 0x43, 0x66, 0x80, 0 };

	assert_int_equal(len, 5);
	assert_int_equal(data[0], 4);
	sim_emit(s, t_ns, reply, sizeof(reply));
}
static void meter_wake(struct sim_peer *s, int64_t t_ns)
{
	(void)s, (void)t_ns;
}
static const struct sim_peer_ops meter_ops = { meter_receive, meter_wake };
static const struct sim_link_timing rtu = { .kind = PORT_MODBUS,
					    .frame_bytes = 3,
					    .byte_ns = 1000000 };

static void frames_take_their_time_and_stay_apart(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct meter m = { { .ops = &meter_ops } };
	uint8_t pdu[MODBUS_PDU_MAX];
	uint16_t regs[2];
	struct port *p;

	(void)state;
	assert_int_equal(port_sim_new(c, &m.base, "meter", &rtu, &p), ET_OK);
	assert_int_equal(modbus_ask(p, &two, in_ms(c, 100)), ET_OK);
	assert_int_equal(modbus_answer(p, &two, false, regs, NULL, in_ms(c, 100)), ET_OK);
	assert_int_equal(regs[0], 0x4366);
	assert_int_equal(clk_now_ns(c), 1000 + (8 + 9) * 1000000);
	/* two replies have come: one read gives one of them */
	assert_int_equal(modbus_ask(p, &two, 0), ET_OK);
	assert_int_equal(modbus_ask(p, &two, 0), ET_OK);
	clk_sleep_until(c, in_ms(c, 100));
	assert_int_equal(port_read(p, pdu, sizeof(pdu), 0), 6);
	assert_int_equal(port_read(p, pdu, sizeof(pdu), 0), 6);
	assert_int_equal(port_read(p, pdu, sizeof(pdu), 0), ET_ERR_TIMEOUT);
	port_close(p);
	clk_free(c);
}

/* A checksum tells; only a reply that is lost or late does not show. */
static void damage_is_seen(void **state)
{
	static const struct {
		struct link_fault fault;
		int err;
	} cases[] = {
		{ { .kind = LINK_LOST }, ET_ERR_TIMEOUT },
		{ { .kind = LINK_LATE, .late_ns = 200000000 }, ET_ERR_TIMEOUT },
		{ { .kind = LINK_LATE, .late_ns = 20000000 }, ET_OK },
		{ { .kind = LINK_CUT, .where = 4 }, ET_ERR_PROTO },
		{ { .kind = LINK_BYTE_LOST, .where = 2 }, ET_ERR_PROTO },
		{ { .kind = LINK_BYTE_DOUBLED, .where = 5 }, ET_ERR_PROTO },
		{ { .kind = LINK_BYTE_NON_ASCII, .where = 2 }, ET_ERR_PROTO },
		{ { .kind = LINK_DIGIT_CHANGED }, ET_ERR_PROTO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clk *c = clk_virtual_new(&start);
		struct meter m = { { .ops = &meter_ops } };
		uint16_t regs[2] = { 7, 7 };
		struct port *p;

		assert_int_equal(port_sim_new(c, &m.base, "meter", &rtu, &p), ET_OK);
		assert_int_equal(port_sim_add_fault(p, &cases[i].fault), ET_OK);
		assert_int_equal(modbus_ask(p, &two, in_ms(c, 100)), ET_OK);
		assert_int_equal(modbus_answer(p, &two, false, regs, NULL, in_ms(c, 100)),
				 cases[i].err);
		assert_int_equal(regs[0], cases[i].err == ET_OK ? 0x4366 : 7);
		port_close(p);
		clk_free(c);
	}
}

static void a_recording_plays_back(void **state)
{
	struct clk *c = clk_virtual_new(&start);
	struct meter m = { { .ops = &meter_ops } };
	char path[64], spec[96], text[512];
	struct port *inner, *p;
	struct tapes *tapes;
	struct tape *tape;
	struct fault f = { 0 };
	uint16_t regs[2] = { 0 };
	FILE *file;
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/etalon-modbus-%d.txt", (int)getpid());
	unlink(path);
	assert_int_equal(port_sim_new(c, &m.base, "meter", &rtu, &inner), ET_OK);
	assert_int_equal(tapes_new(c, &tapes), ET_OK);
	assert_int_equal(tapes_open(tapes, path, &tape, &f), ET_OK);
	assert_int_equal(port_record(inner, tape, &p), ET_OK);
	assert_int_equal(p->kind, PORT_MODBUS);
	assert_int_equal(modbus_ask(p, &two, in_ms(c, 100)), ET_OK);
	assert_int_equal(modbus_answer(p, &two, false, regs, NULL, in_ms(c, 100)), ET_OK);
	port_close(p);
	(void)tapes_close(tapes, NULL);
	file = fopen(path, "r");
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	assert_string_equal(strchr(text, '\n'), "\n@ 1000\n>x 04 00 48 00 02\n"
						"@ 1000 17001000\n<x 04 04 43 66 80 00\n");
	snprintf(spec, sizeof(spec), "transcript:%s", path);
	regs[0] = 0;
	assert_int_equal(port_open(spec, c, &p, &f), ET_OK);
	assert_int_equal(modbus_ask(p, &two, in_ms(c, 100)), ET_OK);
	assert_int_equal(modbus_answer(p, &two, false, regs, NULL, in_ms(c, 100)), ET_OK);
	assert_int_equal(regs[0], 0x4366);
	assert_int_equal(clk_now_ns(c), 17001000 + 17000000);
	assert_int_equal(port_transcript_result(p, &f), 0);
	port_close(p);
	unlink(path);
	clk_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_taken_by_their_shape),
		cmocka_unit_test(exceptions_may_be_passed_over),
		cmocka_unit_test(wrong_calls_send_nothing),
		cmocka_unit_test(exceptions_have_names),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(frames_take_their_time_and_stay_apart),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(a_recording_plays_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
