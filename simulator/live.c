/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulator/live_parts.h"

enum { FD_STOP = 0, FD_IN, FD_DOORS }; /* places in what poll() is given */

/* ---- life ---- */

static enum live_kind kind_of(const struct live_options *opt, const char *name)
{
	if (strcmp(name, "source") == 0)
		return opt->source;
	return strcmp(name, "reference") == 0 ? opt->reference : opt->reader;
}

static int add_door(struct live *l, const char *name, const struct live_options *opt,
		    struct fault *f)
{
	struct door *d = &l->door[l->n_doors];
	int err;

	d->kind = kind_of(opt, name);
	door_init(d);
	if (opt->links &&
	    snprintf(d->link, sizeof(d->link), "%s.%s", opt->links, name) >= (int)sizeof(d->link))
		return fault_set(f, ET_ERR_ARG, "%s.%s: the name is too long for a port",
				 opt->links, name);
	err = sim_port(l->sim, name, &d->port, f);
	if (err != ET_OK)
		return err;
	l->n_doors++;
	return door_plug(d, name, f);
}

int live_new(struct sim *sim, struct clk *virtual_clk, struct clk *real,
	     const struct live_options *opt, struct live **out, struct fault *f)
{
	struct live *l = calloc(1, sizeof(*l));
	const char *name;
	int err = ET_OK;

	if (!l)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	l->sim = sim;
	l->clk = virtual_clk;
	l->real = real;
	for (size_t i = 0; err == ET_OK && (name = sim_name(sim, i)) != NULL; i++)
		err = add_door(l, name, opt, f);
	if (err != ET_OK) {
		live_free(l);
		return err;
	}
	*out = l;
	return ET_OK;
}

void live_free(struct live *l)
{
	for (size_t i = 0; l && i < l->n_doors; i++) {
		door_unplug(&l->door[i]);
		port_close(l->door[i].port);
	}
	free(l);
}

const char *live_port(const struct live *l, const char *name)
{
	for (size_t i = 0; i < l->n_doors; i++)
		if (strcmp(sim_name(l->sim, i), name) == 0)
			return l->door[i].spec;
	return NULL;
}

int64_t live_worst_lag_ns(const struct live *l)
{
	return l->worst_lag_ns;
}

/* ---- time ---- */

/* Everything up to now happens, in its order. Now itself begins when the first of it is late. */
static void catch_up(struct live *l)
{
	const int64_t now_ns = clk_now_ns(l->real) + l->offset_ns;
	const int64_t late_ns = now_ns - clk_next_due_ns(l->clk);

	if (late_ns > l->worst_lag_ns)
		l->worst_lag_ns = late_ns;
	clk_sleep_until(l->clk, now_ns);
}

static int wait_for_work(const struct live *l, struct pollfd *p, nfds_t n)
{
	const int64_t due_ns = clk_next_due_ns(l->clk);
	const int64_t left_ns = due_ns - l->offset_ns - clk_now_ns(l->real);
	const struct timespec ts = { left_ns > 0 ? (time_t)(left_ns / ET_NS_PER_S) : 0,
				     left_ns > 0 ? (long)(left_ns % ET_NS_PER_S) : 0 };

	return ppoll(p, n, due_ns == ET_NEVER_NS ? NULL : &ts, NULL) < 0 && errno != EINTR ? -1 : 0;
}

/* ---- serving ---- */

static void take_byte(struct live *l, char c, int out_fd)
{
	if (c != '\n') {
		if (l->line_len < LIVE_LINE_MAX)
			l->line[l->line_len] = c;
		l->line_len += l->line_len <= LIVE_LINE_MAX;
		return;
	}
	if (l->line_len >= LIVE_LINE_MAX)
		l->line_len = 0; /* answered as an empty line: an error */
	l->line[l->line_len] = '\0';
	l->line_len = 0;
	live_command(l, l->line, out_fd);
}

/* @return false at the end. */
static bool take_lines(struct live *l, int in_fd, int out_fd)
{
	char buf[512];
	const ssize_t n = read(in_fd, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++)
		take_byte(l, buf[i], out_fd);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

int live_serve(struct live *l, int stop_fd, int in_fd, int out_fd, bool until_eof, struct fault *f)
{
	struct pollfd p[FD_DOORS + DOOR_FDS * LIVE_DOORS_MAX];
	const nfds_t n = FD_DOORS + DOOR_FDS * l->n_doors;

	l->offset_ns = clk_now_ns(l->clk) - clk_now_ns(l->real);
	for (;;) {
		p[FD_STOP] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
		p[FD_IN] = (struct pollfd){ .fd = in_fd, .events = POLLIN };
		for (size_t i = 0; i < l->n_doors; i++)
			door_wants(&l->door[i], &p[FD_DOORS + DOOR_FDS * i]);
		if (wait_for_work(l, p, n) < 0)
			return fault_set(f, ET_ERR_IO, "poll: %s", strerror(errno));
		for (size_t i = 0; i < l->n_doors; i++)
			door_take(&l->door[i], &p[FD_DOORS + DOOR_FDS * i]);
		catch_up(l);
		if (p[FD_STOP].revents)
			return ET_OK;
		for (size_t i = 0; i < l->n_doors; i++) {
			door_pass(&l->door[i]);
			door_give(&l->door[i]);
		}
		if (p[FD_IN].revents && !take_lines(l, in_fd, out_fd)) {
			if (until_eof)
				return ET_OK;
			in_fd = -1;
		}
	}
}
