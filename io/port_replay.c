/* SPDX-License-Identifier: Apache-2.0 */
#include "io/port_replay.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantities.h"
#include "io/transcript.h"

struct cursor {
	size_t step, used; /* used: bytes of it */
};
struct replayer {
	struct port base;
	struct transcript t;
	struct cursor read; /* the next step that a read may give */
	size_t write, request; /* the next question, the next request that was taken */
	size_t reopening; /* from here on the next one is looked for */
	size_t told; /* what port_next() named last */
	struct { /* the answer to a question that is asked once more */
		struct cursor at;
		size_t end;
		int64_t later_ns;
	} again;
	struct replay_tally *tally;
};

static struct replayer *replayer_of(struct port *p)
{
	return (struct replayer *)p; /* base is its first member */
}

/* ---- steps ---- */

static bool is_question(const struct transcript_step *s)
{
	return s->kind == '>';
}

static bool is_request(const struct transcript_step *s)
{
	return s->kind == '!' && s->what == TRANSCRIPT_REQUEST;
}

static bool is_nothing(const struct transcript_step *s)
{
	return s->kind == '!' && (s->what == TRANSCRIPT_NOTHING || s->what == TRANSCRIPT_TIMEOUT);
}

static bool is_read(const struct transcript_step *s)
{
	return s->kind == '<' || is_nothing(s) ||
	       (s->kind == '!' &&
		(s->what == TRANSCRIPT_READ_FAILED || s->what == TRANSCRIPT_READ_DAMAGED));
}

static bool is_reopening(const struct transcript_step *s)
{
	return s->kind == '!' &&
	       (s->what == TRANSCRIPT_REOPENED || s->what == TRANSCRIPT_NOT_REOPENED);
}

static size_t next_of(const struct replayer *p, size_t from,
		      bool (*is)(const struct transcript_step *s))
{
	while (from < p->t.n_steps && !is(&p->t.step[from]))
		from++;
	return from;
}

static void set_read(struct replayer *p, size_t from)
{
	p->read = (struct cursor){ next_of(p, from, is_read), 0 };
}

/* @return @p t_ns + @p more_ns, and for ever where that is no time any more. */
static int64_t later(int64_t t_ns, int64_t more_ns)
{
	int64_t sum_ns;

	return __builtin_add_overflow(t_ns, more_ns, &sum_ns) ? ET_NEVER_NS : sum_ns;
}

static int64_t distance(int64_t a, int64_t b)
{
	int64_t d;

	return __builtin_sub_overflow(a > b ? a : b, a > b ? b : a, &d) ? ET_NEVER_NS : d;
}

/* ---- what is told ---- */

static void tell(struct replayer *p, const uint8_t *sent, size_t len, const char *what)
{
	const bool over = p->write >= p->t.n_steps;
	const struct transcript_step *s = over ? NULL : &p->t.step[p->write];
	char now[64], then[64] = "nothing more";

	if (p->tally->first[0])
		return;
	transcript_quote(now, sizeof(now), sent, len);
	if (s)
		transcript_quote(then, sizeof(then), s->data, s->len);
	snprintf(p->tally->first, sizeof(p->tally->first), "line %u: asked then: %s; now: %s (%s)",
		 s ? s->line : 0, then, now, what);
}

/* ---- reading ---- */

/* For ever would be a hang, so that is the end of the link. */
static int wait_for_nothing(struct replayer *p, int64_t deadline_ns)
{
	if (deadline_ns == ET_NEVER_NS)
		return ET_ERR_IO;
	clk_sleep_until(p->base.clk, deadline_ns);
	return ET_ERR_TIMEOUT;
}

static int give_bytes(struct replayer *p, struct cursor *c, void *buf, size_t cap)
{
	const struct transcript_step *s = &p->t.step[c->step];
	const size_t n = s->len - c->used < cap ? s->len - c->used : cap;

	memcpy(buf, s->data + c->used, n);
	c->used += n;
	if (c->used == s->len)
		*c = (struct cursor){ next_of(p, c->step + 1, is_read), 0 };
	return (int)n;
}

static int give_again(struct replayer *p, void *buf, size_t cap, int64_t deadline_ns)
{
	int64_t t_ns;

	while (p->again.at.step < p->again.end && is_nothing(&p->t.step[p->again.at.step]))
		p->again.at.step = next_of(p, p->again.at.step + 1, is_read);
	if (p->again.at.step >= p->again.end || p->t.step[p->again.at.step].kind != '<') {
		p->again.end = 0;
		return ET_OK;
	}
	t_ns = later(p->t.step[p->again.at.step].end_ns, p->again.later_ns);
	if (t_ns > deadline_ns)
		return wait_for_nothing(p, deadline_ns);
	clk_sleep_until(p->base.clk, t_ns);
	return give_bytes(p, &p->again.at, buf, cap);
}

/* Of several reads that found nothing the nearest is meant. @return NULL: nothing was read before the next question. */
static const struct transcript_step *step_to_read(struct replayer *p)
{
	const int64_t now_ns = clk_now_ns(p->base.clk);

	while (p->read.step < p->t.n_steps && p->read.step < p->write) {
		const struct transcript_step *s = &p->t.step[p->read.step];
		const size_t after = next_of(p, p->read.step + 1, is_read);

		if (!is_nothing(s) || after >= p->t.n_steps || after > p->write ||
		    distance(p->t.step[after].mark_ns, now_ns) >= distance(s->mark_ns, now_ns))
			return s;
		set_read(p, after);
	}
	return NULL;
}

static int read_step(struct replayer *p, void *buf, size_t cap, int64_t deadline_ns)
{
	const struct transcript_step *s;

	while ((s = step_to_read(p)) && is_nothing(s) && s->end_ns < deadline_ns)
		set_read(p, p->read.step + 1); /* this one waits longer than that one did */
	/* on a loaded machine a read may come back long after its deadline, with bytes */
	if (!s || s->end_ns > later(deadline_ns, REPLAY_LATE_NS))
		return wait_for_nothing(p, deadline_ns);
	clk_sleep_until(p->base.clk, s->end_ns);
	if (s->kind == '<')
		return give_bytes(p, &p->read, buf, cap);
	set_read(p, p->read.step + 1);
	if (is_nothing(s))
		return ET_ERR_TIMEOUT;
	return s->what == TRANSCRIPT_READ_DAMAGED ? ET_ERR_PROTO : ET_ERR_IO;
}

static int replay_read(struct port *base, void *buf, size_t cap, int64_t deadline_ns)
{
	struct replayer *p = replayer_of(base);
	int n = p->again.end ? give_again(p, buf, cap, deadline_ns) : ET_OK;

	if (n == ET_OK)
		n = read_step(p, buf, cap, deadline_ns);
	base->t_read_ns = clk_now_ns(base->clk);
	return n;
}

/* ---- writing ---- */

static bool says(const struct transcript_step *s, const uint8_t *data, size_t len)
{
	return is_question(s) && s->len == len && memcmp(s->data, data, len) == 0;
}

/* @return The question of the recording that is asked now; n_steps: none that is near. */
static size_t find_ahead(const struct replayer *p, const uint8_t *data, size_t len)
{
	const int64_t now_ns = clk_now_ns(p->base.clk), until_ns = later(now_ns, REPLAY_NEAR_NS);

	if (p->write < p->t.n_steps && says(&p->t.step[p->write], data, len) &&
	    p->t.step[p->write].mark_ns <= later(now_ns, REPLAY_LATE_NS))
		return p->write;
	for (size_t i = p->write; i < p->t.n_steps && p->t.step[i].mark_ns <= until_ns; i++)
		if (says(&p->t.step[i], data, len))
			return i;
	return p->t.n_steps;
}

static size_t find_back(const struct replayer *p, const uint8_t *data, size_t len)
{
	const int64_t since_ns = later(clk_now_ns(p->base.clk), -REPLAY_NEAR_NS);

	for (size_t i = p->write; i-- > 0 && p->t.step[i].mark_ns >= since_ns;)
		if (says(&p->t.step[i], data, len))
			return i;
	return p->t.n_steps;
}

static int ask_otherwise(struct replayer *p, const uint8_t *data, size_t len)
{
	const size_t before = find_back(p, data, len);

	p->base.t_write_ns = clk_now_ns(p->base.clk);
	if (p->write >= p->t.n_steps) {
		p->tally->after_end++;
		return ET_OK;
	}
	if (before >= p->t.n_steps) {
		tell(p, data, len, "unknown, so without an answer");
		p->tally->unknown++;
		return ET_OK;
	}
	tell(p, data, len, "once more, answered as before");
	p->tally->again++;
	p->again.at = (struct cursor){ next_of(p, before + 1, is_read), 0 };
	p->again.end = next_of(p, before + 1, is_question);
	p->again.later_ns = p->base.t_write_ns - p->t.step[before].mark_ns;
	return ET_OK;
}

/* Go on from question @p at: what was read before it and is not read yet stays to be read, the answers to questions that
 * are not asked now do not. */
static void go_on_from(struct replayer *p, size_t at, const uint8_t *data, size_t len)
{
	if (at > p->write) {
		tell(p, data, len, "those before it were not asked now");
		for (size_t i = p->write; i < at; i++)
			p->tally->passed_over += is_question(&p->t.step[i]);
		set_read(p, at);
	}
	while (p->read.step < at && is_nothing(&p->t.step[p->read.step]))
		set_read(p, p->read.step + 1);
	p->write = next_of(p, at + 1, is_question);
	if (p->request < at)
		p->request = next_of(p, at, is_request);
	p->reopening = at + 1;
	p->again.end = 0;
}

static int replay_write(struct port *base, const void *buf, size_t len, int64_t deadline_ns)
{
	struct replayer *p = replayer_of(base);
	const size_t at = find_ahead(p, buf, len);
	const struct transcript_step *s, *after;
	int64_t wait_ns;

	(void)deadline_ns;
	if (at >= p->t.n_steps)
		return ask_otherwise(p, buf, len);
	s = &p->t.step[at];
	after = at + 1 < p->t.n_steps ? s + 1 : s;
	go_on_from(p, at, buf, len);
	wait_ns = s->mark_ns - clk_now_ns(base->clk);
	if (wait_ns > p->tally->wait_ns)
		p->tally->wait_ns = wait_ns;
	p->tally->asked++;
	clk_sleep_until(base->clk, s->mark_ns);
	base->t_write_ns = s->mark_ns;
	clk_sleep_until(base->clk, s->end_ns);
	if (after->kind != '!')
		return ET_OK;
	return after->what == TRANSCRIPT_WRITE_FAILED	   ? ET_ERR_IO
	       : after->what == TRANSCRIPT_WRITE_TIMED_OUT ? ET_ERR_TIMEOUT
							   : ET_OK;
}

/* ---- the rest of a port ---- */

static int replay_reopen(struct port *base, struct fault *f)
{
	struct replayer *p = replayer_of(base);
	const size_t at = next_of(p, p->reopening, is_reopening);
	const struct transcript_step *s = at < p->t.n_steps ? &p->t.step[at] : NULL;

	p->again.end = 0;
	if (!s || s->mark_ns > later(clk_now_ns(base->clk), REPLAY_LATE_NS)) {
		tell(p, (const uint8_t *)"", 0, "opened anew now, not then");
		p->tally->unknown++;
		if (p->read.step < p->write)
			set_read(p, p->write);
		return ET_OK;
	}
	for (; p->write < at; p->write = next_of(p, p->write + 1, is_question)) {
		tell(p, (const uint8_t *)"", 0, "opened anew before it was asked");
		p->tally->passed_over++;
	}
	set_read(p, at + 1);
	p->reopening = at + 1;
	p->request = next_of(p, p->request > at ? p->request : at, is_request);
	clk_sleep_until(base->clk, s->end_ns);
	if (s->what == TRANSCRIPT_REOPENED)
		return ET_OK;
	return fault_set(f, ET_ERR_IO, "%.100s: could not be opened again, as recorded",
			 base->spec);
}

/* What the recording has next: where it is the same as at the last call, the session did not want it. */
static enum port_next replay_next(struct port *base, int64_t *t_ns)
{
	struct replayer *p = replayer_of(base);
	size_t at = p->read.step < p->write ? p->read.step : p->write;

	if (p->request < at)
		at = p->request;
	if (at >= p->t.n_steps || at == p->told)
		return PORT_NEXT_ANY;
	p->told = at;
	*t_ns = p->t.step[at].mark_ns;
	if (at != p->request)
		return PORT_NEXT_STREAM;
	*t_ns = later(*t_ns, REPLAY_LATE_NS);
	return PORT_NEXT_REQUEST;
}

static void replay_taken(struct port *base)
{
	struct replayer *p = replayer_of(base);
	const struct transcript_step *s = &p->t.step[p->request];

	if (p->request >= p->t.n_steps || s->mark_ns > later(clk_now_ns(base->clk), REPLAY_LATE_NS))
		return;
	while (p->read.step < p->request && is_nothing(&p->t.step[p->read.step]))
		set_read(p, p->read.step + 1);
	p->request = next_of(p, p->request + 1, is_request);
	clk_sleep_until(base->clk, s->mark_ns);
}

static void replay_close(struct port *base)
{
	struct replayer *p = replayer_of(base);

	for (size_t i = p->write; i < p->t.n_steps; i++)
		p->tally->left += is_question(&p->t.step[i]);
	for (; p->read.step < p->t.n_steps; set_read(p, p->read.step + 1))
		p->tally->unread += (int64_t)(p->t.step[p->read.step].len - p->read.used);
	transcript_free(&p->t);
	free(p);
}

/* Times are what all hangs on; one that is too far off would let the replay run for ever. */
static int check_marks(const struct transcript *t, int64_t begin_ns, const char *name,
		       struct fault *f)
{
	const int64_t end_ns = later(begin_ns, REPLAY_LONGEST_NS);

	for (size_t i = 0; i < t->n_steps; i++) {
		const struct transcript_step *s = &t->step[i];

		if (s->mark_ns < 0)
			return fault_set(f, ET_ERR_FILE,
					 "%.100s: line %u: without a line @ before it, so this is "
					 "no recording",
					 name, s->line);
		if (s->mark_ns > end_ns || s->end_ns > end_ns)
			return fault_set(f, ET_ERR_FILE,
					 "%.100s: line %u: more than 31 days after the beginning",
					 name, s->line);
	}
	return ET_OK;
}

int port_replay_open(const char *name, const char *text, size_t len, struct clk *c,
		     struct replay_tally *tally, struct port **out, struct fault *f)
{
	static const struct port_ops ops = { .write = replay_write,
					     .read = replay_read,
					     .reopen = replay_reopen,
					     .close = replay_close,
					     .next = replay_next,
					     .taken = replay_taken,
					     .stamps = true };
	struct replayer *p;
	struct fault why = { 0 };
	int err;

	if (!clk_is_virtual(c))
		return fault_set(f, ET_ERR_ARG, "%s: replayed on a virtual clock only", name);
	p = calloc(1, sizeof(*p));
	if (!p)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", name);
	err = transcript_parse(text, transcript_whole(text, len), &p->t, &why);
	if (err != ET_OK) {
		free(p);
		return fault_set(f, err, "%.120s: %.120s", name, why.text);
	}
	err = check_marks(&p->t, clk_now_ns(c), name, f);
	if (err != ET_OK) {
		transcript_free(&p->t);
		free(p);
		return err;
	}
	*tally = (struct replay_tally){ 0 };
	p->base.ops = &ops;
	p->base.clk = c;
	p->base.kind = p->t.is_hex ? PORT_MODBUS : PORT_BYTES;
	snprintf(p->base.spec, sizeof(p->base.spec), "replay:%s", name);
	p->tally = tally;
	p->told = SIZE_MAX;
	set_read(p, 0);
	p->write = next_of(p, 0, is_question);
	p->request = next_of(p, 0, is_request);
	*out = &p->base;
	return ET_OK;
}
