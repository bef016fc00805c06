/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/recording.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "bench/recording_file.h"
#include "bench/version.h"
#include "drivers/driver.h"
#include "io/port_transcript.h"
#include "io/transcript.h"

enum { STANDING_MAX = (RUN_STEPS_MAX + 1) * ET_POSITIONS_MAX };

struct recording {
	const struct run_input *in;
	struct tapes *tapes;
	struct tape *events, *attempts;
	struct {
		const struct bench_instrument *of;
		struct tape *tape;
	} link[ET_TARGETS];
	int n_links;
};

#define LINK_FILE "link-%d.txt"

/* Source, reference, and the readers that are used. */
static int links_of(const struct run_input *in)
{
	return TO_READER - TO_SOURCE + in->n_readers;
}

static const char *in_folder(const struct recording *r, const char *name, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", r->in->record_dir, name) >= PATH_MAX)
		out[PATH_MAX - 1] = '\0';
	return out;
}

/* ---- files that do not change ---- */

static int close_file(FILE *file, const char *path, struct fault *f)
{
	const bool bad = ferror(file) != 0;

	if (fclose(file) == 0 && !bad)
		return ET_OK;
	return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
}

/* A file as it was read, in the form that its loader takes too. Takes @p v. */
static int write_json(const struct recording *r, const char *name, json_t *v, struct fault *f)
{
	char path[PATH_MAX];
	FILE *file;

	in_folder(r, name, path);
	if (!v)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", path);
	file = fopen(path, "wxe");
	if (!file) {
		json_decref(v);
		return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
	}
	(void)json_dumpf(v, file, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	fputc('\n', file);
	json_decref(v);
	return close_file(file, path, f);
}

static int write_readers(const struct recording *r, struct fault *f)
{
	char name[32];
	int err = ET_OK;

	for (int k = 0; k < r->in->n_readers && err == ET_OK; k++)
		err = write_json(r, recording_reader_file(k, name),
				 apparatus_payload(r->in->readers[k].apparatus), f);
	return err;
}

static int write_copies(const struct recording *r, struct fault *f)
{
	const struct run_input *in = r->in;
	int err = write_json(r, "bench.json", yaml_to_json(BENCH_SCHEMA, bench_keys, in->bench), f);

	if (err == ET_OK)
		err = write_json(r, "batch.json", yaml_to_json(BATCH_SCHEMA, batch_keys, in->batch),
				 f);
	if (err == ET_OK)
		err = write_json(r, "plan.json", yaml_to_json(PLAN_SCHEMA, plan_keys, in->plan), f);
	if (err == ET_OK)
		err = write_json(r, "approval.json",
				 yaml_to_json(APPROVAL_SCHEMA, approval_keys, in->approval), f);
	if (err == ET_OK)
		err = write_json(r, "reference.json", apparatus_payload(in->reference), f);
	if (err == ET_OK)
		err = write_readers(r, f);
	return err;
}

/* ---- files of drivers ---- */

static int copy_file(const char *from, const char *to, struct fault *f)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file;
	int err = transcript_read_file(from, &text, &len, f);

	if (err != ET_OK)
		return err;
	file = fopen(to, "wxe");
	if (!file) {
		free(text);
		return fault_set(f, ET_ERR_IO, "%s: %s", to, strerror(errno));
	}
	(void)!fwrite(text, 1, len, file);
	free(text);
	return close_file(file, to, f);
}

static bool is_yaml(const char *name)
{
	const size_t n = strlen(name);

	return n > 5 && name[0] != '.' && strcmp(name + n - 5, ".yaml") == 0;
}

static int copy_folder(const struct recording *r, const char *folder, struct fault *f)
{
	char from[PATH_MAX], to[PATH_MAX];
	const struct dirent *e;
	int err = ET_OK;
	DIR *d;

	if (mkdir(in_folder(r, folder, to), 0777) != 0)
		return errno == EEXIST ? ET_OK /* another instrument's, the same files */
				       : fault_set(f, ET_ERR_IO, "%s: %s", to, strerror(errno));
	if (snprintf(from, sizeof(from), "%s/%s", r->in->lab_dir, folder) >= PATH_MAX)
		return fault_set(f, ET_ERR_ARG, "%s: too long", r->in->lab_dir);
	d = opendir(from);
	if (!d && errno != ENOENT) /* a laboratory need not have files of its own */
		return fault_set(f, ET_ERR_IO, "%s: %s", from, strerror(errno));
	while (d && err == ET_OK && (e = readdir(d))) {
		char name[512], path[2][PATH_MAX];

		if (!is_yaml(e->d_name))
			continue;
		snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		if (snprintf(path[0], PATH_MAX, "%s/%s", r->in->lab_dir, name) < PATH_MAX)
			err = copy_file(path[0], in_folder(r, name, path[1]), f);
	}
	if (d)
		closedir(d);
	return err;
}

static int copy_driver_files(const struct recording *r, struct fault *f)
{
	int err = ET_OK;

	for (int i = 0; i < r->n_links && err == ET_OK && r->in->lab_dir; i++) {
		const struct driver *drv = driver_find(r->link[i].of->driver);

		if (drv && drv->folder)
			err = copy_folder(r, drv->folder, f);
	}
	return err;
}

/* One key a line: it is looked at by people. Takes @p v. */
static int write_yaml(const struct recording *r, json_t *v, struct fault *f)
{
	char path[PATH_MAX];
	const char *key;
	json_t *value;
	FILE *file = fopen(in_folder(r, RECORDING_FILE, path), "wxe");

	if (!file) {
		json_decref(v);
		return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
	}
	fprintf(file, "# A recorded run; `etalon replay` runs it again.\nschema: %s\n",
		RECORDING_SCHEMA);
	json_object_del(v, "schema");
	json_object_foreach(v, key, value)
	{
		fprintf(file, "%s: ", key);
		(void)json_dumpf(value, file, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
		fputc('\n', file);
	}
	json_decref(v);
	return close_file(file, path, f);
}

/* ---- recording.yaml ---- */

struct lists { /* what the file's lists point to */
	struct recording_link link[ET_TARGETS];
	char transcript[ET_TARGETS][32];
	struct recording_verdict standing[STANDING_MAX];
	double position[ET_POSITIONS_MAX];
};

static void add_standing(struct recording_file *x, struct lists *l, const char *step, int p,
			 enum ee_verdict v)
{
	if (v == EE_NOT_RUN)
		return;
	l->standing[x->resumed.standing.n++] =
		(struct recording_verdict){ .step = step, .position = p + 1, .verdict = (int)v };
}

static void fill_resumed(const struct run_input *in, const struct seq_config *cfg,
			 const struct run_result *before, struct recording_file *x, struct lists *l)
{
	const struct plan_step *st = in->plan->steps.items;

	x->resumed.first_step = cfg->first_step;
	x->resumed.first_attempt = cfg->first_attempt;
	x->resumed.first_tries = cfg->first_tries;
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		if (cfg->first_positions >> p & 1)
			l->position[x->resumed.positions.n++] = p + 1;
		add_standing(x, l, NULL, p, cfg->prior[p]);
		for (int s = 0; s < before->n_steps; s++)
			add_standing(x, l, st[s].id, p, before->step[s][p].verdict);
	}
}

static json_t *describe(const struct run_input *in, const struct seq_config *cfg,
			const struct run_result *before)
{
	struct lists *l = calloc(1, sizeof(*l));
	struct recording_file x = { .program = "etalon " ETALON_VERSION,
				    .algorithm = EE_ALGORITHM,
				    .session = before->session,
				    .batch = in->batch->id,
				    .operator_id = in->operator_id,
				    .clock = clk_is_virtual(in->clk) ? 0 : 1,
				    .simulated = cfg->simulated,
				    .scenario = in->scenario,
				    .seed = in->sim ? (int64_t)in->seed : INT64_MIN,
				    .prompts = in->prompts };
	const int n_links = links_of(in);
	json_t *v;

	if (!l)
		return NULL;
	x.start.mono_ns = clk_now_ns(in->clk);
	x.start.utc_ns = clk_utc_ns(in->clk);
	x.start.utc_offset_s = clk_utc_offset_s(in->clk);
	x.start.boot_id = clk_boot_id(in->clk);
	for (int i = 0; i < n_links; i++) {
		snprintf(l->transcript[i], sizeof(l->transcript[i]), LINK_FILE, i + 1);
		l->link[i] =
			(struct recording_link){ .instrument =
							 run_instrument(in, TO_SOURCE + i)->name,
						 .transcript = l->transcript[i] };
	}
	x.links = (struct yaml_list){ l->link, (size_t)n_links };
	x.resumed.positions.items = l->position;
	x.resumed.standing.items = l->standing;
	if (cfg->resumed)
		fill_resumed(in, cfg, before, &x, l);
	v = yaml_to_json(RECORDING_SCHEMA, recording_keys, &x);
	if (v && !cfg->resumed)
		json_object_del(v, "resumed");
	free(l);
	return v;
}

/* ---- files that grow ---- */

static int open_tapes(struct recording *r, struct fault *f)
{
	char path[PATH_MAX], name[32];
	int err = tapes_new(r->in->clk, &r->tapes);

	if (err != ET_OK)
		return fault_set(f, err, "out of memory");
	err = tapes_open(r->tapes, in_folder(r, RECORDING_EVENTS, path), &r->events, f);
	if (err == ET_OK)
		err = tapes_open(r->tapes, in_folder(r, RECORDING_ATTEMPTS, path), &r->attempts, f);
	for (int i = 0; i < r->n_links && err == ET_OK; i++) {
		snprintf(name, sizeof(name), LINK_FILE, i + 1);
		err = tapes_open(r->tapes, in_folder(r, name, path), &r->link[i].tape, f);
	}
	if (err != ET_OK)
		return err;
	err = tapes_start(r->tapes);
	return err == ET_OK ? ET_OK : fault_set(f, err, "the recording could not be started");
}

static void head_link(const struct recording *r, int i)
{
	const struct bench_instrument *b = r->link[i].of;

	tape_printf(r->link[i].tape, "# Instrument: %.100s, driver %.100s, %.200s\n", b->name,
		    b->driver, b->port);
}

int recording_new(const struct run_input *in, const struct seq_config *cfg,
		  const struct run_result *before, struct recording **out, struct fault *f)
{
	struct recording *r = calloc(1, sizeof(*r));
	json_t *v = describe(in, cfg, before);
	int err = ET_ERR_NOMEM;

	if (!r || !v) {
		err = fault_set(f, err, "out of memory");
		goto fail;
	}
	r->in = in;
	r->n_links = links_of(in);
	for (int i = 0; i < r->n_links; i++)
		r->link[i].of = run_instrument(in, TO_SOURCE + i);
	if (mkdir(in->record_dir, 0777) != 0) {
		err = fault_set(f, ET_ERR_ARG, "%s: %s; a recording is a new folder",
				in->record_dir, strerror(errno));
		goto fail;
	}
	err = write_yaml(r, json_incref(v), f);
	if (err == ET_OK)
		err = write_copies(r, f);
	if (err == ET_OK)
		err = copy_driver_files(r, f);
	if (err == ET_OK)
		err = open_tapes(r, f);
	if (err != ET_OK)
		goto fail;
	for (int i = 0; i < r->n_links; i++)
		head_link(r, i);
	json_decref(v);
	*out = r;
	return ET_OK;
fail:
	json_decref(v);
	if (r)
		(void)tapes_close(r->tapes, NULL);
	free(r);
	return err;
}

int recording_port(struct recording *r, const char *instrument, struct port **port)
{
	int i = 0;

	if (!r)
		return ET_OK;
	while (strcmp(r->link[i].of->name, instrument) !=
	       0) /* every instrument of the run has a link */
		i++;
	return port_record(*port, r->link[i].tape, port);
}

void recording_event(struct recording *r, const struct event *ev)
{
	if (r)
		event_log_put(r->events, clk_now_ns(r->in->clk), ev);
}

void recording_attempt(struct recording *r, json_t *attempt)
{
	char *text = NULL;
	size_t len = 0;

	if (r && attempt && json_canonical(attempt, &text, &len) == ET_OK) {
		text[len] = '\n'; /* in the place of its NUL */
		tape_put(r->attempts, text, len + 1);
	} else if (r) {
		tapes_end(r->tapes, "out of memory");
	}
	free(text);
	json_decref(attempt);
}

void recording_close(struct recording *r, int exit_code, char why[TAPES_WHY_MAX])
{
	why[0] = '\0';
	if (!r)
		return;
	if (exit_code >= 0)
		event_log_end(r->events, exit_code);
	(void)tapes_close(r->tapes, why);
	free(r);
}
