/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/record.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "db/raw.h"

static char dir[200];

#define require(what)                                                              \
	do {                                                                       \
		if (!(what)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			abort();                                                   \
		}                                                                  \
	} while (0)

void record_make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp) /* these tests sync often, and bring their own bad disks */
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(dir, sizeof(dir), "%.150s/etalon-test-XXXXXX", tmp);
	require(mkdtemp(dir));
}

void record_remove_dir(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			(void)unlink(record_path(e->d_name));
	if (d)
		closedir(d);
	(void)rmdir(dir);
}

const char *record_path(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *p = paths[next++ % 4];

	snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

struct journal_stamp record_stamp(int64_t n)
{
	return (struct journal_stamp){
		.utc_ns = INT64_C(1750000000000000000) + n * 1000000000,
		.utc_offset_s = -14400,
		.boot_id = "b0071d",
		.mono_ns = n * 1000000000,
		.actor = "jt",
	};
}

int record_append(struct db *d, const char *kind, json_t *payload, struct fault *f)
{
	struct journal_stamp stamp;
	int64_t n;
	int err;

	require(payload);
	err = db_head(d, &n, NULL, f);
	stamp = record_stamp(n + 1);
	if (err == ET_OK)
		err = db_append(d, &stamp, kind, payload, NULL, f);
	json_decref(payload);
	return err;
}

int record_commit(struct db *d, const char *kind, json_t *payload, struct fault *f)
{
	int err = db_begin(d, f);

	if (err < 0) {
		json_decref(payload);
		return err;
	}
	err = record_append(d, kind, payload, f);
	if (err == ET_OK)
		return db_commit(d, f);
	db_rollback(d);
	return err;
}

json_t *record_laboratory(void)
{
	return json_pack("{s:s, s:s, s:b}", "bench", "B1", "name", "Laboratoire d'essai",
			 "simulated", 1);
}

json_t *record_session(const char *session)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:i, s:[], s:s}", "session", session,
			 "operator", "jt", "program", "etalon 0.1", "algorithm", "energy-error/1",
			 "simulated", 1, "scenario", "quick", "seed", 7, "instruments", "command",
			 "etalon run");
}

json_t *record_apparatus(const char *id, const char *certificate)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:b, s:{s:s, s:s, s:s, s:s},"
			 " s:[{s:f, s:f, s:f, s:s, s:f, s:f, s:f}]}",
			 "id", id, "kind", "reference_standard", "maker", "ZERA", "model",
			 "COM5003", "serial", "SIM0001", "firmware", "1.2", "use", "simulated", 1,
			 "certificate", "number", certificate, "laboratory", "NRC", "issued",
			 "2025-01-07", "expires", "2026-01-07", "correction", "volt_v", 240.0,
			 "curr_a", 25.0, "power_factor", 1.0, "sense", "lag", "error_pct", 0.003,
			 "U_pct", 0.01, "k", 2.0);
}

static const char *serial_of(int first, int position)
{
	static char text[16];

	snprintf(text, sizeof(text), "%08d", first + position - 1);
	return text;
}

json_t *record_batch(const char *batch, const char *session, int first, int n)
{
	json_t *positions = json_array();

	for (int p = 1; p <= n; p++)
		require(json_array_append_new(positions,
					      json_pack("{s:i, s:s, s:s, s:s, s:n, s:s, s:i, s:f, "
							"s:s, s:[], s:b, s:[]}",
							"position", p, "maker", "L+G", "model",
							"FOCUS AL", "serial", serial_of(first, p),
							"inspection_no", "approval", "AE-1559",
							"approval_revision", 16, "kh_wh", 7.2,
							"firmware", "3.22", "modules", "measured",
							1, "findings")) == 0);
	return json_pack(
		"{s:s, s:s, s:s, s:{s:s, s:n}, s:s, s:{s:s, s:i, s:s}, s:{s:s, s:i}, s:i, s:f,"
		" s:f, s:f, s:s, s:[s], s:o}",
		"batch", batch, "session", session, "work_order", "WO-1", "owner", "name",
		"Énergie Nord", "address", "as", "as_left", "plan", "id", "sample", "version", 1,
		"standing", "sample", "approval", "number", "AE-1559", "revision", 16,
		"configuration", 2, "volt_v", 240.0, "curr_min_a", 0.1, "curr_max_a", 200.0,
		"connection", "series", "apparatus", "REF-1", "positions", positions);
}

static json_t *observed(int position, const char *serial, double err, const char *verdict)
{
	return json_pack("{s:i, s:s, s:s, s:{s:f}, s:{s:f, s:f, s:f, s:i, s:I, s:I}, s:s, s:n}",
			 "position", position, "maker", "L+G", "serial", serial, "setup", "kh_wh",
			 7.2, "observation", "err_pct", err, "U_pct", 0.05, "k", 2.1, "n_intervals",
			 12, "err_rounded_u6", (json_int_t)(err * 1e6), "U_rounded_u6",
			 (json_int_t)50000, "verdict", verdict, "cause");
}

json_t *record_attempt(const char *batch, const char *attempt, const char *session,
		       const char *step, int number, const char *result, int first, int n,
		       double err, const char *edges)
{
	const bool done = !strcmp(result, "done");
	json_t *positions = json_array();

	for (int p = 1; p <= n; p++)
		require(json_array_append_new(positions,
					      observed(p, serial_of(first, p), err + p / 100.0,
						       done ? "conforming" : result)) == 0);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:s, s:s?, s:n, s:I, s:I, s:I, s:{s:f}, s:[], s:n, s:n,"
		" s:o, s:{s:s?, s:n, s:n}}",
		"batch", batch, "attempt", attempt, "session", session, "step", step, "number",
		number, "result", result, "cause", done ? NULL : "reference_silent", "fault",
		"started_mono_ns", (json_int_t)1000, "armed_mono_ns", (json_int_t)2000,
		"ended_mono_ns", (json_int_t)9000, "setpoint", "freq_hz", 60.0, "readings",
		"register_before", "register_after", "positions", positions, "blobs", "edges",
		edges, "samples", "pairs");
}

json_t *record_closed(const char *batch, const char *session, int first, int n, const char *verdict,
		      const char *step, const char *attempt)
{
	json_t *positions = json_array();

	for (int p = 1; p <= n; p++)
		require(json_array_append_new(
				positions,
				json_pack("{s:i, s:s, s:s, s:s, s:n, s:[{s:s, s:s, s:s}]}",
					  "position", p, "maker", "L+G", "serial",
					  serial_of(first, p), "verdict", verdict, "reason",
					  "steps", "step", step, "verdict", verdict, "attempt",
					  attempt)) == 0);
	return json_pack("{s:s, s:s, s:o}", "batch", batch, "session", session, "positions",
			 positions);
}

struct db *record_create(const char *path, const char *vfs)
{
	struct fault f = { 0 };
	struct db *d = NULL;

	if (db_open(path, DB_CREATE, vfs, &d, &f) < 0 ||
	    record_commit(d, "laboratory.created", record_laboratory(), &f) < 0 ||
	    record_commit(d, "session.started", record_session("B1-1"), &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		abort();
	}
	return d;
}

int record_commit_attempt(struct db *d, const char *batch, int number, int first, int n,
			  struct fault *f)
{
	struct edge edges[64];
	char id[48], hash[65];
	void *bytes;
	size_t len;
	int err = db_begin(d, f);

	if (err < 0)
		return err;
	for (int i = 0; i < 64; i++)
		edges[i] = (struct edge){ .t_reader_ns = number * INT64_C(1000000) + i * 12345678,
					  .seq = (uint32_t)i,
					  .position = 1 };
	require(raw_encode_edges(edges, 64, &bytes, &len) == ET_OK);
	snprintf(id, sizeof(id), "B1-%d", number);
	err = db_put_blob(d, "edges", bytes, len, hash, f);
	free(bytes);
	if (err == ET_OK)
		err = record_append(d, "attempt.stored",
				    record_attempt(batch, id, "B1-1", "HL", number, "done", first,
						   n, 0.1, hash),
				    f);
	if (err == ET_OK)
		return db_commit(d, f);
	db_rollback(d);
	return err;
}
