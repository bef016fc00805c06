/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/quantities.h"
#include "bench/output.h"
#include "io/transcript.h"

struct link {
	char name[64];
	struct transcript t;
	size_t at;
};

/* "DIR/link-1.txt" is "link-1" */
static void name_link(struct link *l, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dot;

	snprintf(l->name, sizeof(l->name), "%s", slash ? slash + 1 : path);
	dot = strrchr(l->name, '.');
	if (dot && dot != l->name)
		*dot = '\0';
}

static int load_link(struct link *l, const char *path, struct fault *f)
{
	struct fault why = { 0 };
	char *text = NULL;
	size_t len = 0;
	int err = transcript_read_file(path, &text, &len, f);

	if (err != ET_OK)
		return err;
	name_link(l, path);
	err = transcript_parse(text, transcript_whole(text, len), &l->t, &why);
	free(text);
	return err == ET_OK ? ET_OK : fault_set(f, err, "%.120s: %.120s", path, why.text);
}

/* When it was said: a question at its beginning, all else when it was there. */
static int64_t said_ns(const struct transcript_step *s)
{
	return s->kind == '>' ? s->mark_ns : s->end_ns;
}

/* The earliest next step; one without a time stands right after the one before it. */
static struct link *first_of(struct link *l, size_t n, int64_t last_ns)
{
	struct link *first = NULL;
	int64_t first_ns = 0;

	for (size_t i = 0; i < n; i++) {
		const struct transcript_step *s = &l[i].t.step[l[i].at];
		int64_t t_ns;

		if (l[i].at >= l[i].t.n_steps)
			continue;
		t_ns = said_ns(s) >= 0 ? said_ns(s) : last_ns;
		if (!first || t_ns < first_ns) {
			first = &l[i];
			first_ns = t_ns;
		}
	}
	return first;
}

static json_t *text_of(const struct transcript_step *s)
{
	char *text, one[5];
	size_t n = 0;
	json_t *v;

	if (s->kind == '!')
		return json_str(transcript_word(s->what));
	text = malloc(4 * s->len + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < s->len; i++)
		n += (size_t)sprintf(text + n, "%s", transcript_byte(one, s->data[i]));
	v = json_stringn(text, n);
	free(text);
	return v;
}

/* Reads without a byte say nothing to a person: the idle times do. */
static bool is_idle(const struct transcript_step *s)
{
	return s->kind == '!' && s->what == TRANSCRIPT_NOTHING;
}

static int merge(struct link *l, size_t n, json_t *out)
{
	int64_t begin_ns = -1, last_ns = -1;
	struct link *x;

	while ((x = first_of(l, n, last_ns))) {
		const struct transcript_step *s = &x->t.step[x->at++];
		const bool timed = said_ns(s) >= 0;
		const char direction[] = { s->kind, '\0' };
		json_t *line;

		if (is_idle(s))
			continue;
		if (timed && begin_ns < 0)
			begin_ns = last_ns = said_ns(s);
		line = json_pack("{s:o,s:o,s:o,s:s,s:s,s:o}", "mono_ns",
				 timed ? json_integer(said_ns(s)) : json_null(), "t_s",
				 timed ? json_real((double)(said_ns(s) - begin_ns) / ET_NS_PER_S)
				       : json_null(),
				 "idle_s",
				 timed ? json_real((double)(said_ns(s) - last_ns) / ET_NS_PER_S)
				       : json_null(),
				 "instrument", x->name, "direction", direction, "text", text_of(s));
		if (json_array_append_new(out, line) != 0)
			return ET_ERR_NOMEM;
		if (timed)
			last_ns = said_ns(s);
	}
	return ET_OK;
}

int timeline_load(const char *const *paths, size_t n, json_t **out, struct fault *f)
{
	struct link *l = calloc(n, sizeof(*l));
	json_t *lines = json_array();
	int err = l && lines ? ET_OK : ET_ERR_NOMEM;

	for (size_t i = 0; i < n && err == ET_OK; i++)
		err = load_link(&l[i], paths[i], f);
	if (err == ET_OK)
		err = merge(l, n, lines);
	if (err == ET_OK)
		*out = lines;
	else
		json_decref(lines);
	if (err == ET_ERR_NOMEM)
		(void)fault_set(f, err, "out of memory");
	for (size_t i = 0; l && i < n; i++)
		transcript_free(&l[i].t);
	free(l);
	return err;
}

void timeline_print(const json_t *lines, enum lang lang)
{
	const json_t *line;
	size_t i;

	printf("%12s  %10s  ", tr(lang, "Time s", "Temps s"), tr(lang, "Idle s", "Inactif s"));
	output_cell(tr(lang, "Link", "Lien"), 12);
	printf("    %s\n", tr(lang, "Text", "Texte"));
	json_array_foreach(lines, i, line)
	{
		if (json_is_null(json_object_get(line, "t_s")))
			printf("%12s  %10s  ", "", "");
		else
			printf("%12.6f  %10.6f  ", json_get_f64(line, "t_s"),
			       json_get_f64(line, "idle_s"));
		output_cell(json_get_str(line, "instrument"), 12);
		printf("  %s %s\n", json_get_str(line, "direction"), json_get_str(line, "text"));
	}
}
