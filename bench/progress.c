/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/progress.h"

#include <math.h>
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

void progress_init(struct progress *p, enum lang lang, const struct run_input *in)
{
	*p = (struct progress){ .lang = lang, .in = in, .step = -1 };
	p->terminal = isatty(STDERR_FILENO) == 1;
	p->colour = p->terminal && !getenv("NO_COLOR");
}

void progress_line_end(struct progress *p)
{
	if (p->line_open)
		fputc('\n', stderr);
	p->line_open = false;
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

static void print_state(struct progress *p, const struct seq *seq)
{
	const struct seq_attempt *at = seq_attempt(seq);
	const char *word = state_word(p, seq_state(seq));

	if (!word)
		return;
	progress_line_end(p);
	if (at)
		fprintf(stderr, "%-4s %s %d  %s\n", step_id(p, seq),
			tr(p->lang, "attempt", "essai"), at->number, word);
	else
		fprintf(stderr, "%s\n", word);
}

/* One line for all positions: as many as fit, those that still run first named by their pulses. */
static void print_live(struct progress *p, const struct seq *seq)
{
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
	fprintf(stderr, "\r%s%-4s %s %d/%d  %s %.0f s%s\033[K", p->colour ? "\033[36m" : "",
		step_id(p, seq), tr(p->lang, "positions done", "positions terminées"), stopped, n,
		tr(p->lang, "at least", "encore au moins"), remaining_s,
		p->colour ? "\033[0m" : "");
	p->line_open = true;
}

void progress_notice(void *arg, const struct station_notice *n)
{
	struct progress *p = arg;

	if (n->kind == NOTICE_STATE)
		print_state(p, n->seq);
	else if (n->kind == NOTICE_LOOK && p->terminal)
		print_live(p, n->seq);
}
