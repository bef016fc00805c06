/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cli.h"
#include "bench/point.h"
#include "bench/recording.h"
#include "bench/replay.h"
#include "bench/run_record.h"
#include "bench/run_resume.h"

enum { EVENTS_MAX = 2048 };

struct run {
	const struct run_input *in;
	struct run_result *out;
	struct seq_step *steps;
	struct seq_config cfg;
	struct run_record record;
	struct queue *events;
	struct instrument *instruments[ET_TARGETS];
	struct port *source_port; /* not yet in the hands of a session */
	struct recording *recording; /* NULL: none */
	int64_t step_began_ns;
	struct fault *f;
};

/* ---- before anything is energised ---- */

static int make_steps(struct run *r)
{
	const struct plan_step *st = r->in->plan->steps.items;
	const struct point_context c = { .plan = r->in->plan,
					 .batch = r->in->batch,
					 .bench = r->in->bench,
					 .reference = r->in->reference,
					 .freq_hz = r->in->approval->freq_hz };
	int err = ET_OK;

	for (int s = 0; s < r->cfg.n_steps && err == ET_OK; s++) {
		struct seq_step *q = &r->steps[s];

		snprintf(q->id, sizeof(q->id), "%s", st[s].id);
		q->settle_s = isfinite(st[s].settle_s) ? st[s].settle_s : r->in->plan->settle_s;
		q->cap_s = isfinite(st[s].cap_s) ? st[s].cap_s : r->in->plan->cap_s;
		q->window = (struct seq_window){ r->in->plan->window.volt_pct,
						 r->in->plan->window.curr_pct,
						 r->in->plan->window.phase_deg,
						 r->in->plan->window.freq_pct };
		err = point_setpoint(&c, &st[s], &q->sp, r->f);
		for (int p = 0; p < ET_POSITIONS_MAX && err == ET_OK; p++)
			if (r->in->meters[p].measured)
				err = point_setup(&c, &st[s], r->in->meters[p].card, &q->setup[p],
						  r->f);
	}
	return err;
}

/* A meter with registers is a reference only where its certificate makes it one. */
static int check_fitness(const struct run *r)
{
	const struct bench_instrument *b = bench_file_instrument(r->in->bench, BENCH_REFERENCE);
	const struct driver *drv = driver_find(b->driver);

	return apparatus_check_fit(r->in->reference, b->driver, drv && drv->fitness_required, r->f);
}

static int make_config(struct run *r)
{
	const struct run_input *in = r->in;
	int err = check_fitness(r);

	if (err != ET_OK)
		return err;
	if (in->plan->steps.n < 1 || in->plan->steps.n > RUN_STEPS_MAX)
		return fault_set(r->f, ET_ERR_ARG, "plan %s: %zu steps; 1 to %d are possible",
				 in->plan->id, in->plan->steps.n, RUN_STEPS_MAX);
	seq_config_init(&r->cfg);
	r->cfg.n_steps = (int)in->plan->steps.n;
	r->steps = calloc(in->plan->steps.n, sizeof(*r->steps));
	if (!r->steps)
		return fault_set(r->f, ET_ERR_NOMEM, "out of memory");
	r->cfg.steps = r->steps;
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		if (in->meters[p].measured)
			r->cfg.positions |= UINT64_C(1) << p;
	r->cfg.retries = (int)in->plan->retries;
	r->cfg.prompts = in->prompts;
	r->cfg.simulated = in->simulated;
	r->cfg.off_volt_v = in->bench->off_below_v;
	snprintf(r->cfg.serial[TO_REFERENCE], sizeof(r->cfg.serial[0]), "%s",
		 in->reference->serial);
	r->cfg.n_readers = in->n_readers;
	for (int k = 0; k < in->n_readers; k++)
		snprintf(r->cfg.serial[TO_READER + k], sizeof(r->cfg.serial[0]), "%s",
			 in->readers[k].apparatus->serial);
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		r->cfg.reader_of[p] = (uint8_t)run_reader_of(in, p + 1);
	return make_steps(r);
}

/* ---- results ---- */

static enum ee_verdict worse(enum ee_verdict a, enum ee_verdict b)
{
	static const enum ee_verdict order[] = { EE_NONCONFORMING, EE_ABORTED_RUN,  EE_VOID,
						 EE_NOT_RUN,	   EE_INCONCLUSIVE, EE_CONFORMING };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EE_NOT_RUN;
}

static void judge_meters(struct run *r)
{
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		const struct run_meter *m = &r->in->meters[p];
		enum ee_verdict v = EE_CONFORMING;

		if (!m->card)
			continue;
		for (int s = 0; s < r->out->n_steps && m->measured; s++)
			v = worse(v, r->out->step[s][p].verdict);
		if (m->n_findings && m->findings[0].level == FINDING_NONCONFORMING)
			v = EE_NONCONFORMING;
		else if (m->n_findings && m->findings[0].level == FINDING_OPEN)
			v = worse(v, EE_INCONCLUSIVE); /* something is still to be checked */
		r->out->verdict[p] = v;
	}
}

/* The simulator's error is against the Kh of its LED; the bench measures against the Kh of the card. */
static double truth_pct(const struct run *r, int p, const struct ee_observation *o)
{
	struct sim_truth t;

	if (!r->in->sim || o->n_intervals < 1 || !isfinite(o->err_pct) ||
	    sim_truth_error(r->in->sim, p + 1, o->seq_first, o->seq_last, &t) != ET_OK)
		return NAN;
	return 100 * ((1 + t.err_pct / 100) * r->in->meters[p].card->kh_wh /
			      sim_meter_kh_wh(r->in->sim, p + 1) -
		      1);
}

static void take_attempt(struct run *r, const char *id)
{
	const struct seq_attempt *at = seq_attempt(r->record.seq);

	r->out->step_time_s[at->step] += (double)(at->t_ended_ns - at->t_started_ns) / ET_NS_PER_S;
	for (int p = 0; p < ET_POSITIONS_MAX; p++) {
		struct run_step_result *res = &r->out->step[at->step][p];
		const struct seq_observation *o = &at->pos[p];

		if (!(at->positions >> p & 1))
			continue;
		res->verdict = o->verdict;
		res->cause = o->cause;
		res->setup = o->setup;
		res->obs = o->obs;
		res->has_observation = true;
		res->attempt_number = at->number;
		snprintf(res->attempt, sizeof(res->attempt), "%s", id ? id : "");
		res->truth_pct = truth_pct(r, p, &o->obs);
	}
	judge_meters(r);
}

/* ---- what the station asks back ---- */

static int on_record(void *arg, enum commit_what what, struct job *j)
{
	struct run *r = arg;

	return run_record_fill(&r->record, what, j);
}

static bool on_ask(void *arg, int prompt, enum touch touch, const atomic_bool *cancelled)
{
	struct run *r = arg;

	return !r->in->ask || r->in->ask(r->in->arg, prompt, touch, cancelled);
}

static void on_notice(void *arg, const struct station_notice *n)
{
	struct run *r = arg;

	if (n->kind == NOTICE_COMMITTED && n->commit == COMMIT_ATTEMPT) {
		take_attempt(r, n->new_id);
		if (r->recording)
			recording_attempt(r->recording, run_record_attempt(&r->record));
		if (r->in->replay)
			replay_attempt(r->in->replay, run_record_attempt(&r->record));
	}
	if (r->in->notice)
		r->in->notice(r->in->arg, n);
}

static void on_taken(void *arg, const struct event *ev)
{
	struct run *r = arg;

	recording_event(r->recording, ev);
}

/* ---- the bench ---- */

static int open_port(struct run *r, const struct bench_instrument *b, struct port **out)
{
	int err = ET_OK;

	if (r->in->replay) {
		err = replay_port(r->in->replay, b, r->in->clk, out, r->f);
	} else if (r->in->sim) {
		err = sim_port(r->in->sim, bench_file_sim_name(b), out, r->f);
	} else if (b->role != BENCH_SOURCE || !r->source_port) {
		err = port_open(b->port, r->in->clk, out, r->f);
	} else {
		*out = r->source_port;
		r->source_port = NULL;
	}
	return err == ET_OK ? recording_port(r->recording, b->name, out) : err;
}

static int start_instruments(struct run *r)
{
	const struct run_input *in = r->in;

	for (int t = TO_SOURCE; t < TO_READER + in->n_readers; t++) {
		const struct bench_instrument *b = run_instrument(in, t);
		const int k = t - TO_READER;
		struct instrument_config cfg = {
			.name = b->name,
			.driver = driver_find(b->driver),
			.params = b->options.items,
			.n_params = b->options.n,
			.dir = in->lab_dir,
			.serial = b->serial,
			.role = k > 0 ? TO_READER : (enum request_target)t,
			.index = k > 0 ? k : 0,
			.channel_of = k >= 0 ? in->readers[k].channel_of : NULL,
			.clk = in->clk,
			.events = r->events,
			.call_until_ns =
				t == TO_SOURCE && in->guard ? &in->guard->call_until_ns : NULL
		};
		int err = open_port(r, b, &cfg.port);

		if (err == ET_OK && cfg.port->kind != cfg.driver->link) {
			port_close(cfg.port);
			err = fault_set(r->f, ET_ERR_ARG,
					"%s: the driver %s does not speak the protocol of the "
					"scenario's instrument",
					b->name, b->driver);
		} else if (err == ET_OK) {
			err = instrument_start(&cfg, &r->instruments[t]);
		}
		if (err != ET_OK)
			return r->f->code
				       ? err
				       : fault_set(r->f, err, "%s: could not be started", b->name);
	}
	return ET_OK;
}

static void stop_instruments(struct run *r)
{
	for (int i = 0; i < ET_TARGETS; i++)
		instrument_stop(r->instruments[i]);
}

/* From here on the source may be touched: the guardian expects the loop to beat. */
static void begin_guard(const struct run *r, const struct seq *seq)
{
	struct guard *g = r->in->guard;

	if (!g)
		return;
	memcpy(g->session, r->out->session, sizeof(g->session));
	guard_beat(g, clk_now_ns(r->in->clk), seq);
	atomic_store(&g->phase, GUARD_RUNNING);
}

static int run_station(struct run *r, struct seq *seq)
{
	struct station_config cfg = { .clk = r->in->clk,
				      .events = r->events,
				      .seq = seq,
				      .record = on_record,
				      .ask = on_ask,
				      .notice = on_notice,
				      .taken = on_taken,
				      .follow = r->in->replay ? replay_follow(r->in->replay) : NULL,
				      .arg = r,
				      .guard = r->in->guard,
				      .stop_signal = r->in->stop_signal };
	int err = recorder_start(r->in->clk, r->in->db, r->events, &cfg.recorder);

	if (err != ET_OK)
		return fault_set(r->f, err, "the record's worker could not be started");
	memcpy(cfg.instruments, r->instruments, sizeof(cfg.instruments));
	begin_guard(r, seq);
	r->out->exit_code = station_run(&cfg);
	r->out->fault = *seq_fault(seq);
	return ET_OK;
}

/* A failure that the run got over is on record with its attempt: it did not end anything. */
static const char *end_reason(const struct run *r, char text[64])
{
	const int signo = r->in->stop_signal ? (int)*r->in->stop_signal : 0;

	if (r->out->fault.code && r->out->exit_code >= EXIT_BENCH)
		return r->out->fault.text;
	if (!signo)
		return NULL;
	snprintf(text, 64, "stopped by signal %d", signo);
	return text;
}

/* The session's last word; a record that cannot be written is exit code 4, unless the source is worse. */
static void end_session(struct run *r)
{
	struct job j = { 0 };
	struct fault f = { 0 };
	char text[64];
	int err;

	judge_meters(r);
	if (!r->in->db)
		return;
	err = run_record_end(&r->record, end_reason(r, text), &j);
	if (err == ET_OK)
		err = job_commit(&j, r->in->db, &f);
	job_clear(&j);
	if (err != ET_OK && r->out->exit_code != EXIT_ENERGISED) {
		r->out->exit_code = EXIT_RECORD;
		if (!r->out->fault.code)
			r->out->fault = f;
	}
}

static int commit_now(struct run *r, enum commit_what what)
{
	struct job j = { 0 };
	int err = run_record_fill(&r->record, what, &j);

	if (err == ET_OK && r->in->db)
		err = job_commit(&j, r->in->db, &r->out->fault);
	job_clear(&j);
	return err;
}

/* No meter may be energised: the batch is only opened and closed. */
static void run_without_energy(struct run *r)
{
	int err = commit_now(r, r->cfg.resumed ? COMMIT_INTERRUPTED : COMMIT_BATCH_OPENED);

	judge_meters(r);
	if (err == ET_OK)
		err = commit_now(r, COMMIT_BATCH_CLOSED);
	r->out->exit_code = err == ET_OK ? EXIT_CONFORMING : EXIT_RECORD;
	for (int p = 0; p < ET_POSITIONS_MAX && err == ET_OK; p++)
		if (r->in->meters[p].card && r->out->verdict[p] != EE_CONFORMING)
			r->out->exit_code = EXIT_NOT_CONFORMING;
}

static int run_energised(struct run *r)
{
	struct seq *seq = NULL;
	int exit_code, err = seq_new(&r->cfg, &seq);

	if (err != ET_OK)
		return fault_set(r->f, err,
				 "the plan's figures are out of range for the sequencer");
	r->record.seq = seq;
	judge_meters(r); /* what stands from before */
	if (r->in->record_dir)
		err = recording_new(r->in, &r->cfg, r->out, &r->recording, r->f);
	if (err == ET_OK)
		r->events = queue_new(r->in->clk, sizeof(struct event), EVENTS_MAX);
	if (err == ET_OK)
		err = r->events ? start_instruments(r)
				: fault_set(r->f, ET_ERR_NOMEM, "out of memory");
	if (err == ET_OK)
		err = run_station(r, seq);
	stop_instruments(r);
	exit_code = r->out->exit_code;
	if (err == ET_OK)
		end_session(r); /* before the recording, whose disk may not answer */
	recording_close(r->recording, err == ET_OK ? exit_code : -1, r->out->recording_ended);
	queue_free(r->events);
	seq_free(seq);
	return err;
}

/* A refused meter that nobody measured still makes the batch not conforming. */
static void add_refused(struct run *r)
{
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		if (r->out->exit_code == EXIT_CONFORMING && r->in->meters[p].card &&
		    r->out->verdict[p] != EE_CONFORMING)
			r->out->exit_code = EXIT_NOT_CONFORMING;
}

int run_batch(const struct run_input *in, struct run_result *out, struct fault *f)
{
	struct run r = { .in = in, .out = out, .f = f, .source_port = in->source_port };
	int err;

	memset(out, 0, sizeof(*out));
	for (int s = 0; s < RUN_STEPS_MAX; s++)
		for (int p = 0; p < ET_POSITIONS_MAX; p++)
			out->step[s][p].truth_pct = NAN;
	out->n_steps = (int)in->plan->steps.n;
	snprintf(out->batch, sizeof(out->batch), "%s", in->batch->id);
	snprintf(out->session, sizeof(out->session), "none");
	r.record = (struct run_record){ .in = in, .result = out };
	err = make_config(&r);
	if (err == ET_OK)
		err = in->replay ? replay_resume(in->replay, &r.cfg, out, f)
				 : run_resume_load(in, &r.cfg, out, f);
	if (err == ET_OK && in->db)
		err = db_next_id(in->db, "session", out->session, f);
	if (err == ET_OK)
		run_record_prepare(&r.record);
	if (err == ET_OK && !r.cfg.positions) {
		run_without_energy(&r);
		end_session(&r);
	} else if (err == ET_OK) {
		err = run_energised(&r);
	}
	if (err == ET_OK)
		add_refused(&r);
	port_close(r.source_port);
	run_record_release(&r.record);
	free(r.steps);
	return err;
}
