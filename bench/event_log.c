/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/event_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "io/port_replay.h"

enum { FIELDS = 6 };

static const char *const from_words[] = { "station",  "source",	  "reference", "reader",
					  "reader-2", "reader-3", "reader-4",  "reader-5",
					  "reader-6", "reader-7", "reader-8" };
_Static_assert(sizeof(from_words) / sizeof(from_words[0]) == ET_TARGETS, "a word for each");
static const char *const kind_words[EV_KINDS] = {
	[EV_NONE] = "none",	      [EV_START] = "start",	    [EV_IDENTITY] = "identity",
	[EV_STATUS] = "status",	      [EV_READING] = "reading",	    [EV_REGISTER] = "register",
	[EV_DONE] = "done",	      [EV_EDGES] = "edges",	    [EV_CLOCK_PAIR] = "clock_pair",
	[EV_REF_SAMPLES] = "samples", [EV_FAILED] = "failed",	    [EV_TIMER] = "timer",
	[EV_ANSWER] = "answer",	      [EV_COMMITTED] = "committed", [EV_ABORT] = "abort",
};

/* ---- writing ---- */

static int detail_of(const struct event *ev)
{
	if (ev->kind == EV_ANSWER)
		return ev->answer.yes;
	if (ev->kind == EV_ABORT)
		return ev->signal;
	return ev->kind == EV_FAILED ? ev->fault.code : 0;
}

void event_log_put(struct tape *t, int64_t now_ns, const struct event *ev)
{
	tape_printf(t, "%lld %lld %s %s %u %d\n", (long long)now_ns, (long long)ev->t_ns,
		    from_words[ev->from], kind_words[ev->kind], (unsigned)ev->id, detail_of(ev));
}

void event_log_end(struct tape *t, int exit_code)
{
	tape_printf(t, "end %d\n", exit_code);
}

/* ---- reading ---- */

struct parser {
	struct event_log log;
	size_t cap;
	unsigned line;
	int64_t begin_ns, last_ns;
	struct fault *f;
};

static int wrong(const struct parser *p, const char *what)
{
	return fault_set(p->f, ET_ERR_FILE, "line %u: %s", p->line, what);
}

static int word_of(const char *const *words, size_t n, const char *s, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == len && memcmp(words[i], s, len) == 0)
			return (int)i;
	return -1;
}

static int add_line(struct parser *p, const struct event_line *line)
{
	if (p->log.n == p->cap) {
		const size_t cap = p->cap ? 2 * p->cap : 256;
		struct event_line *more = realloc(p->log.line, cap * sizeof(*more));

		if (!more)
			return fault_set(p->f, ET_ERR_NOMEM, "out of memory");
		p->log.line = more;
		p->cap = cap;
	}
	p->log.line[p->log.n++] = *line;
	return ET_OK;
}

/* Exactly FIELDS, with one blank between two of them. */
static bool split(const char *s, size_t len, const char *field[FIELDS], size_t field_len[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		const char *blank = memchr(s, ' ', len);
		const size_t n = blank ? (size_t)(blank - s) : len;

		if (n == 0 || (blank != NULL) != (i < FIELDS - 1))
			return false;
		field[i] = s;
		field_len[i] = n;
		s += n + (blank != NULL);
		len -= n + (blank != NULL);
	}
	return true;
}

/* What an event may say depends on who tells it. */
static bool may_tell(enum request_target from, enum event_kind kind)
{
	const bool of_station = kind == EV_START || kind == EV_TIMER || kind == EV_ANSWER ||
				kind == EV_COMMITTED || kind == EV_ABORT;

	return kind == EV_FAILED || of_station == (from == TO_STATION);
}

static int parse_event(struct parser *p, const char *s, size_t len)
{
	struct event_line line;
	const char *field[FIELDS];
	size_t n[FIELDS];
	int64_t id, detail;
	int from, kind;

	if (!split(s, len, field, n))
		return wrong(p, "should be: HANDLED T FROM KIND ID DETAIL, or end EXIT-CODE");
	if (num_parse_i64(field[0], n[0], &line.handled_ns) != ET_OK ||
	    num_parse_i64(field[1], n[1], &line.t_ns) != ET_OK || line.t_ns < p->begin_ns ||
	    line.t_ns > line.handled_ns)
		return wrong(p, "should begin with two times in ns, the second not the later one");
	if (line.handled_ns < p->last_ns)
		return wrong(p, "goes back in time");
	if (line.handled_ns - p->begin_ns > REPLAY_LONGEST_NS)
		return wrong(p, "more than 31 days after the beginning");
	from = word_of(from_words, sizeof(from_words) / sizeof(from_words[0]), field[2], n[2]);
	if (from < 0)
		return wrong(p, "who tells it should be station, source, reference, reader, "
				"reader-2 to reader-8");
	kind = word_of(kind_words, EV_KINDS, field[3], n[3]);
	if (kind <= EV_NONE || !may_tell((enum request_target)from, (enum event_kind)kind))
		return wrong(p, "not a kind of event that it tells");
	if (num_parse_i64(field[4], n[4], &id) != ET_OK || id < 0 || id > UINT32_MAX ||
	    num_parse_i64(field[5], n[5], &detail) != ET_OK || detail < -1000 || detail > 1000)
		return wrong(p, "should end with an id and a detail, whole numbers");
	line.from = (enum request_target)from;
	line.kind = (enum event_kind)kind;
	line.id = (uint32_t)id;
	line.detail = (int)detail;
	p->last_ns = line.handled_ns;
	return add_line(p, &line);
}

static int parse_line(struct parser *p, const char *s, size_t len)
{
	int64_t code;

	if (len == 0 || s[0] == '#')
		return ET_OK;
	if (p->log.ended)
		return wrong(p, "after the end");
	if (len < 4 || memcmp(s, "end ", 4) != 0)
		return parse_event(p, s, len);
	if (num_parse_i64(s + 4, len - 4, &code) != ET_OK || code < 0 || code > 255)
		return wrong(p, "after end there should be an exit code");
	p->log.ended = true;
	p->log.exit_code = (int)code;
	return ET_OK;
}

int event_log_parse(const char *text, size_t len, int64_t begin_ns, struct event_log *out,
		    struct fault *f)
{
	struct parser p = { .begin_ns = begin_ns, .last_ns = begin_ns, .f = f };
	const char *end;
	int err = ET_OK;

	while (err == ET_OK && len > 0 && (end = memchr(text, '\n', len))) {
		const size_t n = (size_t)(end - text);

		p.line++;
		err = parse_line(&p, text, n);
		text += n + 1;
		len -= n + 1;
	}
	if (err != ET_OK)
		event_log_free(&p.log);
	else
		*out = p.log;
	return err;
}

void event_log_free(struct event_log *log)
{
	free(log->line);
	*log = (struct event_log){ 0 };
}

/* ---- following ---- */

struct held {
	struct event ev;
	int64_t since_ns;
};
struct follow {
	const struct event_log *log;
	size_t at;
	struct held *held; /* in the order in which they came */
	size_t n, cap;
	struct follow_tally *tally;
};

struct follow *follow_new(const struct event_log *log, struct follow_tally *tally)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	*tally = (struct follow_tally){ 0 };
	f->log = log;
	f->tally = tally;
	return f;
}

void follow_free(struct follow *f)
{
	if (f)
		free(f->held);
	free(f);
}

int follow_offer(struct follow *f, int64_t now_ns, const struct event *ev)
{
	if (f->n == f->cap) {
		const size_t cap = f->cap ? 2 * f->cap : 16;
		struct held *more = realloc(f->held, cap * sizeof(*more));

		if (!more)
			return ET_ERR_NOMEM;
		f->held = more;
		f->cap = cap;
	}
	f->held[f->n++] = (struct held){ *ev, now_ns };
	return ET_OK;
}

/* An answer is known by its request, whatever it says; all else by who sent it and its kind. */
static bool is_of(const struct event_line *line, const struct event *ev)
{
	return line->from == ev->from && line->id == ev->id && (line->id || line->kind == ev->kind);
}

static void tell(struct follow *f, const char *what, enum request_target from, enum event_kind kind,
		 uint32_t id, int64_t t_ns)
{
	if (!f->tally->first[0])
		snprintf(f->tally->first, sizeof(f->tally->first), "%s: %s %s %u at %lld ns", what,
			 from_words[from], kind_words[kind], (unsigned)id, (long long)t_ns);
}

static void take_held(struct follow *f, size_t i, struct event *ev)
{
	*ev = f->held[i].ev;
	memmove(&f->held[i], &f->held[i + 1], (--f->n - i) * sizeof(f->held[0]));
}

/* What the station says comes as recorded; an instrument must say the same. */
static void note_change(struct follow *f, const struct event_line *line, const struct event *ev)
{
	if (line->from == TO_STATION || (ev->kind == line->kind && detail_of(ev) == line->detail))
		return;
	tell(f, "not as recorded", ev->from, ev->kind, ev->id, ev->t_ns);
	f->tally->changed++;
}

/* What no instrument sends: a person's answer, a signal, and how the record fared. */
static void as_recorded(const struct event_line *line, struct event *ev)
{
	if (line->from != TO_STATION) {
		ev->t_ns = line->t_ns;
		return;
	}
	*ev = (struct event){ .kind = line->kind, .id = line->id, .t_ns = line->t_ns };
	if (line->kind == EV_ANSWER)
		ev->answer.yes = line->detail != 0;
	if (line->kind == EV_ABORT)
		ev->signal = line->detail;
	if (line->kind == EV_FAILED)
		(void)fault_set(&ev->fault, line->detail, "record: failed as recorded");
}

/* Waited for long enough: what is wanted does not come, or nobody wants what came. */
static bool give_up(struct follow *f, int64_t now_ns, const struct event_line *line,
		    struct event *ev)
{
	if (f->n && now_ns - f->held[0].since_ns > FOLLOW_PATIENCE_NS) {
		take_held(f, 0, ev);
		tell(f, "not recorded", ev->from, ev->kind, ev->id, ev->t_ns);
		f->tally->extra++;
		return true;
	}
	if (now_ns - line->handled_ns > FOLLOW_PATIENCE_NS) {
		tell(f, "did not come", line->from, line->kind, line->id, line->t_ns);
		f->tally->missing++;
		f->at++;
	}
	return false;
}

static bool find_held(const struct follow *f, const struct event_line *line, size_t *at)
{
	for (size_t i = 0; i < f->n; i++)
		if (is_of(line, &f->held[i].ev)) {
			*at = i;
			return true;
		}
	return false;
}

enum follow_turn follow_turn(struct follow *f, int64_t now_ns, struct event *ev, int64_t *until_ns)
{
	while (f->at < f->log->n) {
		const struct event_line *line = &f->log->line[f->at];
		const bool aborts = line->kind == EV_ABORT;
		const size_t was = f->at;
		size_t i = 0;

		*until_ns = line->handled_ns;
		if (aborts || find_held(f, line, &i)) {
			if (now_ns < line->handled_ns)
				return FOLLOW_WAIT;
			if (aborts)
				*ev = (struct event){ .kind = EV_ABORT };
			else
				take_held(f, i, ev);
			note_change(f, line, ev);
			as_recorded(line, ev);
			f->tally->taken++;
			f->at++;
			return FOLLOW_TAKE;
		}
		*until_ns = line->handled_ns + FOLLOW_PATIENCE_NS + 1;
		if (f->n && f->held[0].since_ns + FOLLOW_PATIENCE_NS + 1 < *until_ns)
			*until_ns = f->held[0].since_ns + FOLLOW_PATIENCE_NS + 1;
		if (give_up(f, now_ns, line, ev))
			return FOLLOW_TAKE;
		if (f->at == was)
			return FOLLOW_WAIT;
	}
	return FOLLOW_OVER;
}
