/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/recording_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "io/port_replay.h"
#include "io/transcript.h"

#define AT(type, member) offsetof(struct type, member)
#define START(member) (AT(recording_file, start.member) - AT(recording_file, start))
#define RESUMED(member) (AT(recording_file, resumed.member) - AT(recording_file, resumed))

/* In the order of enum ee_verdict. */
static const char *const verdict_words[] = {
	"not_run", "conforming", "nonconforming", "inconclusive", "void", "aborted", NULL
};
static const char *const clock_words[] = { "virtual", "real", NULL };

static const struct yaml_key link_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = AT(recording_link, mark) },
	{ .name = "instrument",
	  .type = YAML_STR,
	  .offset = AT(recording_link, instrument),
	  .required = true },
	{ .name = "transcript",
	  .type = YAML_STR,
	  .offset = AT(recording_link, transcript),
	  .required = true },
	{ 0 }
};

static const struct yaml_key verdict_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = AT(recording_verdict, mark) },
	{ .name = "step", .type = YAML_STR, .offset = AT(recording_verdict, step) },
	{ .name = "position",
	  .type = YAML_I64,
	  .offset = AT(recording_verdict, position),
	  .required = true,
	  .min = 1,
	  .max = ET_POSITIONS_MAX,
	  .want = "a position, 1 to 40" },
	{ .name = "verdict",
	  .type = YAML_WORD,
	  .offset = AT(recording_verdict, verdict),
	  .required = true,
	  .words = verdict_words },
	{ 0 }
};

static const struct yaml_key start_keys[] = {
	{ .name = "mono_ns",
	  .type = YAML_I64,
	  .offset = START(mono_ns),
	  .required = true,
	  .min = 0,
	  .max = 1e18,
	  .want = "bench clock, ns, 0 to 1e18" },
	{ .name = "utc_ns",
	  .type = YAML_I64,
	  .offset = START(utc_ns),
	  .required = true,
	  .min = 0,
	  .max = 8e18,
	  .want = "UTC, ns since 1970, 0 to 8e18" },
	{ .name = "utc_offset_s",
	  .type = YAML_I64,
	  .offset = START(utc_offset_s),
	  .required = true,
	  .min = -86400,
	  .max = 86400,
	  .want = "seconds, -86400 to 86400" },
	{ .name = "boot_id", .type = YAML_STR, .offset = START(boot_id), .required = true },
	{ 0 }
};

static const struct yaml_key resumed_keys[] = { { .name = "first_step",
						  .type = YAML_I64,
						  .offset = RESUMED(first_step),
						  .required = true,
						  .min = 0,
						  .max = RUN_STEPS_MAX,
						  .want = "0 to 32" },
						{ .name = "first_attempt",
						  .type = YAML_I64,
						  .offset = RESUMED(first_attempt),
						  .required = true,
						  .min = 0,
						  .max = 1000000,
						  .want = "0 or more" },
						{ .name = "first_tries",
						  .type = YAML_I64,
						  .offset = RESUMED(first_tries),
						  .required = true,
						  .min = 0,
						  .max = 1000000,
						  .want = "0 or more" },
						{ .name = "positions",
						  .type = YAML_F64S,
						  .offset = RESUMED(positions),
						  .min = 1,
						  .max = ET_POSITIONS_MAX,
						  .want = "positions, 1 to 40" },
						{ .name = "standing",
						  .type = YAML_MAPS,
						  .offset = RESUMED(standing),
						  .keys = verdict_keys,
						  .size = sizeof(struct recording_verdict) },
						{ 0 } };

const struct yaml_key recording_keys[] = {
	{ .name = "program",
	  .type = YAML_STR,
	  .offset = AT(recording_file, program),
	  .required = true },
	{ .name = "algorithm",
	  .type = YAML_STR,
	  .offset = AT(recording_file, algorithm),
	  .required = true },
	{ .name = "session",
	  .type = YAML_STR,
	  .offset = AT(recording_file, session),
	  .required = true },
	{ .name = "batch",
	  .type = YAML_STR,
	  .offset = AT(recording_file, batch),
	  .required = true },
	{ .name = "operator",
	  .type = YAML_STR,
	  .offset = AT(recording_file, operator_id),
	  .required = true },
	{ .name = "clock",
	  .type = YAML_WORD,
	  .offset = AT(recording_file, clock),
	  .required = true,
	  .words = clock_words },
	{ .name = "simulated",
	  .type = YAML_BOOL,
	  .offset = AT(recording_file, simulated),
	  .required = true },
	{ .name = "scenario", .type = YAML_STR, .offset = AT(recording_file, scenario) },
	{ .name = "seed", .type = YAML_I64, .offset = AT(recording_file, seed) },
	{ .name = "start",
	  .type = YAML_MAP,
	  .offset = AT(recording_file, start),
	  .required = true,
	  .keys = start_keys },
	{ .name = "prompts",
	  .type = YAML_BOOL,
	  .offset = AT(recording_file, prompts),
	  .required = true },
	{ .name = "resumed",
	  .type = YAML_MAP,
	  .offset = AT(recording_file, resumed),
	  .keys = resumed_keys },
	{ .name = "links",
	  .type = YAML_MAPS,
	  .offset = AT(recording_file, links),
	  .required = true,
	  .keys = link_keys,
	  .size = sizeof(struct recording_link) },
	{ 0 }
};

/* ---- recording.yaml ---- */

enum { LINKS_MAX = 2 + ET_READERS_MAX };

static void check_links(const char *name, const struct recording_file *x, struct diag *d)
{
	const struct recording_link *l = x->links.items;

	if (x->links.n > LINKS_MAX)
		diag_add(d, name, 0, 0, "links: %zu; a source, a reference and 1 to %d readers",
			 x->links.n, ET_READERS_MAX);
	for (size_t i = 0; i < x->links.n; i++) {
		if (l[i].transcript && (strchr(l[i].transcript, '/') || l[i].transcript[0] == '.'))
			diag_add(d, name, l[i].mark.line, l[i].mark.column,
				 "transcript: \"%s\" should be a file beside this one",
				 l[i].transcript);
		for (size_t k = 0; k < i; k++)
			if (l[i].instrument && l[k].instrument &&
			    strcmp(l[i].instrument, l[k].instrument) == 0)
				diag_add(d, name, l[i].mark.line, l[i].mark.column,
					 "instrument: \"%s\" is used twice", l[i].instrument);
	}
}

static int checked(const char *name, const struct recording_file *x, int err, struct diag *d)
{
	const int before = diag_count(d);

	if (err != ET_OK && err != ET_ERR_FILE)
		return err;
	check_links(name, x, d);
	return diag_count(d) > before ? ET_ERR_FILE : err;
}

int recording_file_load(const char *path, struct recording_file *out, struct yaml_doc **doc,
			struct diag *d)
{
	return checked(path, out,
		       yaml_load_file(path, RECORDING_SCHEMA, recording_keys, out, doc, d), d);
}

int recording_file_load_mem(const char *name, const char *text, size_t len,
			    struct recording_file *out, struct yaml_doc **doc, struct diag *d)
{
	const int err =
		yaml_load_mem(name, text, len, RECORDING_SCHEMA, recording_keys, out, doc, d);

	return checked(name, out, err, d);
}

/* ---- the folder ---- */

static const char *in_folder(const char *dir, const char *name, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		out[PATH_MAX - 1] = '\0';
	return out;
}

/* The files as they were in force, each by its own loader. */
static int load_files(const char *dir, struct recorded *r, struct diag *d)
{
	char path[PATH_MAX], name[32];
	int err = ET_OK;

#define LOAD(load, name, member)                                                              \
	do {                                                                                  \
		if (load(in_folder(dir, name, path), &r->member, &r->docs[r->n_docs++], d) != \
		    ET_OK)                                                                    \
			err = ET_ERR_FILE;                                                    \
	} while (0)
	LOAD(recording_file_load, RECORDING_FILE, file);
	LOAD(bench_file_load, "bench.json", bench);
	LOAD(batch_load_file, "batch.json", batch);
	LOAD(plan_load_file, "plan.json", plan);
	LOAD(approval_load_file, "approval.json", approval);
	LOAD(apparatus_load_file, "reference.json", reference);
	for (size_t k = 0; k + 2 < r->file.links.n && k < ET_READERS_MAX; k++)
		LOAD(apparatus_load_file, recording_reader_file((int)k, name), readers[k]);
#undef LOAD
	return err;
}

static int load_events(const char *dir, struct recorded *r, struct diag *d)
{
	char path[PATH_MAX], *text = NULL;
	struct fault f = { 0 };
	size_t len = 0;
	int err = transcript_read_file(in_folder(dir, RECORDING_EVENTS, path), &text, &len, &f);

	if (err == ET_OK) {
		err = event_log_parse(text, len, r->file.start.mono_ns, &r->events, &f);
		if (err != ET_OK)
			diag_add(d, path, 0, 0, "%s", f.text);
	} else {
		diag_add(d, RECORDING_EVENTS, 0, 0, "%s", f.text);
	}
	free(text);
	return err == ET_OK || err == ET_ERR_NOMEM ? err : ET_ERR_FILE;
}

/* One JSON object a line; the last may have been cut. */
static int parse_attempts(const char *path, char *text, size_t len, struct recorded *r,
			  struct diag *d)
{
	int line = 0, err = ET_OK;
	char *end;

	for (; len > 0 && (end = memchr(text, '\n', len)); text = end + 1) {
		struct fault f = { 0 };
		json_t *attempt;

		line++;
		len -= (size_t)(end - text) + 1;
		if (text[0] == '#' || end == text)
			continue;
		attempt = json_parse(text, (size_t)(end - text), &f);
		if (json_is_object(attempt)) {
			json_array_append_new(r->attempts, attempt);
			continue;
		}
		diag_add(d, path, line, 1, "should be an attempt: %s",
			 attempt ? "not an object" : f.text);
		json_decref(attempt);
		err = ET_ERR_FILE;
	}
	return err;
}

static int load_attempts(const char *dir, struct recorded *r, struct diag *d)
{
	char path[PATH_MAX], *text = NULL;
	struct fault f = { 0 };
	size_t len = 0;
	int err = transcript_read_file(in_folder(dir, RECORDING_ATTEMPTS, path), &text, &len, &f);

	if (err != ET_OK)
		diag_add(d, RECORDING_ATTEMPTS, 0, 0, "%s", f.text);
	else
		err = parse_attempts(path, text, len, r, d);
	free(text);
	return err == ET_OK || err == ET_ERR_NOMEM ? err : ET_ERR_FILE;
}

const char *recording_reader_file(int k, char out[32])
{
	if (k == 0)
		snprintf(out, 32, "reader.json");
	else
		snprintf(out, 32, "reader-%d.json", k + 1);
	return out;
}

int recorded_link(const struct recorded *r, const char *instrument)
{
	const struct recording_link *l = r->file.links.items;

	for (size_t i = 0; i < r->file.links.n; i++)
		if (strcmp(l[i].instrument, instrument) == 0)
			return (int)i;
	return -1;
}

static int load_transcripts(const char *dir, struct recorded *r, struct diag *d)
{
	const struct recording_link *l = r->file.links.items;
	char path[PATH_MAX];
	int err = ET_OK;

	for (size_t i = 0; i < r->file.links.n; i++) {
		struct fault f = { 0 };

		if (transcript_read_file(in_folder(dir, l[i].transcript, path),
					 &r->transcript[i].text, &r->transcript[i].len,
					 &f) == ET_OK)
			continue;
		diag_add(d, in_folder(dir, RECORDING_FILE, path), 0, 0, "%s", f.text);
		err = ET_ERR_FILE;
	}
	return err;
}

int recorded_load(const char *dir, struct recorded *out, struct diag *d)
{
	int err;

	*out = (struct recorded){ .attempts = json_array() };
	if (!out->attempts)
		return ET_ERR_NOMEM;
	err = load_files(dir, out, d);
	if (err != ET_OK)
		return err;
	err = load_events(dir, out, d);
	if (load_attempts(dir, out, d) != ET_OK)
		err = ET_ERR_FILE;
	if (load_transcripts(dir, out, d) != ET_OK)
		err = ET_ERR_FILE;
	return err;
}

void recorded_free(struct recorded *r)
{
	while (r->n_docs)
		yaml_free(r->docs[--r->n_docs]);
	event_log_free(&r->events);
	json_decref(r->attempts);
	for (int i = 0; i < ET_TARGETS; i++)
		free(r->transcript[i].text);
	*r = (struct recorded){ 0 };
}
