/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/recompute.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/raw.h"
#include "procedures/energy_error_json.h"

struct raw_all {
	struct edge *edges, *mine; /* mine: room for the edges of one position */
	struct clock_pair *pairs;
	struct ref_sample *samples;
	size_t n_edges, n_pairs, n_samples;
	const char *pairs_name; /* of what is in pairs; owned by the attempt */
};
struct work {
	struct db *db;
	const char *batch;
	void (*differs)(void *arg, const char *attempt, int position, const char *key,
			const json_t *stored, const json_t *now);
	void *arg;
	struct recompute_count *count;
	struct fault *f;
};

static int get_blob(const struct work *w, const json_t *attempt, const char *name, void **bytes,
		    size_t *len)
{
	const char *hash = json_get_str(json_object_get(attempt, "blobs"), name);

	if (!hash)
		return fault_set(w->f, ET_ERR_INTEGRITY, "%s: no raw data \"%s\"",
				 json_get_str(attempt, "attempt"), name);
	return db_get_blob(w->db, hash, bytes, len, w->f);
}

static int does_not_read(const struct work *w, const json_t *attempt)
{
	return fault_set(w->f, ET_ERR_INTEGRITY, "%s: raw data do not read",
			 json_get_str(attempt, "attempt"));
}

static int load_raw(const struct work *w, const json_t *attempt, struct raw_all *raw)
{
	void *bytes[2] = { 0 };
	size_t len[2] = { 0 };
	int err = get_blob(w, attempt, "edges", &bytes[0], &len[0]);

	if (err == ET_OK)
		err = get_blob(w, attempt, "samples", &bytes[1], &len[1]);
	if (err == ET_OK &&
	    (raw_decode_edges(bytes[0], len[0], &raw->edges, &raw->n_edges) != ET_OK ||
	     raw_decode_samples(bytes[1], len[1], &raw->samples, &raw->n_samples) != ET_OK))
		err = does_not_read(w, attempt);
	if (err == ET_OK) {
		raw->mine = calloc(raw->n_edges + 1, sizeof(*raw->mine));
		if (!raw->mine)
			err = fault_set(w->f, ET_ERR_NOMEM, "out of memory");
	}
	for (int i = 0; i < 2; i++)
		free(bytes[i]);
	return err;
}

/* The clock pairs of the reader of this position; entries from when a bench had one reader do not name them. */
static int load_pairs(const struct work *w, const json_t *attempt, const json_t *pos,
		      struct raw_all *raw)
{
	const char *said = json_get_str(pos, "pairs"), *name = said ? said : "pairs";
	void *bytes = NULL;
	size_t len = 0;
	int err;

	if (raw->pairs_name && strcmp(raw->pairs_name, name) == 0)
		return ET_OK;
	free(raw->pairs);
	raw->pairs = NULL;
	raw->pairs_name = NULL;
	err = get_blob(w, attempt, name, &bytes, &len);
	if (err == ET_OK && raw_decode_pairs(bytes, len, &raw->pairs, &raw->n_pairs) != ET_OK)
		err = does_not_read(w, attempt);
	if (err == ET_OK)
		raw->pairs_name = name;
	free(bytes);
	return err;
}

static void raw_free(struct raw_all *raw)
{
	free(raw->edges);
	free(raw->mine);
	free(raw->pairs);
	free(raw->samples);
}

static bool compare(const struct work *w, const char *attempt, int position, const json_t *stored,
		    const json_t *now)
{
	json_t *o = (json_t *)(uintptr_t)now, *value;
	const char *key;
	bool same = true;

	json_object_foreach(o, key, value)
	{
		const json_t *was = json_object_get(stored, key);

		if (was && json_equal(was, value))
			continue;
		if (same && w->differs)
			w->differs(w->arg, attempt, position, key, was, value);
		same = false;
	}
	return same;
}

static bool is_figure(const char *verdict)
{
	return verdict && (!strcmp(verdict, ee_verdict_word(EE_CONFORMING)) ||
			   !strcmp(verdict, ee_verdict_word(EE_NONCONFORMING)) ||
			   !strcmp(verdict, ee_verdict_word(EE_INCONCLUSIVE)));
}

/* The verdict that stands for the position is the one of its figures, and none in an attempt that is not done. */
static bool compare_verdict(const struct work *w, const json_t *attempt, int position,
			    const json_t *pos, const json_t *now)
{
	const char *result = json_get_str(attempt, "result"),
		   *stored = json_get_str(pos, "verdict");
	const char *verdict = json_get_str(now, "verdict");
	const bool done = result && strcmp(result, "done") == 0;
	const char *right = done && is_figure(verdict) ? verdict : NULL;
	const bool same = right ? stored && strcmp(stored, right) == 0 : !is_figure(stored);

	if (!same && w->differs)
		w->differs(w->arg, json_get_str(attempt, "attempt"), position, "verdict",
			   json_object_get(pos, "verdict"),
			   right ? json_object_get(now, "verdict") : NULL);
	return same;
}

static int again(const struct work *w, const json_t *attempt, const json_t *pos,
		 struct raw_all *raw)
{
	const int position = (int)json_get_int(pos, "position", 0);
	struct ee_observation obs;
	struct ee_setup setup;
	struct ee_raw mine = { .edges = raw->mine,
			       .pairs = raw->pairs,
			       .n_pairs = raw->n_pairs,
			       .samples = raw->samples,
			       .n_samples = raw->n_samples,
			       .t_armed_ns = json_get_int(attempt, "armed_mono_ns", 0),
			       .t_now_ns = json_get_int(attempt, "ended_mono_ns", 0) };
	json_t *now;

	if (ee_setup_from_json(json_object_get(pos, "setup"), &setup, w->f) != ET_OK)
		return ET_ERR_INTEGRITY;
	for (size_t i = 0; i < raw->n_edges; i++)
		if (raw->edges[i].position == position)
			raw->mine[mine.n_edges++] = raw->edges[i];
	if (ee_evaluate(&setup, &mine, &obs) != ET_OK)
		return fault_set(w->f, ET_ERR_INTEGRITY,
				 "%s: position %d: the stored set-up is out of range",
				 json_get_str(attempt, "attempt"), position);
	now = ee_observation_to_json(&obs);
	if (!now)
		return fault_set(w->f, ET_ERR_NOMEM, "out of memory");
	w->count->observations++;
	if (!compare(w, json_get_str(attempt, "attempt"), position,
		     json_object_get(pos, "observation"), now) ||
	    !compare_verdict(w, attempt, position, pos, now))
		w->count->different++;
	json_decref(now);
	return ET_OK;
}

static int each_attempt(struct work *w, const json_t *attempt)
{
	const json_t *positions = json_object_get(attempt, "positions"), *pos;
	struct raw_all raw = { 0 };
	size_t i;
	int err = ET_OK;

	w->count->attempts++;
	if (json_is_null(json_object_get(attempt, "armed_mono_ns")))
		return ET_OK; /* ended before anything was measured */
	err = load_raw(w, attempt, &raw);
	json_array_foreach(positions, i, pos)
	{
		if (err == ET_OK)
			err = load_pairs(w, attempt, pos, &raw);
		if (err == ET_OK)
			err = again(w, attempt, pos, &raw);
	}
	raw_free(&raw);
	return err;
}

static int each_entry(void *arg, const struct journal_entry *e)
{
	struct work *w = arg;
	const char *batch;
	json_t *payload;
	int err = ET_OK;

	if (strcmp(e->kind, "attempt.stored") != 0)
		return ET_OK;
	payload = json_parse(e->payload, strlen(e->payload), w->f);
	if (!payload)
		return ET_ERR_INTEGRITY;
	batch = json_get_str(payload, "batch");
	if (!w->batch || (batch && strcmp(batch, w->batch) == 0))
		err = each_attempt(w, payload);
	json_decref(payload);
	return err;
}

int recompute(struct db *db, const char *batch,
	      void (*differs)(void *arg, const char *attempt, int position, const char *key,
			      const json_t *stored, const json_t *now),
	      void *arg, struct recompute_count *out, struct fault *f)
{
	struct work w = { db, batch, differs, arg, out, f };

	*out = (struct recompute_count){ 0 };
	return db_each(db, 1, each_entry, &w, f);
}
