/* SPDX-License-Identifier: Apache-2.0 */
/* bench/sequencer_attempt.c - data of the attempt: what was read, what it means, which verdict stands. */
#include "bench/sequencer_private.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "metrology/connection.h"

/* ---- readings ---- */
static bool is_used(const struct seq *s, int phase)
{
	for (int i = 0; i < s->cfg.n_steps; i++)
		if (s->cfg.steps[i].sp.ph[phase].volt_v > 0)
			return true;
	return false;
}

enum seq_off seq_reading_off(const struct seq *s, const struct ref_reading *r, struct fault *f)
{
	enum seq_off off = SEQ_OFF_PROVEN;

	for (int i = 0; i < ET_PHASES; i++) {
		if (r->volt_v[i] >= s->cfg.off_volt_v || r->curr_a[i] >= s->cfg.off_curr_a) {
			fault_set(f, ET_ERR_DEVICE,
				  "the reference still reads %.4g V, %.4g A on L%d with the source "
				  "off",
				  r->volt_v[i], r->curr_a[i], i + 1);
			return SEQ_OFF_REFUTED;
		}
		if (is_used(s, i) && !(r->volt_v[i] < s->cfg.off_volt_v)) {
			fault_set(f, ET_ERR_DEVICE, "the reference reads no voltage on L%d", i + 1);
			off = SEQ_OFF_NOT_SEEN;
		}
	}
	if (r->overload) {
		fault_set(f, ET_ERR_DEVICE, "the reference is overloaded with the source off");
		off = SEQ_OFF_NOT_SEEN;
	}
	return off;
}

void seq_note_off(struct seq *s, enum seq_off off)
{
	if (off == SEQ_OFF_PROVEN)
		s->off_contradicted = false;
	else if (off == SEQ_OFF_REFUTED && s->source == SEQ_SOURCE_OFF_REPORTED)
		s->off_contradicted = true;
}

/* NAN as limit: not checked; NAN as figure: outside of every limit. */
static bool is_within(double off, double limit)
{
	return isnan(limit) || fabs(off) <= limit;
}

static enum ee_cause left(struct fault *f, const char *what, int phase, double got, double want,
			  const char *unit)
{
	fault_set(f, ET_ERR_DEVICE, "%s on L%d: the reference reads %.6g %s, set are %.6g %s", what,
		  phase + 1, got, unit, want, unit);
	return EE_SETPOINT_LEFT;
}

static double off_pct(double got, double want)
{
	return 100 * (got - want) / want;
}

static enum ee_cause check_phase(const struct seq_step *step, const struct ref_reading *r, int i,
				 int first, double off_volt_v, double curr_max_a, struct fault *f)
{
	const struct phase_setpoint *ph = &step->sp.ph[i], *ph0 = &step->sp.ph[first];
	const struct seq_window *w = &step->window;
	const double phi = r->volt_deg[i] - r->curr_deg[i], phi_set = ph->volt_deg - ph->curr_deg;
	const double turn = r->volt_deg[i] - r->volt_deg[first];

	if (ph->volt_v == 0 && r->volt_v[i] >= off_volt_v)
		return left(f, "voltage", i, r->volt_v[i], 0, "V");
	if (ph->volt_v > 0 && !is_within(off_pct(r->volt_v[i], ph->volt_v), w->volt_pct))
		return left(f, "voltage", i, r->volt_v[i], ph->volt_v, "V");
	if (ph->curr_a == 0 && 100 * r->curr_a[i] > w->curr_pct * curr_max_a)
		return left(f, "current", i, r->curr_a[i], 0, "A");
	if (ph->curr_a > 0 && !is_within(off_pct(r->curr_a[i], ph->curr_a), w->curr_pct))
		return left(f, "current", i, r->curr_a[i], ph->curr_a, "A");
	if (ph->volt_v > 0 && ph->curr_a > 0 &&
	    !is_within(remainder(phi - phi_set, 360), w->phase_deg))
		return left(f, "phase angle", i, phi, phi_set, "degrees");
	if (ph->volt_v > 0 && i != first &&
	    !is_within(remainder(turn - (ph->volt_deg - ph0->volt_deg), 360), w->phase_deg))
		return left(f, "angle of the voltage", i, turn, ph->volt_deg - ph0->volt_deg,
			    "degrees");
	return EE_CAUSE_NONE;
}

static enum ee_cause check_power(struct seq *s, const struct seq_step *step,
				 const struct ref_reading *r, struct fault *f)
{
	double power_w, reactive_var;

	setpoint_power(&step->sp, &power_w, &reactive_var);
	if (!(r->power_sum_w * power_w > 0)) {
		fault_set(f, ET_ERR_DEVICE, "the reference reads %.6g W, set are %.6g W",
			  r->power_sum_w, power_w);
		return EE_ENERGY_SIGN;
	}
	if (s->state != SEQ_CHECKING) /* after the measurement: the set-up stays as it was */
		return EE_CAUSE_NONE;
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		s->setup[i].ref_power_w = fabs(r->power_sum_w);
		s->setup[i].line_hz = r->freq_hz > 10 && r->freq_hz < 1000 ? r->freq_hz : NAN;
	}
	return EE_CAUSE_NONE;
}

enum ee_cause seq_attempt_check(struct seq *s, const struct ref_reading *r, struct fault *f)
{
	const struct seq_step *step = &s->cfg.steps[s->step];
	double curr_max_a = 0;
	int first = -1;

	if (r->overload) {
		fault_set(f, ET_ERR_DEVICE, "the reference is overloaded");
		return EE_REFERENCE_OVERLOAD;
	}
	for (int i = 0; i < ET_PHASES; i++) {
		curr_max_a = fmax(curr_max_a, step->sp.ph[i].curr_a);
		if (first < 0 && step->sp.ph[i].volt_v > 0)
			first = i;
	}
	assert(first >= 0); /* seq_new() saw power */
	for (int i = 0; i < ET_PHASES; i++) {
		enum ee_cause cause =
			check_phase(step, r, i, first, s->cfg.off_volt_v, curr_max_a, f);

		if (cause != EE_CAUSE_NONE)
			return cause;
	}
	if (!is_within(off_pct(r->freq_hz, step->sp.freq_hz), step->window.freq_pct)) {
		fault_set(f, ET_ERR_DEVICE, "the reference reads %.6g Hz, set are %.6g Hz",
			  r->freq_hz, step->sp.freq_hz);
		return EE_SETPOINT_LEFT;
	}
	return check_power(s, step, r, f);
}

/* What the reader declares of its stamps counts in every figure. */
static void use_reader(const struct instrument_id *reader, struct ee_setup *setup)
{
	if (reader->resolution_s > 0)
		setup->stamp_resolution_s = reader->resolution_s;
	if (reader->u_stamp_s > 0 && isfinite(setup->edge_sigma_s))
		setup->edge_sigma_s = hypot(setup->edge_sigma_s, reader->u_stamp_s);
}

/* ---- the attempt ---- */
int seq_attempt_begin(struct seq *s)
{
	const struct seq_step *step = &s->cfg.steps[s->step];
	const struct ee_plan plan = {
		.positions = s->todo,
		.setup = s->setup,
		.reader_of = s->cfg.reader_of,
		.cap_s = step->cap_s,
		.ref_silence_s = s->cfg.ref_silence_s,
		.reader_silence_s = s->cfg.reader_silence_s,
	};
	double power_w, reactive_var;

	setpoint_power(&step->sp, &power_w, &reactive_var);
	memcpy(s->setup, step->setup, sizeof(s->setup));
	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		s->setup[i].ref_power_w = fabs(power_w); /* until they are read */
		s->setup[i].line_hz = step->sp.freq_hz;
		s->setup[i].cap_s = step->cap_s;
		use_reader(&s->identity[TO_READER + s->cfg.reader_of[i]], &s->setup[i]);
	}
	memset(&s->attempt, 0, sizeof(s->attempt));
	s->attempt.step = s->step;
	s->attempt.number = ++s->number;
	s->attempt.positions = s->todo;
	s->attempt.t_started_ns = s->attempt.t_ended_ns = s->now_ns;
	s->attempt.t_armed_ns = ET_NEVER_NS;
	s->attempt.sp = step->sp;
	s->tries++;
	s->has_attempt = s->attempt_open = true;
	s->armed = false;
	return ee_machine_plan(s->machine, &plan);
}

void seq_attempt_note(struct seq *s, enum ee_cause cause, const struct fault *f)
{
	if (s->attempt.cause != EE_CAUSE_NONE)
		return;
	s->attempt.cause = cause;
	if (f)
		s->attempt.fault = *f;
}

static bool is_same(const double a[ET_PHASES], const double b[ET_PHASES])
{
	for (int i = 0; i < ET_PHASES; i++)
		if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
			return false;
	return true;
}

static void compare_registers(struct seq *s)
{
	const struct seq_attempt *a = &s->attempt;
	struct fault f;

	if (!a->has_before || !a->has_after)
		return;
	if (a->before.constant_imp_per_kwh != a->after.constant_imp_per_kwh) {
		fault_set(&f, ET_ERR_LOST,
			  "the reference's constant went from %.9g to %.9g imp/kWh",
			  a->before.constant_imp_per_kwh, a->after.constant_imp_per_kwh);
		seq_attempt_note(s, EE_CONSTANT_CHANGED, &f);
	}
	if (!is_same(a->before.range_v, a->after.range_v) ||
	    !is_same(a->before.range_a, a->after.range_a)) {
		fault_set(&f, ET_ERR_LOST, "the reference changed its range while it measured");
		seq_attempt_note(s, EE_RANGE_CHANGED, &f);
	}
}

static void judge_position(struct seq *s, int i)
{
	const struct seq_attempt *a = &s->attempt;
	const struct ee_position *p = ee_machine_position(s->machine, i + 1);
	struct seq_observation *o = &s->attempt.pos[i];

	o->setup = s->setup[i];
	o->obs = p->obs;
	o->cause = p->cause;
	o->verdict = p->verdict;
	if (a->result == SEQ_RESULT_DONE)
		return;
	o->cause = a->cause;
	o->verdict = a->result == SEQ_RESULT_ABORTED ? EE_ABORTED_RUN : EE_VOID;
}

void seq_attempt_end(struct seq *s)
{
	struct seq_attempt *a = &s->attempt;

	assert(s->attempt_open && a->result == SEQ_RESULT_NONE);
	if (a->t_armed_ns != ET_NEVER_NS) {
		compare_registers(s);
		ee_machine_finish(s->machine, a->t_ended_ns);
		if (ee_machine_cause(s->machine) != EE_CAUSE_NONE)
			seq_attempt_note(s, ee_machine_cause(s->machine), NULL);
	}
	if (a->cause == EE_CAUSE_NONE)
		a->result = SEQ_RESULT_DONE;
	else
		a->result = a->cause == EE_ABORTED ? SEQ_RESULT_ABORTED : SEQ_RESULT_VOID;
	a->raw = ee_machine_raw(s->machine);
	for (int i = 0; i < ET_POSITIONS_MAX; i++)
		if (a->positions >> i & 1)
			judge_position(s, i);
	s->attempt_open = false;
}

unsigned seq_suspects(enum ee_cause cause)
{
	switch ((int)cause) {
	case EE_REFERENCE_SILENT:
	case EE_REFERENCE_OVERLOAD:
	case EE_RANGE_CHANGED:
	case EE_CONSTANT_CHANGED:
	case EE_ENERGY_SIGN:
	case EE_ENERGY_POWER_MISMATCH:
		return SEQ_BIT(TO_REFERENCE);
	case EE_SEQUENCE_GAP:
	case EE_READER_LOSS:
	case EE_CLOCK_MAP:
		return SEQ_READERS;
	default:
		return 0;
	}
}

/* ---- verdicts ---- */
static bool is_figure(enum ee_verdict v)
{
	return v == EE_CONFORMING || v == EE_NONCONFORMING || v == EE_INCONCLUSIVE;
}

void seq_attempt_stored(struct seq *s)
{
	const struct seq_attempt *a = &s->attempt;
	struct seq_step_result *r = &s->results[a->step];

	for (int i = 0; i < ET_POSITIONS_MAX; i++) {
		if (!(a->positions >> i & 1))
			continue;
		r->verdict[i] = a->pos[i].verdict;
		r->attempt[i] = a->number;
		if (is_figure(a->pos[i].verdict)) /* a void attempt has none */
			s->todo &= ~(UINT64_C(1) << i);
	}
}

enum ee_verdict seq_step_verdict(const struct seq *s, int step, int position)
{
	assert(step >= 0 && step < s->cfg.n_steps && position >= 1 && position <= ET_POSITIONS_MAX);
	return s->results[step].verdict[position - 1];
}

int seq_step_attempt(const struct seq *s, int step, int position)
{
	assert(step >= 0 && step < s->cfg.n_steps && position >= 1 && position <= ET_POSITIONS_MAX);
	return s->results[step].attempt[position - 1];
}

/* The worst one is the meter's. Unfinished is worse than unclear, and nothing is worse than failed. */
static enum ee_verdict worse(enum ee_verdict a, enum ee_verdict b)
{
	static const int rank[] = {
		[EE_CONFORMING] = 0, [EE_INCONCLUSIVE] = 1, [EE_VOID] = 2,
		[EE_NOT_RUN] = 3,    [EE_ABORTED_RUN] = 4,  [EE_NONCONFORMING] = 5,
	};

	return rank[a] >= rank[b] ? a : b;
}

enum ee_verdict seq_verdict(const struct seq *s, int position)
{
	const int first = s->cfg.first_step;
	const bool stands =
		s->cfg.first_positions != 0 && !(s->cfg.first_positions >> (position - 1) & 1);
	enum ee_verdict v = EE_CONFORMING;

	assert(position >= 1 && position <= ET_POSITIONS_MAX);
	if (!(s->cfg.positions >> (position - 1) & 1))
		return EE_NOT_RUN;
	if (first > 0 || stands)
		v = s->cfg.prior[position - 1];
	for (int i = stands ? first + 1 : first; i < s->cfg.n_steps; i++)
		v = worse(v, seq_step_verdict(s, i, position));
	return v;
}

/* ---- progress ---- */
struct seq_progress seq_progress(const struct seq *s, int position)
{
	struct seq_progress out = { .err_pct = NAN, .U_pct = NAN, .remaining_s = NAN };
	const struct ee_position *p;
	double cap_s, since_s;

	assert(position >= 1 && position <= ET_POSITIONS_MAX);
	if (!s->has_attempt || !(s->attempt.positions >> (position - 1) & 1))
		return out;
	p = ee_machine_position(s->machine, position);
	out.measured = true;
	out.stopped = p->stopped;
	out.n_pulses = p->n_edges;
	if (p->evaluated) {
		out.cause = p->obs.cause;
		out.err_pct = p->obs.err_pct;
		out.U_pct = p->obs.U_pct;
	}
	if (s->state != SEQ_MEASURING)
		return out;
	since_s = (double)(s->now_ns - s->attempt.t_armed_ns) / ET_NS_PER_S;
	cap_s = s->cfg.steps[s->step].cap_s;
	if (p->stopped)
		out.remaining_s = 0;
	else if (p->evaluated && p->obs.physical_min_s > since_s)
		out.remaining_s = fmax(0, fmin(p->obs.physical_min_s, cap_s) - since_s);
	return out;
}
