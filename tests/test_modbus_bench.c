/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_modbus_bench.c - a whole run with a Modbus meter as reference: refused unless its record says that it is
 * fit, and then as good as its register allows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "tests/support/near.h"
#include "tests/support/sim_bench.h"

static struct bench_option options[] = { { "map", "eastron-sdm630" }, { "curr_max_a", "200" } };

/* The example's bench, with an SDM630 in the place of its reference. */
static void load(struct sim_bench *b)
{
	struct bench_instrument *in;

	assert_int_equal(sim_bench_load(b, "1-element"), 0);
	in = b->bench.instruments.items;
	for (size_t i = 0; i < b->bench.instruments.n; i++)
		if (in[i].role == BENCH_REFERENCE) {
			in[i].driver = "modbus-meter";
			in[i].serial = "SIM-SDM-0001";
			in[i].options = (struct yaml_list){ options, 2 };
		}
	b->reference.serial = "SIM-SDM-0001";
	b->scenario.reference.model = SIM_SDM630;
	b->scenario.reference.serial = NULL;
	b->lab_dir = "drivers/reference_standard";
}

static int run(const struct sim_bench *b, struct run_result *r, struct fault *f)
{
	const struct sim_bench_run how = { .seed = 5 };

	return sim_bench_run(b, &how, r, f);
}

static void without_fitness_nothing_starts(void **state)
{
	struct run_result *r = malloc(sizeof(*r));
	struct fault f = { 0 };
	struct sim_bench b;

	(void)state;
	load(&b);
	assert_int_equal(b.reference.fitness, -1);
	assert_int_equal(run(&b, r, &f), ET_ERR_STATE);
	assert_non_null(strstr(f.text,
			       "SIM-REF (SIM-SDM-0001): what the driver modbus-meter reads is "
			       "no legal reference by itself"));
	assert_non_null(strstr(f.text, "fitness: verification"));
	b.reference.fitness = FIT_FOR_CHECKS;
	assert_int_equal(run(&b, r, &f), ET_ERR_STATE);
	assert_non_null(strstr(f.text, "fitness: checks"));
	sim_bench_free(&b);
	/* of any reference, when its record says so */
	assert_int_equal(sim_bench_load(&b, "1-element"), 0);
	b.reference.fitness = FIT_FOR_CHECKS;
	assert_int_equal(run(&b, r, &f), ET_ERR_STATE);
	sim_bench_free(&b);
	free(r);
}

/* At 24 kW the register moves every 1.5 s, by 10 Wh: too coarse for 0.1 %, and the uncertainty says so. */
static void with_it_figures_agree_with_the_truth(void **state)
{
	struct run_result *r = malloc(sizeof(*r));
	struct fault f = { 0 };
	struct sim_bench b;
	struct plan_step *st;
	int figures = 0;

	(void)state;
	load(&b);
	b.reference.fitness = FIT_FOR_VERIFICATION;
	b.plan.steps.n = 2;
	st = b.plan.steps.items;
	st[1] = st[2]; /* 0.5 lagging */
	st[0].current_pct_imax = st[1].current_pct_imax = 100;
	if (run(&b, r, &f) != ET_OK)
		fail_msg("%s", f.text);
	for (int s = 0; s < r->n_steps; s++)
		for (int p = 0; p < ET_POSITIONS_MAX; p++) {
			const struct run_step_result *x = &r->step[s][p];

			if (!x->has_observation)
				continue;
			print_message("step %d position %d: %s %+.3f %%, U %.3f %%, truth %+.3f\n",
				      s, p + 1, ee_verdict_word(x->verdict), x->obs.err_pct,
				      x->obs.U_pct, x->truth_pct);
			assert_near(x->setup.ref_resolution_wh, 10, 0);
			if (x->verdict ==
			    EE_VOID) { /* a card with the wrong Kh: too coarse to see it */
				assert_int_equal(p, 2);
				continue;
			}
			assert_near(x->obs.err_pct, x->truth_pct, 1.5 * x->obs.U_pct);
			assert_true(x->obs.U_pct > 0.1 && x->obs.U_pct < 10);
			figures++;
		}
	assert_true(figures >= 4);
	sim_bench_free(&b);
	free(r);
}

/* The scenario has another instrument than bench.yaml. */
static void another_protocol_is_refused(void **state)
{
	struct run_result *r = malloc(sizeof(*r));
	struct fault f = { 0 };
	struct sim_bench b;

	(void)state;
	load(&b);
	b.reference.fitness = FIT_FOR_VERIFICATION;
	b.scenario.reference.model = SIM_COM5003;
	assert_int_equal(run(&b, r, &f), ET_ERR_ARG);
	assert_non_null(strstr(f.text, "the driver modbus-meter does not speak the protocol"));
	sim_bench_free(&b);
	free(r);
}

/* Written "simulated" or not, what a bench.yaml says must fit the driver. */
static void links_must_fit_their_drivers(void **state)
{
	static const struct {
		const char *driver, *port, *says;
	} cases[] = {
		{ "zera-com5003", "modbus-tcp:h:502,1",
		  "port: \"modbus-tcp:h:502,1\"; the driver zera-com5003 does not speak Modbus" },
		{ "modbus-meter", "tcp:h:502", "the driver modbus-meter needs modbus-tcp: or" },
		{ "modbus-meter", "modbus-rtu:/dev/ttyUSB0,9600,8n1,1", NULL },
		{ "modbus-meter", "simulated:reference", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag *d = diag_new();
		struct yaml_doc *doc = NULL;
		struct bench_file b;
		char path[64], text[2048];
		FILE *out;

		snprintf(path, sizeof(path), "/tmp/etalon-bench-%d.yaml", (int)getpid());
		snprintf(text, sizeof(text),
			 "schema: etalon/bench/1\nname: B\nconnection: series\n"
			 "limits: {volt_max_v: 300, curr_max_a: 200}\noff_below_v: 2\n"
			 "ref_sigma_s: 0.001\ninstruments:\n"
			 "  - {name: s, role: source, driver: zera-fg, port: \"tcp:h:1\"}\n"
			 "  - {name: r, role: reference, driver: %s, port: \"%s\", serial: X}\n"
			 "  - {name: e, role: reader, driver: serial-stamp, port: \"tcp:h:2\"}\n"
			 "positions:\n  - {position: 1, ratio_pct: 0, ratio_half_width_pct: 0, "
			 "phase_min: 0, phase_half_width_min: 0}\n",
			 cases[i].driver, cases[i].port);
		out = fopen(path, "w");
		fputs(text, out);
		fclose(out);
		assert_int_equal(bench_file_load(path, &b, &doc, d),
				 cases[i].says ? ET_ERR_FILE : ET_OK);
		assert_int_equal(diag_count(d), cases[i].says ? 1 : 0);
		if (cases[i].says && !strstr(diag_text(d, 0), cases[i].says))
			fail_msg("%s", diag_text(d, 0));
		yaml_free(doc);
		diag_free(d);
		remove(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_fitness_nothing_starts),
		cmocka_unit_test(with_it_figures_agree_with_the_truth),
		cmocka_unit_test(another_protocol_is_refused),
		cmocka_unit_test(links_must_fit_their_drivers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
