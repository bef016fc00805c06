/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_probe.c - what is sent to whom does not know us, byte for byte, and what becomes of the answers. On the
 * virtual clock: a silent link costs nothing here. */
#include "drivers/probe.h"

#include <string.h>

#include "drivers/registry.h"
#include "tests/support/sim_rig.h"

#define ASK_FG "?\rTS\r"
#define ASK_COM "?\n*IDN?\n"
#define ASK_STAMP "?\n?1 ID*1B94\n"

#define FG_SAYS "TSFG301   V299\r"
#define COM_SAYS "ZERA GmbH Koenigswinter, COM5003, 12345, 2.1\n"
#define STAMP_SAYS                                                                      \
	"=1 ID proto=1 maker=Etalon model=IR40 serial=SIM-IR-0001 fw=1.0.2 channels=40" \
	" tick_ns=1000 u_ns=600 boot=17*A0A7\n"

#define WRONG_CHECKSUM                                                                  \
	"=1 ID proto=1 maker=Etalon model=IR40 serial=SIM-IR-0001 fw=1.0.2 channels=40" \
	" tick_ns=1000 u_ns=600 boot=18*A0A7\n"

/* ---- a link that says what the test wants ---- */

struct says {
	const char *to; /* after this question; NULL: whatever was asked */
	double after_s;
	const char *text; /* "": the connection ends; NULL: a damaged byte */
};
struct fake {
	struct port base;
	struct clk *c;
	char sent[400];
	const struct says *says;
	size_t n_says, next;
	int64_t t_asked_ns;
	bool is_closed, never_again;
	size_t piece; /* bytes handed out at once */
	const char *left;
};

static int fake_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	struct fake *k = (struct fake *)p;

	(void)deadline_ns;
	if (k->is_closed)
		return ET_ERR_IO;
	strncat(k->sent, buf, len);
	assert_true(strlen(k->sent) < sizeof(k->sent) - 1);
	k->t_asked_ns = clk_now_ns(k->c);
	return ET_OK;
}

static bool was_asked(const struct fake *k, const char *question)
{
	size_t n = question ? strlen(question) : 0;

	return !question ||
	       (strlen(k->sent) >= n && !strcmp(k->sent + strlen(k->sent) - n, question));
}

static int fake_read(struct port *p, void *buf, size_t cap, int64_t deadline_ns)
{
	struct fake *k = (struct fake *)p;
	const struct says *s = &k->says[k->next];
	size_t n;

	if (k->is_closed)
		return ET_ERR_IO;
	if (!k->left || !*k->left) {
		int64_t due_ns = k->next < k->n_says && was_asked(k, s->to)
					 ? k->t_asked_ns + (int64_t)(s->after_s * 1e9)
					 : ET_NEVER_NS;

		if (due_ns > deadline_ns) {
			clk_sleep_until(k->c, deadline_ns);
			return ET_ERR_TIMEOUT;
		}
		clk_sleep_until(k->c, due_ns);
		k->next++;
		if (!s->text)
			return ET_ERR_PROTO;
		k->is_closed = !*s->text;
		if (k->is_closed)
			return ET_ERR_IO;
		k->left = s->text;
		clk_sleep_until(k->c, clk_now_ns(k->c) + 1000000);
	}
	n = strlen(k->left);
	n = k->piece && n > k->piece ? k->piece : n;
	n = n < cap ? n : cap;
	memcpy(buf, k->left, n);
	k->left += n;
	return (int)n;
}

static int fake_reopen(struct port *p, struct fault *f)
{
	struct fake *k = (struct fake *)p;

	if (k->never_again)
		return fault_set(f, ET_ERR_IO, "gone");
	k->is_closed = false;
	k->left = NULL;
	return ET_OK;
}
static void fake_close(struct port *p)
{
	(void)p;
}
static const struct port_ops fake_ops = {
	.write = fake_write, .read = fake_read, .reopen = fake_reopen, .close = fake_close
};

static struct clk *c;
static struct fake link;
static struct probe_result r;
static double took_s;
static const struct driver *expected;

static void probe_setting(const char *setting, const struct says *says, size_t n)
{
	const struct clk_start start = { .mono_ns = 1 };
	size_t piece = link.piece;
	bool never_again = link.never_again;

	c = clk_virtual_new(&start);
	link = (struct fake){ .base = { .ops = &fake_ops, .clk = c, .spec = "tcp:here:1" },
			      .c = c,
			      .says = says,
			      .n_says = n,
			      .piece = piece,
			      .never_again = never_again };
	probe_port(&link.base, setting, expected, &r);
	took_s = (double)(clk_now_ns(c) - 1) / 1e9;
	clk_free(c);
	link.piece = 0;
	link.never_again = false;
}
#define probe_hearing(...)                                        \
	probe_setting(NULL, (const struct says[]){ __VA_ARGS__ }, \
		      sizeof((const struct says[]){ __VA_ARGS__ }) / sizeof(struct says))

/* ---- what is sent ---- */

static void a_silent_link_hears_questions_only(void **state)
{
	(void)state;
	probe_setting(NULL, NULL, 0);
	assert_string_equal(link.sent, ASK_FG ASK_COM ASK_STAMP);
	assert_int_equal(r.state, PROBE_SILENT);
	assert_near(took_s, 5.5, 1e-9);
}

static void each_speed_hears_its_own(void **state)
{
	static const struct {
		const char *setting, *sent;
		double took_s;
	} cases[] = {
		{ "9600,8n2", ASK_FG ASK_COM, 4.5 },
		{ "921600,8n1", ASK_STAMP, 1 },
		{ "115200,8n1", ASK_STAMP, 1 },
		{ "1200,7e1", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		probe_setting(cases[i].setting, NULL, 0);
		assert_string_equal(link.sent, cases[i].sent);
		assert_near(took_s, cases[i].took_s, 1e-9);
	}
}

static void the_driver_that_is_expected_asks_first(void **state)
{
	(void)state;
	expected = &driver_serial_stamp;
	probe_setting(NULL, NULL, 0);
	expected = NULL;
	assert_string_equal(link.sent, ASK_STAMP ASK_FG ASK_COM);
}

/* For drivers to come: what driver.h asks of every question. */
static void every_question_spoils_half_a_line_first(void **state)
{
	(void)state;
	for (size_t i = 0; drivers[i]; i++) {
		const struct driver_probe *p = drivers[i]->probe;

		if (!p)
			continue;
		print_message("%s\n", drivers[i]->name);
		assert_int_equal(p->question[0], '?');
		assert_non_null(strchr("\r\n", p->question[1]));
		assert_non_null(p->settings[0]);
		assert_true(p->answer_ns > 0 && p->answer_ns <= (int64_t)5 * ET_NS_PER_S);
		assert_non_null(p->read);
	}
}

/* ---- what is heard ---- */

static void each_instrument_is_known_by_its_answer(void **state)
{
	(void)state;
	for (link.piece = 1; link.piece <= 3; link.piece++) {
		const size_t piece = link.piece;

		probe_hearing({ ASK_FG, 0.1, FG_SAYS });
		assert_int_equal(r.state, PROBE_FOUND);
		assert_ptr_equal(r.driver, &driver_zera_fg);
		assert_string_equal(r.id.model, "FG301");
		assert_string_equal(r.id.firmware, "V299");
		assert_string_equal(r.id.serial, "");
		assert_string_equal(link.sent, ASK_FG);
		link.piece = piece;
		probe_hearing({ ASK_COM, 0.1, COM_SAYS });
		assert_int_equal(r.state, PROBE_FOUND);
		assert_ptr_equal(r.driver, &driver_zera_com5003);
		assert_string_equal(r.id.serial, "12345");
		assert_false(r.id.simulated);
		assert_string_equal(link.sent, ASK_FG ASK_COM);
		link.piece = piece;
		probe_hearing({ ASK_STAMP, 0.1, STAMP_SAYS });
		assert_int_equal(r.state, PROBE_FOUND);
		assert_ptr_equal(r.driver, &driver_serial_stamp);
		assert_int_equal(r.id.channels, 40);
		assert_true(r.id.simulated);
		link.piece = piece;
	}
	link.piece = 0;
}

static void a_late_answer_is_still_an_answer(void **state)
{
	(void)state;
	probe_hearing({ ASK_COM, 0.5, FG_SAYS }); /* 3 s after it was asked for */
	assert_int_equal(r.state, PROBE_FOUND);
	assert_ptr_equal(r.driver, &driver_zera_fg);
	probe_hearing({ ASK_STAMP, 0, COM_SAYS });
	assert_int_equal(r.state, PROBE_FOUND);
	assert_ptr_equal(r.driver, &driver_zera_com5003);
}

static void another_make_is_named(void **state)
{
	(void)state;
	probe_hearing({ ASK_COM, 0.1, "FLUKE,6105A,9876,1.03\r\n" });
	assert_int_equal(r.state, PROBE_UNKNOWN);
	assert_string_equal(r.id.maker, "FLUKE");
	assert_string_equal(r.id.model, "6105A");
	assert_string_equal(r.id.serial, "9876");
	assert_null(r.driver);
	assert_string_equal(link.sent, ASK_FG ASK_COM); /* it is known: nothing more is asked */
	probe_hearing({ ASK_COM, 0.1, "ZERA GmbH, MT786, 1, 2\n" });
	assert_int_equal(r.state, PROBE_UNKNOWN);
	assert_string_equal(r.id.model, "MT786");
	probe_hearing({ ASK_STAMP, 0.1, "=1 ID proto=2*2B6F\n" });
	assert_int_equal(r.state, PROBE_UNKNOWN);
}

/* Asked twice, because a remnant may have spoilt the answer; then it is what it is. */
static void rubbish_is_told_and_never_an_instrument(void **state)
{
	static const char *const rubbish[] = {
		"\x01\xff\x80hello\r",
		"TSFG301   V29\r", /* one byte short */
		"TSFG301   V2999\r",
		"ZERA,COM5003,1\n", /* a field short */
		WRONG_CHECKSUM,
		"=1 STAT boot=17 armed=0 lost=0 overruns=0 sat=0 last=1*895A\n",
		"SM000000\rSM000000\r",
		"no end of line",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		probe_hearing({ NULL, 0.1, rubbish[i] });
		assert_int_equal(r.state, PROBE_UNKNOWN);
		assert_null(r.driver);
		assert_true(r.heard[0] != '\0');
		for (const char *p = r.heard; *p; p++)
			assert_true(*p >= 0x20 && *p <= 0x7e);
		assert_string_equal(link.sent, ASK_FG ASK_FG ASK_COM ASK_STAMP);
	}
	probe_hearing({ NULL, 0, "\x01\xff\x80hello\r" });
	assert_string_equal(r.heard, "???hello");
}

static void what_damages_one_answer_costs_a_second_question(void **state)
{
	(void)state;
	probe_hearing({ ASK_FG, 0.1, "half a TSFG301   V299\r" }, { ASK_FG ASK_FG, 0.1, FG_SAYS });
	assert_int_equal(r.state, PROBE_FOUND);
	assert_string_equal(link.sent, ASK_FG ASK_FG);
	probe_hearing({ ASK_FG, 0.1, NULL }, { ASK_FG, 0.1, FG_SAYS },
		      { ASK_FG ASK_FG, 0.1, FG_SAYS });
	assert_int_equal(r.state, PROBE_FOUND);
	assert_string_equal(link.sent, ASK_FG ASK_FG); /* the first had a damaged byte */
}

static void who_talks_without_end_is_left(void **state)
{
	static struct says talk[20000];

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		talk[i] = (struct says){ NULL, 0, "$GPRMC,never,the,end" };
	probe_setting(NULL, talk, 20000);
	assert_int_equal(r.state, PROBE_UNKNOWN);
	assert_string_equal(link.sent, ASK_FG ASK_FG ASK_COM ASK_COM ASK_STAMP ASK_STAMP);
	assert_near(took_s, 11, 0.1);
}

static void who_hangs_up_is_called_again(void **state)
{
	(void)state;
	probe_hearing({ ASK_FG, 0.1, "" }, { ASK_COM, 0.1, COM_SAYS });
	assert_int_equal(r.state, PROBE_FOUND);
	probe_hearing({ ASK_FG, 0.1, "" }, { ASK_COM, 0.1, "" }, { ASK_STAMP, 0, "" });
	assert_int_equal(r.state, PROBE_FAILED);
	assert_non_null(strstr(r.fault.text, "tcp:here:1"));
	link.never_again = true;
	probe_hearing({ ASK_FG, 0.1, "" });
	assert_int_equal(r.state, PROBE_FAILED);
	assert_string_equal(link.sent, ASK_FG);
}

/* ---- simulated instruments, which behave ---- */

static void simulated_instruments_are_found_and_left_as_they_are(void **state)
{
	struct setpoint before, after;
	struct rig g;

	(void)state;
	rig_open(&g, RIG_QUIET);
	rig_on(&g, 120, 5, 0);
	rig_say(&g, g.reader, "?8 ARM 5*4D8E\n");
	rig_say(&g, g.reference, "CALCULATE:EM01:0001:MODE 0;\n");
	rig_say(&g, g.reference, "CALCULATE:EM01:0001:START 1;\n");
	rig_pass(&g, 1);
	rig_ask(&g, g.reference, "CALCULATE:EM01:0001:STATUS?\n", "2\n");
	sim_terminals(g.sim, &before);
	assert_near(before.ph[0].volt_v, 120, 1);
	probe_port(g.source, NULL, NULL, &r);
	assert_int_equal(r.state, PROBE_FOUND);
	assert_ptr_equal(r.driver, &driver_zera_fg);
	assert_true(r.id.simulated);
	probe_port(g.reference, NULL, NULL, &r);
	assert_ptr_equal(r.driver, &driver_zera_com5003);
	assert_true(r.id.simulated);
	probe_port(g.reader, NULL, NULL, &r);
	assert_ptr_equal(r.driver, &driver_serial_stamp);
	assert_true(r.id.simulated);
	sim_terminals(g.sim, &after);
	assert_memory_equal(&before, &after, sizeof(before)); /* still energised, as it was */
	rig_ask(&g, g.reference, "CALCULATE:EM01:0001:STATUS?\n", "2\n");
	rig_ask(&g, g.reference, "SYSTEM:ERROR?\n", "-100,Command error\n"); /* the price of "?" */
	rig_ask(&g, g.reference, "SYSTEM:ERROR?\n", "+0,No error\n");
	rig_say(&g, g.reader, "?9 STAT*0515\n");
	assert_non_null(strstr(rig_hear(&g, g.reader, '\n', 2), " armed=5 "));
	rig_close(&g);
}

/* Somebody died within a line that switches on. */
static void half_a_switch_on_is_spoilt(void **state)
{
	struct setpoint now;
	struct rig g;

	(void)state;
	rig_open(&g, RIG_QUIET);
	rig_on(&g, 120, 5, 0);
	rig_ask(&g, g.source, "UIAAAAAAAAA\r", "OKUI\r");
	rig_pass(&g, 10);
	rig_say(&g, g.source, "UIEAAPAAAAA"); /* only its CR is missing */
	probe_port(g.source, NULL, NULL, &r);
	assert_int_equal(r.state, PROBE_FOUND);
	rig_pass(&g, 30);
	sim_terminals(g.sim, &now);
	assert_near(now.ph[0].volt_v, 0, 1e-9);
	assert_near(now.ph[0].curr_a, 0, 1e-9);
	rig_close(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_link_hears_questions_only),
		cmocka_unit_test(each_speed_hears_its_own),
		cmocka_unit_test(the_driver_that_is_expected_asks_first),
		cmocka_unit_test(every_question_spoils_half_a_line_first),
		cmocka_unit_test(each_instrument_is_known_by_its_answer),
		cmocka_unit_test(a_late_answer_is_still_an_answer),
		cmocka_unit_test(another_make_is_named),
		cmocka_unit_test(rubbish_is_told_and_never_an_instrument),
		cmocka_unit_test(what_damages_one_answer_costs_a_second_question),
		cmocka_unit_test(who_talks_without_end_is_left),
		cmocka_unit_test(who_hangs_up_is_called_again),
		cmocka_unit_test(simulated_instruments_are_found_and_left_as_they_are),
		cmocka_unit_test(half_a_switch_on_is_spoilt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
