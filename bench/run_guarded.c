/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/run_guarded.h"

#include <stdio.h>
#include <string.h>

#include "bench/bench_file.h"
#include "bench/guardian.h"
#include "bench/guardian_record.h"
#include "bench/lab.h"

struct parent {
	const struct cli_args *args;
	int (*worker)(const struct cli_args *a, const struct run_guarded *g);
	struct run_guarded given;
};

static int check_ports(const struct bench_file *b, struct fault *f)
{
	const struct bench_instrument *in = b->instruments.items;

	for (size_t i = 0; i < b->instruments.n; i++)
		if (strncmp(in[i].port, "simulated:", 10) == 0)
			return fault_set(
				f, ET_ERR_FILE,
				"instrument \"%s\": port \"%s\" is for --simulate SCENARIO; "
				"`etalon simulate --listen --bench-out FILE` "
				"serves such a bench and writes its FILE for --bench",
				in[i].name, in[i].port);
	return ET_OK;
}

static int be_worker(void *arg, struct guard *guard)
{
	struct parent *p = arg;

	p->given.guard = guard;
	return p->worker(p->args, &p->given);
}

static int guard_source(struct parent *p, const struct bench_file *bench, struct fault *f)
{
	const struct bench_instrument *source = bench_file_instrument(bench, BENCH_SOURCE);
	struct guardian_config cfg;
	char folder[PATH_MAX];
	int code;

	guardian_config_init(&cfg);
	if (port_open(source->port, p->given.clk, &p->given.source, f) != ET_OK)
		return cli_exit_of(f->code);
	cfg.name = source->name;
	cfg.source = driver_find(source->driver)->source;
	cfg.port = p->given.source;
	cfg.clk = p->given.clk;
	cfg.folder = guardian_folder(p->args->lab, folder);
	cfg.program = cli_value(p->args, "batch");
	cfg.lang = p->args->lang;
	code = guardian_run(&cfg, be_worker, p, f);
	port_close(p->given.source);
	return code;
}

int run_guarded(const struct cli_args *a,
		int (*worker)(const struct cli_args *a, const struct run_guarded *g))
{
	struct parent p = { .args = a, .worker = worker, .given.clk = clk_real_new() };
	const char *path = cli_value(a, "bench");
	struct diag *d = diag_new();
	struct bench_file bench;
	struct yaml_doc *doc = NULL;
	struct fault f = { 0 };
	char in_lab[PATH_MAX];
	int code;

	snprintf(in_lab, sizeof(in_lab), "%s/bench.yaml", a->lab);
	if (!d || !p.given.clk)
		code = cli_fail(EXIT_RECORD, "out of memory");
	else if (lab_check(a->lab, &f) != ET_OK) /* no note in a folder that is no laboratory */
		code = cli_exit_of(f.code);
	else if (bench_file_load(path ? path : in_lab, &bench, &doc, d) != ET_OK)
		code = cli_fail_diag(d);
	else if (check_ports(&bench, &f) != ET_OK)
		code = cli_exit_of(f.code);
	else
		code = guard_source(&p, &bench, &f);
	if (f.code)
		(void)cli_fail(code, "%s", f.text);
	yaml_free(doc);
	diag_free(d);
	clk_free(p.given.clk);
	return code;
}
