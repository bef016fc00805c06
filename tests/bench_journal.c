/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the record is. bench_journal [METERS [STEPS [DIR]]], default 2000 24 in $TMPDIR or /var/tmp:
 * commits (against bare fsyncs of the same disk), fsyncs per commit, history of one serial from the opening
 * of the file, walking of the chain. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "db/query.h"
#include "db/raw.h"
#include "tests/support/record.h"
#include "tests/support/vfs_torn.h"

enum { POSITIONS = 40, EDGES = 40 * 13, FSYNCS = 50, HISTORIES = 20 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void need(int err, const struct fault *f)
{
	if (err == ET_OK)
		return;
	fprintf(stderr, "bench_journal: %s\n", f->text);
	exit(1);
}

/* Seconds of one fsync after a small write: what the disk itself takes. */
static double bare_fsync_s(const char *path)
{
	const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	static const char block[4096];
	const double start = now_s();

	for (int i = 0; fd >= 0 && i < FSYNCS; i++)
		if (write(fd, block, sizeof(block)) < 0 || fdatasync(fd) < 0)
			break;
	close(fd);
	return (now_s() - start) / FSYNCS;
}

/* Members of a real attempt: a setup and an observation of about 1.3 kB a position. */
static void fatten(json_t *attempt)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(attempt, "positions"), i, p)
	{
		char key[24];

		for (int k = 0; k < 20; k++) {
			snprintf(key, sizeof(key), "member_%02d", k);
			json_object_set_new(json_object_get(p, "setup"), key, json_real(k / 3.0));
			json_object_set_new(json_object_get(p, "observation"), key,
					    json_real(k / 7.0));
		}
	}
}

static void store_attempt(struct db *d, const char *batch, int id, int step, int first)
{
	struct edge edges[EDGES];
	char attempt[48], step_id[16], hash[65];
	struct fault f = { 0 };
	json_t *payload;
	void *bytes;
	size_t len;

	for (int i = 0; i < EDGES; i++)
		edges[i] = (struct edge){ .t_reader_ns =
						  id * INT64_C(60000000000) + i * INT64_C(97234567),
					  .seq = (uint32_t)(i / POSITIONS),
					  .position = (uint16_t)(1 + i % POSITIONS) };
	snprintf(attempt, sizeof(attempt), "B1-%d", id);
	snprintf(step_id, sizeof(step_id), "P%02d", step);
	need(raw_encode_edges(edges, EDGES, &bytes, &len), &f);
	need(db_begin(d, &f), &f);
	need(db_put_blob(d, "edges", bytes, len, hash, &f), &f);
	payload = record_attempt(batch, attempt, "B1-1", step_id, 1, "done", first, POSITIONS, 0.1,
				 hash);
	fatten(payload);
	need(record_append(d, "attempt.stored", payload, &f), &f);
	need(db_commit(d, &f), &f);
	free(bytes);
}

static int fill(struct db *d, int meters, int steps)
{
	struct fault f = { 0 };
	int n = 0;

	for (int first = 0; first < meters; first += POSITIONS) {
		char batch[48];

		snprintf(batch, sizeof(batch), "B1-%d", first / POSITIONS + 1);
		need(record_commit(d, "batch.opened", record_batch(batch, "B1-1", first, POSITIONS),
				   &f),
		     &f);
		for (int s = 0; s < steps; s++)
			store_attempt(d, batch, ++n, s, first);
		need(record_commit(d, "batch.closed",
				   record_closed(batch, "B1-1", first, POSITIONS, "conforming",
						 "P00", "B1-1"),
				   &f),
		     &f);
	}
	return n;
}

static double history_s(const char *path, int meters, int steps)
{
	double worst = 0;

	for (int i = 0; i < HISTORIES; i++) {
		const double start = now_s();
		struct fault f = { 0 };
		char serial[16];
		struct db *d;
		json_t *h, *batch;

		snprintf(serial, sizeof(serial), "%08d", (int)((i * 7919L) % meters));
		need(db_open(path, DB_READ, NULL, &d, &f), &f);
		h = query_history(d, NULL, serial, &f);
		batch = json_array_get(json_object_get(json_array_get(h, 0), "batches"), 0);
		if ((int)json_array_size(json_object_get(batch, "attempts")) != steps)
			need(fault_set(&f, ET_ERR_RECORD, "%s has no history", serial), &f);
		json_decref(h);
		db_close(d);
		if (now_s() - start > worst)
			worst = now_s() - start;
	}
	return worst;
}

/* Small entries, as most acts are: what the chain itself costs. */
static double chain_rate(const char *path)
{
	struct db *d = record_create(path, NULL);
	struct fault f = { 0 };
	int64_t n;
	double start;

	need(db_begin(d, &f), &f);
	for (int i = 0; i < 100000; i++)
		need(record_append(d, "source.state",
				   json_pack("{s:s, s:s, s:s}", "session", "B1-1", "state",
					     "off_proven", "evidence",
					     "the reference reads 0.0 V on all phases"),
				   &f),
		     &f);
	need(db_commit(d, &f), &f);
	start = now_s();
	need(db_verify(d, &n, NULL, &f), &f);
	start = (double)n / (now_s() - start);
	db_close(d);
	return start;
}

int main(int argc, char **argv)
{
	const int meters = argc > 1 ? atoi(argv[1]) : 2000, steps = argc > 2 ? atoi(argv[2]) : 24;
	const char *tmp = getenv("TMPDIR");
	struct torn counting = { .pass_through = true };
	struct fault f = { 0 };
	double start, s, fsync_s, worst_ms, rate;
	int64_t syncs, entries;
	struct stat st;
	struct db *d;
	int n;

	setenv("TMPDIR", argc > 3 ? argv[3] : tmp ? tmp : "/var/tmp", 1); /* a real disk */
	record_make_dir();
	torn_register(&counting, "counting");
	fsync_s = bare_fsync_s(record_path("bare"));
	d = record_create(record_path("e.db"), "counting");
	syncs = counting.n_syncs;
	start = now_s();
	n = fill(d, meters, steps);
	s = now_s() - start;
	syncs = counting.n_syncs - syncs;
	printf("journal: %d attempts of %d positions in %.2f s: %.0f commits/s; one costs %.2f "
	       "bare fsyncs of "
	       "this disk (%.2f ms)\n",
	       n, POSITIONS, s, n / s, s / n / fsync_s, fsync_s * 1e3);
	printf("journal: %.3f fsyncs per transaction, checkpoints among them, target one and "
	       "checkpoints\n",
	       (double)syncs / (n + 2.0 * ((meters + POSITIONS - 1) / POSITIONS)));
	db_close(d);
	torn_unregister(&counting);
	need(stat(record_path("e.db"), &st) == 0 ? ET_OK : ET_ERR_IO, &f);
	worst_ms = history_s(record_path("e.db"), meters, steps) * 1e3;
	printf("journal: %d meters x %d points: %.0f MB; worst history of %d serials, from "
	       "opening: %.2f ms, "
	       "target < 30 (with 150000 meters: bench_journal 150000): %s\n",
	       meters, steps, (double)st.st_size / 1e6, HISTORIES, worst_ms,
	       worst_ms < 30 ? "reached" : "MISSED");
	need(db_open(record_path("e.db"), DB_READ, NULL, &d, &f), &f);
	start = now_s();
	need(db_verify(d, &entries, NULL, &f), &f);
	s = now_s() - start;
	printf("journal: verified %" PRId64 " entries with raw data in %.2f s: %.0f MB/s\n",
	       entries, s, (double)st.st_size / 1e6 / s);
	db_close(d);
	rate = chain_rate(record_path("small.db"));
	printf("journal: small entries verified: %.0f/s, target >= 300000: %s\n", rate,
	       rate >= 300000 ? "reached" : "MISSED");
	record_remove_dir();
	return 0;
}
