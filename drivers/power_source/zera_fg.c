/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/zera_fg.c - ZERA FG30x generators: 9600 8N2, or raw TCP; CR ends every line.
 *
 * One line is sent, and lines are read until the one that ends the transaction. Status lines "SM..." may stand
 * anywhere between; each of them updates the status. An unknown command is silence. After a time-out the link is
 * out of step and asks TS until its answer, which can't be taken for anything else.
 *
 * The protocol has no question "are you off?". "Off" is reported by the source when, in this order, with the
 * link in step: it answered OKUI to the line that switches everything off; it answered SM with good status; it
 * answered TS, which proves that no older answer was taken for one of those two. Anything less is a failure.
 *
 * A setting is never sent twice. When its answer is lost or it is refused, the source is brought into the one
 * state that needs no knowledge, off, and set() fails. Off itself may be sent any number of times. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/power_source/zera_fg_lines.h"
#include "drivers/registry.h"
#include "io/line.h"

#define S_NS(s) ((int64_t)((s) * ET_NS_PER_S))
#define ANSWER_NS S_NS(2.5)	/* of everything that is not switching */
#define ON_NS S_NS(15)
#define OFF_NS S_NS(5)
#define SET_CALL_NS S_NS(40)	/* bounds of a whole call */
#define OFF_CALL_NS S_NS(30)
#define SYNC_CALL_NS S_NS(10)
#define READBACK_NS S_NS(8)

struct driver_inst {
	struct driver_env env;
	struct line_io io;
	struct instrument_id id;
	struct source_limits limits;
	bool readback;			/* there is a reference at the FG to read back from */
	double readback_tol_pct;
	bool out_of_step;		/* an answer may still come, or a line was sent by half */
	bool initialised;
	int ts_pending;			/* TS sent and not yet answered */
	double zero_deg;		/* zero of the DIN angles of the last set-point */
	enum source_output output;
	struct source_status last;	/* of the last status line */
	char foreign[40];		/* last line that is none of ours */
};

static const struct driver_param_spec params[] = {
	{ "volt_max_v", 1, FG_AMPLITUDE_MAX, 300, "volts from 1 to 999.999" },
	{ "curr_max_a", 0.001, FG_AMPLITUDE_MAX, 120, "amperes from 0.001 to 999.999" },
	{ "freq_min_hz", 16, 99, 45, "hertz from 16 to 99" },
	{ "freq_max_hz", 16, 99, 66, "hertz from 16 to 99" },
	{ "readback", 0, 1, 0, "0, or 1 where a reference is connected to the FG" },
	{ "readback_tol_pct", 0.01, 10, 1, "percent from 0.01 to 10" },
	{ 0 },
};

/* What has to be in force before a source is used: regulation, event reports, output and error masks, no
 * dosage, no remote pulse outputs, no offsets. */
static const struct {
	const char *line, *answer;
} initialisation[] = {
	{ "RE1", "OKRE" },
	{ "SE1", "OKSE" },
	{ "HP11", "OKHP" },
	{ "OL1111111111111111", "OKOL" },
	{ "SF0", "OKSF" },
	{ "HEAAAAAAAAAAAAAAAA", "OKHE" },
	{ "3CM4", "OK3CM4" },
	{ "2S1xx", "2OK" },
	{ "2X0000", "2OK" },
	{ "2X0200", "2OK" },
	{ "OF11111111+000.000", "OKOF" },
};

static int64_t now(const struct driver_inst *d)
{
	return clk_now_ns(d->env.clk);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static struct setpoint no_readback(void)
{
	struct setpoint sp = { .freq_hz = NAN };

	for (int i = 0; i < ET_PHASES; i++)
		sp.ph[i] = (struct phase_setpoint){ NAN, NAN, NAN, NAN };
	return sp;
}

/* ---- lines ---- */

static int send_line(struct driver_inst *d, const char *line)
{
	int err = line_write(&d->io, line, now(d) + ANSWER_NS);

	if (err == ET_OK)
		return ET_OK;
	d->out_of_step = true;
	return fault_set(d->env.fault, err, "source \"%s\": link failed at %s", d->env.name, line);
}

/* A status line updates the status, whoever asked for it. @return whether it was one. */
static bool note_status(struct driver_inst *d, const char *line, int64_t t_ns)
{
	bool healthy;

	if (fg_read_status(line, &healthy) != ET_OK)
		return false;
	d->last.t_ns = t_ns;
	d->last.healthy = healthy;
	snprintf(d->last.word, sizeof(d->last.word), "%.63s", line);
	if (!healthy)
		d->output = SOURCE_UNKNOWN; /* what tripped it may have switched it too */
	return true;
}

/* The next line that is not empty. */
static int next_line(struct driver_inst *d, int64_t deadline_ns, char line[FG_LINE_MAX], bool *status)
{
	for (;;) {
		int64_t t_ns;
		int err = line_read(&d->io, line, FG_LINE_MAX, deadline_ns, &t_ns);

		if (err == ET_ERR_PROTO)
			continue;
		if (err != ET_OK)
			return err;
		if (!line[0])
			continue;
		*status = note_status(d, line, t_ns);
		return ET_OK;
	}
}

static bool is_refusal(const char *line)
{
	size_t n = strlen(line);

	return (n >= 3 && !strcmp(line + n - 3, "NAK")) || strstr(line, "ER-") || strstr(line, "ERR-") ||
	       strstr(line, "ERROR");
}

/* ---- step ---- */

/** Ask TS until its answer: whatever was on its way before is gone then. */
static int synchronise(struct driver_inst *d, int64_t deadline_ns)
{
	char line[FG_LINE_MAX];
	bool status;
	int err = ET_OK;

	while (err == ET_OK && now(d) < deadline_ns) {
		int64_t answer_ns = sooner(now(d) + ANSWER_NS, deadline_ns);

		err = send_line(d, "TS");
		d->ts_pending++;
		while (err == ET_OK) {
			err = next_line(d, answer_ns, line, &status);
			if (err == ET_OK && !status && fg_read_identity(line, &d->id) == ET_OK) {
				d->ts_pending--;
				d->out_of_step = false;
				return ET_OK;
			}
			if (err == ET_OK && !status)
				snprintf(d->foreign, sizeof(d->foreign), "%.39s", line);
		}
		if (err == ET_ERR_TIMEOUT)
			err = ET_OK;
	}
	return fault_set(d->env.fault, err == ET_OK ? ET_ERR_TIMEOUT : err,
			 "source \"%s\": no answer to TS (identify)", d->env.name);
}

/** Prove that everything before has been answered. Answers to older questions TS do not count. */
static int confirm(struct driver_inst *d, int64_t deadline_ns)
{
	char line[FG_LINE_MAX];
	struct instrument_id id;
	bool status, answered = false;
	int err = send_line(d, "TS");

	d->ts_pending++;
	deadline_ns = sooner(now(d) + ANSWER_NS, deadline_ns);
	while (err == ET_OK && d->ts_pending > 0) {
		err = next_line(d, deadline_ns, line, &status);
		if (err == ET_OK && !status && fg_read_identity(line, &id) == ET_OK) {
			answered = true;
			d->ts_pending--;
		}
	}
	if (err == ET_OK)
		return ET_OK;
	d->ts_pending = 0; /* one was lost before: nothing more comes */
	if (err == ET_ERR_TIMEOUT && answered)
		return ET_OK;
	d->out_of_step = true;
	return fault_set(d->env.fault, err, "source \"%s\": no answer to TS (confirmation)", d->env.name);
}

/** One transaction. @param answer  The line that ends it, or how it begins when @p whole is false.
 * @param line  Where that line goes; FG_LINE_MAX. */
struct exchange {
	const char *send, *answer, *what;
	bool whole;
	int64_t timeout_ns, call_ns;
};
static int transact(struct driver_inst *d, const struct exchange *x, char line[FG_LINE_MAX])
{
	int64_t deadline_ns;
	bool status;
	int err = ET_OK;

	if (d->out_of_step)
		err = synchronise(d, x->call_ns);
	if (err == ET_OK)
		err = send_line(d, x->send);
	if (err != ET_OK)
		return err;
	deadline_ns = sooner(now(d) + x->timeout_ns, x->call_ns);
	while ((err = next_line(d, deadline_ns, line, &status)) == ET_OK) {
		if (x->whole ? !strcmp(line, x->answer) : !strncmp(line, x->answer, strlen(x->answer)))
			return ET_OK;
		if (!status && is_refusal(line))
			return fault_set(d->env.fault, ET_ERR_DEVICE, "source \"%s\": refused %s (%s): %s",
					 d->env.name, x->send, x->what, line);
	}
	d->out_of_step = true;
	return fault_set(d->env.fault, err, "source \"%s\": no answer to %.40s (%s) within %g s",
			 d->env.name, x->send, x->what, (double)x->timeout_ns / ET_NS_PER_S);
}

static int order(struct driver_inst *d, const char *send, const char *answer, const char *what,
		 int64_t timeout_ns, int64_t call_ns)
{
	const struct exchange x = { send, answer, what, true, timeout_ns, call_ns };
	char line[FG_LINE_MAX];

	return transact(d, &x, line);
}

static int ask(struct driver_inst *d, const char *send, const char *what, int64_t call_ns,
	       char line[FG_LINE_MAX])
{
	const struct exchange x = { send, send, what, false, ANSWER_NS, call_ns };

	return transact(d, &x, line);
}

/** Ends at the next status line, whoever caused it; what follows it is the answer, before TS's. */
static int ask_status(struct driver_inst *d, int64_t call_ns)
{
	char line[FG_LINE_MAX];
	bool healthy;
	int err = ask(d, "SM", "status", call_ns, line);

	if (err == ET_OK && fg_read_status(line, &healthy) != ET_OK)
		err = fault_set(d->env.fault, ET_ERR_PROTO, "source \"%s\": the answer to SM makes no sense",
				d->env.name);
	if (err == ET_OK)
		err = confirm(d, call_ns);
	return err;
}

/* ---- read-back ---- */

static int bad_answer(struct driver_inst *d, const char *question)
{
	return fault_set(d->env.fault, ET_ERR_PROTO, "source \"%s\": the answer to %s makes no sense",
			 d->env.name, question);
}

static int ask_value(struct driver_inst *d, const char *key, int64_t call_ns, double *out)
{
	char line[FG_LINE_MAX];
	int err = ask(d, key, "read-back", call_ns, line);

	if (err != ET_OK)
		return err;
	return fg_read_value(line, key, out) == ET_OK ? ET_OK : bad_answer(d, key);
}

static int ask_amplitudes(struct driver_inst *d, const char *range_key, const char *key, int64_t call_ns,
			  double out[ET_PHASES])
{
	char line[FG_LINE_MAX];
	double range;
	int err = ask_value(d, range_key, call_ns, &range);

	if (err == ET_OK)
		err = ask(d, key, "read-back", call_ns, line);
	if (err != ET_OK)
		return err;
	return fg_read_amplitudes(line, key, range, out) == ET_OK ? ET_OK : bad_answer(d, key);
}

/** What the reference at the FG measures. */
static int ask_readback(struct driver_inst *d, int64_t call_ns, struct setpoint *out)
{
	double volt[ET_PHASES], curr[ET_PHASES], volt_din[ET_PHASES], curr_din[ET_PHASES];
	struct setpoint sp = no_readback();
	char line[FG_LINE_MAX];
	bool angles;
	int err = ask_amplitudes(d, "BU", "AU", call_ns, volt);

	if (err == ET_OK)
		err = ask_amplitudes(d, "BI", "AI", call_ns, curr);
	if (err == ET_OK)
		err = ask(d, "AW", "read-back", call_ns, line);
	if (err == ET_OK)
		err = ask_value(d, "AF", call_ns, &sp.freq_hz);
	if (err != ET_OK)
		return err;
	angles = fg_read_angles(line, volt_din, curr_din) == ET_OK;
	for (int i = 0; i < ET_PHASES; i++) {
		struct phase_setpoint *p = &sp.ph[i];

		p->volt_v = volt[i];
		p->curr_a = curr[i];
		if (angles && volt[i] > 0)
			p->volt_deg = fg_iec_from_din(volt_din[i], d->zero_deg);
		if (angles && curr[i] > 0)
			p->curr_deg = fg_iec_from_din(curr_din[i], d->zero_deg);
	}
	*out = sp;
	return ET_OK;
}

static bool near_enough(double got, double want, double tol_pct)
{
	return fabs(got - want) <= tol_pct / 100 * want + 0.005;
}

static bool readback_agrees(const struct driver_inst *d, const struct setpoint *got,
			    const struct setpoint *want)
{
	for (int i = 0; i < ET_PHASES; i++)
		if (!near_enough(got->ph[i].volt_v, want->ph[i].volt_v, d->readback_tol_pct) ||
		    !near_enough(got->ph[i].curr_a, want->ph[i].curr_a, d->readback_tol_pct))
			return false;
	return near_enough(got->freq_hz, want->freq_hz, d->readback_tol_pct);
}

/* The regulation needs a moment, and so does the reference. */
static int await_readback(struct driver_inst *d, const struct setpoint *sp, int64_t call_ns)
{
	int64_t until_ns = sooner(now(d) + READBACK_NS, call_ns);

	for (;;) {
		int err = ask_readback(d, call_ns, &d->last.readback);

		if (err != ET_OK || readback_agrees(d, &d->last.readback, sp))
			return err;
		if (now(d) >= until_ns)
			return fault_set(d->env.fault, ET_ERR_DEVICE,
					 "source \"%s\": what is read back is not what was set",
					 d->env.name);
		clk_sleep_until(d->env.clk, now(d) + S_NS(0.5));
	}
}

/* ---- facet ---- */

static struct source_limits fg_limits(const struct driver_inst *d)
{
	return d->limits;
}

static int check_phase(const struct driver_inst *d, const struct phase_setpoint *p)
{
	return p->volt_v >= 0 && p->volt_v <= d->limits.volt_max_v && p->curr_a >= 0 &&
	       p->curr_a <= d->limits.curr_max_a && (p->volt_v == 0 || isfinite(p->volt_deg)) &&
	       (p->curr_a == 0 || isfinite(p->curr_deg));
}

static int check_setpoint(const struct driver_inst *d, const struct setpoint *sp)
{
	bool good = sp->freq_hz >= d->limits.freq_min_hz && sp->freq_hz <= d->limits.freq_max_hz;

	for (int i = 0; i < ET_PHASES; i++)
		good = good && check_phase(d, &sp->ph[i]);
	if (good)
		return ET_OK;
	return fault_set(d->env.fault, ET_ERR_ARG,
			 "source \"%s\": set-point outside %g V, %g A, %g to %g Hz", d->env.name,
			 d->limits.volt_max_v, d->limits.curr_max_a, d->limits.freq_min_hz,
			 d->limits.freq_max_hz);
}

static int initialise(struct driver_inst *d, int64_t call_ns)
{
	for (size_t i = 0; i < sizeof(initialisation) / sizeof(initialisation[0]); i++) {
		int err = order(d, initialisation[i].line, initialisation[i].answer, "initialise",
				ANSWER_NS, call_ns);

		if (err != ET_OK)
			return err;
	}
	d->initialised = true;
	return ET_OK;
}

static int require_healthy(struct driver_inst *d)
{
	if (d->last.healthy)
		return ET_OK;
	return fault_set(d->env.fault, ET_ERR_DEVICE, "source \"%s\": reports status %s", d->env.name,
			 d->last.word);
}

/* In the order of the maker: DC subtraction, frequency, voltages, currents, switches. */
static int program(struct driver_inst *d, const struct setpoint *sp, int64_t call_ns)
{
	char fr[FG_LINE_MAX], up[FG_LINE_MAX], ip[FG_LINE_MAX], ui[FG_LINE_MAX];
	int err = d->initialised ? ET_OK : initialise(d, call_ns);

	fg_write_frequency(sp, fr);
	fg_write_voltages(sp, up);
	fg_write_currents(sp, ip);
	fg_write_switch(sp, ui);
	if (err == ET_OK)
		err = order(d, "DS1", "OKDS", "DC subtraction", ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = order(d, fr, "OKFR", "frequency", ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = order(d, up, "OKUP", "voltages", ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = order(d, ip, "OKIP", "currents", ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = order(d, ui, "OKUI", "switch on", ON_NS, call_ns);
	if (err == ET_OK)
		err = ask_status(d, call_ns);
	if (err == ET_OK)
		err = require_healthy(d);
	if (err == ET_OK && d->readback)
		err = await_readback(d, sp, call_ns);
	return err;
}

static void report(struct driver_inst *d, struct source_status *out)
{
	d->last.output = d->output;
	*out = d->last;
}

static int switch_off(struct driver_inst *d)
{
	int64_t call_ns = now(d) + OFF_CALL_NS;
	int err;

	d->output = SOURCE_UNKNOWN;
	d->last.readback = no_readback();
	if (d->out_of_step) { /* off first, ask later: '?' spoils a line that was sent by half */
		err = send_line(d, "?");
		if (err == ET_OK)
			err = send_line(d, FG_ALL_OFF);
		if (err == ET_OK)
			err = synchronise(d, call_ns);
		if (err != ET_OK)
			return err;
	}
	do
		err = order(d, FG_ALL_OFF, "OKUI", "switch off", OFF_NS, call_ns);
	while (err == ET_ERR_TIMEOUT && now(d) < call_ns);
	if (err == ET_OK)
		err = ask_status(d, call_ns);
	if (err == ET_OK)
		err = require_healthy(d);
	if (err == ET_OK)
		d->output = SOURCE_OFF;
	return err;
}

static int fg_off(struct driver_inst *d, struct source_status *out)
{
	int err = switch_off(d);

	if (err == ET_OK)
		report(d, out);
	return err;
}

/* After a set() that failed half-way: known is better than wanted. */
static int make_safe(struct driver_inst *d, int err)
{
	struct fault first = { 0 };

	if (d->env.fault)
		first = *d->env.fault;
	d->initialised = false; /* whatever went wrong, begin anew */
	if (switch_off(d) == ET_OK)
		return fault_set(d->env.fault, err, "%.200s; switched off", first.text);
	return fault_set(d->env.fault, err, "%.200s; NOT known to be off", first.text);
}

static int fg_set(struct driver_inst *d, const struct setpoint *sp, struct source_status *out)
{
	int64_t call_ns = now(d) + SET_CALL_NS;
	int err = check_setpoint(d, sp);

	if (err == ET_OK && d->out_of_step)
		err = synchronise(d, now(d) + SYNC_CALL_NS);
	if (err != ET_OK)
		return err; /* no setting was sent */
	d->zero_deg = fg_zero_deg(sp);
	d->last.readback = no_readback();
	err = program(d, sp, call_ns);
	if (err != ET_OK)
		return make_safe(d, err);
	d->output = SOURCE_ON;
	report(d, out);
	return ET_OK;
}

static int fg_status(struct driver_inst *d, struct source_status *out)
{
	int64_t call_ns = now(d) + SYNC_CALL_NS;
	int err = ask_status(d, call_ns);

	d->last.readback = no_readback();
	if (err == ET_OK && d->readback)
		err = ask_readback(d, call_ns, &d->last.readback);
	if (err == ET_OK)
		report(d, out);
	return err;
}

static int fg_listen(struct driver_inst *d, int64_t deadline_ns, struct source_status *out)
{
	char line[FG_LINE_MAX];
	bool status = false;
	int err = ET_OK;

	while (err == ET_OK && !status)
		err = next_line(d, deadline_ns, line, &status);
	if (err == ET_OK)
		report(d, out);
	else if (err != ET_ERR_TIMEOUT)
		fault_set(d->env.fault, err, "source \"%s\": link failed while listening", d->env.name);
	return err;
}

static void begin(struct driver_inst *d, const struct driver_env *env)
{
	d->env = *env;
	line_init(&d->io, env->port, '\r');
	d->out_of_step = true;
	d->last.readback = no_readback();
}

static int fg_off_bare(struct port *p, struct fault *f)
{
	const struct driver_env env = { .name = p->spec, .port = p, .clk = p->clk, .fault = f };
	struct driver_inst d = { 0 };

	begin(&d, &env);
	return switch_off(&d);
}

/* ---- driver ---- */

static int read_params(struct driver_inst *d)
{
	double on;
	int err = driver_param_get(&d->env, params, "volt_max_v", &d->limits.volt_max_v);

	if (err == ET_OK)
		err = driver_param_get(&d->env, params, "curr_max_a", &d->limits.curr_max_a);
	if (err == ET_OK)
		err = driver_param_get(&d->env, params, "freq_min_hz", &d->limits.freq_min_hz);
	if (err == ET_OK)
		err = driver_param_get(&d->env, params, "freq_max_hz", &d->limits.freq_max_hz);
	if (err == ET_OK)
		err = driver_param_get(&d->env, params, "readback_tol_pct", &d->readback_tol_pct);
	if (err == ET_OK)
		err = driver_param_get(&d->env, params, "readback", &on);
	if (err != ET_OK)
		return err;
	d->readback = on > 0;
	/* A set() that fails ends with an off. */
	d->limits.on_time_s = (double)(SET_CALL_NS + OFF_CALL_NS) / ET_NS_PER_S;
	d->limits.off_time_s = (double)OFF_CALL_NS / ET_NS_PER_S;
	return ET_OK;
}

static int fg_open(const struct driver_env *env, struct driver_inst **out, struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return fault_set(env->fault, ET_ERR_NOMEM, "source \"%s\": out of memory", env->name);
	begin(d, env);
	err = read_params(d);
	if (err == ET_OK)
		err = send_line(d, "?"); /* spoils what somebody before us sent by half */
	if (err == ET_OK)
		err = synchronise(d, now(d) + SYNC_CALL_NS);
	if (err == ET_ERR_TIMEOUT && d->foreign[0] && !is_refusal(d->foreign))
		err = fault_set(env->fault, ET_ERR_DEVICE, "source \"%s\": not a ZERA FG, it says \"%s\"",
				env->name, d->foreign);
	if (err != ET_OK) {
		free(d);
		return err;
	}
	*id = d->id;
	*out = d;
	return ET_OK;
}

static void fg_close(struct driver_inst *d)
{
	free(d);
}

static int fg_identify(struct driver_inst *d, struct instrument_id *id)
{
	int err = synchronise(d, now(d) + SYNC_CALL_NS);

	if (err == ET_OK)
		*id = d->id;
	return err;
}

static const struct source_ops source_ops = {
	.limits = fg_limits,
	.set = fg_set,
	.off = fg_off,
	.status = fg_status,
	.listen = fg_listen,
	.off_bare = fg_off_bare,
};

const struct driver driver_zera_fg = {
	.name = "zera-fg",
	.summary = "ZERA FG30x generators (ASCII, 9600 8N2)",
	.params = params,
	.open = fg_open,
	.close = fg_close,
	.identify = fg_identify,
	.source = &source_ops,
};
