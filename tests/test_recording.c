/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs are recorded and run again: exactly, with the same cause where something failed, as far as a recording goes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "bench/replay.h"
#include "tests/support/near.h"
#include "tests/support/sim_bench.h"

static struct sim_bench bench;
static struct run_result *res;
static char folder[64], rec[128];
static volatile sig_atomic_t stop;

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/etalon-recording-XXXXXX");
	res = malloc(sizeof(*res));
	if (!res || !mkdtemp(folder) || sim_bench_load(&bench, "1-element") != 0)
		return -1;
	snprintf(rec, sizeof(rec), "%s/rec", folder);
	stop = 0;
	return 0;
}

static int tear_down(void **state)
{
	char cmd[128];

	(void)state;
	sim_bench_free(&bench);
	free(res);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
	return system(cmd);
}

/* ---- a run, and its replay ---- */

static int run_how(struct sim_bench_run how)
{
	struct fault f = { 0 };
	int err;

	how.record_dir = how.record_dir ? how.record_dir : rec;
	how.seed = 3;
	err = sim_bench_run(&bench, &how, res, &f);
	if (err != ET_OK)
		print_message("%s\n", f.text);
	return err;
}

static void run(void)
{
	assert_int_equal(run_how((struct sim_bench_run){ 0 }), ET_OK);
}

static json_t *replay_of(const char *dir, enum replay_result *result)
{
	struct diag *d = diag_new();
	struct fault f = { 0 };
	json_t *report = NULL;
	const int err = replay_run(dir, &report, result, d, &f);

	if (err != ET_OK) {
		diag_print(d, stderr);
		print_error("%s\n", f.text);
	}
	assert_int_equal(err, ET_OK);
	diag_free(d);
	return report;
}

static json_t *replay(const char *dir, enum replay_result want)
{
	enum replay_result got = REPLAY_DIFFERS;
	json_t *report = replay_of(dir, &got);

	if (got != want) {
		char *text = json_dumps(report, JSON_INDENT(1));

		print_error("%s\n", text);
		free(text);
	}
	assert_int_equal(got, want);
	return report;
}

static const json_t *attempt(const json_t *report, size_t i, const char *whose)
{
	return json_object_get(json_array_get(json_object_get(report, "attempts"), i), whose);
}

/* The only way to look at both without believing either: what the run itself returned. */
static void has_the_figures_of_the_run(const json_t *report)
{
	const json_t *attempts = json_object_get(report, "attempts"), *at, *pos;
	size_t i, k;

	json_array_foreach(attempts, i, at)
	{
		json_array_foreach(json_object_get(at, "positions"), k, pos)
		{
			const json_t *now = json_object_get(pos, "replayed");
			const int p = (int)json_get_int(pos, "position", 0);
			const struct run_step_result *want = &res->step[i][p > 0 ? p - 1 : 0];

			assert_true(p >= 1 && p <= 3);
			assert_true(json_get_f64(now, "err_pct") == want->obs.err_pct);
			assert_true(json_get_f64(now, "U_pct") == want->obs.U_pct);
		}
	}
}

static void a_run_is_replayed_exactly(void **state)
{
	json_t *r;

	(void)state;
	run();
	assert_int_equal(res->exit_code, 1);
	r = replay(rec, REPLAY_EXACT);
	assert_int_equal(json_array_size(json_object_get(r, "attempts")), 3);
	has_the_figures_of_the_run(r);
	assert_true(json_is_true(json_object_get(r, "complete")));
	assert_true(json_is_null(json_object_get(r, "first_difference")));
	assert_int_equal(json_get_int(json_object_get(r, "exit_code"), "replayed", -1), 1);
	assert_near(json_get_f64(r, "most_of_U"), 0, 0);
	json_decref(r);
}

/* ---- the record ---- */

static int append(void *arg, const char *text, size_t len)
{
	return fwrite(text, 1, len, arg) == len ? ET_OK : ET_ERR_IO;
}

static char *journal_of(struct sim_bench_run how, char *at)
{
	char path[64], *text = NULL;
	struct fault f = { 0 };
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	int err;

	how.db = sim_bench_db(NULL, path);
	assert_non_null(how.db);
	how.seed = 3;
	how.record_dir = at;
	err = sim_bench_run(&bench, &how, res, &f);
	assert_int_equal(err, ET_OK);
	assert_int_equal(db_export_journal(how.db, append, to, &f), ET_OK);
	db_close(how.db);
	sim_bench_db_remove(path);
	fclose(to);
	return text;
}

static void recording_changes_nothing(void **state)
{
	char *with, *without;

	(void)state;
	with = journal_of((struct sim_bench_run){ 0 }, rec);
	without = journal_of((struct sim_bench_run){ 0 }, NULL);
	assert_non_null(strstr(with, "attempt.stored"));
	assert_true(strcmp(with, without) == 0);
	json_decref(replay(rec, REPLAY_EXACT));
	free(with);
	free(without);
}

static void an_existing_folder_is_refused(void **state)
{
	struct stat st;
	char path[160];

	(void)state;
	assert_int_equal(mkdir(rec, 0700), 0);
	assert_int_equal(run_how((struct sim_bench_run){ 0 }), ET_ERR_ARG);
	snprintf(path, sizeof(path), "%s/recording.yaml", rec);
	assert_int_not_equal(stat(path, &st), 0); /* and nothing is put there */
}

static char *slurp(const char *name, size_t *len)
{
	char path[192], *text = malloc(4 << 20);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", rec, name);
	f = fopen(path, "r");
	assert_non_null(f);
	*len = fread(text, 1, (4 << 20) - 1, f);
	text[*len] = '\0';
	fclose(f);
	return text;
}

/* ---- faults ---- */

enum { ATTEMPTS_MAX = 32 };
static struct {
	enum ee_cause cause;
	char fault[256];
} seen[ATTEMPTS_MAX];
static size_t n_seen;

static void see(void *arg, const struct station_notice *n)
{
	const struct seq_attempt *at = seq_attempt(n->seq);

	(void)arg;
	if (n->kind != NOTICE_COMMITTED || n->commit != COMMIT_ATTEMPT)
		return;
	assert_true(n_seen < ATTEMPTS_MAX);
	seen[n_seen].cause = at->cause;
	snprintf(seen[n_seen++].fault, sizeof(seen[0].fault), "%s", at->fault.text);
}

/* What the station saw of every attempt must be what the replay tells of it. */
static void has_the_causes_of_the_run(const json_t *r)
{
	assert_int_equal(json_array_size(json_object_get(r, "attempts")), n_seen);
	for (size_t i = 0; i < n_seen; i++) {
		const json_t *now = attempt(r, i, "replayed");
		const char *cause = json_get_str(now, "cause"), *fault = json_get_str(now, "fault");

		print_message("  %s: %s\n", cause ? cause : "-", fault ? fault : "-");
		assert_string_equal(cause ? cause : "",
				    seen[i].cause ? ee_cause_word(seen[i].cause) : "");
		assert_string_equal(fault ? fault : "", seen[i].fault);
	}
}

static void faults_show_the_same_cause(void **state)
{
	enum { SOURCE, REFERENCE, READER };
	static const struct {
		const char *name;
		struct scenario_fault fault;
	} cases[] = {
		{ "reference silent", { REFERENCE, LINK_SILENT_FROM - 1, 500, 0, 0 } },
		{ "reference late", { REFERENCE, LINK_LATE - 1, 500, 0, 8 } },
		{ "reference garbled", { REFERENCE, LINK_DIGIT_CHANGED - 1, 502, 1, 0 } },
		{ "reference cut", { REFERENCE, LINK_CUT - 1, 503, 4, 0 } },
		{ "reader silent", { READER, LINK_SILENT_FROM - 1, 150, 0, 0 } },
		{ "reader loses a line", { READER, LINK_LOST - 1, 150, 0, 0 } },
		{ "reader garbled", { READER, LINK_BYTE_NON_ASCII - 1, 151, 3, 0 } },
		{ "source silent", { SOURCE, LINK_SILENT_FROM - 1, 20, 0, 0 } },
		{ "source late", { SOURCE, LINK_LATE - 1, 20, 0, 3 } },
	};
	size_t with_cause = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scenario_fault fault = cases[i].fault;
		json_t *r;

		print_message("%s\n", cases[i].name);
		bench.scenario.faults = (struct yaml_list){ &fault, 1 };
		snprintf(rec, sizeof(rec), "%s/rec%zu", folder, i);
		n_seen = 0;
		assert_int_equal(run_how((struct sim_bench_run){ .notice = see }), ET_OK);
		r = replay(rec, REPLAY_EXACT);
		has_the_causes_of_the_run(r);
		assert_int_equal(json_get_int(json_object_get(r, "exit_code"), "replayed", -1),
				 res->exit_code);
		for (size_t k = 0; k < n_seen; k++)
			with_cause += seen[k].cause != EE_CAUSE_NONE;
		json_decref(r);
	}
	assert_true(with_cause >= 5);
}

/* Modbus messages are recorded as such, and the files of the driver are in the folder. */
static void a_modbus_meter_is_replayed(void **state)
{
	static struct bench_option options[] = { { "map", "eastron-sdm630" },
						 { "curr_max_a", "200" } };
	struct bench_instrument *in = bench.bench.instruments.items;
	char *text;
	size_t len;

	(void)state;
	for (size_t i = 0; i < bench.bench.instruments.n; i++)
		if (in[i].role == BENCH_REFERENCE) {
			in[i].driver = "modbus-meter";
			in[i].serial = "SIM-SDM-0001";
			in[i].options = (struct yaml_list){ options, 2 };
		}
	bench.reference.serial = "SIM-SDM-0001";
	bench.reference.fitness = FIT_FOR_VERIFICATION;
	bench.scenario.reference.model = SIM_SDM630;
	bench.scenario.reference.serial = NULL;
	bench.lab_dir = "drivers/reference_standard";
	run();
	assert_true(res->exit_code <= 1);
	text = slurp("link-2.txt", &len);
	assert_non_null(strstr(text, "\n>x 04 "));
	free(text);
	text = slurp("registers/eastron-sdm630.yaml", &len);
	assert_true(len > 100);
	free(text);
	json_decref(replay(rec, REPLAY_EXACT));
}

/* ---- people ---- */

static void stop_while_measuring(void *arg, const struct station_notice *n)
{
	see(arg, n);
	if (n->kind == NOTICE_LOOK)
		stop = SIGTERM;
}

static void a_signal_comes_again(void **state)
{
	const struct sim_bench_run how = { .notice = stop_while_measuring,
					   .stop_signal = &stop,
					   .prompts = true };
	json_t *r;

	(void)state;
	n_seen = 0;
	assert_int_equal(run_how(how), ET_OK);
	assert_int_equal(n_seen, 1);
	r = replay(rec, REPLAY_EXACT);
	has_the_causes_of_the_run(r);
	assert_string_equal(json_get_str(attempt(r, 0, "replayed"), "result"), "aborted");
	json_decref(r);
}

static void stop_after_an_attempt(void *arg, const struct station_notice *n)
{
	(void)arg;
	if (n->kind == NOTICE_COMMITTED && n->commit == COMMIT_ATTEMPT)
		stop = SIGTERM;
}

static void a_resumed_run_is_replayed(void **state)
{
	struct sim_bench_run how = { .notice = stop_after_an_attempt, .stop_signal = &stop };
	char path[64];
	json_t *r;

	(void)state;
	how.db = sim_bench_db(NULL, path);
	assert_non_null(how.db);
	assert_int_equal(run_how(how), ET_OK);
	json_decref(replay(rec, REPLAY_EXACT));
	snprintf(rec, sizeof(rec), "%s/resumed", folder);
	how.stop_signal = NULL;
	how.resume = true;
	how.resume_at_ns = 2000 * (int64_t)ET_NS_PER_S;
	assert_int_equal(run_how(how), ET_OK);
	assert_int_equal(res->exit_code, 1);
	r = replay(rec, REPLAY_EXACT);
	assert_int_equal(json_array_size(json_object_get(r, "attempts")), 2);
	assert_string_equal(json_get_str(json_array_get(json_object_get(r, "attempts"), 0), "step"),
			    "LL");
	json_decref(r);
	db_close(how.db);
	sim_bench_db_remove(path);
}

/* ---- recordings that are not whole, or not true ---- */

static void put_back(const char *name, const char *text, size_t len)
{
	char path[192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", rec, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

/* At any byte of the station's file: the others always go on for longer. */
static void a_cut_recording_goes_as_far_as_it_goes(void **state)
{
	size_t len, most = 0;
	char *text;

	(void)state;
	run();
	text = slurp("station.txt", &len);
	for (size_t cut = 150; cut < len; cut += len / 23) {
		json_t *r;
		size_t n;

		put_back("station.txt", text, cut);
		r = replay(rec, REPLAY_EXACT);
		n = json_array_size(json_object_get(r, "attempts"));
		assert_false(json_is_true(json_object_get(r, "complete")));
		assert_true(n >= most && n <= 3);
		most = n;
		json_decref(r);
	}
	assert_true(most >= 2);
	free(text);
}

static void die_after_two(void *arg, const struct station_notice *n)
{
	int *left = arg;

	if (n->kind == NOTICE_COMMITTED && n->commit == COMMIT_ATTEMPT && --*left == 0)
		raise(SIGKILL);
}

static void what_a_killed_run_leaves_can_be_read(void **state)
{
	int left = 2, status = 0;
	const pid_t pid = fork();
	json_t *r;
	size_t len;
	char *text;

	(void)state;
	if (pid == 0) {
		(void)run_how((struct sim_bench_run){ .notice = die_after_two, .arg = &left });
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	text = slurp("link-2.txt", &len);
	assert_int_equal(strncmp(text, "# State: cut", 12), 0);
	assert_int_equal(text[len - 1], '\n');
	free(text);
	r = replay(rec, REPLAY_EXACT);
	assert_false(json_is_true(json_object_get(r, "complete")));
	json_decref(r);
}

/* The run neither waits nor fails; what it comes to is what it comes to without a recording. */
static int run_on_a_full_disk(int exit_code)
{
	const struct rlimit room = { 150000, 150000 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &room) != 0 || !freopen("/dev/null", "w", stderr))
		return 1;
	if (run_how((struct sim_bench_run){ 0 }) != ET_OK)
		return 2;
	return res->exit_code == exit_code ? 0 : 3;
}

static void a_full_disk_does_not_touch_the_run(void **state)
{
	int status = 0;
	size_t len;
	char *text;
	pid_t pid;
	json_t *r;

	(void)state;
	run();
	snprintf(rec, sizeof(rec), "%s/full", folder);
	pid = fork();
	if (pid == 0)
		_exit(run_on_a_full_disk(res->exit_code));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	text = slurp("link-2.txt", &len);
	assert_int_equal(strncmp(text, "# State: ended before its time: File too large", 46), 0);
	free(text);
	r = replay(rec, REPLAY_EXACT);
	assert_false(json_is_true(json_object_get(r, "complete")));
	json_decref(r);
}

/* A figure of the record that is another than it was, or a digit of an answer: found, and named. */
static void what_differs_is_named(void **state)
{
	enum replay_result result = REPLAY_EXACT;
	char *text, *at;
	size_t len;
	json_t *r;

	(void)state;
	run();
	text = slurp("attempts.txt", &len);
	at = strstr(text, "\"err_pct\":1.7");
	assert_non_null(at);
	at[10] = '2';
	put_back("attempts.txt", text, len);
	r = replay(rec, REPLAY_DIFFERS);
	at = (char *)json_get_str(r, "first_difference");
	print_message("%s\n", at);
	assert_non_null(strstr(at, "HL/1.positions[1].observation.err_pct: recorded 2.7"));
	assert_true(json_get_f64(r, "most_of_U") > 10);
	json_decref(r);
	text[strstr(text, "\"err_pct\":2.7") - text + 10] = '1';
	put_back("attempts.txt", text, len);
	json_decref(replay(rec, REPLAY_EXACT));
	free(text);

	text = slurp("link-2.txt", &len);
	at = strstr(text + 3 * len / 4, "ENERGY?"); /* of the last step */
	assert_non_null(at);
	at = strstr(at, "\n< ") + 6;
	*at = *at == '9' ? '8' : (char)(*at + 1);
	put_back("link-2.txt", text, len);
	r = replay_of(rec, &result);
	print_message("%s\n", json_get_str(r, "first_difference"));
	assert_int_not_equal(result, REPLAY_EXACT);
	assert_non_null(json_get_str(r, "first_difference"));
	json_decref(r);
	free(text);
}

/* ---- recordings that somebody changed ---- */

static void copy_kept(const char *name)
{
	char command[512];

	snprintf(rec, sizeof(rec), "%s/changed", folder);
	snprintf(command, sizeof(command), "rm -rf '%s' && cp -r tests/recordings/%s '%s'", rec,
		 name, rec);
	assert_int_equal(system(command), 0);
}

/* Every @p from becomes @p to. @return how many. */
static int change(const char *name, const char *from, const char *to)
{
	size_t len, n_out = 0;
	char *text = slurp(name, &len), *out = malloc(2 * len + 1);
	int n = 0;

	assert_non_null(out);
	for (const char *at = text; *at;) {
		const bool hit = strncmp(at, from, strlen(from)) == 0;
		const char *what = hit ? to : at;
		const size_t size = hit ? strlen(to) : 1;

		assert_true(n_out + size <= 2 * len);
		memcpy(out + n_out, what, size);
		n_out += size;
		at += hit ? strlen(from) : 1;
		n += hit;
	}
	put_back(name, out, n_out);
	free(out);
	free(text);
	return n;
}

/* A figure of the first position of the only attempt. */
static void change_figure(const char *key, double value)
{
	size_t len;
	char *text = slurp("attempts.txt", &len), *at = strchr(text, '{'), *out;
	json_t *attempt = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
	json_t *position = json_array_get(json_object_get(attempt, "positions"), 0);

	json_object_set_new(json_object_get(position, "observation"), key, json_real(value));
	*at = '\0';
	at = json_dumps(attempt, JSON_COMPACT | JSON_REAL_PRECISION(17));
	out = malloc(strlen(text) + strlen(at) + 2);
	assert_non_null(out);
	put_back("attempts.txt", out, (size_t)sprintf(out, "%s%s\n", text, at));
	json_decref(attempt);
	free(at);
	free(text);
	free(out);
}

static void cut_before(const char *name, const char *mark)
{
	size_t len;
	char *text = slurp(name, &len), *at = strstr(text, mark);

	assert_non_null(at);
	put_back(name, text, (size_t)(at - text));
	free(text);
}

/* The instruments are asked what nobody understands, no attempt comes: nothing was compared, and so nothing agrees. */
static void nothing_agrees_that_was_not_compared(void **state)
{
	(void)state;
	copy_kept("live");
	cut_before("station.txt", "end 1");
	json_decref(replay(rec, REPLAY_AGREES));
	assert_true(change("link-1.txt", "> ", "> X") > 10);
	assert_true(change("link-2.txt", "> ", "> X") > 10);
	json_decref(replay(rec, REPLAY_DIFFERS));
}

static void an_attempt_that_is_missing_is_missed(void **state)
{
	(void)state;
	copy_kept("clean");
	cut_before("station.txt", "end 1");
	json_decref(replay(rec, REPLAY_AGREES));
	cut_before("attempts.txt", "{");
	json_decref(replay(rec, REPLAY_DIFFERS));
}

/* An uncertainty of the record that would excuse everything, or be divided by. */
static void a_changed_figure_is_not_excused(void **state)
{
	static const double U[] = { 1e9, 0, -1 };

	(void)state;
	for (size_t i = 0; i < sizeof(U) / sizeof(U[0]); i++) {
		copy_kept("live");
		change_figure("err_pct", 55.5);
		change_figure("U_pct", U[i]);
		json_decref(replay(rec, REPLAY_DIFFERS));
	}
}

static void an_event_that_says_another_thing_is_named(void **state)
{
	json_t *r;

	(void)state;
	copy_kept("clean");
	assert_int_equal(change("station.txt", "reader done 21 0", "reader failed 21 -5"), 1);
	r = replay(rec, REPLAY_DIFFERS);
	assert_int_equal(json_get_int(json_object_get(r, "events"), "changed", -1), 1);
	json_decref(r);
}

/* ---- recording.yaml ---- */

static int errors_of(const char *text, const char *about)
{
	struct diag *d = diag_new();
	struct recording_file x;
	struct yaml_doc *doc = NULL;
	bool found = !about;
	const int err = recording_file_load_mem("r", text, strlen(text), &x, &doc, d);
	const int n = diag_count(d);

	assert_int_equal(err, n ? ET_ERR_FILE : ET_OK);
	for (int i = 0; i < n; i++)
		found = found || (about && strstr(diag_text(d, i), about));
	if (!found)
		diag_print(d, stderr);
	assert_true(found);
	yaml_free(doc);
	diag_free(d);
	return n;
}

#define RECORDING                                                                      \
	"schema: etalon/recording/1\nprogram: e\nalgorithm: a\nsession: s\nbatch: b\n" \
	"operator: o\nsimulated: true\nprompts: false\n"                               \
	"start: {mono_ns: 1, utc_ns: 1, utc_offset_s: 0, boot_id: b}\n"

static void recording_yaml_is_strict(void **state)
{
	(void)state;
	assert_int_equal(errors_of(RECORDING "clock: real\n"
					     "links: [{instrument: a, transcript: a.txt}]\n",
				   NULL),
			 0);
	assert_int_equal(errors_of(RECORDING "clock: real\n", "links"), 1);
	assert_int_equal(errors_of(RECORDING "clock: sundial\n"
					     "links: [{instrument: a, transcript: ../a.txt}]\n",
				   "\"../a.txt\" should be a file beside this one"),
			 2);
	assert_int_equal(errors_of(RECORDING
				   "clock: real\nteapot: 1\n"
				   "resumed: {first_step: 33, first_attempt: 0, first_tries: 0,\n"
				   "  standing: [{position: 41, verdict: nice}]}\n"
				   "links: [{instrument: a, transcript: a.txt},\n"
				   "        {instrument: a, transcript: b.txt}]\n",
				   "\"a\" is used twice"),
			 5);
	assert_int_equal(errors_of("schema: etalon/recording/2\n", "schema"), 1);
}

/* Papers and transcripts belong to links: one link less is one reader without papers. */
static void a_link_less_is_refused(void **state)
{
	enum replay_result result;
	struct diag *d = diag_new();
	struct fault f = { 0 };
	json_t *report = NULL;
	char *text, *at;
	size_t len;

	(void)state;
	run();
	text = slurp("recording.yaml", &len);
	at = strstr(text, ", {\"instrument\": \"reader\"");
	assert_non_null(at);
	strcpy(at, "]\n");
	put_back("recording.yaml", text, strlen(text));
	free(text);
	assert_int_equal(replay_run(rec, &report, &result, d, &f), ET_ERR_FILE);
	assert_non_null(strstr(f.text, "links: 2; this batch needs a source, a reference and 1"));
	diag_free(d);
}

static void a_folder_without_files_says_which(void **state)
{
	enum replay_result result;
	struct diag *d = diag_new();
	struct fault f = { 0 };
	json_t *report = NULL;
	char path[192];

	(void)state;
	run();
	snprintf(path, sizeof(path), "%s/link-2.txt", rec);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/attempts.txt", rec);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(replay_run(rec, &report, &result, d, &f), ET_ERR_FILE);
	assert_int_equal(diag_count(d), 2);
	assert_non_null(strstr(diag_text(d, 0), "attempts.txt: No such file"));
	assert_non_null(strstr(diag_text(d, 1), "link-2.txt: No such file"));
	diag_free(d);
}

/* ---- kept recordings ---- */

/* What was said is exact for ever; figures may move a little with the evaluation of the day (tools/recordings.sh). */
static void kept_recordings_are_replayed(void **state)
{
	static const struct {
		const char *name;
		size_t attempts;
		const char *cause; /* of the first */
	} kept[] = {
		{ "clean", 1, NULL },
		{ "fault", 2, "reader_loss" },
		{ "live", 1, NULL }, /* in real time, over real lines */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		char path[64];
		enum replay_result result = REPLAY_DIFFERS;
		const char *cause;
		json_t *r;

		snprintf(path, sizeof(path), "tests/recordings/%s", kept[i].name);
		r = replay_of(path, &result);
		print_message("%s: %s\n", path, json_get_str(r, "result"));
		assert_true(json_is_true(json_object_get(r, "conversation_exact")));
		assert_int_not_equal(result, REPLAY_DIFFERS);
		assert_int_equal(json_array_size(json_object_get(r, "attempts")), kept[i].attempts);
		cause = json_get_str(attempt(r, 0, "replayed"), "cause");
		assert_string_equal(cause ? cause : "none", kept[i].cause ? kept[i].cause : "none");
		json_decref(r);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_is_replayed_exactly),
		TEST(recording_changes_nothing),
		TEST(an_existing_folder_is_refused),
		TEST(faults_show_the_same_cause),
		TEST(a_modbus_meter_is_replayed),
		TEST(a_signal_comes_again),
		TEST(a_resumed_run_is_replayed),
		TEST(a_cut_recording_goes_as_far_as_it_goes),
		TEST(what_a_killed_run_leaves_can_be_read),
		TEST(a_full_disk_does_not_touch_the_run),
		TEST(what_differs_is_named),
		TEST(nothing_agrees_that_was_not_compared),
		TEST(an_attempt_that_is_missing_is_missed),
		TEST(a_changed_figure_is_not_excused),
		TEST(an_event_that_says_another_thing_is_named),
		TEST(recording_yaml_is_strict),
		TEST(a_link_less_is_refused),
		TEST(a_folder_without_files_says_which),
		TEST(kept_recordings_are_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
