/* SPDX-License-Identifier: Apache-2.0 */
/* bench/recorder.h - the database worker: one job is one transaction, durable before it is reported. */
#ifndef BENCH_RECORDER_H
#define BENCH_RECORDER_H

#include <jansson.h>

#include "base/quantities.h"
#include "db/journal.h"
#include "io/queue.h"

enum { JOB_ENTRIES_MAX = 6, JOB_BLOBS_MAX = 2 + ET_READERS_MAX };

struct job_blob {
	const char *name; /* key in payload.blobs of the last entry: "edges" ... */
	void *data; /* owned by the job */
	size_t len;
};

struct job {
	uint32_t id; /* of the REQ_COMMIT */
	struct journal_stamp stamp; /* its strings outlive the recorder */
	struct {
		const char *kind;
		json_t *payload; /* owned by the job */
	} entries[JOB_ENTRIES_MAX];
	size_t n_entries;
	struct job_blob blobs[JOB_BLOBS_MAX];
	size_t n_blobs;
	const char *
		series; /* the last entry gets a new id of this series in payload[series]; NULL: none */
	char new_id[48]; /* which one it got; valid after the answer */
};

/** Add an entry; takes the reference of @p payload. @return ET_ERR_NOMEM when it is NULL or there is no room. */
int job_add(struct job *j, const char *kind, json_t *payload) ET_CHECK;
void job_clear(struct job *j);

struct recorder;

/** @param db  Used by the worker alone until recorder_stop(); NULL: nothing is stored, every job is
 *             acknowledged (simulated campaigns). @param events  Where EV_COMMITTED and EV_FAILED go. */
int recorder_start(struct clk *c, struct db *db, struct queue *events,
		   struct recorder **out) ET_CHECK;

/** @param j  Borrowed until its EV_COMMITTED or EV_FAILED; jobs are done in order. @return ET_OK, ET_ERR_LOST. */
int recorder_post(struct recorder *r, struct job *j) ET_CHECK;

/** After the jobs already posted. NULL is allowed. */
void recorder_stop(struct recorder *r);

/** One job now, in this thread. @return ET_OK: it is durable. */
int job_commit(struct job *j, struct db *db, struct fault *f) ET_CHECK;

#endif
