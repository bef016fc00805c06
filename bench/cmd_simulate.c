/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cmd_simulate.c - `etalon simulate`: the instruments of a scenario on lines of this machine, in real time. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "bench/bench_file.h"
#include "bench/commands.h"
#include "bench/lab.h"
#include "simulator/live.h"

struct served {
	const struct cli_args *args;
	struct scenario scenario;
	struct bench_file bench; /* only with --bench-out */
	struct yaml_doc *docs[2];
	struct diag *diag;
	struct clk *virtual, *real;
	struct sim *sim;
	struct live *live;
	char out[PATH_MAX]; /* --bench-out, absolute; "": none */
	struct sim_options opt;
};

/* ---- files ---- */

static int load(struct served *s)
{
	const struct cli_args *a = s->args;
	const char *bench = cli_value(a, "bench");
	char path[PATH_MAX];
	int err = scenario_load_file(a->words[0], &s->scenario, &s->docs[0], s->diag);

	if (!bench) {
		snprintf(path, sizeof(path), "%s/bench.yaml", a->lab);
		bench = path;
	}
	if (s->out[0] && bench_file_load(bench, &s->bench, &s->docs[1], s->diag) != ET_OK)
		err = ET_ERR_FILE;
	return err;
}

/* Nothing is written over that `simulate` has not written, a bench file made by hand least of all. */
static int check_out(const struct served *s)
{
	struct stat st;
	FILE *old;
	int first;

	if (lstat(s->out, &st) < 0)
		return EXIT_CONFORMING;
	old = S_ISREG(st.st_mode) ? fopen(s->out, "re") : NULL;
	first = old ? fgetc(old) : EOF;
	if (old)
		(void)fclose(old);
	if (first == '{') /* a new bench file is JSON; people write YAML */
		return EXIT_CONFORMING;
	return cli_fail(EXIT_USAGE,
			"--bench-out: %s exists, and `simulate` did not write it; another name",
			s->out);
}

/* The links to the lines stand beside the file, and whoever opens them may be elsewhere. */
static int find_out(struct served *s)
{
	const char *out = cli_value(s->args, "bench-out"), *slash;
	char folder[PATH_MAX], real[PATH_MAX];

	if (!out)
		return EXIT_CONFORMING;
	slash = strrchr(out, '/');
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - out + 1) : 1,
		 slash ? out : ".");
	if (!realpath(folder, real) || snprintf(s->out, sizeof(s->out), "%s/%s", real,
						slash ? slash + 1 : out) >= (int)sizeof(s->out))
		return cli_fail(EXIT_USAGE, "--bench-out: %s: %s", out, strerror(errno));
	return check_out(s);
}

/* The bench as it is on file, with the lines of today. */
static int write_bench(struct served *s, struct fault *f)
{
	struct bench_instrument *in = s->bench.instruments.items;
	json_t *o;
	FILE *to;
	int err = ET_OK;

	for (size_t i = 0; i < s->bench.instruments.n; i++)
		if (live_port(s->live, bench_file_sim_name(&in[i])))
			in[i].port = live_port(s->live, bench_file_sim_name(&in[i]));
	o = yaml_to_json(BENCH_SCHEMA, bench_keys, &s->bench);
	to = o ? fopen(s->out, "we") : NULL;
	if (!to || json_dumpf(o, to, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) < 0 ||
	    fputc('\n', to) == EOF || ferror(to))
		err = fault_set(f, ET_ERR_IO, "%s: %s", s->out, strerror(errno));
	if (to && fclose(to) != 0 && err == ET_OK)
		err = fault_set(f, ET_ERR_IO, "%s: %s", s->out, strerror(errno));
	json_decref(o);
	return err;
}

/* ---- what is told ---- */

static void tell_json(json_t *o)
{
	char *text = NULL;
	size_t len;

	if (o && json_canonical(o, &text, &len) == ET_OK)
		puts(text);
	free(text);
	json_decref(o);
}

static void tell_ports(const struct served *s)
{
	const enum lang lang = s->args->lang;
	json_t *ports = json_object();
	const char *name;

	for (size_t i = 0; (name = sim_name(s->sim, i)) != NULL; i++) {
		json_object_set_new(ports, name, json_str(live_port(s->live, name)));
		if (!s->args->json)
			printf("%-10s %s\n", name, live_port(s->live, name));
	}
	if (s->args->json)
		tell_json(json_pack("{s:o,s:O}", "bench", json_str(s->out[0] ? s->out : NULL),
				    "ports", ports));
	else if (s->out[0])
		printf("%s %s\n", tr(lang, "bench file", "fichier du banc"), s->out);
	json_decref(ports);
	fflush(stdout);
}

static void tell_lag(const struct served *s)
{
	const double lag_ms = (double)live_worst_lag_ns(s->live) * 1e-6;

	if (s->args->json)
		tell_json(json_pack("{s:f}", "worst_lag_ms", lag_ms));
	else
		printf(tr(s->args->lang, "worst lag %.3f ms\n", "pire retard %.3f ms\n"), lag_ms);
}

/* ---- serving ---- */

static int open_bench(struct served *s, struct fault *f)
{
	const bool tcp = cli_value(s->args, "tcp") != NULL;
	const struct live_options opt = { .source = tcp ? LIVE_TCP : LIVE_TTY,
					  .reference = LIVE_TCP,
					  .reader = tcp ? LIVE_TCP : LIVE_TTY,
					  .links = s->out[0] ? s->out : NULL };
	struct clk_start start;
	int err = sim_clock_start(&s->scenario, &s->opt, &start);

	if (err != ET_OK)
		return fault_set(f, err, "the scenario's epoch is not a time");
	s->virtual = clk_virtual_new(&start);
	s->real = clk_real_new();
	if (!s->virtual || !s->real)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	err = sim_create(&s->scenario, &s->opt, s->virtual, &s->sim, f);
	if (err == ET_OK)
		err = live_new(s->sim, s->virtual, s->real, &opt, &s->live, f);
	if (err == ET_OK && s->out[0])
		err = write_bench(s, f);
	return err;
}

/* Signals come as something to be read, so that they wake the one wait of the server. A client that hangs up, and a
 * terminal that is another's, end nothing. */
static int open_signals(void)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTTIN, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int serve(struct served *s)
{
	struct fault f = { 0 };
	const int stop_fd = open_signals();
	int err = stop_fd < 0 ? fault_set(&f, ET_ERR_IO, "signalfd: %s", strerror(errno))
			      : open_bench(s, &f);

	if (err == ET_OK) {
		tell_ports(s);
		err = live_serve(s->live, stop_fd, STDIN_FILENO, STDOUT_FILENO,
				 cli_value(s->args, "until-eof") != NULL, &f);
		tell_lag(s);
	}
	if (stop_fd >= 0)
		close(stop_fd);
	return err == ET_OK ? EXIT_CONFORMING : cli_fail(cli_exit_of(err), "%s", f.text);
}

static void release(struct served *s)
{
	live_free(s->live);
	sim_free(s->sim);
	clk_free(s->virtual);
	clk_free(s->real);
	for (size_t i = 0; i < sizeof(s->docs) / sizeof(s->docs[0]); i++)
		yaml_free(s->docs[i]);
	diag_free(s->diag);
}

int cmd_simulate(const struct cli_args *a)
{
	struct served s = { .args = a, .diag = diag_new() };
	int code;

	if (!s.diag)
		return cli_fail(EXIT_RECORD, "out of memory");
	if (!cli_value(a, "listen"))
		code = cli_fail(EXIT_USAGE, "simulate: --listen is needed; a batch in virtual time "
					    "is `etalon run --simulate`");
	else if ((code = cli_seed(a, &s.opt.seed)) == EXIT_CONFORMING &&
		 (code = find_out(&s)) == EXIT_CONFORMING)
		code = load(&s) == ET_OK ? serve(&s) : cli_fail_diag(s.diag);
	release(&s);
	return code;
}
