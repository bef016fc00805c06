/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_transcript.c - playing a transcript: it is the instrument.
 *
 * Answers and questions are taken each in their own order. What came before a write of the
 * transcript may be read after it, as from any line that buffers; never the other way round. */
#include "io/port_transcript.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantities.h"
#include "io/transcript.h"

struct cursor {
	size_t step, used; /* used: bytes of it */
};
struct player {
	struct port base;
	struct transcript t;
	struct cursor to_read, to_write; /* the next '<' or '!'; the next '>' */
	bool anchored;
	int64_t anchor_mark_ns, anchor_ns; /* this mark was at this time */
	int reads_to_failure; /* -1: none is to fail */
	bool has_failed;
	struct fault deviation; /* the first one */
};

static struct player *player_of(struct port *p)
{
	return (struct player *)p; /* base is its first member */
}

/* What else a recording notes: the times of the answers say all that is played here. */
static bool is_note(const struct transcript_step *s)
{
	return s->kind == '!' && s->what != TRANSCRIPT_TIMEOUT;
}

static bool is_read(const struct transcript_step *s)
{
	return s->kind != '>' && !is_note(s);
}

/* Go to the next step of the same side, from @p c->step on. */
static void settle(const struct player *p, struct cursor *c, bool reading)
{
	while (c->step < p->t.n_steps &&
	       (is_note(&p->t.step[c->step]) || is_read(&p->t.step[c->step]) != reading))
		c->step++;
	c->used = 0;
}

static void consume(const struct player *p, struct cursor *c, size_t n, bool reading)
{
	c->used += n;
	if (c->used < p->t.step[c->step].len)
		return;
	c->step++;
	settle(p, c, reading);
}

static void anchor(struct player *p, const struct transcript_step *s)
{
	if (s->mark_ns < 0 || (p->anchored && s->kind != '>'))
		return;
	p->anchored = true;
	p->anchor_mark_ns = s->kind == '>' ? s->mark_ns : s->end_ns;
	p->anchor_ns = clk_now_ns(p->base.clk);
}

/* @return When an answer comes, on a virtual clock. */
static int64_t due_ns(const struct player *p, const struct transcript_step *s)
{
	int64_t t_ns;

	if (s->mark_ns < 0 || !clk_is_virtual(p->base.clk))
		return INT64_MIN;
	if (__builtin_add_overflow(s->end_ns - p->anchor_mark_ns, p->anchor_ns, &t_ns))
		return ET_NEVER_NS;
	return t_ns;
}

/* Nobody answers. For ever would be a hang, so that is the end of the link. */
static int wait_for_nothing(struct player *p, int64_t deadline_ns)
{
	if (deadline_ns == ET_NEVER_NS)
		return ET_ERR_IO;
	clk_sleep_until(p->base.clk, deadline_ns);
	return ET_ERR_TIMEOUT;
}

static int player_read(struct port *base, void *buf, size_t cap, int64_t deadline_ns)
{
	struct player *p = player_of(base);
	const struct transcript_step *s;
	int64_t t_ns;
	size_t n;

	if (p->to_read.step >= p->t.n_steps || p->to_read.step > p->to_write.step)
		return wait_for_nothing(p, deadline_ns);
	s = &p->t.step[p->to_read.step];
	if (s->kind == '!') {
		consume(p, &p->to_read, 0, true);
		return wait_for_nothing(p, deadline_ns);
	}
	if (p->reads_to_failure >= 0 && p->reads_to_failure-- == 0) {
		p->has_failed = true;
		return wait_for_nothing(p, deadline_ns);
	}
	anchor(p, s);
	t_ns = due_ns(p, s);
	if (t_ns > deadline_ns || t_ns == ET_NEVER_NS)
		return wait_for_nothing(p, deadline_ns);
	clk_sleep_until(base->clk, t_ns);
	n = s->len - p->to_read.used < cap ? s->len - p->to_read.used : cap;
	memcpy(buf, s->data + p->to_read.used, n);
	consume(p, &p->to_read, n, true);
	return (int)n;
}

/* A time-out that the transcript waits for before the next write, but nobody did.
 * @return its line; 0: none. */
static unsigned skipped_timeout(const struct player *p)
{
	for (size_t i = p->to_read.step; i < p->to_write.step; i++) {
		if (p->t.step[i].kind == '!' && !is_note(&p->t.step[i]))
			return p->t.step[i].line;
	}
	return 0;
}

static int deviate(struct player *p, const uint8_t *sent, size_t len)
{
	const struct transcript_step *s;
	char got[64], want[64];

	if (p->deviation.code)
		return ET_ERR_IO;
	transcript_quote(got, sizeof(got), sent, len);
	if (p->to_write.step >= p->t.n_steps)
		return fault_set(&p->deviation, ET_ERR_IO, "after its end was sent: %s", got);
	if (skipped_timeout(p))
		return fault_set(&p->deviation, ET_ERR_IO,
				 "line %u: before this time-out was sent: %s", skipped_timeout(p),
				 got);
	s = &p->t.step[p->to_write.step];
	transcript_quote(want, sizeof(want), s->data + p->to_write.used, s->len - p->to_write.used);
	return fault_set(&p->deviation, ET_ERR_IO, "line %u: should be sent: %s; was sent: %s",
			 s->line, want, got);
}

static int player_write(struct port *base, const void *buf, size_t len, int64_t deadline_ns)
{
	struct player *p = player_of(base);
	const struct cursor before = p->to_write;
	const uint8_t *at = buf;
	size_t left = len;

	(void)deadline_ns;
	while (left > 0) {
		const struct transcript_step *s;
		size_t n;

		if (p->to_write.step >= p->t.n_steps || skipped_timeout(p))
			break;
		s = &p->t.step[p->to_write.step];
		n = s->len - p->to_write.used < left ? s->len - p->to_write.used : left;
		if (memcmp(at, s->data + p->to_write.used, n) != 0)
			break;
		anchor(p, s);
		consume(p, &p->to_write, n, false);
		at += n;
		left -= n;
	}
	if (left == 0)
		return ET_OK;
	p->to_write = before;
	return deviate(p, buf, len);
}

/* What was still to come for earlier questions never comes. */
static int player_reopen(struct port *base, struct fault *f)
{
	struct player *p = player_of(base);

	(void)f;
	if (p->to_read.step < p->to_write.step) {
		p->to_read.step = p->to_write.step;
		settle(p, &p->to_read, true);
	}
	return ET_OK;
}

static void player_close(struct port *base)
{
	transcript_free(&player_of(base)->t);
	free(base);
}

static int open_text(const char *name, const char *text, size_t len, struct clk *c,
		     struct port **out, struct fault *f)
{
	static const struct port_ops ops = { .write = player_write,
					     .read = player_read,
					     .reopen = player_reopen,
					     .close = player_close };
	struct player *p = calloc(1, sizeof(*p));
	struct fault why = { 0 };
	int err;

	if (!p)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", name);
	err = transcript_parse(text, len, &p->t, &why);
	if (err < 0) {
		free(p);
		return fault_set(f, err, "%.120s: %.120s", name, why.text);
	}
	p->base.ops = &ops;
	p->base.clk = c;
	p->base.kind = p->t.is_hex ? PORT_MODBUS : PORT_BYTES;
	snprintf(p->base.spec, sizeof(p->base.spec), "transcript:%s", name);
	p->reads_to_failure = -1;
	settle(p, &p->to_read, true);
	settle(p, &p->to_write, false);
	*out = &p->base;
	return ET_OK;
}

int port_transcript_open_mem(const char *text, struct clk *c, struct port **out, struct fault *f)
{
	return open_text("memory", text, strlen(text), c, out, f);
}

int port_transcript_open(const char *path, struct clk *c, struct port **out, struct fault *f)
{
	char *text = NULL;
	size_t len = 0;
	int err = transcript_read_file(path, &text, &len, f);

	if (err < 0)
		return err;
	err = open_text(path, text, len, c, out, f);
	free(text);
	return err;
}

void port_transcript_fail_read(struct port *p, int n)
{
	player_of(p)->reads_to_failure = n;
}

int port_transcript_result(struct port *base, struct fault *f)
{
	const struct player *p = player_of(base);
	size_t left = p->to_read.step < p->to_write.step ? p->to_read.step : p->to_write.step;

	if (p->has_failed)
		return 1;
	if (p->deviation.code) {
		fault_set(f, ET_ERR_IO, "%.100s: %.140s", base->spec, p->deviation.text);
		return -1;
	}
	if (left >= p->t.n_steps)
		return 0;
	fault_set(f, ET_ERR_IO, "%s: left over from line %u on", base->spec, p->t.step[left].line);
	return -1;
}
