/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/progress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
	enum seq_state state;
	const char *en, *fr;
} words[] = {
	{ SEQ_IDENTIFY, "asking the instruments who they are", "identification des instruments" },
	{ SEQ_SWITCHING_OFF, "switching the source off", "mise hors tension de la source" },
	{ SEQ_PROVE_OFF, "proving that the voltage is off", "preuve de l'absence de tension" },
	{ SEQ_PROMPT_MOUNT, "waiting for the meters", "attente des compteurs" },
	{ SEQ_SETTING, "setting the source", "réglage de la source" },
	{ SEQ_SETTLING, "settling", "stabilisation" },
	{ SEQ_MEASURING, "measuring", "mesure" },
	{ SEQ_STORING, "storing", "enregistrement" },
	{ SEQ_RECOVERING, "asking the instruments again",
	  "nouvelle identification des instruments" },
	{ SEQ_SAFE_OFF, "to the safe state: source off", "vers l'état sûr : source hors tension" },
	{ SEQ_CLOSING, "closing the batch", "clôture du lot" },
};

enum line_kind { LINE_PLAIN = 0, LINE_LIVE, LINE_QUESTION };
struct line {
	enum line_kind kind;
	char text[200];
};
enum { LINES_MAX = 64, LOOK_MS = 100 };

/* ---- the writer ---- */

static bool can_write(const struct progress *p)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	while (poll(&fd, 1, LOOK_MS) == 0)
		if (atomic_load(&p->stopping))
			return false;
	return true;
}

static void write_line(struct progress *p, const struct line *l)
{
	if (!can_write(p))
		return;
	if (l->kind == LINE_LIVE)
		fprintf(stderr, "\r%s%s%s\033[K", p->colour ? "\033[36m" : "", l->text,
			p->colour ? "\033[0m" : "");
	else
		fprintf(stderr, "%s%s%s", p->line_open ? "\n" : "", l->text,
			l->kind == LINE_PLAIN ? "\n" : " ");
	p->line_open = l->kind == LINE_LIVE;
}

static void write_lines(void *arg)
{
	struct progress *p = arg;
	struct line l;

	for (;;) {
		const bool stopping = atomic_load(&p->stopping);

		if (queue_get(p->lines, &l, stopping ? INT64_MIN : ET_NEVER_NS) != ET_OK)
			break;
		if (l.text[0])
			write_line(p, &l);
	}
	if (p->line_open && can_write(p))
		fputc('\n', stderr);
}

/* A full queue drops the line: who does not read it does not miss it. */
/* @return false: there is no room, or nothing is shown. */
static bool say(struct progress *p, const struct line *l)
{
	return p->lines && queue_put(p->lines, l) == ET_OK;
}

void progress_start(struct progress *p, enum lang lang, const struct run_input *in)
{
	*p = (struct progress){ .lang = lang, .in = in };
	atomic_init(&p->stopping, false);
	p->terminal = isatty(STDERR_FILENO) == 1;
	p->colour = p->terminal && !getenv("NO_COLOR");
	p->lines = queue_new(in->clk, sizeof(struct line), LINES_MAX);
	if (p->lines && worker_start(in->clk, "progress", write_lines, p, &p->worker) != ET_OK) {
		queue_free(p->lines);
		p->lines = NULL;
	}
}

void progress_stop(struct progress *p)
{
	const struct line wake = { 0 };

	atomic_store(&p->stopping, true);
	say(p, &wake);
	worker_join(p->worker);
	queue_free(p->lines);
	p->lines = NULL;
	p->worker = NULL;
}

/* ---- what is said ---- */

bool progress_ask(struct progress *p, const char *text)
{
	struct line l = { .kind = LINE_QUESTION };

	snprintf(l.text, sizeof(l.text), "%s", text);
	return say(p, &l);
}

static const char *state_word(const struct progress *p, enum seq_state state)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].state == state)
			return tr(p->lang, words[i].en, words[i].fr);
	return NULL;
}

static const char *step_id(const struct progress *p, const struct seq *seq)
{
	const struct plan_step *st = p->in->plan->steps.items;

	return seq_attempt(seq) ? st[seq_current_step(seq)].id : "";
}

static void say_state(struct progress *p, const struct seq *seq)
{
	const struct seq_attempt *at = seq_attempt(seq);
	const char *word = state_word(p, seq_state(seq));
	struct line l = { .kind = LINE_PLAIN };

	if (!word)
		return;
	if (at)
		snprintf(l.text, sizeof(l.text), "%-4s %s %d  %s", step_id(p, seq),
			 tr(p->lang, "attempt", "essai"), at->number, word);
	else
		snprintf(l.text, sizeof(l.text), "%s", word);
	(void)say(p, &l);
}

/* One line for all positions: as many as fit, those that still run first named by their pulses. */
static void say_live(struct progress *p, const struct seq *seq)
{
	struct line l = { .kind = LINE_LIVE };
	int n = 0, stopped = 0;
	double remaining_s = 0;

	for (int pos = 1; pos <= ET_POSITIONS_MAX; pos++) {
		const struct seq_progress s = seq_progress(seq, pos);

		if (!s.measured)
			continue;
		n++;
		stopped += s.stopped;
		if (!s.stopped && s.remaining_s > remaining_s)
			remaining_s = s.remaining_s;
	}
	snprintf(l.text, sizeof(l.text), "%-4s %s %d/%d  %s %.0f s", step_id(p, seq),
		 tr(p->lang, "positions done", "positions terminées"), stopped, n,
		 tr(p->lang, "at least", "encore au moins"), remaining_s);
	(void)say(p, &l);
}

void progress_notice(void *arg, const struct station_notice *n)
{
	struct progress *p = arg;

	if (n->kind == NOTICE_STATE)
		say_state(p, n->seq);
	else if (n->kind == NOTICE_LOOK && p->terminal)
		say_live(p, n->seq);
}
