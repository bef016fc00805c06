/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "bench/replay_compare.h"
#include "drivers/driver.h"
#include "io/port_replay.h"

struct replay {
	const char *dir;
	struct recorded rec;
	struct replay_tally link[ET_TARGETS]; /* in the order of rec.file.links */
	struct follow_tally events;
	struct follow *follow;
	json_t *attempts; /* of the replay */
};

/* ---- for the run ---- */

int replay_port(struct replay *rp, const struct bench_instrument *b, struct clk *c,
		struct port **out, struct fault *f)
{
	const int i = recorded_link(&rp->rec, b->name);
	int err;

	if (i < 0)
		return fault_set(f, ET_ERR_FILE,
				 "%s/" RECORDING_FILE ": links: none is of the instrument \"%s\"",
				 rp->dir, b->name);
	err = port_replay_open(b->name, rp->rec.transcript[i].text, rp->rec.transcript[i].len, c,
			       &rp->link[i], out, f);
	if (err == ET_OK) /* one that was cut at its very beginning does not tell */
		(*out)->kind = driver_find(b->driver)->link;
	return err;
}

struct follow *replay_follow(struct replay *rp)
{
	return rp->follow;
}

static int find_step(const struct plan *p, const char *id)
{
	const struct plan_step *st = p->steps.items;

	for (size_t i = 0; i < p->steps.n && i < RUN_STEPS_MAX; i++)
		if (strcmp(st[i].id, id) == 0)
			return (int)i;
	return -1;
}

int replay_resume(const struct replay *rp, struct seq_config *cfg, struct run_result *out,
		  struct fault *f)
{
	const struct recording_file *x = &rp->rec.file;
	const struct recording_verdict *v = x->resumed.standing.items;
	const double *positions = x->resumed.positions.items;

	if (x->resumed.first_step == INT64_MIN)
		return ET_OK;
	cfg->resumed = true;
	cfg->first_step = (int)x->resumed.first_step;
	cfg->first_attempt = (int)x->resumed.first_attempt;
	cfg->first_tries = (int)x->resumed.first_tries;
	for (size_t i = 0; i < x->resumed.positions.n; i++)
		cfg->first_positions |= UINT64_C(1) << ((int)positions[i] - 1);
	for (size_t i = 0; i < x->resumed.standing.n; i++) {
		const int step = v[i].step ? find_step(&rp->rec.plan, v[i].step) : 0;

		if (step < 0)
			return fault_set(
				f, ET_ERR_FILE, "%s:%d:%d: step: the plan has no step \"%s\"",
				RECORDING_FILE, v[i].mark.line, v[i].mark.column, v[i].step);
		if (v[i].step)
			out->step[step][v[i].position - 1].verdict = (enum ee_verdict)v[i].verdict;
		else
			cfg->prior[v[i].position - 1] = (enum ee_verdict)v[i].verdict;
	}
	return ET_OK;
}

void replay_attempt(struct replay *rp, json_t *attempt)
{
	if (attempt)
		json_array_append_new(rp->attempts, attempt);
}

/* ---- the report ---- */

static json_t *link_json(const struct replay *rp, size_t i)
{
	const struct recording_link *l = rp->rec.file.links.items;
	const struct replay_tally *t = &rp->link[i];

	return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:o}", "instrument", l[i].instrument,
			 "questions", (json_int_t)t->asked, "passed_over",
			 (json_int_t)t->passed_over, "again", (json_int_t)t->again, "unknown",
			 (json_int_t)t->unknown, "after_end", (json_int_t)t->after_end, "left",
			 (json_int_t)t->left, "unread_bytes", (json_int_t)t->unread,
			 "longest_wait_s", (double)t->wait_ns / ET_NS_PER_S, "first_difference",
			 json_str(t->first[0] ? t->first : NULL));
}

/* A cut recording ends anywhere: what was asked last may have no answer, what was answered may never have been asked for.
 * Nothing is said of its ends. */
static bool link_is_exact(const struct replay *rp, size_t i)
{
	const struct replay_tally *t = &rp->link[i];

	if (t->passed_over || t->again || t->unknown)
		return false;
	return !rp->rec.events.ended || (!t->after_end && !t->left && !t->unread);
}

static json_t *events_json(const struct replay *rp)
{
	const struct follow_tally *t = &rp->events;

	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "recorded", (json_int_t)rp->rec.events.n,
			 "taken", (json_int_t)t->taken, "missing", (json_int_t)t->missing, "extra",
			 (json_int_t)t->extra, "changed", (json_int_t)t->changed,
			 "first_difference", json_str(t->first[0] ? t->first : NULL));
}

/* An instrument is silent after the end of a cut recording: not a difference. */
static bool conversation_is_exact(const struct replay *rp)
{
	bool exact = !rp->events.missing && !rp->events.extra && !rp->events.changed &&
		     rp->events.taken == (int64_t)rp->rec.events.n;

	for (size_t i = 0; i < rp->rec.file.links.n; i++)
		exact = link_is_exact(rp, i) && exact;
	return exact;
}

static const char *result_word(enum replay_result r)
{
	return r == REPLAY_EXACT ? "exact" : r == REPLAY_AGREES ? "agrees" : "differs";
}

static json_t *report_json(const struct replay *rp, const struct run_result *out,
			   enum replay_result *result)
{
	const struct recording_file *x = &rp->rec.file;
	const struct event_log *ev = &rp->rec.events;
	const int64_t until_ns = ev->ended ? INT64_MAX : ev->n ? ev->line[ev->n - 1].handled_ns : 0;
	struct comparison c;
	json_t *attempts = replay_compare(rp->rec.attempts, rp->attempts, until_ns, &c);
	json_t *links = json_array();
	const bool conversation = conversation_is_exact(rp);
	bool same_end = true;

	for (size_t i = 0; i < rp->rec.file.links.n; i++)
		json_array_append_new(links, link_json(rp, i));
	if (rp->rec.events.ended && rp->rec.events.exit_code != out->exit_code)
		same_end = false;
	*result = REPLAY_DIFFERS;
	if (same_end && conversation && c.exact)
		*result = REPLAY_EXACT;
	else if (same_end && c.agrees && (conversation || (x->clock == 1 && c.n_compared > 0)) &&
		 !(c.most_of_U > REPLAY_SHARE_OF_U))
		*result = REPLAY_AGREES;
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:s,s:b,s:o,s:o,s:o,s:o,s:{s:o,s:o},s:o}",
		"recording", rp->dir, "program", x->program, "session", x->session, "batch",
		x->batch, "clock", x->clock == 1 ? "real" : "virtual", "simulated",
		x->simulated == 1, "complete", rp->rec.events.ended, "result", result_word(*result),
		"conversation_exact", conversation, "links", links, "events", events_json(rp),
		"attempts", attempts, "most_of_U", json_num(c.most_of_U), "exit_code", "recorded",
		rp->rec.events.ended ? json_integer(rp->rec.events.exit_code) : json_null(),
		"replayed", rp->rec.events.ended ? json_integer(out->exit_code) : json_null(),
		"first_difference", json_str(c.first[0] ? c.first : NULL));
}

/* ---- the run ---- */

static int run(struct replay *rp, struct run_result *out, struct fault *f)
{
	const struct recording_file *x = &rp->rec.file;
	struct clk_start start = { .mono_ns = x->start.mono_ns,
				   .utc_ns = x->start.utc_ns,
				   .utc_offset_s = (int32_t)x->start.utc_offset_s };
	struct run_input in = { .operator_id = x->operator_id,
				.command = "replay",
				.plan = &rp->rec.plan,
				.approval = &rp->rec.approval,
				.batch = &rp->rec.batch,
				.bench = &rp->rec.bench,
				.lab_dir = rp->dir,
				.reference = &rp->rec.reference,
				.scenario = x->scenario,
				.simulated = x->simulated == 1,
				.prompts = x->prompts == 1,
				.replay = rp };
	int err;

	snprintf(start.boot_id, sizeof(start.boot_id), "%s", x->start.boot_id);
	run_check_meters(&in);
	if ((size_t)in.n_readers + 2 != x->links.n)
		return fault_set(f, ET_ERR_FILE,
				 "%s/" RECORDING_FILE ": links: %zu; this batch needs a source, a "
				 "reference and %d readers",
				 rp->dir, x->links.n, in.n_readers);
	for (int k = 0; k < in.n_readers; k++)
		in.readers[k].apparatus = &rp->rec.readers[k];
	in.clk = clk_virtual_new(&start);
	if (!in.clk)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	err = run_batch(&in, out, f);
	clk_free(in.clk);
	return err;
}

int replay_run(const char *dir, json_t **report, enum replay_result *result, struct diag *d,
	       struct fault *f)
{
	struct replay *rp = calloc(1, sizeof(*rp));
	struct run_result *out = calloc(1, sizeof(*out));
	int err = ET_ERR_NOMEM;

	if (rp && out) {
		rp->dir = dir;
		rp->attempts = json_array();
		err = recorded_load(dir, &rp->rec, d);
		if (err == ET_OK)
			rp->follow = follow_new(&rp->rec.events, &rp->events);
		if (err == ET_OK)
			err = rp->follow && rp->attempts ? run(rp, out, f) : ET_ERR_NOMEM;
		if (err == ET_OK) {
			*report = report_json(rp, out, result);
			err = *report ? ET_OK : ET_ERR_NOMEM;
		}
		follow_free(rp->follow);
		recorded_free(&rp->rec);
		json_decref(rp->attempts);
	}
	if (err == ET_ERR_NOMEM)
		(void)fault_set(f, err, "out of memory");
	free(out);
	free(rp);
	return err;
}
