/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/zera_fg.c - ZERA FG30x generators: 9600 8N2, or raw TCP; CR ends every line.
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

#include "drivers/power_source/zera_fg_link.h"
#include "drivers/registry.h"

#define S_NS(s) ((int64_t)((s)*1e9))
#define ON_NS S_NS(15)
#define OFF_NS S_NS(5)
#define SET_CALL_NS S_NS(40) /* bounds of a whole call */
#define OFF_CALL_NS S_NS(30)
#define SYNC_CALL_NS S_NS(10)
#define READBACK_NS S_NS(8)
enum { LISTEN_LINES_MAX = 64 };

struct driver_inst {
	struct zfg_link l;
	struct source_limits limits;
	bool readback; /* there is a reference at the FG to read back from */
	double readback_tol_pct;
	bool initialised;
	double zero_deg; /* zero of the DIN angles of the last set-point */
};

static const struct driver_param_spec params[] = {
	{ "volt_max_v", 1, ZFG_AMPLITUDE_MAX, 300, "volts from 1 to 999.999" },
	{ "curr_max_a", 0.001, ZFG_AMPLITUDE_MAX, 120, "amperes from 0.001 to 999.999" },
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
	return clk_now_ns(d->l.env.clk);
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

/* ---- read-back ---- */

static int bad_answer(struct driver_inst *d, const char *question)
{
	return fault_set(d->l.env.fault, ET_ERR_PROTO,
			 "source \"%s\": the answer to %s makes no sense", d->l.env.name, question);
}

static int ask_value(struct driver_inst *d, const char *key, int64_t call_ns, double *out)
{
	char line[ZFG_LINE_MAX];
	int err = zfg_ask(&d->l, key, "read-back", call_ns, line);

	if (err != ET_OK)
		return err;
	return zfg_read_value(line, key, out) == ET_OK ? ET_OK : bad_answer(d, key);
}

static int ask_amplitudes(struct driver_inst *d, const char *range_key, const char *key,
			  int64_t call_ns, double out[ET_PHASES])
{
	char line[ZFG_LINE_MAX];
	double range;
	int err = ask_value(d, range_key, call_ns, &range);

	if (err == ET_OK)
		err = zfg_ask(&d->l, key, "read-back", call_ns, line);
	if (err != ET_OK)
		return err;
	return zfg_read_amplitudes(line, key, range, out) == ET_OK ? ET_OK : bad_answer(d, key);
}

/** What the reference at the FG measures. */
static int ask_readback(struct driver_inst *d, int64_t call_ns, struct setpoint *out)
{
	double volt[ET_PHASES], curr[ET_PHASES], volt_din[ET_PHASES], curr_din[ET_PHASES];
	struct setpoint sp = no_readback();
	char line[ZFG_LINE_MAX];
	bool angles;
	int err = ask_amplitudes(d, "BU", "AU", call_ns, volt);

	if (err == ET_OK)
		err = ask_amplitudes(d, "BI", "AI", call_ns, curr);
	if (err == ET_OK)
		err = zfg_ask(&d->l, "AW", "read-back", call_ns, line);
	if (err == ET_OK)
		err = ask_value(d, "AF", call_ns, &sp.freq_hz);
	if (err != ET_OK)
		return err;
	angles = zfg_read_angles(line, volt_din, curr_din) == ET_OK;
	for (int i = 0; i < ET_PHASES; i++) {
		struct phase_setpoint *p = &sp.ph[i];

		p->volt_v = volt[i];
		p->curr_a = curr[i];
		if (angles && volt[i] > 0)
			p->volt_deg = zfg_iec_from_din(volt_din[i], d->zero_deg);
		if (angles && curr[i] > 0)
			p->curr_deg = zfg_iec_from_din(curr_din[i], d->zero_deg);
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
		int err = ask_readback(d, call_ns, &d->l.last.readback);

		if (err != ET_OK || readback_agrees(d, &d->l.last.readback, sp))
			return err;
		if (now(d) >= until_ns)
			return fault_set(d->l.env.fault, ET_ERR_DEVICE,
					 "source \"%s\": what is read back is not what was set",
					 d->l.env.name);
		clk_sleep_until(d->l.env.clk, now(d) + S_NS(0.5));
	}
}

/* ---- facet ---- */

static struct source_limits zfg_limits(const struct driver_inst *d)
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
	return fault_set(d->l.env.fault, ET_ERR_ARG,
			 "source \"%s\": set-point outside %g V, %g A, %g to %g Hz", d->l.env.name,
			 d->limits.volt_max_v, d->limits.curr_max_a, d->limits.freq_min_hz,
			 d->limits.freq_max_hz);
}

static int initialise(struct driver_inst *d, int64_t call_ns)
{
	for (size_t i = 0; i < sizeof(initialisation) / sizeof(initialisation[0]); i++) {
		int err = zfg_order(&d->l, initialisation[i].line, initialisation[i].answer,
				    "initialise", ZFG_ANSWER_NS, call_ns);

		if (err != ET_OK)
			return err;
	}
	d->initialised = true;
	return ET_OK;
}

static int require_healthy(struct driver_inst *d)
{
	if (d->l.last.healthy)
		return ET_OK;
	return fault_set(d->l.env.fault, ET_ERR_DEVICE, "source \"%s\": reports status %s",
			 d->l.env.name, d->l.last.word);
}

/* In the order of the maker: DC subtraction, frequency, voltages, currents, switches. */
static int program(struct driver_inst *d, const struct setpoint *sp, int64_t call_ns)
{
	char fr[ZFG_LINE_MAX], up[ZFG_LINE_MAX], ip[ZFG_LINE_MAX], ui[ZFG_LINE_MAX];
	int err = d->initialised ? ET_OK : initialise(d, call_ns);

	zfg_write_frequency(sp, fr);
	zfg_write_voltages(sp, up);
	zfg_write_currents(sp, ip);
	zfg_write_switch(sp, ui);
	if (err == ET_OK)
		err = zfg_order(&d->l, "DS1", "OKDS", "DC subtraction", ZFG_ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = zfg_order(&d->l, fr, "OKFR", "frequency", ZFG_ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = zfg_order(&d->l, up, "OKUP", "voltages", ZFG_ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = zfg_order(&d->l, ip, "OKIP", "currents", ZFG_ANSWER_NS, call_ns);
	if (err == ET_OK)
		err = zfg_order(&d->l, ui, "OKUI", "switch on", ON_NS, call_ns);
	if (err == ET_OK)
		err = zfg_ask_status(&d->l, call_ns);
	if (err == ET_OK)
		err = require_healthy(d);
	if (err == ET_OK && d->readback)
		err = await_readback(d, sp, call_ns);
	return err;
}

static void report(struct driver_inst *d, struct source_status *out)
{
	d->l.last.output = d->l.output;
	*out = d->l.last;
}

/* A question may be repeated. */
static int ask_status_again(struct driver_inst *d, int64_t call_ns)
{
	int err;

	do
		err = zfg_ask_status(&d->l, call_ns);
	while ((err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO) && now(d) < call_ns);
	return err;
}

static int switch_off(struct driver_inst *d)
{
	int64_t call_ns = now(d) + OFF_CALL_NS;
	int err;

	d->l.output = SOURCE_UNKNOWN;
	d->l.last.readback = no_readback();
	if (d->l.out_of_step) { /* off first, ask later: '?' spoils a line that was sent by half */
		err = zfg_send_line(&d->l, "?");
		if (err == ET_OK)
			err = zfg_send_line(&d->l, ZFG_ALL_OFF);
		if (err == ET_OK)
			err = zfg_synchronise(&d->l, call_ns);
		if (err != ET_OK)
			return err;
	}
	do
		err = zfg_order(&d->l, ZFG_ALL_OFF, "OKUI", "switch off", OFF_NS, call_ns);
	while (err == ET_ERR_TIMEOUT && now(d) < call_ns);
	if (err == ET_OK)
		err = ask_status_again(d, call_ns);
	if (err == ET_OK &&
	    !d->l.last.healthy) /* a passing event, or a digit that changed on its way */
		err = ask_status_again(d, call_ns);
	if (err == ET_OK)
		err = require_healthy(d);
	if (err == ET_OK)
		d->l.output = SOURCE_OFF;
	return err;
}

static int zfg_off(struct driver_inst *d, struct source_status *out)
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

	if (d->l.env.fault)
		first = *d->l.env.fault;
	d->initialised = false; /* whatever went wrong, begin anew */
	if (switch_off(d) == ET_OK)
		return fault_set(d->l.env.fault, err, "%.200s; switched off", first.text);
	return fault_set(d->l.env.fault, err, "%.200s; NOT known to be off", first.text);
}

static int zfg_set(struct driver_inst *d, const struct setpoint *sp, struct source_status *out)
{
	int64_t call_ns = now(d) + SET_CALL_NS;
	int err = check_setpoint(d, sp);

	if (err == ET_OK && d->l.out_of_step)
		err = zfg_synchronise(&d->l, now(d) + SYNC_CALL_NS);
	if (err != ET_OK)
		return err; /* no setting was sent */
	d->zero_deg = zfg_zero_deg(sp);
	d->l.last.readback = no_readback();
	err = program(d, sp, call_ns);
	if (err != ET_OK)
		return make_safe(d, err);
	d->l.output = SOURCE_ON;
	report(d, out);
	return ET_OK;
}

static int zfg_status(struct driver_inst *d, struct source_status *out)
{
	int64_t call_ns = now(d) + SYNC_CALL_NS;
	int err = zfg_ask_status(&d->l, call_ns);

	d->l.last.readback = no_readback();
	if (err == ET_OK && d->readback)
		err = ask_readback(d, call_ns, &d->l.last.readback);
	if (err == ET_OK)
		report(d, out);
	return err;
}

static int zfg_listen(struct driver_inst *d, int64_t deadline_ns, struct source_status *out)
{
	char line[ZFG_LINE_MAX];
	bool status = false;
	int err = ET_OK;

	for (int i = 0; i < LISTEN_LINES_MAX && err == ET_OK && !status; i++)
		err = zfg_next_line(&d->l, deadline_ns, line, &status);
	if (err == ET_OK && !status)
		err = ET_ERR_TIMEOUT; /* it says a lot, but nothing of its status */
	if (err == ET_OK)
		report(d, out);
	else if (err != ET_ERR_TIMEOUT)
		fault_set(d->l.env.fault, err, "source \"%s\": link failed while listening",
			  d->l.env.name);
	return err;
}

static void begin(struct driver_inst *d, const struct driver_env *env)
{
	d->l.env = *env;
	line_init(&d->l.io, env->port, '\r');
	d->l.out_of_step = true;
	d->l.last.readback = no_readback();
}

static int zfg_off_bare(struct port *p, struct fault *f)
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
	int err = driver_param_get(&d->l.env, params, "volt_max_v", &d->limits.volt_max_v);

	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "curr_max_a", &d->limits.curr_max_a);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "freq_min_hz", &d->limits.freq_min_hz);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "freq_max_hz", &d->limits.freq_max_hz);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "readback_tol_pct", &d->readback_tol_pct);
	if (err == ET_OK)
		err = driver_param_get(&d->l.env, params, "readback", &on);
	if (err != ET_OK)
		return err;
	d->readback = on > 0;
	return ET_OK;
}

static int zfg_open(const struct driver_env *env, struct driver_inst **out,
		    struct instrument_id *id)
{
	struct driver_inst *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return fault_set(env->fault, ET_ERR_NOMEM, "source \"%s\": out of memory",
				 env->name);
	begin(d, env);
	err = read_params(d);
	if (err == ET_OK)
		err = zfg_send_line(&d->l, "?"); /* spoils what somebody before us sent by half */
	if (err == ET_OK)
		err = zfg_synchronise(&d->l, now(d) + SYNC_CALL_NS);
	if (err == ET_ERR_TIMEOUT && d->l.foreign[0] && !zfg_is_refusal(d->l.foreign))
		err = fault_set(env->fault, ET_ERR_DEVICE,
				"source \"%s\": not a ZERA FG, it says \"%s\"", env->name,
				d->l.foreign);
	if (err != ET_OK) {
		free(d);
		return err;
	}
	*id = d->l.id;
	*out = d;
	return ET_OK;
}

static void zfg_close(struct driver_inst *d)
{
	free(d);
}

static int zfg_identify(struct driver_inst *d, struct instrument_id *id)
{
	int err = zfg_synchronise(&d->l, now(d) + SYNC_CALL_NS);

	if (err == ET_OK)
		*id = d->l.id;
	return err;
}

static const struct source_ops source_ops = {
	/* A set() that fails ends with an off. */
	.times = { .set_s = (double)(SET_CALL_NS + OFF_CALL_NS) / ET_NS_PER_S,
		   .off_s = (double)OFF_CALL_NS / ET_NS_PER_S,
		   .other_s = (double)SYNC_CALL_NS / ET_NS_PER_S },
	.limits = zfg_limits,
	.set = zfg_set,
	.off = zfg_off,
	.status = zfg_status,
	.listen = zfg_listen,
	.off_bare = zfg_off_bare,
};

/* As open() begins. What others make of it: an unknown word, or half a line. */
static const char *const settings[] = { "9600,8n2", NULL };
static const struct driver_probe probe = {
	.settings = settings,
	.question = "?\rTS\r",
	.answer_ns = ZFG_ANSWER_NS,
	.read = zfg_read_identity,
};

const struct driver driver_zera_fg = {
	.name = "zera-fg",
	.summary = "ZERA FG30x generators (ASCII, 9600 8N2)",
	.params = params,
	.probe = &probe,
	.open = zfg_open,
	.close = zfg_close,
	.identify = zfg_identify,
	.source = &source_ops,
};
