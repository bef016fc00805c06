/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/zera_com_link.c - see the header. */
#include "drivers/reference_standard/zera_com_link.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

enum { ASK_TRIES = 2, QUEUE_MAX = 64 }; /* errors that are read before giving up on an end */
#define SYNC_NS ((int64_t)6 * ET_NS_PER_S)
#define CONFIRM_NS ((int64_t)5 * ET_NS_PER_S)
#define CONFIRM_PAUSE_NS ((int64_t)ET_NS_PER_S / 50)

int zcom_fault(struct zcom_link *l, int code, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fault_set(l->env.fault, code, "reference \"%s\": %s", l->env.name, what);
}

void zcom_init(struct zcom_link *l, const struct driver_env *env)
{
	*l = (struct zcom_link){ .env = *env, .out_of_step = true, .measure_ns = COM_ANSWER_NS };
	line_init(&l->io, env->port, '\n');
}

/* ---- what kind of answer is a line? ---- */

static bool copy_field(const char *s, size_t n, char out[32])
{
	while (n && *s == ' ')
		s++, n--;
	while (n && s[n - 1] == ' ')
		n--;
	if (!n || n > 31)
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

bool zcom_split_identity(const char *line, struct instrument_id *out)
{
	struct instrument_id id = { 0 };
	char *const field[4] = { id.maker, id.model, id.serial, id.firmware };
	const char *p = line;

	for (int i = 0; i < 4; i++) {
		size_t n = strcspn(p, ",");

		if ((p[n] == ',') != (i < 3) || !copy_field(p, n, field[i]))
			return false;
		p += n + 1;
	}
	id.simulated = !strncmp(id.serial, "SIM", 3);
	*out = id;
	return true;
}

/* "ZERA GmbH Koenigswinter, COM5003, serial number, release" */
static bool read_identity(const char *line, struct instrument_id *out)
{
	struct instrument_id id;

	if (!zcom_split_identity(line, &id) || strncasecmp(id.maker, "ZERA", 4))
		return false;
	*out = id;
	return true;
}

/* Each says whether a line can be the answer to a question of its kind; @p module: of is_values() only. */
static bool is_number(struct zcom_link *l, const char *line, const char *module)
{
	double v;

	(void)l, (void)module;
	return num_parse_f64(line, strlen(line), &v) == ET_OK;
}

static bool is_text(struct zcom_link *l, const char *line, const char *module)
{
	(void)l, (void)module;
	return *line && !strpbrk(line, ",[?");
}

static bool is_values(struct zcom_link *l, const char *line, const char *module)
{
	size_t n = strlen(module);

	(void)l;
	return !strncasecmp(line, module, n) && line[n] == ':' && strchr(line, '[');
}

/* "+0,No error" */
static bool is_error(struct zcom_link *l, const char *line, const char *module)
{
	size_t digits = strspn(line + (*line == '+' || *line == '-'), "0123456789");

	(void)l, (void)module;
	return (*line == '+' || *line == '-') && digits && line[1 + digits] == ',' &&
	       !strchr(line + 2 + digits, ',');
}

/* ---- questions ---- */

typedef bool (*is_answer_fn)(struct zcom_link *l, const char *line, const char *module);

static int send_line(struct zcom_link *l, const char *text)
{
	int err = line_write(&l->io, text, clk_now_ns(l->env.clk) + COM_ANSWER_NS);

	if (err == ET_OK)
		return ET_OK;
	l->out_of_step = true;
	return zcom_fault(l, err, "link failed at %s", text);
}

/* Faults are text for people and records: nothing else may come from the line. */
static bool make_ascii(char *line)
{
	bool changed = false;

	for (; *line; line++)
		if (*line < 0x20 || *line > 0x7e) {
			*line = '?';
			changed = true;
		}
	return changed;
}

/* One question and one answer; what can't be its answer is late and thrown away. */
static int exchange(struct zcom_link *l, const char *question, is_answer_fn is_answer,
		    const char *module, int64_t patience_ns, char out[COM_ANSWER_MAX])
{
	int64_t deadline_ns, t_ns;
	bool damaged = false;
	int err;

	err = send_line(l, question);
	l->t_before_ns = l->env.port->t_write_ns;
	deadline_ns = l->t_before_ns + patience_ns;
	while (err == ET_OK) {
		err = line_read_another(&l->io, out, COM_ANSWER_MAX, deadline_ns, &t_ns);
		if (err == ET_OK)
			damaged = make_ascii(out) || damaged;
		if (err == ET_ERR_PROTO) {
			damaged = true;
			err = ET_OK;
		} else if (err == ET_OK && is_answer(l, out, module)) {
			l->t_after_ns = t_ns;
			return ET_OK;
		} else if (err == ET_OK) {
			damaged = damaged || *out;
		}
	}
	l->out_of_step = true;
	if (err == ET_ERR_TIMEOUT && damaged)
		return zcom_fault(l, ET_ERR_PROTO, "the answer to %s makes no sense", question);
	if (err == ET_ERR_TIMEOUT)
		return zcom_fault(l, err, "no answer to %s within %g s", question,
				  (double)patience_ns / ET_NS_PER_S);
	return zcom_fault(l, err, "link failed at %s", question);
}

/* @return ET_OK with the first entry in @p first ("" when empty). */
static int read_queue(struct zcom_link *l, char first[64])
{
	char line[COM_ANSWER_MAX];

	first[0] = '\0';
	for (int i = 0; i < QUEUE_MAX; i++) {
		int err = exchange(l, "SYSTEM:ERROR?", is_error, NULL, COM_ANSWER_NS, line);

		if (err != ET_OK)
			return err;
		if (line[1] == '0' && line[2] == ',')
			return ET_OK;
		if (!first[0])
			snprintf(first, 64, "%.63s", line);
	}
	return zcom_fault(l, ET_ERR_DEVICE, "its error queue has no end: %s", line);
}

static bool is_identity(struct zcom_link *l, const char *line, const char *module)
{
	(void)module;
	if (read_identity(line, &l->id))
		return true;
	snprintf(l->foreign, sizeof(l->foreign), "%.39s", line);
	return false;
}

static int bring_in_step(struct zcom_link *l, char first_error[64])
{
	int64_t until_ns = clk_now_ns(l->env.clk) + SYNC_NS;
	char line[COM_ANSWER_MAX];
	int err;

	do
		err = exchange(l, "*IDN?", is_identity, NULL, COM_ANSWER_NS, line);
	while ((err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO) && clk_now_ns(l->env.clk) < until_ns);
	if (err != ET_OK)
		return err == ET_ERR_PROTO ? zcom_fault(l, ET_ERR_TIMEOUT, "no answer to *IDN?")
					   : err;
	err = read_queue(l, first_error);
	if (err == ET_OK)
		l->out_of_step = false;
	return err;
}

int zcom_synchronise(struct zcom_link *l)
{
	char ignored[64];

	return bring_in_step(l, ignored);
}

/* A question with all that a time-out asks for: the link brought back in step, the reason read, and the question
 * asked once more. */
static int ask(struct zcom_link *l, const char *question, is_answer_fn is_answer,
	       const char *module, char out[COM_ANSWER_MAX])
{
	int64_t patience_ns = is_answer == is_values ? l->measure_ns : COM_ANSWER_NS;
	char first_error[64] = "";
	int err = l->out_of_step ? zcom_synchronise(l) : ET_OK;

	for (int tries = 0; err == ET_OK && tries < ASK_TRIES; tries++) {
		struct fault why = { 0 };

		err = exchange(l, question, is_answer, module, patience_ns, out);
		if (err != ET_ERR_TIMEOUT && err != ET_ERR_PROTO)
			return err;
		if (l->env.fault)
			why = *l->env.fault;
		if (bring_in_step(l, first_error) != ET_OK)
			return fault_set(l->env.fault, err, "%s", why.text);
		if (first_error[0])
			return fault_set(l->env.fault, ET_ERR_DEVICE, "%.180s; it reports %s",
					 why.text, first_error);
		fault_set(l->env.fault, err, "%s", why.text);
		if (tries + 1 < ASK_TRIES)
			err = ET_OK;
	}
	return err;
}

int zcom_check_errors(struct zcom_link *l)
{
	char first[64];
	int err = l->out_of_step ? zcom_synchronise(l) : ET_OK;

	if (err == ET_OK)
		err = read_queue(l, first);
	if (err == ET_ERR_TIMEOUT || err == ET_ERR_PROTO)
		err = bring_in_step(l, first); /* which reads it too */
	if (err != ET_OK || !first[0])
		return err;
	return zcom_fault(l, ET_ERR_DEVICE, "it reports %s", first);
}

int zcom_ask_number_text(struct zcom_link *l, const char *question, double *out, char *text)
{
	char line[COM_ANSWER_MAX];
	int err = ask(l, question, is_number, NULL, line);

	if (err != ET_OK)
		return err;
	snprintf(text, COM_COMMAND_MAX, "%.95s", line);
	return num_parse_f64(line, strlen(line), out);
}

int zcom_ask_number(struct zcom_link *l, const char *question, double *out)
{
	char text[COM_COMMAND_MAX];

	return zcom_ask_number_text(l, question, out, text);
}

int zcom_ask_text(struct zcom_link *l, const char *question, char out[COM_ANSWER_MAX])
{
	return ask(l, question, is_text, NULL, out);
}

int zcom_ask_values(struct zcom_link *l, const char *question, const char *module,
		    char out[COM_ANSWER_MAX])
{
	return ask(l, question, is_values, module, out);
}

int zcom_find_value(const char *answer, const char *label, int field, double *out)
{
	size_t len = strlen(label);

	for (const char *p = answer; *p;) {
		const char *end = p + strcspn(p, ";");

		if (!strncasecmp(p, label, len)) {
			p += len;
			for (; field > 0 && p <= end; field--)
				p += strcspn(p, ",;") + 1;
			if (p >= end || (p[-1] != ',' && p[-1] != ':'))
				return ET_ERR_PROTO;
			return num_parse_f64(p, strcspn(p, ",;"), out);
		}
		p = *end ? end + 1 : end;
	}
	return ET_ERR_PROTO;
}

int zcom_tell(struct zcom_link *l, const char *order)
{
	char line[COM_COMMAND_MAX];
	int err = l->out_of_step ? zcom_synchronise(l) : ET_OK;

	if (err != ET_OK)
		return err;
	snprintf(line, sizeof(line), "%s;", order);
	return send_line(l, line);
}

static bool same_setting(const char *got, const char *want)
{
	double a, b;

	if (num_parse_f64(got, strlen(got), &a) == ET_OK &&
	    num_parse_f64(want, strlen(want), &b) == ET_OK)
		return a == b;
	return !strcasecmp(got, want);
}

int zcom_tell_confirmed(struct zcom_link *l, const char *order, const char *question,
			const char *want)
{
	int64_t until_ns = clk_now_ns(l->env.clk) + CONFIRM_NS;
	char got[COM_ANSWER_MAX];
	int err = zcom_tell(l, order);

	while (err == ET_OK) {
		err = zcom_ask_text(l, question, got);
		if (err != ET_OK || same_setting(got, want))
			return err;
		if (clk_now_ns(l->env.clk) >= until_ns) {
			err = zcom_check_errors(l);
			return err == ET_OK ? zcom_fault(l, ET_ERR_DEVICE, "did not take %s", order)
					    : err;
		}
		clk_sleep_until(l->env.clk, clk_now_ns(l->env.clk) + CONFIRM_PAUSE_NS);
	}
	return err;
}
