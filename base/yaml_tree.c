/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_tree.c - libfyaml's events to our own small tree: it keeps every mark, sees duplicate keys
 * as data, and has our bounds. */
#include "base/yaml_tree.h"

#include <libfyaml.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml_bytes.h"

struct chunk {
	struct chunk *next;
	size_t size, used;
	alignas(max_align_t) char mem[];
};

struct yaml_doc {
	struct chunk *chunks;
};

struct level {
	struct yaml_node *node, **tail;
};

struct reader {
	struct yaml_doc *doc;
	struct yaml_errors *e;
	char *text; /* as libfyaml gets it */
	struct yaml_node *root, **tail; /* of the top level */
	struct level stack[YAML_DEPTH_MAX];
	struct yaml_mark last; /* an empty value at the end of the file has no mark of its own */
	int depth, documents, nodes;
};

void yaml_error(struct yaml_errors *e, struct yaml_mark at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	e->n++;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(e->d, e->name, at.line, at.column, "%s", text);
}

struct yaml_doc *yaml_doc_new(void)
{
	return calloc(1, sizeof(struct yaml_doc));
}

void yaml_free(struct yaml_doc *doc)
{
	if (!doc)
		return;
	for (struct chunk *c = doc->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(doc);
}

void *yaml_doc_alloc(struct yaml_doc *doc, size_t size)
{
	const size_t step = alignof(max_align_t);
	struct chunk *c = doc->chunks;
	void *mem;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + step - 1) / step * step;
	if (!c || c->size - c->used < size) {
		size_t room = size > 8192 ? size : 8192;

		c = calloc(1, sizeof(*c) + room);
		if (!c)
			return NULL;
		c->size = room;
		c->next = doc->chunks;
		doc->chunks = c;
	}
	mem = c->mem + c->used;
	c->used += size;
	return mem;
}

static struct yaml_mark mark_of(struct fy_event *ev)
{
	const struct fy_mark *m = fy_event_start_mark(ev);

	return m ? (struct yaml_mark){ m->line + 1, m->column + 1 } : (struct yaml_mark){ 0, 0 };
}

static bool at_key(const struct reader *r)
{
	const struct yaml_node *in = r->depth > 0 ? r->stack[r->depth - 1].node : NULL;

	return in && in->kind == YAML_MAPPING && in->n % 2 == 0;
}

static int add_node(struct reader *r, enum yaml_node_kind kind, struct fy_event *ev,
		    struct yaml_node **out)
{
	struct yaml_node ***tail = r->depth > 0 ? &r->stack[r->depth - 1].tail : &r->tail;
	struct yaml_node *node;
	struct yaml_mark at = mark_of(ev);

	if (at.line == 0)
		at = r->last;
	r->last = at;
	if (++r->nodes > YAML_NODES_MAX) {
		yaml_error(r->e, at, "the file has more than %d values", YAML_NODES_MAX);
		return ET_ERR_FILE;
	}
	node = yaml_doc_alloc(r->doc, sizeof(*node));
	if (!node)
		return ET_ERR_NOMEM;
	node->kind = kind;
	node->mark = at;
	if (r->depth > 0)
		r->stack[r->depth - 1].node->n++;
	**tail = node;
	*tail = &node->next;
	*out = node;
	return ET_OK;
}

/* libfyaml 0.7.12 hands out bytes that it never wrote with some block texts (| and >): those without a
 * line, those whose lines do not stand further in than what holds them or than the line of their | or >,
 * and folded ones (>) with lines that stand further in than others.
 * @return NULL: safe to ask for; "" or an error added otherwise. */
static const char *text_of_block(struct reader *r, struct yaml_node *node, struct fy_token *value)
{
	const struct yaml_node *in = r->depth > 0 ? r->stack[r->depth - 1].node : NULL;
	const struct fy_mark *from = fy_token_start_mark(value), *to = fy_token_end_mark(value);
	const char *why = NULL;
	struct yaml_block b;

	if (!from || !to)
		return "";
	b = yaml_bytes_look_at_block(r->text, from->input_pos, to->input_pos);
	if (b.indent < 0)
		return "";
	if ((in && b.indent < in->mark.column) || b.indent <= b.header_indent)
		why = "the lines of a text after | or > must be indented more";
	else if (fy_token_scalar_style(value) == FYSS_FOLDED && b.uneven)
		why = "the lines of a text after > must be indented alike; after | they need not";
	if (!why)
		return NULL;
	yaml_error(r->e, node->mark, "%s", why);
	node->kind = YAML_BAD;
	return "";
}

static int copy_text(struct reader *r, struct yaml_node *node, struct fy_token *value)
{
	const enum fy_scalar_style style = fy_token_scalar_style(value);
	const char *text = NULL;
	size_t len = 0;
	char *copy;

	if (style == FYSS_LITERAL || style == FYSS_FOLDED)
		text = text_of_block(r, node, value);
	if (!text)
		text = fy_token_get_text(value, &len);
	copy = yaml_doc_alloc(r->doc, len + 1);
	if (!text || !copy)
		return ET_ERR_NOMEM;
	memcpy(copy, text, len);
	node->text = copy;
	node->len = len;
	/* Only the escapes of double quotes can bring these in. */
	if (text_utf8_prefix(text, len) < len) {
		yaml_error(r->e, node->mark, "not UTF-8 behind an escape");
		node->kind = YAML_BAD;
	}
	for (size_t i = 0; i < len && node->kind != YAML_BAD; i++) {
		if (yaml_is_control(text + i, len - i)) {
			yaml_error(r->e, node->mark, "the text has a control character in it");
			node->kind = YAML_BAD;
		}
	}
	return ET_OK;
}

static void refuse_marks(struct reader *r, const struct yaml_node *node,
			 const struct fy_token *anchor, const struct fy_token *tag)
{
	if (anchor)
		yaml_error(r->e, node->mark,
			   "an anchor (&); write the value out where it is needed");
	if (tag)
		yaml_error(r->e, node->mark, "a tag (!); the kind of a value follows from its key");
}

static int take_scalar(struct reader *r, struct fy_event *ev)
{
	const enum fy_scalar_style style = fy_token_scalar_style(ev->scalar.value);
	const bool plain = style == FYSS_PLAIN;
	const bool quotes = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	const bool key = at_key(r);
	struct yaml_node *node;
	int err = add_node(r, plain ? YAML_PLAIN : YAML_QUOTED, ev, &node);

	if (err != ET_OK)
		return err;
	if (quotes && node->mark.column > 1) /* libfyaml marks what stands inside */
		node->mark.column--;
	err = copy_text(r, node, ev->scalar.value);
	if (err != ET_OK)
		return err;
	refuse_marks(r, node, ev->scalar.anchor, ev->scalar.tag);
	if (key && node->kind == YAML_PLAIN && strcmp(node->text, "<<") == 0) {
		yaml_error(r->e, node->mark,
			   "a merge key (<<); write the keys out where they are needed");
		node->kind = YAML_BAD;
	}
	return ET_OK;
}

static int take_alias(struct reader *r, struct fy_event *ev)
{
	struct yaml_node *node;
	int err = add_node(r, YAML_BAD, ev, &node);

	if (err == ET_OK && node->mark.column > 1) /* as with quotes: it marks the name */
		node->mark.column--;
	if (err == ET_OK)
		yaml_error(r->e, node->mark, "an alias (*); write the value out here");
	return err;
}

static int open_level(struct reader *r, struct fy_event *ev, enum yaml_node_kind kind,
		      const struct fy_token *anchor, const struct fy_token *tag)
{
	const bool key = at_key(r);
	struct yaml_node *node;
	int err;

	if (r->depth == YAML_DEPTH_MAX) {
		yaml_error(r->e, mark_of(ev), "nested deeper than %d levels", YAML_DEPTH_MAX);
		return ET_ERR_FILE;
	}
	err = add_node(r, kind, ev, &node);
	if (err != ET_OK)
		return err;
	refuse_marks(r, node, anchor, tag);
	if (key)
		yaml_error(r->e, node->mark, "a list or mapping as key; right would be: a word");
	r->stack[r->depth++] = (struct level){ node, &node->first };
	return ET_OK;
}

/* A key that is no scalar was read to its end, so that the rest of the file is still looked at. */
static void close_level(struct reader *r)
{
	struct yaml_node *node = r->stack[--r->depth].node;
	const struct yaml_node *in = r->depth > 0 ? r->stack[r->depth - 1].node : NULL;

	if (in && in->kind == YAML_MAPPING && in->n % 2 == 1)
		node->kind = YAML_BAD;
}

static int open_document(struct reader *r, struct fy_event *ev)
{
	if (r->documents++ > 0) {
		yaml_error(r->e, mark_of(ev), "a second document (---); one file is one document");
		return ET_ERR_FILE;
	}
	return ET_OK;
}

static int take_event(struct reader *r, struct fy_event *ev)
{
	switch (ev->type) {
	case FYET_DOCUMENT_START:
		return open_document(r, ev);
	case FYET_SCALAR:
		return take_scalar(r, ev);
	case FYET_ALIAS:
		return take_alias(r, ev);
	case FYET_SEQUENCE_START:
		return open_level(r, ev, YAML_LIST, ev->sequence_start.anchor,
				  ev->sequence_start.tag);
	case FYET_MAPPING_START:
		return open_level(r, ev, YAML_MAPPING, ev->mapping_start.anchor,
				  ev->mapping_start.tag);
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		close_level(r);
		return ET_OK;
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		return ET_OK;
	}
	return ET_OK;
}

static int take_events(struct reader *r, struct fy_parser *fyp)
{
	struct fy_event *ev;
	int err = ET_OK;

	while (err == ET_OK && (ev = fy_parser_parse(fyp))) {
		err = take_event(r, ev);
		fy_parser_event_free(fyp, ev);
	}
	if (err == ET_OK && fy_parser_get_stream_error(fyp))
		err = ET_ERR_FILE;
	return err;
}

static void report_syntax(struct yaml_errors *e, struct fy_diag *diag)
{
	const struct fy_diag_error *fe;
	void *pos = NULL;

	while ((fe = fy_diag_errors_iterate(diag, &pos))) {
		struct yaml_mark at = { fe->line, fe->column };

		yaml_error(e, at, "not YAML: %s", fe->msg ? fe->msg : "cannot be read");
	}
}

static int parse(struct reader *r, const char *text, size_t len)
{
	const struct fy_diag_cfg quiet = { .level = FYET_ERROR, .module_mask = ~0u };
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_JSON_NONE |
					     FYPCF_DEFAULT_VERSION_1_2 };
	const int before = r->e->n;
	struct fy_parser *fyp = NULL;
	int err = ET_ERR_NOMEM;

	cfg.diag = fy_diag_create(&quiet);
	if (!cfg.diag)
		return ET_ERR_NOMEM;
	fy_diag_set_collect_errors(cfg.diag, true);
	fyp = fy_parser_create(&cfg);
	if (fyp && fy_parser_set_string(fyp, text, len) == 0)
		err = take_events(r, fyp);
	if (err == ET_ERR_FILE)
		report_syntax(r->e, cfg.diag);
	if (err == ET_ERR_FILE && r->e->n == before)
		yaml_error(r->e, (struct yaml_mark){ 0, 0 }, "not YAML");
	fy_parser_destroy(fyp);
	fy_diag_destroy(cfg.diag);
	return err;
}

int yaml_tree_read(struct yaml_doc *doc, const char *text, size_t len, struct yaml_errors *e,
		   struct yaml_node **root)
{
	struct reader r = { .doc = doc, .e = e };
	int err;

	if (len > YAML_BYTES_MAX) {
		yaml_error(e, (struct yaml_mark){ 0, 0 }, "larger than 1 MiB");
		return ET_ERR_FILE;
	}
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* some editors on Windows */
		text += 3;
		len -= 3;
	}
	if (!yaml_bytes_are_sound(text, len, e))
		return ET_ERR_FILE;
	r.text = yaml_doc_alloc(doc, len + 1);
	if (!r.text)
		return ET_ERR_NOMEM;
	len = yaml_bytes_make_harmless(r.text, text, len);
	r.last = (struct yaml_mark){ 1, 1 };
	r.tail = &r.root;
	err = parse(&r, r.text, len);
	if (err == ET_OK && !r.root) {
		yaml_error(e, (struct yaml_mark){ 1, 1 }, "the file is empty");
		err = ET_ERR_FILE;
	}
	if (err == ET_OK)
		*root = r.root;
	return err;
}
