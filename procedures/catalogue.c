/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procedures/approval_findings.h"

/* ---- the files ---- */

static bool is_document(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void catalogue_free(struct catalogue *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->paths[i]);
	free(c->paths);
	*c = (struct catalogue){ NULL, 0 };
}

static int add_path(struct catalogue *c, const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return ET_ERR_NOMEM;
	c->paths[c->n++] = path;
	return ET_OK;
}

static int read_folder(DIR *folder, const char *path, struct catalogue *c, struct diag *d)
{
	const struct dirent *e;
	int err = ET_OK;

	errno = 0;
	while (err == ET_OK && (e = readdir(folder))) {
		if (!is_document(e->d_name))
			continue;
		if (c->n == CATALOGUE_FILES_MAX) {
			diag_add(d, path, 0, 0, "holds more than %d files", CATALOGUE_FILES_MAX);
			return ET_ERR_FILE;
		}
		err = add_path(c, path, e->d_name);
	}
	if (err == ET_OK && errno) {
		diag_add(d, path, 0, 0, "cannot be read: %s", strerror(errno));
		err = ET_ERR_FILE;
	}
	return err;
}

int catalogue_list(const char *dir, const char *sub, struct catalogue *out, struct diag *d)
{
	struct catalogue c = { .paths = calloc(CATALOGUE_FILES_MAX, sizeof(char *)) };
	char *path = NULL;
	DIR *folder;
	int err = ET_ERR_NOMEM;

	if (!c.paths || asprintf(&path, "%s/%s", dir, sub) < 0) {
		free(c.paths);
		return err;
	}
	folder = opendir(path);
	if (folder) {
		err = read_folder(folder, path, &c, d);
		closedir(folder);
	} else {
		diag_add(d, path, 0, 0, "cannot be opened: %s", strerror(errno));
		err = ET_ERR_FILE;
	}
	free(path);
	if (err != ET_OK) {
		catalogue_free(&c);
		return err;
	}
	qsort(c.paths, c.n, sizeof(c.paths[0]), by_bytes);
	*out = c;
	return ET_OK;
}

/* ---- one document out of many: the same walk for notices and plans ---- */

/* Either kind, as far as the search looks at it. */
union document {
	struct approval approval;
	struct plan plan;
};

struct kind {
	const char *sub, *number_word;
	int (*load)(const char *path, union document *out, struct yaml_doc **doc, struct diag *d);
	const char *(*id)(const union document *doc);
	int64_t (*number)(const union document *doc);
};

static int load_approval(const char *path, union document *out, struct yaml_doc **doc,
			 struct diag *d)
{
	return approval_load_file(path, &out->approval, doc, d);
}

static const char *approval_id(const union document *doc)
{
	return doc->approval.number;
}

static int64_t approval_number(const union document *doc)
{
	return doc->approval.revision;
}

static int load_plan(const char *path, union document *out, struct yaml_doc **doc, struct diag *d)
{
	return plan_load_file(path, &out->plan, doc, d);
}

static const char *plan_id(const union document *doc)
{
	return doc->plan.id;
}

static int64_t plan_number(const union document *doc)
{
	return doc->plan.version;
}

static const struct kind approvals = { "approvals", "revision", load_approval, approval_id,
				       approval_number };
static const struct kind plans = { "plans", "version", load_plan, plan_id, plan_number };

struct search {
	const struct kind *kind;
	const char *id;
	int64_t number; /* INT64_MIN: the highest */
	struct diag *d;
	union document found;
	struct yaml_doc *doc; /* NULL: nothing found yet */
	const char *path, *twice; /* of what was found, and of another just like it */
	char others[400]; /* on record, but not it */
};

static void note_other(struct search *s, const union document *doc)
{
	finding_append(s->others, sizeof(s->others), "%s%s %s %lld", s->others[0] ? ", " : "",
		       s->kind->id(doc), s->kind->number_word, (long long)s->kind->number(doc));
}

/* @return true when the search keeps the document. */
static bool consider(struct search *s, const union document *doc, const char *path)
{
	int64_t number = s->kind->number(doc);

	if (strcmp(s->kind->id(doc), s->id) != 0 ||
	    (s->number != INT64_MIN && number != s->number)) {
		note_other(s, doc);
		return false;
	}
	if (s->doc && number == s->kind->number(&s->found))
		s->twice = path;
	if (s->doc && number <= s->kind->number(&s->found))
		return false;
	s->path = path;
	s->twice = NULL;
	return true;
}

static int walk(struct search *s, const struct catalogue *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct yaml_doc *doc;
		union document here;
		int err = s->kind->load(c->paths[i], &here, &doc, s->d);

		if (err == ET_OK && consider(s, &here, c->paths[i])) {
			yaml_free(s->doc);
			s->doc = doc;
			s->found = here;
			continue;
		}
		yaml_free(doc);
		if (err != ET_OK && err != ET_ERR_FILE)
			return err;
	}
	return ET_OK;
}

static int conclude(struct search *s, const char *dir)
{
	if (s->twice) {
		diag_add(s->d, s->twice, 0, 0, "%s %s %lld also stands in %s; remove one of them",
			 s->id, s->kind->number_word, (long long)s->kind->number(&s->found),
			 s->path);
		return ET_ERR_FILE;
	}
	if (s->doc)
		return ET_OK;
	if (s->number == INT64_MIN)
		diag_add(s->d, dir, 0, 0, "%s is not in %s; on record: %s", s->id, s->kind->sub,
			 s->others[0] ? s->others : "none");
	else
		diag_add(s->d, dir, 0, 0, "%s %s %lld is not in %s; on record: %s", s->id,
			 s->kind->number_word, (long long)s->number, s->kind->sub,
			 s->others[0] ? s->others : "none");
	return ET_ERR_FILE;
}

static int find(struct search *s, const char *dir)
{
	struct catalogue c;
	int err = catalogue_list(dir, s->kind->sub, &c, s->d);

	if (err != ET_OK)
		return err;
	err = walk(s, &c);
	if (err == ET_OK)
		err = conclude(s, dir);
	catalogue_free(&c);
	if (err != ET_OK) {
		yaml_free(s->doc);
		s->doc = NULL;
	}
	return err;
}

int approval_find(const char *dir, const char *number, int64_t revision, struct approval *out,
		  struct yaml_doc **doc, struct diag *d)
{
	struct search s = { .kind = &approvals, .id = number, .number = revision, .d = d };
	int err = find(&s, dir);

	*doc = s.doc;
	if (err == ET_OK)
		*out = s.found.approval;
	return err;
}

int plan_find(const char *dir, const char *id, int64_t version, struct plan *out,
	      struct yaml_doc **doc, struct diag *d)
{
	struct search s = { .kind = &plans, .id = id, .number = version, .d = d };
	int err = find(&s, dir);

	*doc = s.doc;
	if (err == ET_OK)
		*out = s.found.plan;
	return err;
}
