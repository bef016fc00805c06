/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_live_modbus.c - the simulated Modbus meter on real lines: its frames byte for byte, and the driver asking
 * it through libmodbus, RTU on a pseudo-terminal and TCP. */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "drivers/registry.h"
#include "simulator/live.h"
#include "simulator/live_frame.h"
#include "simulator/simulator_parts.h"
#include "tests/support/near.h"

/* ---- frames ---- */

struct taker { /* keeps the requests that a meter would get */
	struct port base;
	uint8_t got[8][MODBUS_PDU_MAX];
	size_t len[8];
	int n;
};
static int taker_write(struct port *p, const void *buf, size_t len, int64_t deadline_ns)
{
	struct taker *t = (struct taker *)p;

	(void)deadline_ns;
	assert_in_range(t->n, 0, 7);
	memcpy(t->got[t->n], buf, len);
	t->len[t->n++] = len;
	return ET_OK;
}
static const struct port_ops taker_ops = { .write = taker_write,
					   .stamps = true }; /* it has no clock */
#define TAKER                                                     \
	{                                                         \
		.base = {.ops = &taker_ops, .kind = PORT_MODBUS } \
	}
#define GIVE(f, tcp, bytes, t) \
	frame_take(f, tcp, (const uint8_t *)(bytes), sizeof(bytes) - 1, &(t)->base)

static void assert_took(const struct taker *t, int i, const char *pdu, size_t len)
{
	assert_true(i < t->n);
	assert_int_equal(t->len[i], len);
	assert_memory_equal(t->got[i], pdu, len);
}

#define ASKED "\4\0\x48\0\2"
#define RTU_ASKED "\1" ASKED "\xf1\xdd"

static void rtu_frames_end_where_their_checksum_is_right(void **state)
{
	struct taker t = TAKER;
	struct frame f = { .n = 0 };
	uint8_t out[FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < 8; i++) { /* byte by byte */
		assert_int_equal(t.n, 0);
		assert_true(frame_take(&f, false, (const uint8_t *)RTU_ASKED + i, 1, &t.base));
	}
	assert_took(&t, 0, ASKED, 5);
	assert_true(GIVE(&f, false, "\xff\0noise", &t));
	assert_true(GIVE(&f, false, RTU_ASKED, &t));
	assert_took(&t, 1, ASKED, 5);
	assert_true(GIVE(&f, false, "\2" ASKED "\xf1\xee", &t)); /* another unit */
	assert_int_equal(t.n, 2);
	assert_int_equal(f.n, 0);
	for (int i = 0; i < 200; i++) /* noise for ever */
		assert_true(GIVE(&f, false, "\xaa\xaa\xaa\xaa\xaa\xaa\xaa", &t));
	assert_int_equal(t.n, 2);
	assert_true(f.n <= FRAME_MAX);
	assert_int_equal(frame_give(&f, false, (const uint8_t *)"\x84\2", 2, out), 5);
	assert_memory_equal(out, "\1\x84\2\xc2\xc1", 5);
}

static void tcp_frames_have_a_header(void **state)
{
	struct taker t = TAKER;
	struct frame f = { .n = 0 };
	uint8_t out[FRAME_MAX];

	(void)state;
	assert_true(GIVE(&f, true, "\x12\x34\0\0\0\6\x7", &t));
	assert_true(GIVE(&f, true, ASKED "\x12\x35\0\0\0\6\x8" ASKED "\x12", &t));
	assert_took(&t, 0, ASKED, 5);
	assert_took(&t, 1, ASKED, 5);
	assert_int_equal(f.n, 1);
	assert_int_equal(frame_give(&f, true, (const uint8_t *)"\x84\2", 2, out), 9);
	assert_memory_equal(out, "\x12\x35\0\0\0\3\x8\x84\2", 9);
	f = (struct frame){ .n = 0 };
	assert_false(GIVE(&f, true, "GET / HTTP/1.1\r\n", &t));
	f = (struct frame){ .n = 0 };
	assert_false(GIVE(&f, true, "\0\0\0\0\0\1\1", &t)); /* nothing in it */
	f = (struct frame){ .n = 0 };
	assert_false(GIVE(&f, true, "\0\0\0\0\1\0\1", &t)); /* too long */
	assert_int_equal(t.n, 2);
}

/* ---- the driver, through real lines ---- */

static const char scenario[] = "schema: etalon/scenario/1\nsource: {settle_tau_s: 0.1}\n"
			       "reference: {model: sdm630, energy_update_s: 0.1}\n";
static const struct setpoint load_24_kw = { 60, { { 240, 0, 100, -60 } } };

struct served { /* all of it lives in its own thread, which holds the baton of the virtual clock */
	enum live_kind kind;
	char spec[160]; /* of the meter; "": it could not be served */
	sem_t ready;
	int stop[2];
	pthread_t thread;
};

static void serve_until_stopped(struct served *s, struct sim *sim, struct clk *clk)
{
	const struct live_options opt = { .source = LIVE_TCP,
					  .reference = s->kind,
					  .reader = LIVE_TCP };
	struct clk *real = clk_real_new();
	struct fault f = { 0 };
	struct live *live;

	world_set_source(&sim->world, &load_24_kw);
	if (live_new(sim, clk, real, &opt, &live, &f) == ET_OK) {
		snprintf(s->spec, sizeof(s->spec), "%s", live_port(live, "reference"));
		sem_post(&s->ready);
		if (live_serve(live, s->stop[0], -1, -1, false, &f) != ET_OK)
			fprintf(stderr, "%s\n", f.text);
		live_free(live);
	}
	clk_free(real);
}

static void *serve(void *arg)
{
	struct served *s = arg;
	struct diag *d = diag_new();
	struct yaml_doc *doc = NULL;
	struct scenario sc;
	struct clk_start start;
	struct fault f = { 0 };
	struct sim *sim = NULL;
	struct clk *clk = NULL;

	if (scenario_load_mem("live", scenario, strlen(scenario), &sc, &doc, d) == ET_OK &&
	    sim_clock_start(&sc, NULL, &start) == ET_OK)
		clk = clk_virtual_new(&start);
	if (clk && sim_create(&sc, NULL, clk, &sim, &f) == ET_OK)
		serve_until_stopped(s, sim, clk);
	sem_post(&s->ready);
	sim_free(sim);
	clk_free(clk);
	yaml_free(doc);
	diag_free(d);
	return NULL;
}

static void start_serving(struct served *s, enum live_kind kind)
{
	*s = (struct served){ .kind = kind };
	assert_int_equal(sem_init(&s->ready, 0, 0), 0);
	assert_int_equal(pipe(s->stop), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
	assert_int_equal(sem_wait(&s->ready), 0);
	assert_true(s->spec[0] != '\0');
}

static void end_serving(struct served *s)
{
	assert_int_equal(write(s->stop[1], "", 1), 1);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	close(s->stop[0]);
	close(s->stop[1]);
	sem_destroy(&s->ready);
}

/* A loaded machine may lose a question or two; a session would ask them again. */
static void talk(const char *spec, struct clk *clk)
{
	static const struct driver_param params[] = { { "map", "eastron-sdm630" },
						      { "answer_s", "5" } };
	const struct driver *drv = &driver_modbus_meter;
	struct fault f = { 0 };
	struct driver_env env = { .name = "meter",
				  .clk = clk,
				  .params = params,
				  .n_params = 2,
				  .dir = "drivers/reference_standard",
				  .serial = "SIM-SDM-0001",
				  .fault = &f };
	const int64_t until_ns = clk_now_ns(clk) + INT64_C(60) * ET_NS_PER_S;
	struct driver_inst *d = NULL;
	struct instrument_id id = { 0 };
	struct ref_register reg;
	struct ref_reading r;
	struct ref_sample s[2];
	int n = 0, err;

	if (port_open(spec, clk, &env.port, &f) != ET_OK || drv->open(&env, &d, &id) != ET_OK)
		fail_msg("%s: %s", spec, f.text);
	assert_true(id.simulated);
	assert_string_equal(id.serial, "SIM-SDM-0001");
	do
		err = drv->reference->read(d, &r);
	while ((err == ET_ERR_PROTO || (err == ET_OK && r.volt_v[0] < 239)) &&
	       clk_now_ns(clk) < until_ns);
	if (err != ET_OK)
		fail_msg("%s: %s", spec, f.text);
	assert_near(r.volt_v[0], 240, 1);
	assert_near(r.power_sum_w, 12000, 200);
	assert_near(r.reactive_sum_var, 20785, 300);
	assert_int_equal(drv->reference->start(d, &reg), ET_OK);
	while (n < 2 && clk_now_ns(clk) < until_ns) {
		err = drv->reference->sample(d, clk_now_ns(clk) + ET_NS_PER_S, &s[n]);
		if (err != ET_OK && f.code != ET_OK)
			fail_msg("%s: %s", spec, f.text);
		n += err == ET_OK;
	}
	assert_int_equal(n, 2);
	assert_true(s[1].t_lo_ns >= s[0].t_hi_ns && s[1].energy_wh > s[0].energy_wh);
	assert_int_equal(drv->reference->stop(d, &reg), ET_OK);
	drv->close(d);
	port_close(env.port);
}

static void the_driver_reads_it_over(enum live_kind kind, const char *scheme)
{
	struct served s;
	struct clk *clk = clk_real_new();

	start_serving(&s, kind);
	assert_memory_equal(s.spec, scheme, strlen(scheme));
	talk(s.spec, clk);
	talk(s.spec, clk); /* the next client */
	end_serving(&s);
	clk_free(clk);
}

static void the_driver_reads_it_over_rtu(void **state)
{
	(void)state;
	the_driver_reads_it_over(LIVE_TTY, "modbus-rtu:/dev/pts/");
}

static void the_driver_reads_it_over_tcp(void **state)
{
	(void)state;
	the_driver_reads_it_over(LIVE_TCP, "modbus-tcp:127.0.0.1:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtu_frames_end_where_their_checksum_is_right),
		cmocka_unit_test(tcp_frames_have_a_header),
		cmocka_unit_test(the_driver_reads_it_over_rtu),
		cmocka_unit_test(the_driver_reads_it_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
