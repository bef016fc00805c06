/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/recorder.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/quantities.h"
#include "io/worker.h"

struct recorder {
	struct clk *clk;
	struct db *db;
	struct queue *jobs, *events;
	struct worker *worker;
};

int job_add(struct job *j, const char *kind, json_t *payload)
{
	if (!payload || j->n_entries == JOB_ENTRIES_MAX) {
		json_decref(payload);
		return ET_ERR_NOMEM;
	}
	j->entries[j->n_entries].kind = kind;
	j->entries[j->n_entries++].payload = payload;
	return ET_OK;
}

void job_clear(struct job *j)
{
	for (size_t i = 0; i < j->n_entries; i++)
		json_decref(j->entries[i].payload);
	for (size_t i = 0; i < j->n_blobs; i++)
		free(j->blobs[i].data);
	*j = (struct job){ 0 };
}

/* The new id and the hashes of the raw data go into the last entry. */
static int complete_last(struct job *j, struct db *db, struct fault *f)
{
	json_t *last = j->entries[j->n_entries - 1].payload;
	json_t *blobs = j->n_blobs ? json_object() : NULL;
	int err = ET_OK;

	if (j->series) {
		err = db_next_id(db, j->series, j->new_id, f);
		if (err == ET_OK &&
		    json_object_set_new(last, j->series, json_string(j->new_id)) != 0)
			err = fault_set(f, ET_ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < j->n_blobs && err == ET_OK; i++) {
		char hash[65];

		err = db_put_blob(db, j->blobs[i].name, j->blobs[i].data, j->blobs[i].len, hash, f);
		if (err == ET_OK &&
		    json_object_set_new(blobs, j->blobs[i].name, json_string(hash)) != 0)
			err = fault_set(f, ET_ERR_NOMEM, "out of memory");
	}
	if (blobs &&
	    (err != ET_OK || json_object_set_new(last, "blobs", json_incref(blobs)) != 0)) {
		if (err == ET_OK)
			err = fault_set(f, ET_ERR_NOMEM, "out of memory");
	}
	json_decref(blobs);
	return err;
}

int job_commit(struct job *j, struct db *db, struct fault *f)
{
	int err = db_begin(db, f);

	if (err != ET_OK)
		return err;
	if (j->n_entries)
		err = complete_last(j, db, f);
	for (size_t i = 0; i < j->n_entries && err == ET_OK; i++)
		err = db_append(db, &j->stamp, j->entries[i].kind, j->entries[i].payload, NULL, f);
	if (err == ET_OK)
		err = db_commit(db, f);
	else
		db_rollback(db);
	return err;
}

static void recorder_main(void *arg)
{
	struct recorder *r = arg;
	struct job *j;

	while (queue_get(r->jobs, &j, ET_NEVER_NS) == ET_OK && j) {
		struct event ev = { .kind = EV_COMMITTED, .id = j->id, .from = TO_STATION };
		struct fault f = { 0 };
		const int err = r->db ? job_commit(j, r->db, &f) : ET_OK;

		if (err != ET_OK) {
			ev.kind = EV_FAILED;
			ev.fault.code = ET_ERR_RECORD;
			snprintf(ev.fault.text, sizeof(ev.fault.text), "record: %.240s", f.text);
		}
		ev.t_ns = clk_now_ns(r->clk);
		if (queue_put(r->events, &ev) != ET_OK)
			return; /* the station's guard timer ends the run */
	}
}

int recorder_start(struct clk *c, struct db *db, struct queue *events, struct recorder **out)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int err = ET_ERR_NOMEM;

	if (!r)
		return err;
	r->clk = c;
	r->db = db;
	r->events = events;
	r->jobs = queue_new(c, sizeof(struct job *), 4);
	if (r->jobs)
		err = worker_start(c, "record", recorder_main, r, &r->worker);
	if (err != ET_OK) {
		queue_free(r->jobs);
		free(r);
		return err;
	}
	*out = r;
	return ET_OK;
}

int recorder_post(struct recorder *r, struct job *j)
{
	return queue_put(r->jobs, &j);
}

void recorder_stop(struct recorder *r)
{
	struct job *end = NULL;

	if (!r)
		return;
	while (queue_put(r->jobs, &end) != ET_OK) /* full: the worker is about to take one */
		clk_sleep_until(r->clk, clk_now_ns(r->clk) + 1000000);
	worker_join(r->worker);
	queue_free(r->jobs);
	free(r);
}
