/* SPDX-License-Identifier: Apache-2.0 */
/* bench/detect.c - see the header. */
#include "bench/detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/port_list.h"
#include "io/worker.h"

/* The device of a specification without links in its name; NULL: none. Freed by the caller. */
static char *device_of(const char *spec)
{
	char path[sizeof(((struct detect_link *)0)->spec)];
	const char *colon = strchr(spec, ':');

	if (strncmp(spec, "serial:", 7) && strncmp(spec, "tty:", 4))
		return NULL;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(colon + 1, ","), colon + 1);
	return realpath(path, NULL);
}

static bool is_same_link(const char *a, const char *b)
{
	char *x = device_of(a), *y = device_of(b);
	bool same = x && y ? !strcmp(x, y) : !strcmp(a, b);

	free(x);
	free(y);
	return same;
}

/* A Modbus meter has registers, and nothing in them that says what they mean. */
static bool can_be_asked(const char *spec)
{
	return strncmp(spec, "simulated:", 10) != 0 && strncmp(spec, "modbus-", 7) != 0;
}

int detect_add(struct detect *d, const char *spec, const struct bench_instrument *expected,
	       bool is_named, struct fault *f)
{
	struct detect_link *l = &d->link[d->n];

	for (size_t i = 0; i < d->n; i++)
		if (is_same_link(d->link[i].spec, spec))
			return ET_OK;
	if (d->n == DETECT_LINKS_MAX)
		return fault_set(f, ET_ERR_ARG, "%.80s: more than %d links", spec,
				 DETECT_LINKS_MAX);
	if (strlen(spec) >= sizeof(l->spec))
		return fault_set(f, ET_ERR_ARG, "%.40s...: longer than %zu bytes", spec,
				 sizeof(l->spec) - 1);
	*l = (struct detect_link){ .expected = expected,
				   .is_named = is_named,
				   .is_asked = can_be_asked(spec) };
	snprintf(l->spec, sizeof(l->spec), "%s", spec);
	d->n++;
	return ET_OK;
}

int detect_add_ports(struct detect *d, struct fault *f)
{
	struct serial_device ports[DETECT_LINKS_MAX];
	size_t n;
	int err = port_list(ports, DETECT_LINKS_MAX, &n, f);

	for (size_t i = 0; i < n && err == ET_OK; i++) {
		char spec[sizeof(ports[i].path) + 8];

		snprintf(spec, sizeof(spec), "serial:%s", ports[i].path);
		err = detect_add(d, spec, NULL, false, f);
	}
	return err;
}

static void run_probe(void *arg)
{
	struct detect_link *l = arg;

	probe_link(l->spec, l->expected ? driver_find(l->expected->driver) : NULL, l->clk, &l->r);
}

int detect_run(struct detect *d, struct clk *c)
{
	struct worker *workers[DETECT_LINKS_MAX] = { NULL };
	int err = ET_OK;

	for (size_t i = 0; i < d->n && err == ET_OK; i++) {
		d->link[i].clk = c;
		if (d->link[i].is_asked)
			err = worker_start(c, "detect", run_probe, &d->link[i], &workers[i]);
	}
	for (size_t i = 0; i < d->n; i++)
		worker_join(workers[i]);
	return err;
}

bool detect_is_expected(const struct detect_link *l)
{
	const struct bench_instrument *want = l->expected;

	if (!want || !l->is_asked)
		return true;
	return l->r.state == PROBE_FOUND && !strcmp(l->r.driver->name, want->driver) &&
	       (!want->serial || !l->r.id.serial[0] || !strcmp(l->r.id.serial, want->serial));
}

enum bench_role detect_role(const struct probe_result *r)
{
	if (r->driver->source)
		return BENCH_SOURCE;
	return r->driver->reference ? BENCH_REFERENCE : BENCH_READER;
}
