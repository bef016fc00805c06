/* SPDX-License-Identifier: Apache-2.0 */
/* A batch over real lines in real time, judged by the truth of the server; and the lines themselves. */
#include "tests/support/live_bench.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quantities.h"
#include "db/journal.h"
#include "io/port.h"
#include "tests/support/near.h"

/* A quick source, so that little real time passes. */
static const char scenario[] =
	"schema: etalon/scenario/1\n"
	"epoch: \"2026-03-02T08:00:00-05:00\"\n"
	"bench: {connection: series, configuration: 1}\n"
	"source: {on_time_s: 0.3, off_time_s: 0.2, settle_tau_s: 0.05}\n"
	"reference: {energy_update_s: 0.25}\n"
	"meters:\n"
	"  - {position: 1, kh_wh: 0.5, gain_pct: 0.20, latency_jitter_s: 0.0001}\n"
	"  - {position: 2, kh_wh: 0.5, gain_pct: 1.80, latency_jitter_s: 0.0001}\n";

static const char plan[] =
	"schema: etalon/plan/1\n"
	"id: live\n"
	"version: 1\n"
	"standing: sample\n"
	"title: {en: Live, fr: En direct}\n"
	"source: {document: \"none, example values / aucun, valeurs d'exemple\"}\n"
	"rule: simple\n"
	"rounding: {digits: 2, mode: half_even}\n"
	"floor_a_pct: 0.5\n"
	"settle_s: 1\n"
	"cap_s: 10\n"
	"retries: 1\n"
	"window: {volt_pct: 1.0, curr_pct: 2.0, phase_deg: 1.0, freq_pct: 0.5}\n"
	"steps:\n"
	"  - {id: HL, kind: energy_error, title: {en: High load, fr: Forte charge},\n"
	"     current_pct_imax: 100, volt_pct: 100, power_factor: 1, limit_lo_pct: -1.0, "
	"limit_hi_pct: 1.0}\n";

#define METER(position, serial)                                                                 \
	"  - {position: " position ", maker: Landis+Gyr, model: Focus ALF, serial: \"" serial   \
	"\", inspection_no: \"E-" serial "\",\n     approval: AE-1559, approval_revision: 16, " \
	"configuration: 1, volt_v: 120, curr_min_a: 1, curr_max_a: 100, kh_wh: 0.5, firmware: " \
	"\"3.22\"}\n"
static const char batch[] = "schema: etalon/batch/1\n"
			    "id: LIVE-1\n"
			    "work_order: WO-1\n"
			    "owner: {name: Hydro-Exemple, address: \"1 rue du Sceau\"}\n"
			    "as: as_left\n"
			    "plan: live\n"
			    "approval: AE-1559\n"
			    "approval_revision: 16\n"
			    "configuration: 1\n"
			    "volt_v: 120\n"
			    "curr_min_a: 1\n"
			    "curr_max_a: 100\n"
			    "meters:\n" METER("1", "70000101") METER("2", "70000102");

static struct live_bench b;

static int set_up(void **state)
{
	(void)state;
	if (live_bench_make(&b) != 0 || live_bench_write(&b, "live.scenario.yaml", scenario) != 0 ||
	    live_bench_write(&b, "plans/live.yaml", plan) != 0 ||
	    live_bench_write(&b, "live.batch.yaml", batch) != 0)
		return -1;
	return live_bench_serve(&b, "live.scenario.yaml", "--seed 7");
}

static int tear_down(void **state)
{
	(void)state;
	live_bench_remove(&b);
	return 0;
}

static void show_words(void)
{
	char *out = live_bench_read(&b, "out.txt"), *err = live_bench_read(&b, "err.txt");

	print_error("%s%s", out, err);
	free(out);
	free(err);
}

#define assert_ends(words, code)                             \
	do {                                                 \
		const int ended = live_bench_run(&b, words); \
		if (ended != (code))                         \
			show_words();                        \
		assert_int_equal(ended, code);               \
	} while (0)

static void told(const char *line, const char *begins)
{
	char answer[512];

	assert_int_equal(live_bench_tell(&b, line, answer, sizeof(answer)), 0);
	if (strncmp(answer, begins, strlen(begins)) != 0)
		print_error("%s -> %s\n", line, answer);
	assert_int_equal(strncmp(answer, begins, strlen(begins)), 0);
}

/* ---- a batch ---- */

static void is_complete(void)
{
	static const char *const kinds[] = { "session.started", "batch.opened", "attempt.stored",
					     "batch.closed", "session.ended" };
	char path[128];
	struct fault f = { 0 };
	struct db *db = NULL;

	snprintf(path, sizeof(path), "%s/lab/etalon.db", b.dir);
	assert_int_equal(db_open(path, DB_READ, NULL, &db, &f), ET_OK);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		json_t *p = db_last(db, kinds[i], NULL, NULL, NULL);

		if (!p)
			print_error("no %s on record\n", kinds[i]);
		assert_non_null(p);
		if (i == 0) {
			assert_true(json_is_true(json_object_get(p, "simulated")));
			assert_true(json_is_null(json_object_get(p, "scenario")));
		}
		json_decref(p);
	}
	db_close(db);
}

static void a_batch_over_real_lines(void **state)
{
	static const char *const verdict[] = { "conforming", "nonconforming" };
	struct live_figure fig[2];

	(void)state;
	assert_ends("run --batch lab/live.batch.yaml --bench live.yaml --operator anna --lab lab "
		    "--record rec",
		    1);
	assert_ends("replay rec", 0); /* of real time, in no time */
	assert_int_equal(live_bench_figures(&b, fig, 2), 2);
	for (int i = 0; i < 2; i++) {
		print_message("position %d: error %+.3f, U %.3f, truth %+.3f, %d pulses\n",
			      fig[i].position, fig[i].err_pct, fig[i].U_pct, fig[i].truth_pct,
			      (int)fig[i].n_edges);
		assert_int_equal(fig[i].position, i + 1);
		assert_string_equal(fig[i].verdict, verdict[i]);
		assert_true(fig[i].U_pct < 0.8);
		assert_true(fabs(fig[i].err_pct - fig[i].truth_pct) <= 2 * fig[i].U_pct);
	}
	is_complete();
	told("terminals", "{\"curr_a\":[0.0,0.0,0.0],\"volt_v\":[0.0,0.0,0.0]}");
	told("lag", "{\"worst_lag_ms\":");
	assert_ends("recompute --all --lab lab", 0);
	assert_ends("audit verify --lab lab", 0);
}

/* ---- who may be where ---- */

static void lines_are_needed(void **state)
{
	char *err;

	(void)state;
	assert_ends("run --batch lab/live.batch.yaml --operator anna --lab lab", 2);
	err = live_bench_read(&b, "err.txt");
	assert_non_null(strstr(err, "port \"simulated:source\" is for --simulate"));
	free(err);
}

static void a_real_folder_is_refused(void **state)
{
	(void)state;
	assert_ends("init real", 0);
	assert_ends("person add --id anna --name Anna --role technician --lab real", 0);
	assert_ends("run --batch lab/live.batch.yaml --bench live.yaml --operator anna --lab real",
		    2);
}

/* A bench file that a person wrote, and a file where a link would stand. */
static void nothing_is_written_over(void **state)
{
	char *before = live_bench_read(&b, "lab/bench.yaml"), *after;

	(void)state;
	assert_ends("simulate lab/live.scenario.yaml --listen --lab lab --bench-out lab/bench.yaml",
		    2);
	after = live_bench_read(&b, "err.txt");
	assert_non_null(strstr(after, "lab/bench.yaml exists, and `simulate` did not write it"));
	free(after);
	after = live_bench_read(&b, "lab/bench.yaml");
	assert_string_equal(before, after);
	free(after);
	free(before);
	assert_int_equal(live_bench_write(&b, "new.yaml.source", "mine"), 0);
	assert_ends("simulate lab/live.scenario.yaml --listen --lab lab --bench-out lab/new.yaml",
		    3);
	after = live_bench_read(&b, "lab/new.yaml.source");
	assert_string_equal(after, "mine");
	free(after);
}

/* ---- the lines themselves ---- */

static struct clk *clk;

static struct port *open_line(const char *name)
{
	struct fault f = { 0 };
	struct port *p = NULL;

	if (port_open(json_get_str(b.ports, name), clk, &p, &f) != ET_OK)
		fail_msg("%s", f.text);
	return p;
}

/* One question to the source; what comes within @p wait_s. */
static size_t ask_source(struct port *p, const char *line, double wait_s, char *out, size_t cap)
{
	const int64_t end_ns = clk_now_ns(clk) + (int64_t)(wait_s * ET_NS_PER_S);
	size_t n = 0;
	int got;

	assert_int_equal(port_write(p, line, strlen(line), end_ns), ET_OK);
	while (n + 1 < cap && (got = port_read(p, out + n, cap - 1 - n, end_ns)) > 0) {
		n += (size_t)got;
		if (out[n - 1] == '\r')
			break;
	}
	out[n] = '\0';
	return n;
}

static void answers(struct port *p, const char *line, const char *want)
{
	char got[200];

	(void)ask_source(p, line, 10, got, sizeof(got));
	assert_string_equal(got, want);
}

static void clients_come_and_go(void **state)
{
	struct port *p;
	struct fault f = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		p = open_line("source");
		answers(p, "TS\r", "TSSIMFG301V299\r");
		port_close(p);
	}
	p = open_line("source"); /* gone with a question open: its answer is nobody's */
	assert_int_equal(port_write(p, "TS\r", 3, ET_NEVER_NS), ET_OK);
	port_close(p);
	clk_sleep_until(clk, clk_now_ns(clk) + ET_NS_PER_S / 5);
	p = open_line("source");
	answers(p, "SM\r", "SM0000000000000000\r");
	assert_int_equal(port_reopen(p, &f), ET_OK);
	answers(p, "TS\r", "TSSIMFG301V299\r");
	port_close(p);
	for (int i = 0; i < 3; i++) {
		p = open_line("reference");
		assert_int_equal(port_write(p, "*IDN?\n", 6, ET_NEVER_NS), ET_OK);
		port_close(p);
	}
}

static void a_killed_client_leaves_the_line(void **state)
{
	struct port *p;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		p = open_line("source");
		(void)!port_write(p, "TS\r", 3, ET_NEVER_NS);
		raise(SIGKILL);
	}
	assert_int_equal(live_bench_wait(pid, 30, NULL), -1);
	p = open_line("source");
	answers(p, "SM\r", "SM0000000000000000\r");
	port_close(p);
}

static void what_is_unplugged_is_gone(void **state)
{
	static const char *const names[] = { "source", "reference" };
	static const char *const unplug[] = { "unplug source", "unplug reference" };
	static const char *const plug[] = { "plug source", "plug reference" };
	struct fault f = { 0 };
	char c;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct port *p = open_line(names[i]);

		told(unplug[i], "ok");
		assert_int_equal(port_read(p, &c, 1, clk_now_ns(clk) + 10 * INT64_C(1000000000)),
				 ET_ERR_IO);
		assert_int_equal(port_reopen(p, &f), ET_ERR_IO);
		told(plug[i], "ok ");
		assert_int_equal(port_reopen(p, &f), ET_OK);
		if (i == 0)
			answers(p, "TS\r", "TSSIMFG301V299\r");
		port_close(p);
	}
}

static void the_source_can_be_broken(void **state)
{
	struct port *p = open_line("source");
	char got[200];

	(void)state;
	told("silent source", "ok");
	assert_int_equal(ask_source(p, "TS\r", 0.5, got, sizeof(got)), 0);
	clk_sleep_until(
		clk,
		clk_now_ns(clk) +
			ET_NS_PER_S); /* on a loaded machine it answers late: still nobody hears */
	told("speak source", "ok");
	answers(p, "SE0\r", "OKSE\r"); /* no status of its own accord between the answers */
	answers(p, "UPAER120.000000.00S000.000000.00T000.000000.00\r", "OKUP\r");
	answers(p, "UIEAAAAAAAA\r", "OKUI\r");
	told("nak-off source", "ok");
	answers(p, "UIAAAAAAAAA\r", "UINAK\r");
	told("stuck-on source", "ok");
	answers(p, "UIAAAAAAAAA\r", "OKUI\r");
	clk_sleep_until(clk, clk_now_ns(clk) + ET_NS_PER_S);
	told("terminals", "{\"curr_a\":[0.0,0.0,0.0],\"volt_v\":[1");
	told("heal source", "ok");
	answers(p, "UIAAAAAAAAA\r", "OKUI\r");
	clk_sleep_until(clk, clk_now_ns(clk) + ET_NS_PER_S);
	told("terminals", "{\"curr_a\":[0.0,0.0,0.0],\"volt_v\":[0.0,");
	port_close(p);
}

static void nonsense_is_answered(void **state)
{
	char longest[400];

	(void)state;
	told("", "error ");
	told("explode", "error ");
	told("unplug", "error ");
	told("unplug teapot", "error ");
	told("nak-off reference", "error ");
	told("truth 1 2", "error ");
	told("truth 1 x 3", "error ");
	told("truth 99 1 3", "error ");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	told(longest, "error ");
}

static void the_server_ends_with_its_input(void **state)
{
	(void)state;
	assert_int_equal(live_bench_stop(&b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_over_real_lines),
		cmocka_unit_test(lines_are_needed),
		cmocka_unit_test(a_real_folder_is_refused),
		cmocka_unit_test(nothing_is_written_over),
		cmocka_unit_test(clients_come_and_go),
		cmocka_unit_test(a_killed_client_leaves_the_line),
		cmocka_unit_test(what_is_unplugged_is_gone),
		cmocka_unit_test(the_source_can_be_broken),
		cmocka_unit_test(nonsense_is_answered),
		cmocka_unit_test(the_server_ends_with_its_input),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN);
	clk = clk_real_new();
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	clk_free(clk);
	return failed;
}
