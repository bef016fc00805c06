/* SPDX-License-Identifier: Apache-2.0 */
/* A bench with two edge readers: each has its own clock, its own channels and its own losses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/recompute.h"
#include "bench/replay.h"
#include "tests/support/near.h"
#include "tests/support/sim_bench.h"

/* Position 1 is channel 5 of the first reader; 2 and 3 are channels 2 and 1 of another one, whose clock is far off. */
struct two {
	struct sim_bench b;
	struct bench_instrument instruments[BENCH_ROLES + 1];
	struct bench_position positions[3];
	struct scenario_meter meters[3];
	struct scenario_reader right;
	struct plan_step step;
	struct run_result *result;
};

static void load(struct two *t)
{
	struct sim_bench *b = &t->b;
	const struct bench_instrument *reader;

	assert_int_equal(sim_bench_load(b, "1-element"), 0);
	memcpy(t->instruments, b->bench.instruments.items, BENCH_ROLES * sizeof(t->instruments[0]));
	reader = bench_file_instrument(&b->bench, BENCH_READER);
	t->instruments[BENCH_ROLES] = *reader;
	t->instruments[BENCH_ROLES].name = "right";
	t->instruments[BENCH_ROLES].port = "simulated:right";
	t->instruments[BENCH_ROLES].serial = "SIM-IR-0002";
	b->more_readers[0] = b->reader;
	b->more_readers[0].id = "SIM-READER-2";
	b->more_readers[0].serial = "SIM-IR-0002";
	memcpy(t->positions, b->bench.positions.items, sizeof(t->positions));
	memcpy(t->meters, b->scenario.meters.items, sizeof(t->meters));
	for (int p = 0; p < 3; p++) {
		t->positions[p].reader = p == 0 ? "reader" : "right";
		t->positions[p].channel = p == 0 ? 5 : 3 - p;
		t->meters[p].reader = p == 0 ? NULL : "right";
		t->meters[p].channel = p == 0 ? 5 : 3 - p;
	}
	t->right = b->scenario.reader;
	t->right.name = "right";
	t->right.serial = "SIM-IR-0002";
	t->right.rate_ppm = -80;
	t->step = *(const struct plan_step *)b->plan.steps.items;
	b->bench.instruments = (struct yaml_list){ t->instruments, BENCH_ROLES + 1 };
	b->bench.positions = (struct yaml_list){ t->positions, 3 };
	b->scenario.meters = (struct yaml_list){ t->meters, 3 };
	b->scenario.readers = (struct yaml_list){ &t->right, 1 };
	b->plan.steps = (struct yaml_list){ &t->step, 1 };
}

static struct two two;

static int set_up(void **state)
{
	(void)state;
	memset(&two, 0, sizeof(two));
	load(&two);
	two.result = malloc(sizeof(*two.result));
	return two.result ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sim_bench_free(&two.b);
	free(two.result);
	return 0;
}

static void figures_are_true(void)
{
	for (int p = 0; p < 3; p++) {
		const struct run_step_result *r = &two.result->step[0][p];

		print_message("position %d: error %.4f, U %.4f, truth %.4f\n", p + 1,
			      r->obs.err_pct, r->obs.U_pct, r->truth_pct);
		assert_true(r->obs.n_accepted > 10);
		assert_true(fabs(r->obs.err_pct - r->truth_pct) <= r->obs.U_pct);
	}
	assert_int_equal(two.result->step[0][0].verdict, EE_CONFORMING);
	assert_int_equal(two.result->step[0][1].verdict, EE_NONCONFORMING);
	assert_int_equal(two.result->step[0][2].cause, EE_WRONG_KH);
}

static void run_to(struct db *db)
{
	const struct sim_bench_run how = { .db = db, .seed = 4 };
	struct fault f = { 0 };

	if (sim_bench_run(&two.b, &how, two.result, &f) != ET_OK)
		fail_msg("%s", f.text);
}

static void recomputes(struct db *db, int attempts)
{
	struct recompute_count n;
	struct fault f = { 0 };

	if (recompute(db, NULL, NULL, NULL, &n, &f) != ET_OK)
		fail_msg("%s", f.text);
	assert_int_equal(n.attempts, attempts);
	assert_int_equal(n.different, 0);
}

static void each_reader_has_its_own_clock(void **state)
{
	static const char *const readers[] = { "reader", "right", "right" }, *const pairs[] = {
		"pairs", "pairs_2", "pairs_2"
	};
	static const int channels[] = { 5, 2, 1 };
	char path[64];
	struct db *db = sim_bench_db(NULL, path);
	json_t *at, *opened, *session, *pos;
	size_t i;

	(void)state;
	run_to(db);
	figures_are_true();
	at = db_last(db, "attempt.stored", NULL, NULL, NULL);
	json_array_foreach(json_object_get(at, "positions"), i, pos)
	{
		assert_string_equal(json_get_str(pos, "reader"), readers[i]);
		assert_int_equal(json_get_int(pos, "channel", 0), channels[i]);
		assert_string_equal(json_get_str(pos, "pairs"), pairs[i]);
	}
	assert_int_equal(i, 3);
	assert_non_null(json_get_str(json_object_get(at, "blobs"), "pairs_2"));
	opened = db_last(db, "batch.opened", NULL, NULL, NULL);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(opened, "apparatus"), 2)),
		"SIM-READER-2");
	session = db_last(db, "session.started", NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(session, "instruments")), 4);
	recomputes(db, 1);
	json_decref(at);
	json_decref(opened);
	json_decref(session);
	db_close(db);
	sim_bench_db_remove(path);
}

/* A line of the other reader is damaged while it measures, once. */
static struct sim *victim;

static void remember(void *arg, struct sim *sim)
{
	(void)arg;
	victim = sim;
}

static void damage(void *arg, const struct station_notice *n)
{
	struct link_fault f = { .kind = LINK_BYTE_NON_ASCII, .where = 3 };

	(void)arg;
	if (n->kind != NOTICE_STATE || seq_state(n->seq) != SEQ_MEASURING || !victim)
		return;
	f.message = sim_messages(victim, "right") + 40;
	assert_int_equal(sim_inject(victim, "right", &f), ET_OK);
	victim = NULL;
}

static void a_loss_of_either_is_a_common_cause(void **state)
{
	char path[64];
	struct db *db = sim_bench_db(NULL, path);
	const struct sim_bench_run how = {
		.db = db, .seed = 4, .prepare = remember, .notice = damage
	};
	struct fault f = { 0 };
	json_t *first;

	(void)state;
	assert_int_equal(sim_bench_run(&two.b, &how, two.result, &f), ET_OK);
	figures_are_true(); /* of the second attempt */
	assert_int_equal(two.result->step[0][0].attempt_number, 2);
	first = db_last(db, "attempt.stored", "attempt", "SIM-1", NULL);
	assert_string_equal(json_get_str(first, "result"), "void");
	assert_string_equal(json_get_str(first, "cause"), "reader_loss");
	assert_non_null(strstr(json_get_str(first, "fault"), "right"));
	json_decref(first);
	recomputes(db, 2);
	db_close(db);
	sim_bench_db_remove(path);
}

/* A reader that sees no meter of the batch is not needed, and not even asked. */
static void who_sees_no_meter_is_not_asked(void **state)
{
	char path[64];
	struct db *db = sim_bench_db(NULL, path);
	json_t *session;

	(void)state;
	two.b.batch.meters.n = 1;
	two.b.scenario.readers.n = 0; /* it does not exist */
	two.b.scenario.meters.n = 1;
	run_to(db);
	assert_int_equal(two.result->exit_code, 0);
	session = db_last(db, "session.started", NULL, NULL, NULL);
	assert_int_equal(json_array_size(json_object_get(session, "instruments")), 3);
	json_decref(session);
	recomputes(db, 1);
	db_close(db);
	sim_bench_db_remove(path);
}

/* ---- files ---- */

#define HEAD                                                                              \
	"schema: etalon/bench/1\nname: x\nconnection: series\nlimits: {volt_max_v: 300, " \
	"curr_max_a: "                                                                    \
	"100}\noff_below_v: 2\nref_sigma_s: 0.001\ninstruments:\n"                        \
	"  - {name: s, role: source, driver: zera-fg, port: \"tcp:a:1\"}\n"               \
	"  - {name: r, role: reference, driver: zera-com5003, port: \"tcp:a:2\"}\n"       \
	"  - {name: left, role: reader, driver: serial-stamp, port: \"tcp:a:3\"}\n"
#define RIGHT "  - {name: right, role: reader, driver: serial-stamp, port: \"tcp:a:4\"}\n"
#define IDEAL ", ratio_pct: 0, ratio_half_width_pct: 0, phase_min: 0, phase_half_width_min: 0}\n"

static int load_bench(const char *text, struct diag *d)
{
	char path[] = "/tmp/etalon-bench-XXXXXX";
	const int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct bench_file b;
	struct yaml_doc *doc;
	int err;

	fputs(text, f);
	fclose(f);
	err = bench_file_load(path, &b, &doc, d);
	yaml_free(doc);
	remove(path);
	return err;
}

static void a_bench_file_says_which_sensor_is_where(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ HEAD "positions:\n  - {position: 1" IDEAL, NULL },
		{ HEAD RIGHT "positions:\n  - {position: 1, reader: left" IDEAL
			     "  - {position: 2, reader: right, channel: 1" IDEAL,
		  NULL },
		{ HEAD RIGHT "positions:\n  - {position: 1" IDEAL,
		  "reader: missing; of 2 readers one must be named" },
		{ HEAD "positions:\n  - {position: 1, reader: r" IDEAL,
		  "reader: \"r\"; the name of an instrument whose role is reader would be right" },
		{ HEAD "positions:\n  - {position: 1" IDEAL "  - {position: 2, channel: 1" IDEAL,
		  "channel: 1 of \"left\" is at position 1 already" },
		{ HEAD "  - {name: right, role: reader, driver: zera-fg, port: \"tcp:a:4\"}\n"
		       "positions:\n  - {position: 1, reader: left" IDEAL,
		  "driver: \"zera-fg\" drives no reader; `etalon drivers` lists what each one is "
		  "for" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag *d = diag_new();

		assert_int_equal(load_bench(cases[i].text, d),
				 cases[i].wrong ? ET_ERR_FILE : ET_OK);
		assert_int_equal(diag_count(d), cases[i].wrong ? 1 : 0);
		if (cases[i].wrong)
			assert_string_equal(diag_text(d, 0), cases[i].wrong);
		diag_free(d);
	}
}

static void a_scenario_names_its_readers(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ "schema: etalon/scenario/1\nreaders: [{name: b}]\nmeters: [{position: 1, reader: "
		  "b}]\n",
		  NULL },
		{ "schema: etalon/scenario/1\nmeters: [{position: 1, reader: b}]\n",
		  "reader: \"b\" is not in readers" },
		{ "schema: etalon/scenario/1\nreaders: [{name: source}]\n",
		  "name: \"source\"; a name of its own of at most 15 letters a-z, digits, - and _ "
		  "would be right" },
		{ "schema: etalon/scenario/1\nreaders: [{name: b}, {name: b}]\n",
		  "name: \"b\"; a name of its own of at most 15 letters a-z, digits, - and _ would "
		  "be right" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag *d = diag_new();
		struct scenario sc;
		struct yaml_doc *doc;

		assert_int_equal(
			scenario_load_mem("x", cases[i].text, strlen(cases[i].text), &sc, &doc, d),
			cases[i].wrong ? ET_ERR_FILE : ET_OK);
		if (cases[i].wrong)
			assert_string_equal(diag_text(d, 0), cases[i].wrong);
		yaml_free(doc);
		diag_free(d);
	}
}

/* Each has a transcript and papers of its own. */
static void both_are_replayed(void **state)
{
	char folder[] = "/tmp/etalon-readers-XXXXXX", rec[64], rm[80];
	enum replay_result result = REPLAY_DIFFERS;
	struct diag *d = diag_new();
	struct fault f = { 0 };
	json_t *report = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(rec, sizeof(rec), "%s/rec", folder);
	assert_int_equal(
		sim_bench_run(&two.b, &(struct sim_bench_run){ .record_dir = rec }, two.result, &f),
		ET_OK);
	if (replay_run(rec, &report, &result, d, &f) != ET_OK)
		diag_print(d, stderr);
	assert_int_equal(result, REPLAY_EXACT);
	assert_int_equal(json_array_size(json_object_get(report, "links")), 4);
	json_decref(report);
	diag_free(d);
	snprintf(rm, sizeof(rm), "rm -rf '%s'", folder);
	assert_int_equal(system(rm), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_reader_has_its_own_clock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_loss_of_either_is_a_common_cause, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_sees_no_meter_is_not_asked, set_up, tear_down),
		cmocka_unit_test(a_bench_file_says_which_sensor_is_where),
		cmocka_unit_test(a_scenario_names_its_readers),
		cmocka_unit_test_setup_teardown(both_are_replayed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
