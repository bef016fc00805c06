/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/sim_rig.h - a simulated bench on its clock, and a hand at its links. */
#ifndef TESTS_SIM_RIG_H
#define TESTS_SIM_RIG_H

#include <string.h>

#include "simulator/simulator.h"
#include "tests/support/near.h"

struct rig {
	struct scenario sc;
	struct yaml_doc *doc;
	struct clk *clk;
	struct sim *sim;
	struct port *source, *reference, *reader;
	char held[3][65536]; /* bytes that came after the line that was asked for */
	size_t n_held[3];
};

/* What follows `schema:` of the scenario; "" is a scenario without meters. */
static inline void rig_open_at(struct rig *r, const char *yaml, uint64_t seed, int64_t resume_at_ns)
{
	const struct sim_options opt = { .seed = seed, .resume_at_ns = resume_at_ns };
	struct clk_start start;
	struct diag *d = diag_new();
	struct fault f = { 0 };
	char text[8192];

	memset(r, 0, sizeof(*r));
	snprintf(text, sizeof(text), "schema: etalon/scenario/1\n%s", yaml);
	if (scenario_load_mem("test", text, strlen(text), &r->sc, &r->doc, d) != ET_OK)
		diag_print(d, stderr);
	assert_int_equal(diag_count(d), 0);
	diag_free(d);
	assert_int_equal(sim_clock_start(&r->sc, &opt, &start), ET_OK);
	r->clk = clk_virtual_new(&start);
	assert_non_null(r->clk);
	assert_int_equal(sim_create(&r->sc, &opt, r->clk, &r->sim, &f), ET_OK);
	assert_int_equal(sim_port(r->sim, "source", &r->source, &f), ET_OK);
	assert_int_equal(sim_port(r->sim, "reference", &r->reference, &f), ET_OK);
	assert_int_equal(sim_port(r->sim, "reader", &r->reader, &f), ET_OK);
}

static inline void rig_open(struct rig *r, const char *yaml)
{
	rig_open_at(r, yaml, 0, 0);
}

static inline void rig_close(struct rig *r)
{
	port_close(r->source);
	port_close(r->reference);
	port_close(r->reader);
	sim_free(r->sim);
	clk_free(r->clk);
	yaml_free(r->doc);
}

static inline int64_t rig_in(struct rig *r, double s)
{
	return clk_now_ns(r->clk) + (int64_t)(s * 1e9);
}

static inline void rig_pass(struct rig *r, double s)
{
	clk_sleep_until(r->clk, rig_in(r, s));
}

static inline void rig_say(struct rig *r, struct port *p, const char *text)
{
	assert_int_equal(port_write(p, text, strlen(text), rig_in(r, 1)), ET_OK);
}

/* One line, its end included; "" when nothing whole came in @p wait_s. */
static inline const char *rig_hear(struct rig *r, struct port *p, char end, double wait_s)
{
	static char line[65536];
	const int which = p == r->source ? 0 : p == r->reference ? 1 : 2;
	const int64_t deadline_ns = rig_in(r, wait_s);
	char *held = r->held[which];

	for (;;) {
		char *at = memchr(held, end, r->n_held[which]);
		int n;

		if (at) {
			const size_t len = (size_t)(at - held) + 1;

			memcpy(line, held, len);
			line[len] = '\0';
			r->n_held[which] -= len;
			memmove(held, held + len, r->n_held[which]);
			return line;
		}
		n = port_read(p, held + r->n_held[which], sizeof(r->held[which]) - r->n_held[which],
			      deadline_ns);
		if (n < 0)
			return "";
		r->n_held[which] += (size_t)n;
	}
}

static inline void rig_ask(struct rig *r, struct port *p, const char *question, const char *answer)
{
	const char end = question[strlen(question) - 1];

	rig_say(r, p, question);
	assert_string_equal(rig_hear(r, p, end, 20), answer);
}

/* Program and switch on one phase, as a person would at a terminal. */
static inline void rig_on(struct rig *r, double volt_v, double curr_a, double din_deg)
{
	char line[96];

	snprintf(line, sizeof(line), "UPAER%07.3f000.00S000.000000.00T000.000000.00\r", volt_v);
	rig_ask(r, r->source, line, "OKUP\r");
	snprintf(line, sizeof(line), "IPAAR%07.3f%06.2fS000.000000.00T000.000000.00\r", curr_a,
		 din_deg);
	rig_ask(r, r->source, line, "OKIP\r");
	rig_ask(r, r->source, "FR60.00\r", "OKFR\r");
	rig_ask(r, r->source, "UIEAAPAAAAA\r", "OKUI\r");
	rig_pass(r, 10);
}

#define RIG_QUIET "source: {noise_pct: 0, drift_pct: 0}\n"

#endif
