/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_run.c - `etalon run`: files in, one batch verified, table or JSON out. */
#include "bench/commands.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/json.h"
#include "bench/guardian_record.h"
#include "bench/lab.h"
#include "bench/progress.h"
#include "bench/run.h"
#include "bench/run_guarded.h"
#include "procedures/catalogue.h"
#include "reports/batch_report.h"

/* Everything that was read, freed together. */
struct files {
	struct diag *diag;
	struct bench_file bench;
	struct batch batch;
	struct plan plan;
	struct approval approval;
	struct scenario scenario;
	struct apparatus reference, readers[ET_READERS_MAX];
	struct yaml_doc *docs[8 + ET_READERS_MAX];
	size_t n_docs;
};

enum { ANSWER_POLL_MS = 100 };

static volatile sig_atomic_t stop_signal;

static void on_signal(int signo)
{
	stop_signal = signo;
}

/* No SA_RESTART: a person who is being asked is interrupted as well. A closed terminal ends the run safely; who no
 * longer reads the progress does not end it. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
	(void)sigaction(SIGQUIT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
}

static void files_free(struct files *x)
{
	while (x->n_docs)
		yaml_free(x->docs[--x->n_docs]);
	diag_free(x->diag);
}

static int load_files(const struct cli_args *a, const struct lab *lab, struct files *x)
{
	const char *plan_id = cli_value(a, "plan"), *bench = cli_value(a, "bench");
	char path[PATH_MAX];
	int err;

	err = batch_load_file(cli_value(a, "batch"), &x->batch, &x->docs[x->n_docs++], x->diag);
	if (bench_file_load(bench ? bench : lab_path(lab, "bench.yaml", path), &x->bench,
			    &x->docs[x->n_docs++], x->diag) != ET_OK)
		err = ET_ERR_FILE;
	if (cli_value(a, "simulate") && scenario_load_file(cli_value(a, "simulate"), &x->scenario,
							   &x->docs[x->n_docs++], x->diag) != ET_OK)
		err = ET_ERR_FILE;
	if (err != ET_OK)
		return err;
	err = plan_find(lab->dir, plan_id ? plan_id : x->batch.plan, INT64_MIN, &x->plan,
			&x->docs[x->n_docs++], x->diag);
	if (bench_file_check_options(bench ? bench : path, &x->bench, lab->dir, x->diag) != ET_OK)
		err = ET_ERR_FILE;
	if (approval_find(lab->dir, x->batch.approval, x->batch.approval_revision, &x->approval,
			  &x->docs[x->n_docs++], x->diag) != ET_OK)
		err = ET_ERR_FILE;
	return err;
}

/* Apparatus on record for the instrument, valid on the day of the run. */
static int find_apparatus(struct lab *lab, struct files *x, const struct bench_instrument *in,
			  struct yaml_date day, struct apparatus *out, struct fault *f)
{
	int err;

	if (!in->serial)
		return fault_set(
			f, ET_ERR_FILE,
			"bench.yaml: instrument \"%s\" needs its serial number: its certificate "
			"is looked up by it",
			in->name);
	err = apparatus_find(lab->db, in->serial, out, &x->docs[x->n_docs++], f);
	return err == ET_OK ? apparatus_check_valid(out, day, f) : err;
}

/* Virtual time goes on where the record stopped, never back. */
static int start_of_time(struct lab *lab, const struct run_input *in, const struct files *x,
			 struct clk_start *out, struct fault *f)
{
	struct lab_time last;
	struct sim_options opt = { .seed = in->seed };
	int err = lab_now(lab, &last, f);

	if (err != ET_OK)
		return err;
	if (in->resume)
		opt.resume_at_ns = last.start.mono_ns;
	err = sim_clock_start(&x->scenario, &opt, out);
	if (err != ET_OK)
		return fault_set(f, err, "the scenario's epoch is not a time");
	if (out->utc_ns < last.start.utc_ns)
		out->utc_ns = last.start.utc_ns;
	if (out->mono_ns < last.start.mono_ns)
		out->mono_ns = last.start.mono_ns;
	return ET_OK;
}

/* The certificates must hold on the day of the run. */
static int find_all_apparatus(struct lab *lab, struct files *x, struct run_input *in,
			      int64_t utc_ns, int32_t utc_offset_s, struct fault *f)
{
	const struct yaml_date day = date_of_utc(utc_ns, utc_offset_s);
	int err = find_apparatus(lab, x, run_instrument(in, TO_REFERENCE), day, &x->reference, f);

	in->reference = &x->reference;
	for (int k = 0; k < in->n_readers && err == ET_OK; k++) {
		err = find_apparatus(lab, x, in->readers[k].instrument, day, &x->readers[k], f);
		in->readers[k].apparatus = &x->readers[k];
	}
	return err;
}

static int run_shown(struct run_input *in, enum lang lang, struct run_result *res, struct fault *f)
{
	int err;

	progress_start(in->arg, lang, in);
	err = run_batch(in, res, f);
	progress_stop(in->arg);
	return err;
}

static int run_simulated(struct lab *lab, struct files *x, struct run_input *in, enum lang lang,
			 struct run_result *res, struct fault *f)
{
	struct clk_start start;
	struct sim_options opt = { .seed = in->seed };
	int err = start_of_time(lab, in, x, &start, f);

	if (err == ET_OK)
		err = find_all_apparatus(lab, x, in, start.utc_ns, start.utc_offset_s, f);
	if (err != ET_OK)
		return err;
	opt.resume_at_ns = in->resume ? start.mono_ns : 0;
	in->clk = clk_virtual_new(&start);
	if (!in->clk)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	err = sim_create(&x->scenario, &opt, in->clk, &in->sim, f);
	if (err == ET_OK) {
		err = run_shown(in, lang, res, f);
		sim_free(in->sim);
	}
	clk_free(in->clk);
	return err;
}

/* On the ports of bench.yaml, in real time. What guardians of earlier runs left behind is put on record first. */
static int run_live(struct lab *lab, struct files *x, struct run_input *in, enum lang lang,
		    struct run_result *res, struct fault *f)
{
	int n_notes, err = guardian_record_notes(lab, in->operator_id, &n_notes, f);

	if (err != ET_OK)
		return err;
	if (n_notes)
		fprintf(stderr, "etalon: %s\n",
			tr(lang,
			   "an earlier run did not end well; what its guardian says is on record: "
			   "`etalon export --journal`, guardian.note",
			   "un essai précédent s'est mal terminé; ce qu'en dit son gardien est au "
			   "registre : "
			   "`etalon export --journal`, guardian.note"));
	err = find_all_apparatus(lab, x, in, clk_utc_ns(in->clk), clk_utc_offset_s(in->clk), f);
	return err == ET_OK ? run_shown(in, lang, res, f) : err;
}

/* ---- what is shown: always from the record ---- */

/* What only the simulator knows goes beside the stored figures, under a name of its own. */
static void add_truth(json_t *report, const struct run_input *in, const struct run_result *res)
{
	const struct plan_step *st = in->plan->steps.items;
	json_t *truth = json_array();

	for (int s = 0; s < res->n_steps; s++)
		for (int p = 0; p < ET_POSITIONS_MAX; p++)
			if (in->meters[p].measured && isfinite(res->step[s][p].truth_pct))
				json_array_append_new(
					truth,
					json_pack("{s:i,s:s,s:s,s:f,s:o,s:o}", "position", p + 1,
						  "serial", in->meters[p].card->serial, "step",
						  st[s].id, "error_pct", res->step[s][p].truth_pct,
						  "measured_pct",
						  json_num(res->step[s][p].obs.err_pct), "U_pct",
						  json_num(res->step[s][p].obs.U_pct)));
	json_object_set_new(report, "simulated_truth", truth);
}

static int print_json(json_t *report)
{
	char *text = NULL;
	size_t len = 0;

	if (json_canonical(report, &text, &len) != ET_OK)
		return cli_fail(EXIT_RECORD, "out of memory");
	puts(text);
	free(text);
	return EXIT_CONFORMING;
}

static int show(const struct cli_args *a, struct lab *lab, const struct run_input *in,
		const struct run_result *res)
{
	struct fault f = { 0 };
	json_t *report = NULL;
	int code = res->exit_code;

	if (report_batch_load(lab->db, res->batch, &report, &f) != ET_OK) {
		const int failed = cli_fail(cli_exit_of(f.code), "%s", f.text);

		return code ? code : failed;
	}
	if (a->json) {
		json_object_set_new(report, "exit_code", json_integer(code));
		add_truth(report, in, res);
		if (print_json(report) != EXIT_CONFORMING)
			code = EXIT_RECORD;
	} else {
		report_batch_table(report, a->lang, stdout);
	}
	json_decref(report);
	return code;
}

/* ---- the command ---- */

/* Waits in slices: a signal, or the end of the run, takes the question back. */
static bool read_answer(const atomic_bool *cancelled)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[64];
	ssize_t n;

	while (poll(&in, 1, ANSWER_POLL_MS) == 0)
		if (stop_signal || atomic_load(cancelled))
			return false;
	n = read(STDIN_FILENO, line, sizeof(line)); /* a terminal gives whole lines */
	return n > 0 && strchr("yYoO", line[0]);
}

static bool ask_person(void *arg, int prompt, enum touch touch, const atomic_bool *cancelled)
{
	struct progress *pr = arg;
	char text[200];

	(void)prompt;
	(void)touch;
	snprintf(text, sizeof(text), "%s [%s]",
		 tr(pr->lang,
		    "Mount the meters, connect the sensors; the voltage is proven off. Go on?",
		    "Placez les compteurs et les capteurs; l'absence de tension est prouvée. "
		    "Continuer?"),
		 tr(pr->lang, "y/n", "o/n"));
	/* What was typed before the question was there is no answer to it; nor is it one to a question that nobody sees. */
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	return progress_ask(pr, text) && read_answer(cancelled);
}

static int run_in_lab(const struct cli_args *a, const struct run_guarded *live, struct lab *lab,
		      struct files *x, struct run_result *res)
{
	const bool terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	struct progress pr;
	struct run_input in = { .db = lab->db,
				.operator_id = cli_value(a, "operator"),
				.command = a->command,
				.plan = &x->plan,
				.approval = &x->approval,
				.batch = &x->batch,
				.bench = &x->bench,
				.lab_dir = lab->dir,
				.scenario = cli_value(a, "simulate"),
				.record_dir = cli_value(a, "record"),
				.resume = cli_value(a, "resume") != NULL,
				.simulated = lab->simulated,
				.prompts = terminal,
				.ask = ask_person,
				.notice = progress_notice,
				.arg = &pr,
				.stop_signal = &stop_signal };
	struct fault f = { 0 };
	int err, code;

	if (live) {
		in.clk = live->clk;
		in.source_port = live->source;
		in.guard = live->guard;
	}
	if (load_files(a, lab, x) != ET_OK)
		return cli_fail_diag(x->diag);
	in.seed = x->scenario.seed != INT64_MIN ? (uint64_t)x->scenario.seed : 1;
	if (cli_seed(a, &in.seed) != EXIT_CONFORMING)
		return EXIT_USAGE;
	run_check_meters(&in);
	catch_signals();
	err = live ? run_live(lab, x, &in, a->lang, res, &f)
		   : run_simulated(lab, x, &in, a->lang, res, &f);
	if (err != ET_OK)
		return cli_fail(cli_exit_of(err), "%s", f.text);
	if (res->fault.code)
		(void)cli_fail(0, "%s", res->fault.text);
	code = show(a, lab, &in, res);
	if (res->recording_ended[0])
		(void)cli_fail(0, "%s: the recording is not complete: %s; the run is on record",
			       in.record_dir, res->recording_ended);
	return code;
}

static int check_lab(const struct cli_args *a, struct lab *lab)
{
	if (cli_value(a, "simulate") && !lab->simulated)
		return cli_fail(EXIT_USAGE,
				"%s: a simulated bench is refused in a real laboratory folder; "
				"`etalon init --simulate DIR` makes a simulated one",
				lab->dir);
	if (!lab_knows_person(lab, cli_value(a, "operator")))
		return cli_fail(
			EXIT_USAGE,
			"--operator: \"%s\" is not on record; `etalon person add` registers people",
			cli_value(a, "operator"));
	return EXIT_CONFORMING;
}

/* @param live  NULL: simulated, on the virtual clock. */
static int run_command(const struct cli_args *a, const struct run_guarded *live)
{
	struct files *x = calloc(1, sizeof(*x));
	struct run_result *res = calloc(1, sizeof(*res));
	struct fault f = { 0 };
	struct lab lab;
	int code = EXIT_USAGE;

	if (x)
		x->diag = diag_new();
	if (!x || !res || !x->diag)
		code = cli_fail(EXIT_RECORD, "out of memory");
	else if (lab_open(a->lab, DB_WRITE, &lab, &f) != ET_OK)
		code = cli_fail(cli_exit_of(f.code), "%s", f.text);
	else {
		code = check_lab(a, &lab);
		if (code == EXIT_CONFORMING)
			code = run_in_lab(a, live, &lab, x, res);
		lab_close(&lab);
	}
	if (x)
		files_free(x);
	free(x);
	free(res);
	return code;
}

int cmd_run(const struct cli_args *a)
{
	if (!cli_value(a, "batch") || !cli_value(a, "operator"))
		return cli_fail(EXIT_USAGE, "run: --batch FILE and --operator ID are needed");
	return cli_value(a, "simulate") ? run_command(a, NULL) : run_guarded(a, run_command);
}
