/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/live_command.c - the lines of simulator/live.h: a table of verbs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/num.h"
#include "simulator/live_parts.h"

enum { WORDS_MAX = 4, ANSWER_MAX = 512 };

struct order {
	struct live *l;
	struct door *door; /* of the first word after the verb, where it is a name */
	const char *name;
	int64_t number[WORDS_MAX - 1];
	char *answer; /* of ANSWER_MAX; "" : ok */
};

static int refuse(struct order *o, const char *why)
{
	snprintf(o->answer, ANSWER_MAX, "error %s", why);
	return -1;
}

static void answer_json(struct order *o, json_t *v)
{
	char *text = NULL;
	size_t len;

	if (v && json_canonical(v, &text, &len) == ET_OK)
		snprintf(o->answer, ANSWER_MAX, "%s", text);
	else
		(void)refuse(o, "out of memory");
	free(text);
	json_decref(v);
}

/* ---- verbs ---- */

static void do_unplug(struct order *o)
{
	door_unplug(o->door);
}

static void do_plug(struct order *o)
{
	struct fault f = { 0 };

	if (!o->door->plugged && door_plug(o->door, o->name, &f) != ET_OK)
		(void)refuse(o, f.text);
	else
		snprintf(o->answer, ANSWER_MAX, "ok %s", o->door->spec);
}

static void do_silent(struct order *o)
{
	o->door->silent = true;
}

static void do_speak(struct order *o)
{
	o->door->silent = false;
}

static void do_nak_off(struct order *o)
{
	sim_source_misbehave(o->l->sim, SIM_SOURCE_REFUSES_OFF);
}

static void do_stuck_on(struct order *o)
{
	sim_source_misbehave(o->l->sim, SIM_SOURCE_STUCK_ON);
}

static void do_heal(struct order *o)
{
	sim_source_misbehave(o->l->sim, SIM_SOURCE_HEALTHY);
}

static void do_terminals(struct order *o)
{
	struct setpoint sp;

	sim_terminals(o->l->sim, &sp);
	answer_json(o, json_pack("{s:[f,f,f],s:[f,f,f]}", "volt_v", sp.ph[0].volt_v,
				 sp.ph[1].volt_v, sp.ph[2].volt_v, "curr_a", sp.ph[0].curr_a,
				 sp.ph[1].curr_a, sp.ph[2].curr_a));
}

static void do_truth(struct order *o)
{
	const int64_t *n = o->number;
	struct sim_truth t;

	if (n[0] < 1 || n[0] > ET_POSITIONS_MAX || n[1] < 0 || n[1] > UINT32_MAX || n[2] < 0 ||
	    n[2] > UINT32_MAX ||
	    sim_truth_error(o->l->sim, (int)n[0], (uint32_t)n[1], (uint32_t)n[2], &t) != ET_OK) {
		(void)refuse(o, "these edges are not known");
		return;
	}
	answer_json(o, json_pack("{s:I,s:f,s:f,s:I,s:f}", "position", (json_int_t)n[0], "err_pct",
				 t.err_pct, "kh_wh", sim_meter_kh_wh(o->l->sim, (int)n[0]),
				 "n_pulses", (json_int_t)t.n_pulses, "span_s", t.span_s));
}

static void do_lag(struct order *o)
{
	answer_json(o, json_pack("{s:f}", "worst_lag_ms", (double)o->l->worst_lag_ns * 1e-6));
}

enum takes { TAKES_NAME = 0, TAKES_SOURCE, TAKES_NUMBERS, TAKES_NOTHING };

static const struct verb {
	const char *word;
	enum takes takes;
	int n_words; /* after it */
	void (*fn)(struct order *o);
} verbs[] = {
	{ "unplug", TAKES_NAME, 1, do_unplug },	    { "plug", TAKES_NAME, 1, do_plug },
	{ "silent", TAKES_NAME, 1, do_silent },	    { "speak", TAKES_NAME, 1, do_speak },
	{ "nak-off", TAKES_SOURCE, 1, do_nak_off }, { "stuck-on", TAKES_SOURCE, 1, do_stuck_on },
	{ "heal", TAKES_SOURCE, 1, do_heal },	    { "terminals", TAKES_NOTHING, 0, do_terminals },
	{ "truth", TAKES_NUMBERS, 3, do_truth },    { "lag", TAKES_NOTHING, 0, do_lag },
};

/* ---- words ---- */

static int split(char *line, char *word[WORDS_MAX + 1])
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \t\r", &save); w && n <= WORDS_MAX;
	     w = strtok_r(NULL, " \t\r", &save))
		word[n++] = w;
	return n;
}

static int understand(struct order *o, const struct verb *v, char *const *word, int n)
{
	if (n != v->n_words)
		return refuse(o, "another number of words is needed");
	if (v->takes == TAKES_NUMBERS)
		for (int i = 0; i < n; i++)
			if (num_parse_i64(word[i], strlen(word[i]), &o->number[i]) != ET_OK)
				return refuse(o, "whole numbers are needed");
	if (v->takes == TAKES_SOURCE && strcmp(word[0], "source") != 0)
		return refuse(o, "only the source can do that");
	if (v->takes == TAKES_NAME || v->takes == TAKES_SOURCE) {
		for (size_t i = 0; i < o->l->n_doors; i++)
			if (strcmp(sim_name(o->l->sim, i), word[0]) == 0)
				o->door = &o->l->door[i];
		o->name = word[0];
		if (!o->door)
			return refuse(o, "no instrument of this name");
	}
	return 0;
}

static void obey(struct order *o, char *line)
{
	char *word[WORDS_MAX + 1];
	const int n = split(line, word);

	for (size_t i = 0; n > 0 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].word, word[0]) == 0) {
			if (understand(o, &verbs[i], word + 1, n - 1) == 0)
				verbs[i].fn(o);
			return;
		}
	(void)refuse(o, "unplug, plug, silent, speak NAME; nak-off, stuck-on, heal source; "
			"terminals; truth POSITION FIRST LAST; lag");
}

void live_command(struct live *l, const char *line, int out_fd)
{
	char copy[LIVE_LINE_MAX + 1], answer[ANSWER_MAX] = "", text[ANSWER_MAX + 2];
	struct order o = { .l = l, .answer = answer };
	int n;

	snprintf(copy, sizeof(copy), "%s", line);
	obey(&o, copy);
	n = snprintf(text, sizeof(text), "%s\n", answer[0] ? answer : "ok");
	if (out_fd >= 0 && write(out_fd, text, (size_t)n) != n)
		return; /* nobody listens any more: what was told is done all the same */
}
