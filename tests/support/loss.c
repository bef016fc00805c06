/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/loss.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "simulator/simulator_parts.h"

static const char *const names[SIM_INSTRUMENTS] = { "source", "reference", "reader" };
static const char *const kinds[] = { "lost",	      "cut",	      "late",
				     "byte_lost",     "byte_doubled", "byte_non_ascii",
				     "digit_changed", "silent_from" };

const char *loss_outcome_word(enum loss_outcome outcome)
{
	static const char *const words[] = { "recovered", "repeated", "void", "WRONG" };

	return words[outcome];
}

/* No grid, a register that is sharp, and looks to match: a figure scatters by less than a third of its U, so that only a
 * fault can bring one beyond U, and not chance. */
static void make_quiet(struct sim_bench *b)
{
	static struct bench_option fine[2];
	struct bench_instrument *in = b->bench.instruments.items;
	struct scenario_meter *m = b->scenario.meters.items;

	for (size_t i = 0; i < b->bench.instruments.n; i++) {
		if (in[i].role != BENCH_REFERENCE)
			continue;
		fine[0] = *(const struct bench_option *)in[i].options.items;
		fine[1] = (struct bench_option){ "poll_s", "0.001" };
		in[i].options = (struct yaml_list){ fine, 2 };
	}
	((struct bench_meter_type *)b->bench.meter_types.items)[0].grid_s = 0;
	for (size_t i = 0; i < b->scenario.meters.n; i++)
		m[i].grid_cycles = 0;
	b->plan.floor_a_pct = 0.015;
	b->bench.ref_sigma_s = 0.0001;
	b->scenario.reference.update_jitter_s = 0.0002;
	b->scenario.reference.jitter_s = 0.0002;
}

int loss_load(struct sim_bench *b, bool quiet)
{
	struct plan_step *st;

	if (sim_bench_load(b, "1-element") != 0)
		return -1;
	b->batch.meters.n = LOSS_METERS;
	b->plan.steps.n = LOSS_STEPS;
	b->plan.settle_s = 2;
	b->plan.cap_s = 60;
	st = b->plan.steps.items;
	st[0].current_pct_imax = 100;
	st[1] = st[2]; /* 0.5 lagging */
	st[1].current_pct_imax = 100;
	st[0].min_intervals = st[1].min_intervals = 20;
	if (quiet)
		make_quiet(b);
	return 0;
}

/* ---- one run ---- */

struct watch {
	struct sim *sim;
	const struct loss_case *c;
	struct loss_report *out;
	volatile sig_atomic_t stop;
	int64_t t_start_ns;
	uint64_t timer;
	bool source_silent, attempt_void;
	enum seq_source source, source_on_record; /* what is claimed in the end */
	struct setpoint left; /* at the terminals, when all was over */
};

static void wrong(struct watch *w, const char *fmt, ...) ET_PRINTF(2, 3);
static void wrong(struct watch *w, const char *fmt, ...)
{
	va_list ap;

	if (w->out->outcome == LOSS_WRONG)
		return;
	w->out->outcome = LOSS_WRONG;
	va_start(ap, fmt);
	vsnprintf(w->out->why, sizeof(w->out->why), fmt, ap);
	va_end(ap);
}

static void on_too_late(void *arg, int64_t now_ns)
{
	struct watch *w = arg;

	(void)now_ns;
	w->timer = 0;
	w->stop = 15;
}

static void on_prepare(void *arg, struct sim *sim)
{
	struct watch *w = arg;

	w->sim = sim;
	w->t_start_ns = clk_now_ns(sim->clk);
	w->timer =
		clk_call_at(sim->clk, w->t_start_ns + (int64_t)(LOSS_VIRTUAL_MAX_S * ET_NS_PER_S),
			    on_too_late, w);
}

static bool is_figure(enum ee_verdict v)
{
	return v == EE_CONFORMING || v == EE_NONCONFORMING || v == EE_INCONCLUSIVE;
}

/* Does it say who, and at which question, or what is wrong with its figures? */
static bool says_enough(const struct fault *f)
{
	static const char *const about[] = {
		"?",	    ":",	" UI",	 " UP",	   " IP",   " FR",    " SM",
		" TS",	    " RE",	" SE",	 " HP",	   " OL",   " SF",    " HE",
		" 3CM4",    " 2S1xx",	" 2X0",	 " OF",	   " DS",   " ID",    " ARM",
		" DEB",	    " CLK",	" STAT", "lines",  "edges", "line",   "set-point",
		"register", "constant", "range", "serial", "reads", "status", "read back"
	};
	bool who = false, what = false;

	for (int i = 0; i < SIM_INSTRUMENTS; i++)
		who = who || strstr(f->text, names[i]);
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		what = what || strstr(f->text, about[i]);
	return who && what;
}

static void check_figure(struct watch *w, const struct seq_attempt *at, int position)
{
	static const enum ee_verdict right[LOSS_METERS] = { EE_CONFORMING, EE_NONCONFORMING };
	const struct seq_observation *o = &at->pos[position - 1];
	struct sim_truth t;
	double off_u;

	w->out->figures++;
	if (sim_truth_error(w->sim, position, o->obs.seq_first, o->obs.seq_last, &t) != ET_OK) {
		wrong(w, "step %d position %d: edges %u to %u do not exist", at->step, position,
		      o->obs.seq_first, o->obs.seq_last);
		return;
	}
	off_u = fabs(o->obs.err_pct - t.err_pct) / o->obs.U_pct;
	if (t.n_pulses != o->obs.n_intervals)
		wrong(w, "step %d position %d: %d intervals, really %d", at->step, position,
		      (int)o->obs.n_intervals, (int)t.n_pulses);
	if (!(off_u <= w->c->most_u) || o->verdict != right[position - 1])
		wrong(w, "step %d position %d: %s, error %.4f, truth %.4f, U %.4f", at->step,
		      position, ee_verdict_word(o->verdict), o->obs.err_pct, t.err_pct,
		      o->obs.U_pct);
	w->out->beyond_u += off_u > 1;
	w->out->worst_u = fmax(w->out->worst_u, off_u);
}

static void check_identity(struct watch *w, const struct instrument_id *id, const char *right)
{
	char text[160];

	snprintf(text, sizeof(text), "%s %s %s %s", id->maker, id->model, id->serial, id->firmware);
	if (strcmp(text, right) != 0)
		wrong(w, "on record as \"%s\"", text);
}

static void on_notice(void *arg, const struct station_notice *n)
{
	const struct seq_attempt *at = seq_attempt(n->seq);
	struct watch *w = arg;

	if (n->kind == NOTICE_FINISHED)
		w->source = seq_source(n->seq);
	if (n->kind == NOTICE_COMMITTED && n->commit == COMMIT_SOURCE_STATE)
		w->source_on_record = seq_source(n->seq);
	if (n->kind != NOTICE_COMMITTED || n->commit != COMMIT_ATTEMPT)
		return;
	check_identity(w, seq_identity(n->seq, TO_SOURCE), "ZERA SIMFG301 SIMFG301 V299");
	check_identity(w, seq_identity(n->seq, TO_REFERENCE),
		       "ZERA GmbH Koenigswinter COM5003 SIM-COM-0001 1.0");
	check_identity(w, seq_identity(n->seq, TO_READER), "Etalon IR40 SIM-IR-0001 1.0.2");
	for (int p = 1; p <= ET_POSITIONS_MAX; p++) {
		if (!(at->positions >> (p - 1) & 1))
			continue;
		if (is_figure(at->pos[p - 1].verdict))
			check_figure(w, at, p);
		else if (at->pos[p - 1].cause == EE_CAUSE_NONE)
			wrong(w, "step %d position %d: %s without a cause", at->step, p,
			      ee_verdict_word(at->pos[p - 1].verdict));
		else
			w->attempt_void = true;
	}
	if (at->result == SEQ_RESULT_DONE)
		return;
	w->attempt_void = true;
	if (w->out->outcome != LOSS_WRONG && !w->out->why[0])
		snprintf(w->out->why, sizeof(w->out->why), "%s: %s", ee_cause_word(at->cause),
			 at->fault.text);
	if (at->cause == EE_CAUSE_NONE)
		wrong(w, "attempt %s without a cause", seq_result_word(at->result));
	if (at->cause == EE_INSTRUMENT_FAILED && !says_enough(&at->fault))
		wrong(w, "an instrument failed, but which, at what? %s", at->fault.text);
}

static void on_finished(void *arg, struct sim *sim)
{
	struct watch *w = arg;

	if (w->timer)
		clk_cancel(sim->clk, w->timer);
	w->out->virtual_s = (double)(clk_now_ns(sim->clk) - w->t_start_ns) / ET_NS_PER_S;
	if (w->stop)
		wrong(w, "it had to be stopped after %g s", w->out->virtual_s);
	sim_terminals(sim, &w->left);
	for (int i = 0; i < SIM_INSTRUMENTS; i++)
		w->out->messages[i] = sim_messages(sim, names[i]);
}

static void check_end(struct watch *w, const struct run_result *r)
{
	const bool fault = r->exit_code == 3 || r->exit_code == 6;
	int figures = 0;

	for (int s = 0; s < r->n_steps; s++)
		for (int p = 0; p < LOSS_METERS; p++)
			figures += is_figure(r->step[s][p].verdict);
	if (r->exit_code != 1 && !fault)
		wrong(w, "exit code %d with a meter that is too fast", r->exit_code);
	for (int i = 0; i < ET_PHASES; i++)
		if (r->exit_code != 6 &&
		    (w->left.ph[i].volt_v > 0.5 || w->left.ph[i].curr_a > 0.05))
			wrong(w, "exit code %d with %.4g V, %.4g A on L%d", r->exit_code,
			      w->left.ph[i].volt_v, w->left.ph[i].curr_a, i + 1);
	if ((r->exit_code == 6) != (w->source < SEQ_SOURCE_OFF_REPORTED))
		wrong(w, "exit code %d, the source is %s", r->exit_code,
		      seq_source_word(w->source));
	if (r->exit_code == 6 && w->source_on_record != w->source)
		wrong(w, "the source is %s, on record is %s", seq_source_word(w->source),
		      seq_source_word(w->source_on_record));
	if (r->exit_code == 6 && !w->source_silent)
		wrong(w, "the source is not known to be off: %s", r->fault.text);
	if (fault && !says_enough(&r->fault))
		wrong(w, "exit code %d, but who failed, at what? %s", r->exit_code, r->fault.text);
	if (r->exit_code == 1 && r->fault.code == ET_OK && figures != LOSS_METERS * LOSS_STEPS &&
	    !w->attempt_void)
		wrong(w, "only %d figures, and nothing was void", figures);
	if (w->out->outcome == LOSS_WRONG)
		return;
	if (fault)
		snprintf(w->out->why, sizeof(w->out->why), "exit %d: %s", r->exit_code,
			 r->fault.text);
	if (figures != LOSS_METERS * LOSS_STEPS || fault)
		w->out->outcome = LOSS_VOID;
	else if (w->attempt_void)
		w->out->outcome = LOSS_REPEATED;
}

void loss_run(struct sim_bench *b, const struct loss_case *c, struct run_result *r,
	      struct loss_report *out)
{
	struct scenario_fault mine[LOSS_FAULTS_MAX];
	struct watch w = { .out = out, .c = c };
	const struct sim_bench_run how = { .seed = c->seed,
					   .notice = on_notice,
					   .arg = &w,
					   .stop_signal = &w.stop,
					   .prepare = on_prepare,
					   .finished = on_finished };
	struct fault f = { 0 };

	*out = (struct loss_report){ 0 };
	for (size_t i = 0; i < c->n && i < LOSS_FAULTS_MAX; i++) {
		mine[i] = c->fault[i];
		w.source_silent |=
			mine[i].instrument == SIM_SOURCE && mine[i].kind == LINK_SILENT_FROM - 1;
	}
	b->scenario.faults = (struct yaml_list){ mine, c->n };
	if (sim_bench_run(b, &how, r, &f) != ET_OK) {
		wrong(&w, "the run was refused: %s", f.text);
	} else {
		out->exit_code = r->exit_code;
		check_end(&w, r);
	}
	b->scenario.faults = (struct yaml_list){ 0 };
}

/* ---- faults ---- */

static const struct variant {
	const char *title;
	enum link_fault_kind kind;
	int n, step; /* so many places, so far apart */
	double late_s;
	int from; /* the first place */
} variants[] = {
	{ "lost", LINK_LOST, 1, 0, 0, 1 },
	{ "cut short", LINK_CUT, 3, 4, 0, 1 },
	{ "late by 0.3 s", LINK_LATE, 1, 0, 0.3, 1 },
	{ "late by 2.5 s", LINK_LATE, 1, 0, 2.5, 1 }, /* into the next question */
	{ "late by 6 s", LINK_LATE, 1, 0, 6, 1 },
	{ "byte lost", LINK_BYTE_LOST, 8, 3, 0, 1 },
	{ "byte doubled", LINK_BYTE_DOUBLED, 6, 3, 0, 1 },
	{ "byte not ASCII", LINK_BYTE_NON_ASCII, 3, 5, 0, 1 },
	{ "digit changed", LINK_DIGIT_CHANGED, 16, 1, 0, 1 },
	{ "far digit changed", LINK_DIGIT_CHANGED, 12, 7, 0, 17 }, /* of lines with many values */
	{ "silent from there on", LINK_SILENT_FROM, 1, 0, 0, 1 },
};

static const struct variant *find_variant(int number, int *place)
{
	const struct variant *v = variants;

	for (; number >= v->n; v++)
		number -= v->n;
	*place = number;
	return v;
}

const char *loss_variant_title(int variant)
{
	int place;

	return find_variant(variant, &place)->title;
}

struct scenario_fault loss_variant(int instrument, uint64_t message, int variant)
{
	int place;
	const struct variant *v = find_variant(variant, &place);

	return (struct scenario_fault){ .instrument = instrument,
					.kind = (int)v->kind - 1,
					.message = (int64_t)message,
					.where = v->from + place * v->step,
					.late_s = v->late_s };
}

struct scenario_fault loss_drawn(struct rng *dice, const uint64_t messages[SIM_INSTRUMENTS])
{
	const int i = (int)(rng_u64(dice) % SIM_INSTRUMENTS);

	return (struct scenario_fault){ .instrument = i,
					.kind = (int)(rng_u64(dice) % (LINK_SILENT_FROM - 1)),
					.message = (int64_t)(rng_u64(dice) % messages[i]),
					.where = (int64_t)(rng_u64(dice) % 64),
					.late_s = 0.1 + 8 * rng_uniform(dice) };
}

/* ---- many runs ---- */

const char *loss_fault_text(const struct scenario_fault *f, char out[96])
{
	snprintf(out, 96, "%s message %d %s where %d late %g s", names[f->instrument],
		 (int)f->message, kinds[f->kind], (int)f->where, f->late_s);
	return out;
}

const char *loss_instrument(const struct scenario_fault *f)
{
	return names[f->instrument];
}

void loss_count_silently(struct loss_tally *t, const struct loss_report *r)
{
	t->runs++;
	t->outcome[r->outcome]++;
	t->figures += r->figures;
	t->beyond_u += r->beyond_u;
	t->exit_code[r->exit_code & 7]++;
	t->worst_u = fmax(t->worst_u, r->worst_u);
	t->longest_s = fmax(t->longest_s, r->virtual_s);
}

void loss_count(struct loss_tally *t, const struct loss_case *c, const struct loss_report *r)
{
	char text[96];

	loss_count_silently(t, r);
	if (r->outcome != LOSS_WRONG)
		return;
	for (size_t i = 0; i < c->n; i++)
		fprintf(stderr, "%s; ", loss_fault_text(&c->fault[i], text));
	fprintf(stderr, "%s\n", r->why);
}

void loss_print(const struct loss_tally *t, const char *title)
{
	printf("%-36s %6ld runs: %6ld recovered %5ld repeated %5ld void %3ld WRONG; exit 1/3/6 "
	       "%ld/%ld/%ld; "
	       "%ld of %ld figures beyond U (worst %.2f U), longest %.0f s\n",
	       title, t->runs, t->outcome[LOSS_RECOVERED], t->outcome[LOSS_REPEATED],
	       t->outcome[LOSS_VOID], t->outcome[LOSS_WRONG], t->exit_code[1], t->exit_code[3],
	       t->exit_code[6], t->beyond_u, t->figures, t->worst_u, t->longest_s);
}
