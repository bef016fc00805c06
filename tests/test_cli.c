/* SPDX-License-Identifier: Apache-2.0 */
/* The commands as a person gives them: what they print, how they end, and what they leave behind. */
#include "bench/cli.h"

#include <sqlite3.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/near.h"

static char dir[] = "/tmp/etalon-cli-XXXXXX";
static char out[65536], err[65536];

static void slurp(const char *path, char *to, size_t cap)
{
	FILE *f = fopen(path, "r");
	const size_t n = f ? fread(to, 1, cap - 1, f) : 0;

	to[n] = '\0';
	if (f)
		fclose(f);
}

static const char *stdout_path = "out.txt";

/* Run "etalon WORDS..." in the laboratory's parent folder, in a process of its own. @return exit code. */
static int etalon(const char *words)
{
	char copy[512], *argv[40] = { "etalon" };
	int argc = 1, status = -1;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok(copy, " "); w && argc < 39; w = strtok(NULL, " "))
		argv[argc++] = w;
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(dir) != 0 || !freopen(stdout_path, "w", stdout) ||
		    !freopen("err.txt", "w", stderr) || !freopen("/dev/null", "r", stdin))
			_exit(99);
		setenv("LC_ALL", "C.UTF-8", 1);
		status = cli_main(argc, argv);
		fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	snprintf(copy, sizeof(copy), "%s/out.txt", dir);
	slurp(copy, out, sizeof(out));
	snprintf(copy, sizeof(copy), "%s/err.txt", dir);
	slurp(copy, err, sizeof(err));
	return WEXITSTATUS(status);
}

#define assert_ends(words, code)                                                                 \
	do {                                                                                     \
		const int ended = etalon(words);                                                 \
		if (ended != (code))                                                             \
			print_error("etalon %s: ended with %d\n%s%s\n", words, ended, out, err); \
		assert_int_equal(ended, code);                                                   \
	} while (0)
#define assert_says(where, text)                                             \
	do {                                                                 \
		if (!strstr(where, text))                                    \
			print_error("\"%s\" is not in:\n%s\n", text, where); \
		assert_non_null(strstr(where, text));                        \
	} while (0)

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

#define RUN "run --lab lab --operator anna --batch "
#define BATCH1 "lab/batches/1-element.yaml --simulate lab/scenarios/1-element.yaml"

static void help_in_two_languages(void **state)
{
	(void)state;
	assert_ends("--help", 0);
	assert_says(out, "verify a batch of meters");
	assert_ends("--help --lang fr", 0);
	assert_says(out, "vérifier un lot de compteurs");
	for (const struct cli_command *c = cli_commands; c->name; c++) {
		char words[96];

		snprintf(words, sizeof(words), "%s --help --lang fr", c->name);
		assert_ends(words, 0);
		assert_says(out, c->fr);
		assert_string_not_equal(c->en, c->fr);
		for (const struct cli_option *o = c->options; o && o->name; o++)
			assert_says(out, o->fr);
	}
	assert_ends("--version", 0);
	assert_says(out, "etalon 0.");
}

static void wrong_usage_ends_with_2(void **state)
{
	(void)state;
	assert_ends("", 2);
	assert_ends("rum", 2);
	assert_says(err, "rum: no such command");
	assert_ends("run --bacth x", 2);
	assert_says(err, "--bacth: no such option");
	assert_ends("approval show", 2);
	assert_says(err, "usage: etalon approval show NUMBER");
	assert_ends("plan list --lang de", 2);
	assert_says(err, "\"de\" is not a language");
	assert_ends("plan list --lab nowhere", 2);
	assert_ends("--lang fr plan list", 2);
	assert_says(err, "options follow the command");
	assert_ends("history 1 --lab nowhere", 2);
	assert_says(err, "nowhere: not a laboratory folder");
}

static int remove_in_dir(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return unlink(path);
}

static void a_laboratory_is_made_once(void **state)
{
	(void)state;
	assert_ends("init lab --simulate", 0);
	assert_ends("init lab --simulate", 2);
	assert_says(err, "is a laboratory folder already");
	assert_ends("init real", 0);
	assert_ends("init bad --bench a/b", 2);
	assert_says(err, "--bench: \"a/b\"");
	/* what a broken-off try has left is taken; what somebody changed is not */
	assert_ends("init again", 0);
	assert_int_equal(remove_in_dir("again/etalon.db"), 0);
	assert_ends("init again", 0);
	assert_int_equal(remove_in_dir("again/etalon.db"), 0);
	write_file("again/bench.yaml", "mine");
	assert_ends("init again", 2);
	assert_says(err, "again/bench.yaml: ");
	assert_ends("person list --lab again", 2);
}

static void everybody_and_everything_is_registered_first(void **state)
{
	(void)state;
	assert_ends(RUN BATCH1, 2);
	assert_says(err, "\"anna\" is not on record");
	assert_ends("person add --lab lab --id anna --name Anna --role cook", 2);
	assert_ends("person add --lab lab --id anna --name Anna --role technician", 0);
	assert_ends("person add --lab lab --id luc --name Luc --role auditor",
		    2); /* who says so? */
	assert_says(err, "--operator ID is needed");
	assert_ends("person add --lab lab --id luc --name Luc --role auditor --operator anna", 0);
	assert_ends(RUN BATCH1, 2);
	assert_says(err, "no apparatus with serial number SIM-COM-0001");
	assert_ends("apparatus add lab/apparatus/reader.yaml --lab lab --operator anna", 0);
	assert_ends("apparatus add lab/apparatus/reference.yaml --lab lab --operator nobody", 2);
	assert_ends("apparatus add lab/apparatus/reference.yaml --lab real --operator anna", 2);
	assert_ends("person list --lab lab --json", 0);
	assert_says(out, "\"id\":\"luc\"");
}

static void an_expired_certificate_refuses_the_run(void **state)
{
	(void)state;
	write_file(
		"old.yaml",
		"schema: etalon/apparatus/1\nid: SIM-REF\nkind: reference_standard\nmaker: "
		"Z\nmodel: C\n"
		"serial: SIM-COM-0001\nfirmware: \"1\"\nsimulated: true\n"
		"certificate: {number: C1, laboratory: L, issued: 2024-12-01, expires: "
		"2026-12-01}\n"
		"use: bench\ncorrection:\n"
		"  - {volt_v: 120, curr_a: 1, power_factor: 1, error_pct: 0, U_pct: 0.02, k: 2}\n");
	assert_ends("apparatus add old.yaml --lab lab --operator anna", 0);
	assert_ends(RUN BATCH1, 2);
	assert_says(err, "C1 is over one year old");
	write_file(
		"few.yaml",
		"schema: etalon/apparatus/1\nid: SIM-REF\nkind: reference_standard\nmaker: "
		"Z\nmodel: C\n"
		"serial: SIM-COM-0001\nfirmware: \"1\"\nsimulated: true\n"
		"certificate: {number: C2, laboratory: L, issued: 2025-12-01, expires: "
		"2026-11-30}\n"
		"use: bench\ncorrection:\n"
		"  - {volt_v: 120, curr_a: 10, power_factor: 1, error_pct: 0, U_pct: 0.02, k: 2}\n"
		"  - {volt_v: 120, curr_a: 50, power_factor: 1, error_pct: 0, U_pct: 0.02, k: "
		"2}\n");
	assert_ends("apparatus add few.yaml --lab lab --operator anna", 0);
	assert_ends(RUN BATCH1, 2);
	assert_says(err, "C2 does not cover 120 V, 2.5 A");
	assert_ends("apparatus add lab/apparatus/reference.yaml --lab lab --operator anna", 0);
	assert_ends("apparatus list --lab lab", 0);
	assert_says(out, "SIM-CAL-2026-001");
}

static void a_wrong_file_is_told_whole_and_starts_nothing(void **state)
{
	(void)state;
	write_file("bad.yaml",
		   "schema: etalon/batch/1\nid: B-1\nplan: sample-energy\napproval: AE-1559\n"
		   "approval_revision: 16\nconfiguration: 1\nvolt_v: 120 V\ncurr_min_a: "
		   "1\ncurr_max_a: 1,5\n"
		   "meters:\n  - {position: 41, maker: Landis+Gyr, serial: \"1\", kh_wh: 1}\n");
	assert_ends("run --lab lab --operator anna --batch bad.yaml --simulate "
		    "lab/scenarios/1-element.yaml",
		    2);
	assert_says(err, "bad.yaml:7:");
	assert_says(err, "120 V");
	assert_says(err, "bad.yaml:9:");
	assert_says(err, "1,5");
	assert_says(err, "bad.yaml:11:");
	assert_says(err, "41");
	assert_ends("history --lab lab --batch B-1 --json", 0);
	assert_string_equal(out, "[]\n");
	assert_ends(RUN "lab/batches/1-element.yaml", 2);
	assert_says(err, "--simulate SCENARIO");
	assert_ends(RUN BATCH1 " --seed 0x1", 2);
	assert_ends(RUN BATCH1 " --plan none", 2);
	assert_ends("run --lab real --operator anna --batch " BATCH1, 2);
	assert_says(err, "a simulated bench is refused in a real laboratory");
}

#define METER                                                                                 \
	"schema: etalon/apparatus/1\nid: SIM-SDM\nkind: reference_standard\nmaker: Eastron\n" \
	"model: SDM630\nserial: SIM-SDM-0001\nfirmware: \"1\"\nsimulated: true\n%s"           \
	"certificate: {number: C3, laboratory: L, issued: 2025-12-01, expires: 2026-11-30}\n" \
	"use: bench\ncorrection:\n"                                                           \
	"  - {volt_v: 120, curr_a: 1, power_factor: 1, error_pct: 0, U_pct: 0.2, k: 2}\n"

static void write_modbus_bench(const char *map)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "schema: etalon/bench/1\nname: B\nconnection: series\n"
		 "limits: {volt_max_v: 300, curr_max_a: 200}\noff_below_v: 2\nref_sigma_s: 0.001\n"
		 "instruments:\n"
		 "  - {name: s, role: source, driver: zera-fg, port: \"simulated:source\"}\n"
		 "  - {name: r, role: reference, driver: modbus-meter, port: "
		 "\"simulated:reference\", serial: SIM-SDM-0001,\n"
		 "     options: [{key: map, value: %s}]}\n"
		 "  - {name: e, role: reader, driver: serial-stamp, port: \"simulated:reader\", "
		 "serial: SIM-IR-0001}\n"
		 "positions:\n  - {position: 1, ratio_pct: 0, ratio_half_width_pct: 0, "
		 "phase_min: 0, phase_half_width_min: 0}\n",
		 map);
	write_file("modbus.yaml", text);
}

#define MODBUS RUN "lab/batches/1-element.yaml --simulate modbus-scenario.yaml --bench modbus.yaml"

static void a_modbus_meter_is_no_reference_by_itself(void **state)
{
	char text[1024];

	(void)state;
	write_file(
		"modbus-scenario.yaml",
		"schema: etalon/scenario/1\nreference: {model: sdm630}\nmeters: [{position: 1}]\n");
	write_modbus_bench("eastron-sdm630");
	assert_ends(MODBUS, 2);
	assert_says(err, "no apparatus with serial number SIM-SDM-0001");
	snprintf(text, sizeof(text), METER, "");
	write_file("meter.yaml", text);
	assert_ends("apparatus add meter.yaml --lab lab --operator anna", 0);
	assert_ends(MODBUS, 2);
	assert_says(err, "no legal reference by itself");
	snprintf(text, sizeof(text), METER, "fitness: yes\n");
	write_file("meter.yaml", text);
	assert_ends("apparatus add meter.yaml --lab lab --operator anna", 2);
	assert_says(err, "fitness: \"yes\"");
	snprintf(text, sizeof(text), METER, "fitness: verification\n");
	write_file("meter.yaml", text);
	assert_ends("apparatus add meter.yaml --lab lab --operator anna", 0);
	assert_ends("apparatus show SIM-SDM --lab lab --json", 0);
	assert_says(out, "\"fitness\":\"verification\"");
	assert_ends(MODBUS, 2); /* now it is a reference, with a certificate of one point */
	assert_says(err, "C3 does not cover 120 V");
	/* a map of the laboratory, and everything that is wrong with it */
	write_modbus_bench("own");
	assert_ends(MODBUS, 2);
	assert_says(err, "lab/registers/own.yaml");
	write_file("lab/registers/own.yaml",
		   "schema: etalon/modbus-map/1\nid: mine\nversion: 1\nmaker: M\nmodel: X\n"
		   "source: S\nfunction: input\nword_order: bacd\nregisters_max: 80\n"
		   "energy_resolution_wh: 10\nregisters:\n"
		   "  - {quantity: volt_1, register: 70000, type: f32}\n");
	assert_ends(MODBUS, 2);
	assert_says(err, "own.yaml:8:");
	assert_says(err, "bacd");
	assert_says(err, "own.yaml:12:");
	assert_says(err, "70000");
	assert_says(err, "energy is missing");
	assert_says(err, "should be the file's name, \"own\"");
}

static void a_batch_goes_through(void **state)
{
	(void)state;
	assert_ends(RUN BATCH1 " --resume", 2);
	assert_says(err, "is not on record");
	assert_ends(RUN BATCH1, 1);
	assert_says(out, "SAMPLE LIMITS / LIMITES D'EXEMPLE");
	assert_says(out, "SPECIMEN / SPÉCIMEN");
	assert_says(out, "wrong Kh");
	assert_ends(RUN BATCH1, 2);
	assert_says(err, "is on record and closed");
	assert_ends("history 70000102 --lab lab", 0);
	assert_says(out, "DEMO-1");
	assert_ends("history 70000102 --lab lab --lang fr", 0);
	assert_says(out, "non conforme");
	assert_ends("history 123 --lab lab", 2);
	assert_ends("history --lab lab --verdict nonconforming --json", 0);
	assert_says(out, "70000103");
	assert_null(strstr(out, "70000101"));
	assert_ends("report batch DEMO-1 --lab lab --lang fr", 0);
	assert_says(out, "RAPPORT DE LOT DEMO-1");
	assert_ends("report batch DEMO-9 --lab lab", 2);
	assert_ends("report batch DEMO-1 --lab lab --output none/x.txt", 2);
	assert_ends("recompute --all --lab lab --json", 0);
	assert_says(out, "\"different\":0");
	assert_ends("recompute --lab lab", 2);
	assert_ends("recompute --batch DEMO-9 --lab lab", 2);
	assert_ends("db rebuild --lab lab", 0);
	assert_ends("audit verify --lab lab", 0);
	assert_says(out, "the chain is whole");
	assert_ends("export --lab lab", 2);
	assert_ends("export --journal --lab lab --output journal.jsonl", 0);
	assert_ends("apparatus retire SIM-REF --lab lab --operator anna --reason dropped", 0);
	assert_ends("apparatus retire SIM-REF --lab lab --operator anna --reason dropped", 2);
	assert_says(err, "is retired already");
	assert_ends("apparatus list --lab lab", 0);
	assert_says(out, "dropped");
	assert_ends("run --lab lab --operator anna --batch lab/batches/1h-element.yaml --simulate "
		    "lab/scenarios/1h-element.yaml",
		    2);
	assert_says(err, "no apparatus with serial number SIM-COM-0001");
}

static void notices_and_plans(void **state)
{
	(void)state;
	assert_ends("approval list --lab lab", 0);
	assert_says(out, "AE-1559");
	assert_ends("approval show AE-1559 --lab lab --lang fr", 0);
	assert_says(out, "non précisé");
	assert_ends("approval show AE-1 --lab lab", 2);
	assert_ends("approval check lab/batches/1h-element.yaml --lab lab --json", 1);
	assert_says(out, "\"code\":\"rating\"");
	assert_ends("approval check lab/batches/1-element.yaml --lab lab", 0);
	assert_ends("plan list --lab lab", 0);
	assert_says(out, "sample-energy");
	assert_ends("plan show sample-energy --lab lab", 0);
	assert_ends("plan check lab/plans/sample-energy.yaml", 0);
	assert_ends("plan check bad.yaml", 2);
	assert_ends("drivers", 0);
	assert_says(out, "zera-com5003");
}

/* An answer that nobody got is no answer; a verdict keeps its code. */
static void a_full_stdout_is_an_error(void **state)
{
	static const char *const queries[] = { "--help",
					       "plan list --lab lab",
					       "history 70000102 --lab lab",
					       "history --lab lab --json",
					       "report batch DEMO-1 --lab lab",
					       "audit head --lab lab" };

	(void)state;
	stdout_path = "/dev/full";
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		assert_ends(queries[i], 4);
		assert_says(err, "stdout: No space left on device");
	}
	assert_ends("export --journal --lab lab", 4);
	assert_ends("approval check lab/batches/1h-element.yaml --lab lab", 1);
	assert_says(err, "stdout: No space left on device");
	stdout_path = "out.txt";
	assert_ends("report batch DEMO-1 --lab lab --output /dev/full", 4);
	assert_says(err, "/dev/full: No space left on device");
}

static void output_never_goes_over_the_record(void **state)
{
	(void)state;
	assert_ends("export --journal --lab lab --output lab/etalon.db", 2);
	assert_says(err, "is the record itself");
	assert_ends("report batch DEMO-1 --lab lab --output lab/../lab/etalon.db", 2);
	assert_ends("audit verify --lab lab", 0);
}

/* As somebody would who owns the file. */
static void forge(const char *from, const char *to)
{
	char path[128];
	sqlite3_stmt *st;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/lab/etalon.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "DROP TRIGGER IF EXISTS journal_no_update", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "UPDATE journal SET payload = replace(payload, ?1, ?2)"
					    " WHERE kind = 'attempt.stored' AND instr(payload, ?1)",
					    -1, &st, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_bind_text(st, 1, from, -1, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_bind_text(st, 2, to, -1, SQLITE_STATIC), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	assert_true(sqlite3_changes(db) > 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static void what_was_forged_is_found(void **state)
{
	(void)state;
	assert_ends("recompute --all --lab lab", 0);
	forge("\"verdict\":\"nonconforming\"}",
	      "\"verdict\":\"conforming\"}"); /* of the position, not of its figures */
	assert_ends("audit verify --lab lab", 5);
	assert_ends("recompute --all --lab lab", 5);
	assert_says(err, "position 2: verdict: stored \"conforming\", today \"nonconforming\"");
	assert_says(out, "6 different");
	forge("\"verdict\":\"conforming\"}", "\"verdict\":\"void\"}");
	assert_ends("recompute --all --lab lab", 5);
	assert_says(out, "9 different");
	forge("\"n_intervals\":", "\"n_intervals\":1");
	assert_ends("recompute --all --lab lab", 5);
	assert_says(err, "n_intervals: stored 1");
}

/* The first batch of the demonstration, as tools/demo.sh runs it: each line of the table in README.md. */
static void readme_shows_what_comes_out(void **state)
{
	static char readme[32768];
	const char *table, *end;
	int n = 0;

	(void)state;
	slurp("README.md", readme, sizeof(readme));
	assert_ends("init demo --simulate", 0);
	assert_ends("person add --lab demo --id anna --name Anna --role technician", 0);
	assert_ends("apparatus add demo/apparatus/reference.yaml --lab demo --operator anna", 0);
	assert_ends("apparatus add demo/apparatus/reader.yaml --lab demo --operator anna", 0);
	assert_ends("run --lab demo --operator anna --batch demo/batches/1-element.yaml --seed 1 "
		    "--simulate "
		    "demo/scenarios/1-element.yaml",
		    1);
	table = strstr(readme, "    Pos  Meter");
	assert_non_null(table);
	end = strstr(table, "\n\n");
	assert_non_null(end);
	for (const char *line = table; line < end; n++) {
		const char *stop = strchr(line, '\n');
		char want[200];

		snprintf(want, sizeof(want), "%.*s", (int)(stop - line - 4), line + 4);
		assert_says(out, want);
		line = stop + 1;
	}
	assert_true(n > 12);
}

/* A table that was changed by hand is told, and replaced only with --force. */
static void a_changed_table_is_evidence(void **state)
{
	char path[64];
	sqlite3 *raw = NULL;

	(void)state;
	snprintf(path, sizeof(path), "%s/lab/etalon.db", dir);
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, "UPDATE people SET name = 'Nobody'", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(raw);
	assert_ends("audit verify --lab lab", 5);
	assert_ends("db rebuild --lab lab", 5);
	assert_says(err, "people");
	assert_ends("audit verify --lab lab", 5);
	assert_ends("db rebuild --lab lab --force", 0);
	assert_ends("audit verify --lab lab", 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char rm[64];

	(void)state;
	snprintf(rm, sizeof(rm), "rm -rf %s", dir);
	return system(rm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_in_two_languages),
		cmocka_unit_test(wrong_usage_ends_with_2),
		cmocka_unit_test(a_laboratory_is_made_once),
		cmocka_unit_test(everybody_and_everything_is_registered_first),
		cmocka_unit_test(an_expired_certificate_refuses_the_run),
		cmocka_unit_test(a_wrong_file_is_told_whole_and_starts_nothing),
		cmocka_unit_test(a_modbus_meter_is_no_reference_by_itself),
		cmocka_unit_test(a_batch_goes_through),
		cmocka_unit_test(notices_and_plans),
		cmocka_unit_test(a_changed_table_is_evidence),
		cmocka_unit_test(a_full_stdout_is_an_error),
		cmocka_unit_test(output_never_goes_over_the_record),
		cmocka_unit_test(what_was_forged_is_found),
		cmocka_unit_test(readme_shows_what_comes_out),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
