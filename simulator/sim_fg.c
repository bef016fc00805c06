/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/sim_fg.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "simulator/sim_fg_text.h"

#define MAINS_HZ 60 /* what FR00.00 locks to */

enum verdict { DONE = 0, REFUSED, UNKNOWN };

static int64_t plus_s(int64_t t_ns, double s)
{
	return t_ns + (int64_t)llround(s * 1e9);
}

static void emit(struct sim_fg *fg, int64_t t_ns, const char *text)
{
	char line[FG_TEXT + 1];
	const int n = snprintf(line, sizeof(line), "%s\r", text);

	device_emit(&fg->dev, t_ns, line, (size_t)n);
}

static void emit_status_event(struct sim_fg *fg, int64_t t_ns)
{
	char text[FG_TEXT];

	if (!fg->events)
		return;
	snprintf(text, sizeof(text), "SM%s", fg->status);
	emit(fg, t_ns, text);
}

/* ---- outputs ---- */

static void apply_outputs(struct sim_fg *fg)
{
	struct setpoint sp = fg->programmed;

	for (int k = 0; k < ET_PHASES; k++) {
		if (!fg->volt_on[k])
			sp.ph[k].volt_v = 0;
		if (!fg->curr_on[k])
			sp.ph[k].curr_a = 0;
	}
	world_set_source(fg->dev.world, &sp);
}

static void all_off(struct sim_fg *fg)
{
	memset(fg->volt_on, 0, sizeof(fg->volt_on));
	memset(fg->curr_on, 0, sizeof(fg->curr_on));
}

void sim_fg_trip(struct sim_fg *fg, int64_t now_ns)
{
	all_off(fg);
	apply_outputs(fg);
	fg->status[3] = '8';
	if (fg->busy && fg->is_switch) {
		fg->t_apply_ns = ET_NEVER_NS;
		snprintf(fg->reply, sizeof(fg->reply), "ER-UI");
	}
	emit_status_event(fg, now_ns);
}

/* ---- commands: each gets what follows its two letters ---- */

static enum verdict do_voltages(struct sim_fg *fg, const char *arg, size_t len)
{
	double amp[ET_PHASES], deg[ET_PHASES];

	if (len < 2 || !strchr("EA", arg[0]) || !strchr("EA", arg[1]) ||
	    !fg_three(arg + 2, len - 2, amp, deg))
		return REFUSED;
	for (int k = 0; k < ET_PHASES; k++)
		if (amp[k] > fg->cfg.volt_max_v)
			return REFUSED;
	for (int k = 0; k < ET_PHASES; k++) {
		fg->programmed.ph[k].volt_v = amp[k];
		fg->programmed.ph[k].volt_deg = deg[k];
	}
	return DONE;
}

static enum verdict do_currents(struct sim_fg *fg, const char *arg, size_t len)
{
	double amp[ET_PHASES], deg[ET_PHASES], unit;

	if (len < 2 || arg[0] != 'A' || !strchr("AM", arg[1]) ||
	    !fg_three(arg + 2, len - 2, amp, deg))
		return REFUSED;
	unit = arg[1] == 'M' ? 1e-3 : 1;
	for (int k = 0; k < ET_PHASES; k++)
		if (amp[k] * unit > fg->cfg.curr_max_a)
			return REFUSED;
	for (int k = 0; k < ET_PHASES; k++) {
		fg->programmed.ph[k].curr_a = amp[k] * unit;
		fg->programmed.ph[k].curr_deg = deg[k];
	}
	return DONE;
}

static enum verdict do_frequency(struct sim_fg *fg, const char *arg, size_t len)
{
	double hz;

	if (len != 5 || !fg_field(arg, 2, 2, &hz))
		return REFUSED;
	if (strcmp(arg, "00.00") == 0 || strcmp(arg, "00.16") == 0)
		hz = MAINS_HZ;
	if (hz < fg->cfg.freq_min_hz || hz > fg->cfg.freq_max_hz)
		return REFUSED;
	fg->programmed.freq_hz = hz;
	return DONE;
}

static enum verdict do_switch(struct sim_fg *fg, const char *arg, size_t len)
{
	bool on = false;

	if (len != 9 || strspn(arg, "EA") < 3 || strspn(arg + 3, "PA") < 3 ||
	    strspn(arg + 6, "EA") != 3)
		return REFUSED;
	if (fg->refuse_off && !strpbrk(arg, "EP"))
		return REFUSED;
	for (int k = 0; k < ET_PHASES; k++) {
		fg->volt_on[k] = arg[k] == 'E';
		fg->curr_on[k] = arg[3 + k] == 'P';
		on = on || fg->volt_on[k] || fg->curr_on[k];
	}
	memset(fg->status, '0', FG_STATUS_DIGITS);
	fg->is_switch = true;
	fg->t_done_ns = plus_s(fg->dev.world->t_ns, on ? fg->cfg.on_time_s : fg->cfg.off_time_s);
	fg->t_apply_ns =
		plus_s(fg->dev.world->t_ns, (on ? fg->cfg.on_time_s : fg->cfg.off_time_s) / 2);
	if (!on && fg->stuck_on)
		fg->t_apply_ns = ET_NEVER_NS;
	return DONE;
}

static enum verdict do_events(struct sim_fg *fg, const char *arg, size_t len)
{
	if (len != 1 || !strchr("01", arg[0]))
		return REFUSED;
	fg->events = arg[0] == '1';
	return DONE;
}

/* Settings that change nothing in this world are only checked: a pattern where 0 stands for any of "01",
 * 9 for a digit, A for a capital letter, x for anything. */
static bool fits(const char *pattern, const char *arg)
{
	for (; *pattern && *arg; pattern++, arg++) {
		const bool ok = *pattern == '0'	  ? *arg == '0' || *arg == '1'
				: *pattern == '9' ? isdigit((unsigned char)*arg)
				: *pattern == 'A' ? isupper((unsigned char)*arg)
				: *pattern == 'x' ? true
						  : *arg == *pattern;
		if (!ok)
			return false;
	}
	return !*pattern && !*arg;
}

static const struct command {
	const char *name, *reply;
	enum verdict (*fn)(struct sim_fg *fg, const char *arg, size_t len);
	const char *pattern; /* where fn is NULL */
} commands[] = {
	{ "UP", "OKUP", do_voltages, NULL },
	{ "IP", "OKIP", do_currents, NULL },
	{ "FR", "OKFR", do_frequency, NULL },
	{ "UI", "OKUI", do_switch, NULL },
	{ "SE", "OKSE", do_events, NULL },
	{ "DS", "OKDS", NULL, "0" },
	{ "RE", "OKRE", NULL, "0" },
	{ "HP", "OKHP", NULL, "00" },
	{ "OL", "OKOL", NULL, "0000000000000000" },
	{ "SF", "OKSF", NULL, "0" },
	{ "HE", "OKHE", NULL, "AAAAAAAAAAAAAAAA" },
	{ "PL", "OKPL", NULL, "" },
	{ "OF", "OKOF", NULL, "00000000+999.999" },
	{ "ZP", "OKZP", NULL, "9999999999" },
	{ "3CM2", "OK3CM2", NULL, "" },
	{ "3CM4", "OK3CM4", NULL, "" },
	{ "2S", "2OK", NULL, "0xx" },
	{ "2X", "2OK", NULL, "9999" },
};

static enum verdict do_setting(struct sim_fg *fg, const char *line, size_t len)
{
	for (size_t n = 0; n < sizeof(commands) / sizeof(commands[0]); n++) {
		const struct command *c = &commands[n];
		const size_t head = strlen(c->name);
		enum verdict v;

		if (strncmp(line, c->name, head) != 0)
			continue;
		if (c->fn)
			v = c->fn(fg, line + head, len - head);
		else
			v = fits(c->pattern, line + head) ? DONE : REFUSED;
		if (v == DONE)
			snprintf(fg->reply, sizeof(fg->reply), "%s", c->reply);
		else
			snprintf(fg->reply, sizeof(fg->reply), "%sNAK", c->name);
		return v;
	}
	return UNKNOWN;
}

static enum verdict do_query(struct sim_fg *fg, const char *line)
{
	if (strcmp(line, "TS") == 0)
		snprintf(fg->reply, sizeof(fg->reply), "TS%-8.8s%-4.4s", fg->cfg.model,
			 fg->cfg.firmware);
	else if (strcmp(line, "SM") == 0)
		snprintf(fg->reply, sizeof(fg->reply), "SM%s", fg->status);
	else if (!fg_reading(fg->dev.world, line, fg->reply, sizeof(fg->reply)))
		return UNKNOWN;
	return DONE;
}

/* ---- one command at a time ---- */

static void set_alarm(struct sim_fg *fg)
{
	if (!fg->busy)
		device_alarm_at(&fg->dev, ET_NEVER_NS);
	else
		device_alarm_at(&fg->dev,
				fg->t_apply_ns < fg->t_done_ns ? fg->t_apply_ns : fg->t_done_ns);
}

static void begin_command(struct sim_fg *fg, int64_t t_ns, const char *line)
{
	fg->busy = true;
	fg->is_switch = false;
	fg->t_apply_ns = ET_NEVER_NS;
	fg->t_done_ns = plus_s(t_ns, fg->cfg.latency_s);
	fg->reply[0] = '\0';
	if (do_query(fg, line) == UNKNOWN)
		(void)do_setting(fg, line, strlen(line)); /* silence for what it does not know */
}

static void on_line(struct device *d, int64_t t_ns, const char *text, size_t len)
{
	struct sim_fg *fg = (struct sim_fg *)d;
	char line[FG_TEXT];

	if (len > 0 && text[0] == '\n') {
		text++;
		len--;
	}
	if (len == 0 || len >= sizeof(line) || memchr(text, '\0', len))
		return;
	memcpy(line, text, len);
	line[len] = '\0';
	if (!fg->busy)
		begin_command(fg, t_ns, line);
	else if (fg->n_queued < FG_QUEUE)
		memcpy(fg->queue[fg->n_queued++], line, len + 1);
	set_alarm(fg);
}

static void finish_command(struct sim_fg *fg, int64_t now_ns)
{
	char next[FG_TEXT];

	if (fg->is_switch && fg->t_apply_ns == ET_NEVER_NS)
		emit_status_event(fg, now_ns);
	if (fg->reply[0])
		emit(fg, now_ns, fg->reply);
	fg->busy = false;
	if (fg->n_queued == 0)
		return;
	memcpy(next, fg->queue[0], sizeof(next));
	memmove(fg->queue[0], fg->queue[1], sizeof(fg->queue[0]) * (FG_QUEUE - 1));
	fg->n_queued--;
	begin_command(fg, now_ns, next);
}

static void on_alarm(struct device *d, int64_t now_ns)
{
	struct sim_fg *fg = (struct sim_fg *)d;

	if (fg->t_apply_ns <= now_ns) {
		fg->t_apply_ns = ET_NEVER_NS;
		apply_outputs(fg);
	}
	if (fg->busy && fg->t_done_ns <= now_ns)
		finish_command(fg, now_ns);
	set_alarm(fg);
}

void sim_fg_init(struct sim_fg *fg, const struct sim_fg_config *cfg, struct clk *c, struct world *w)
{
	memset(fg, 0, sizeof(*fg));
	device_init(&fg->dev, c, w, '\r', on_line, on_alarm);
	fg->cfg = *cfg;
	fg->programmed.freq_hz = MAINS_HZ;
	memset(fg->status, '0', FG_STATUS_DIGITS);
	fg->t_apply_ns = ET_NEVER_NS;
}
