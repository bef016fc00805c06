/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/probe.c - see the header. */
#include "drivers/probe.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "io/port_list.h"

enum { HEARD_MAX = 300, DRIVERS_MAX = 32, SETTINGS_MAX = 16 };
#define WRITE_NS ((int64_t)2 * ET_NS_PER_S)

struct ear {
	struct port *port;
	bool asked[DRIVERS_MAX]; /* of drivers[] */
	size_t len;
	bool is_damaged; /* inside a line that is too long or lost bytes */
	bool has_heard; /* anything since the question */
	char line[HEARD_MAX];
	struct probe_result *out;
};

/* ---- listening: lines of all protocols, ended by CR or LF ---- */

static void judge(struct ear *e)
{
	for (size_t i = 0; i < DRIVERS_MAX && drivers[i]; i++) {
		struct instrument_id id;
		int err = e->asked[i] ? drivers[i]->probe->read(e->line, &id) : ET_ERR_PROTO;

		if (err == ET_ERR_PROTO)
			continue;
		e->out->id = id;
		e->out->state = err == ET_OK ? PROBE_FOUND : PROBE_UNKNOWN;
		e->out->driver = err == ET_OK ? drivers[i] : NULL;
		if (err == ET_OK)
			return;
	}
}

/* @return whether it was an answer. */
static bool take_line(struct ear *e)
{
	e->line[e->len] = '\0';
	if (e->len > 0) {
		snprintf(e->out->heard, sizeof(e->out->heard), "%.*s",
			 (int)sizeof(e->out->heard) - 1, e->line);
		if (!e->is_damaged)
			judge(e);
	}
	e->len = 0;
	e->is_damaged = false;
	return e->out->state != PROBE_SILENT;
}

static bool take_bytes(struct ear *e, const char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\r' || buf[i] == '\n') {
			if (take_line(e))
				return true;
			continue;
		}
		e->has_heard = true;
		e->is_damaged = e->is_damaged || e->len == HEARD_MAX - 1;
		if (e->len < HEARD_MAX - 1)
			e->line[e->len++] = buf[i] < 0x20 || buf[i] > 0x7e ? '?' : buf[i];
	}
	return false;
}

/* @return ET_OK: answered; ET_ERR_TIMEOUT, ET_ERR_IO. */
static int listen_for_answer(struct ear *e, int64_t deadline_ns)
{
	char buf[256];

	for (;;) {
		int n = port_read(e->port, buf, sizeof(buf), deadline_ns);

		if (n < 0 && n != ET_ERR_PROTO)
			return n;
		if (n == ET_ERR_PROTO) { /* another speed, or noise */
			(void)take_bytes(e, "?", 1);
			e->is_damaged = true;
		} else if (take_bytes(e, buf, (size_t)n)) {
			return ET_OK;
		}
		if (clk_now_ns(e->port->clk) >= deadline_ns) /* it may talk without end */
			return ET_ERR_TIMEOUT;
	}
}

/* ---- asking ---- */

static int ask(struct ear *e, const struct driver_probe *probe)
{
	struct clk *c = e->port->clk;
	int err = port_write(e->port, probe->question, strlen(probe->question),
			     clk_now_ns(c) + WRITE_NS);

	e->has_heard = false;
	if (err == ET_OK)
		err = listen_for_answer(e, clk_now_ns(c) + probe->answer_ns);
	return err;
}

static int ask_twice(struct ear *e, const struct driver_probe *probe)
{
	int err;

	for (size_t i = 0; i < DRIVERS_MAX && drivers[i]; i++)
		if (drivers[i]->probe && !strcmp(drivers[i]->probe->question, probe->question))
			e->asked[i] = true;
	err = ask(e, probe);
	return err == ET_ERR_TIMEOUT && e->has_heard ? ask(e, probe) : err;
}

static bool has_setting(const struct driver_probe *probe, const char *setting)
{
	for (const char *const *s = probe->settings; setting && *s; s++)
		if (!strcmp(*s, setting))
			return true;
	return !setting;
}

/* Drivers in the order in which they ask: the one that is expected, power sources, all others. @return how many. */
static size_t in_order(const struct driver *first, size_t out[DRIVERS_MAX])
{
	size_t n = 0;

	for (int turn = 0; turn < 3; turn++)
		for (size_t i = 0; i < DRIVERS_MAX && drivers[i]; i++) {
			const struct driver *d = drivers[i];

			if (d->probe && turn == (d == first ? 0 : d->source ? 1 : 2))
				out[n++] = i;
		}
	return n;
}

/* Some close a connection on which they were asked nonsense: the next question then gets a new one. */
static int recover(struct ear *e)
{
	struct fault ignored;

	e->len = 0;
	e->is_damaged = false;
	return port_reopen(e->port, &ignored);
}

/* What the answers leave behind: nothing, talk that makes no sense, or a link that does not hold. */
static void conclude(struct ear *e, bool has_failed)
{
	struct probe_result *out = e->out;

	if (e->len > 0) {
		e->is_damaged = true; /* its end never came, so that it is no answer */
		(void)take_line(e);
	}
	if (out->state != PROBE_SILENT)
		return;
	if (out->heard[0]) {
		out->state = PROBE_UNKNOWN;
	} else if (has_failed) {
		out->state = PROBE_FAILED;
		fault_set(&out->fault, ET_ERR_IO, "%s: fails when it is asked", e->port->spec);
	}
}

void probe_port(struct port *p, const char *setting, const struct driver *first,
		struct probe_result *out)
{
	struct ear e = { .port = p, .out = out };
	size_t order[DRIVERS_MAX], n = in_order(first, order);
	bool has_failed = false;

	*out = (struct probe_result){ .state = PROBE_SILENT };
	snprintf(out->spec, sizeof(out->spec), "%s", p->spec);
	for (size_t i = 0; i < n && out->state == PROBE_SILENT; i++) {
		const struct driver_probe *probe = drivers[order[i]]->probe;

		if (e.asked[order[i]] || !has_setting(probe, setting) ||
		    ask_twice(&e, probe) != ET_ERR_IO)
			continue;
		has_failed = true;
		if (recover(&e) != ET_OK)
			break;
	}
	conclude(&e, has_failed);
}

/* ---- links ---- */

static bool is_device(const char *spec)
{
	return !strncmp(spec, "serial:/", 8) || !strncmp(spec, "tty:/", 5);
}

/* Settings of all drivers, each once, in the order in which they ask. @return how many. */
static size_t all_settings(const struct driver *first, const char *out[SETTINGS_MAX])
{
	size_t order[DRIVERS_MAX], drivers_n = in_order(first, order), n = 0;

	for (size_t i = 0; i < drivers_n; i++)
		for (const char *const *s = drivers[order[i]]->probe->settings; *s; s++) {
			size_t k = 0;

			while (k < n && strcmp(out[k], *s))
				k++;
			if (k == n && n < SETTINGS_MAX)
				out[n++] = *s;
		}
	return n;
}

static void probe_one(const char *spec, const char *setting, const struct driver *first,
		      struct clk *c, struct probe_result *out)
{
	struct fault f = { 0 };
	struct port *p;

	if (port_open(spec, c, &p, &f) == ET_OK) {
		probe_port(p, setting, first, out);
		port_close(p);
		return;
	}
	*out = (struct probe_result){ .state = f.holder_pid ? PROBE_IN_USE : PROBE_FAILED,
				      .fault = f };
	snprintf(out->spec, sizeof(out->spec), "%s", spec);
}

/* The best of what the settings gave: an answer, then talk, then silence, then a failure. */
static bool is_better(enum probe_state a, enum probe_state b)
{
	static const int rank[] = { [PROBE_FAILED] = 0,
				    [PROBE_SILENT] = 1,
				    [PROBE_UNKNOWN] = 2,
				    [PROBE_IN_USE] = 3,
				    [PROBE_FOUND] = 4 };

	return rank[a] > rank[b];
}

static void probe_settings(const char *spec, const struct driver *first, struct clk *c,
			   struct probe_result *out)
{
	const char *settings[SETTINGS_MAX];
	const size_t n = all_settings(first, settings);

	for (size_t i = 0; i < n; i++) {
		struct probe_result r;
		char full[sizeof(r.spec) + 16];

		snprintf(full, sizeof(full), "%s,%s", spec, settings[i]);
		probe_one(full, settings[i], first, c, &r);
		if (i == 0 || is_better(r.state, out->state))
			*out = r;
		if (r.state == PROBE_FOUND || r.state == PROBE_IN_USE)
			return;
	}
}

void probe_link(const char *spec, const struct driver *first, struct clk *c,
		struct probe_result *out)
{
	struct fault f = { 0 };

	*out = (struct probe_result){ .state = PROBE_IN_USE };
	snprintf(out->spec, sizeof(out->spec), "%s", spec);
	if (!strncmp(spec, "serial:", 7) && port_check_unused(spec + 7, &f) != ET_OK)
		out->fault = f;
	else if (is_device(spec) && !strchr(spec, ','))
		probe_settings(spec, first, c, out);
	else
		probe_one(spec, NULL, first, c, out);
}
