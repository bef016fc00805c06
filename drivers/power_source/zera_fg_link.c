/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/zera_fg_link.c - see the header. */
#include "drivers/power_source/zera_fg_link.h"

#include <stdio.h>
#include <string.h>

static int64_t now(const struct zfg_link *l)
{
	return clk_now_ns(l->env.clk);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- lines ---- */

int zfg_send_line(struct zfg_link *l, const char *line)
{
	int err = line_write(&l->io, line, now(l) + ZFG_ANSWER_NS);

	if (err == ET_OK)
		return ET_OK;
	l->out_of_step = true;
	return fault_set(l->env.fault, err, "source \"%s\": link failed at %s", l->env.name, line);
}

/* A status line updates the status, whoever asked for it. @return whether it was one. */
static bool note_status(struct zfg_link *l, const char *line, int64_t t_ns)
{
	bool healthy;

	if (zfg_read_status(line, &healthy) != ET_OK)
		return false;
	l->last.t_ns = t_ns;
	l->last.healthy = healthy;
	snprintf(l->last.word, sizeof(l->last.word), "%.63s", line);
	if (!healthy)
		l->output = SOURCE_UNKNOWN; /* what tripped it may have switched it too */
	return true;
}

/* The next line that is not empty. */
int zfg_next_line(struct zfg_link *l, int64_t deadline_ns, char line[ZFG_LINE_MAX], bool *status)
{
	for (;;) {
		int64_t t_ns;
		int err = line_read(&l->io, line, ZFG_LINE_MAX, deadline_ns, &t_ns);

		if (err != ET_OK && err != ET_ERR_PROTO)
			return err;
		if (err == ET_ERR_PROTO || !line[0]) {
			if (now(l) > deadline_ns)
				return ET_ERR_TIMEOUT;
			continue;
		}
		for (char *p = line; *p; p++) /* faults are text for people and records */
			if (*p < 0x20 || *p > 0x7e)
				*p = '?';
		*status = note_status(l, line, t_ns);
		return ET_OK;
	}
}

int zfg_another_line(struct zfg_link *l, int64_t deadline_ns, char line[ZFG_LINE_MAX], bool *status)
{
	return now(l) < deadline_ns ? zfg_next_line(l, deadline_ns, line, status) : ET_ERR_TIMEOUT;
}

bool zfg_is_refusal(const char *line)
{
	size_t n = strlen(line);

	return (n >= 3 && !strcmp(line + n - 3, "NAK")) || strstr(line, "ER-") ||
	       strstr(line, "ERR-") || strstr(line, "ERROR");
}

/* ---- step ---- */

/** Ask TS until its answer: whatever was on its way before is gone then. */
int zfg_synchronise(struct zfg_link *l, int64_t deadline_ns)
{
	char line[ZFG_LINE_MAX];
	bool status;
	int err = ET_OK;

	while (err == ET_OK && now(l) < deadline_ns) {
		int64_t answer_ns = sooner(now(l) + ZFG_ANSWER_NS, deadline_ns);

		err = zfg_send_line(l, "TS");
		l->ts_pending++;
		while (err == ET_OK) {
			err = zfg_another_line(l, answer_ns, line, &status);
			if (err == ET_OK && !status && zfg_read_identity(line, &l->id) == ET_OK) {
				l->ts_pending--;
				l->out_of_step = false;
				return ET_OK;
			}
			if (err == ET_OK && !status)
				snprintf(l->foreign, sizeof(l->foreign), "%.39s", line);
		}
		if (err == ET_ERR_TIMEOUT)
			err = ET_OK;
	}
	return fault_set(l->env.fault, err == ET_OK ? ET_ERR_TIMEOUT : err,
			 "source \"%s\": no answer to TS (identify)", l->env.name);
}

/** Prove that everything before has been answered. Answers to older questions TS do not count. */
static int confirm(struct zfg_link *l, int64_t deadline_ns)
{
	char line[ZFG_LINE_MAX];
	struct instrument_id id;
	bool status, answered = false;
	int err = zfg_send_line(l, "TS");

	l->ts_pending++;
	deadline_ns = sooner(now(l) + ZFG_ANSWER_NS, deadline_ns);
	while (err == ET_OK && l->ts_pending > 0) {
		err = zfg_another_line(l, deadline_ns, line, &status);
		if (err == ET_OK && !status && zfg_read_identity(line, &id) == ET_OK) {
			answered = true;
			l->ts_pending--;
		}
	}
	if (err == ET_OK)
		return ET_OK;
	l->ts_pending = 0; /* one was lost before: nothing more comes */
	if (err == ET_ERR_TIMEOUT && answered)
		return ET_OK;
	l->out_of_step = true;
	return fault_set(l->env.fault, err, "source \"%s\": no answer to TS (confirmation)",
			 l->env.name);
}

/* One transaction. answer: the line that ends it, or how it begins when whole is false. */
struct exchange {
	const char *send, *answer, *what;
	bool whole;
	int64_t timeout_ns, call_ns;
};
static int transact(struct zfg_link *l, const struct exchange *x, char line[ZFG_LINE_MAX])
{
	int64_t deadline_ns;
	bool status;
	int err = ET_OK;

	if (l->out_of_step)
		err = zfg_synchronise(l, x->call_ns);
	if (err == ET_OK)
		err = zfg_send_line(l, x->send);
	if (err != ET_OK)
		return err;
	deadline_ns = sooner(now(l) + x->timeout_ns, x->call_ns);
	while ((err = zfg_another_line(l, deadline_ns, line, &status)) == ET_OK) {
		if (x->whole ? !strcmp(line, x->answer)
			     : !strncmp(line, x->answer, strlen(x->answer)))
			return ET_OK;
		if (!status && zfg_is_refusal(line))
			return fault_set(l->env.fault, ET_ERR_DEVICE,
					 "source \"%s\": refused %s (%s): %s", l->env.name, x->send,
					 x->what, line);
	}
	l->out_of_step = true;
	return fault_set(l->env.fault, err, "source \"%s\": no answer to %.40s (%s) within %g s",
			 l->env.name, x->send, x->what, (double)x->timeout_ns / ET_NS_PER_S);
}

int zfg_order(struct zfg_link *l, const char *send, const char *answer, const char *what,
	      int64_t timeout_ns, int64_t call_ns)
{
	const struct exchange x = { send, answer, what, true, timeout_ns, call_ns };
	char line[ZFG_LINE_MAX];

	return transact(l, &x, line);
}

int zfg_ask(struct zfg_link *l, const char *send, const char *what, int64_t call_ns,
	    char line[ZFG_LINE_MAX])
{
	const struct exchange x = { send, send, what, false, ZFG_ANSWER_NS, call_ns };

	return transact(l, &x, line);
}

/** Ends at the next status line, whoever caused it; what follows it is the answer, before TS's. */
int zfg_ask_status(struct zfg_link *l, int64_t call_ns)
{
	char line[ZFG_LINE_MAX];
	bool healthy;
	int err = zfg_ask(l, "SM", "status", call_ns, line);

	if (err == ET_OK && zfg_read_status(line, &healthy) != ET_OK)
		err = fault_set(l->env.fault, ET_ERR_PROTO,
				"source \"%s\": the answer to SM makes no sense", l->env.name);
	if (err == ET_OK)
		err = confirm(l, call_ns);
	return err;
}
