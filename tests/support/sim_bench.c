/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sim_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"

#define EXAMPLES "examples/simulated/"

int sim_bench_load(struct sim_bench *b, const char *name)
{
	char batch[128], scenario[128];
	struct diag *d = diag_new();
	int bad;

	memset(b, 0, sizeof(*b));
	snprintf(batch, sizeof(batch), EXAMPLES "batches/%s.yaml", name);
	snprintf(scenario, sizeof(scenario), EXAMPLES "scenarios/%s.yaml", name);
	bad = bench_file_load(EXAMPLES "bench.yaml", &b->bench, &b->docs[b->n_docs++], d) != ET_OK;
	bad |= batch_load_file(batch, &b->batch, &b->docs[b->n_docs++], d) != ET_OK;
	bad |= scenario_load_file(scenario, &b->scenario, &b->docs[b->n_docs++], d) != ET_OK;
	bad |= plan_load_file("procedures/plans/sample-energy.yaml", &b->plan,
			      &b->docs[b->n_docs++], d) != ET_OK;
	bad |= approval_load_file("procedures/approvals/AE-1559-16.yaml", &b->approval,
				  &b->docs[b->n_docs++], d) != ET_OK;
	bad |= apparatus_load_file(EXAMPLES "apparatus/reference.yaml", &b->reference,
				   &b->docs[b->n_docs++], d) != ET_OK;
	bad |= apparatus_load_file(EXAMPLES "apparatus/reader.yaml", &b->reader,
				   &b->docs[b->n_docs++], d) != ET_OK;
	if (bad)
		diag_print(d, stderr);
	diag_free(d);
	return bad ? -1 : 0;
}

void sim_bench_free(struct sim_bench *b)
{
	while (b->n_docs)
		yaml_free(b->docs[--b->n_docs]);
}

int sim_bench_run(const struct sim_bench *b, const struct sim_bench_run *how,
		  struct run_result *out, struct fault *f)
{
	struct run_input in = { .db = how->db,
				.operator_id = "anna",
				.command = "run",
				.plan = &b->plan,
				.approval = &b->approval,
				.batch = &b->batch,
				.bench = &b->bench,
				.lab_dir = b->lab_dir,
				.reference = &b->reference,
				.simulated = true,
				.seed = how->seed,
				.scenario = "test",
				.record_dir = how->record_dir,
				.resume = how->resume,
				.prompts = how->prompts,
				.notice = how->notice,
				.arg = how->arg,
				.stop_signal = how->stop_signal };
	const struct sim_options opt = { .seed = how->seed, .resume_at_ns = how->resume_at_ns };
	struct clk_start start;
	int err = sim_clock_start(&b->scenario, &opt, &start);

	if (err != ET_OK)
		return fault_set(f, err, "the scenario's epoch");
	run_check_meters(&in);
	for (int k = 0; k < in.n_readers; k++)
		in.readers[k].apparatus = k ? &b->more_readers[k - 1] : &b->reader;
	in.clk = clk_virtual_new(&start);
	err = sim_create(&b->scenario, &opt, in.clk, &in.sim, f);
	if (err == ET_OK) {
		if (how->prepare)
			how->prepare(how->arg, in.sim);
		err = run_batch(&in, out, f);
		if (how->finished)
			how->finished(how->arg, in.sim);
		sim_free(in.sim);
	}
	clk_free(in.clk);
	return err;
}

/* ---- a record ---- */

static int append(struct db *db, const char *kind, json_t *payload)
{
	static int64_t t_ns = 1767618000LL * ET_NS_PER_S;
	const struct journal_stamp stamp = { .utc_ns = t_ns,
					     .utc_offset_s = -18000,
					     .boot_id = "00000000-0000-4000-8000-000000000001",
					     .mono_ns = t_ns % ET_NS_PER_S + 1,
					     .actor = "anna" };
	struct fault f = { 0 };
	int err = db_begin(db, &f);

	if (err == ET_OK)
		err = db_append(db, &stamp, kind, payload, NULL, &f);
	if (err == ET_OK)
		err = db_commit(db, &f);
	if (err != ET_OK)
		fprintf(stderr, "sim_bench: %s: %s\n", kind, f.text);
	json_decref(payload);
	return err;
}

/* In memory where there is such a place: a sync that waits for a disk proves nothing more here. */
static bool make_dir(char path[64])
{
	static const char *const places[] = { "/dev/shm", "/tmp" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, 64, "%s/etalon-test-XXXXXX", places[i]);
		if (mkdtemp(path))
			return true;
	}
	return false;
}

struct db *sim_bench_db(const char *vfs, char path[64])
{
	struct sim_bench b;
	struct fault f = { 0 };
	struct db *db = NULL;

	if (!make_dir(path) || sim_bench_load(&b, "1-element") != 0)
		return NULL;
	strcat(path, "/etalon.db");
	if (db_open(path, DB_CREATE, vfs, &db, &f) != ET_OK) {
		fprintf(stderr, "sim_bench: %s\n", f.text);
	} else if (append(db, "laboratory.created",
			  json_pack("{s:s,s:s,s:b}", "bench", "SIM", "name", "Test", "simulated",
				    1)) != ET_OK ||
		   append(db, "person.added",
			  json_pack("{s:s,s:s,s:s}", "id", "anna", "name", "Anna", "role",
				    "technician")) != ET_OK ||
		   append(db, "apparatus.added", apparatus_payload(&b.reference)) != ET_OK ||
		   append(db, "apparatus.added", apparatus_payload(&b.reader)) != ET_OK) {
		db_close(db);
		db = NULL;
	}
	sim_bench_free(&b);
	return db;
}

void sim_bench_db_remove(const char *path)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "%s", path);
	*strrchr(cmd, '/') = '\0';
	char rm[160];
	snprintf(rm, sizeof(rm), "rm -rf '%s'", cmd);
	if (strstr(cmd, "/etalon-test-") && system(rm) != 0)
		fprintf(stderr, "sim_bench: could not remove %s\n", cmd);
}
