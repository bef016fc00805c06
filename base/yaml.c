/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml.c - a file, its schema line, and the steps from bytes to a struct. */
#include "base/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/yaml_fill.h"
#include "base/yaml_tree.h"

static const struct yaml_mark nowhere = { 0, 0 };

static bool is_schema(const struct yaml_node *key)
{
	return (key->kind == YAML_PLAIN || key->kind == YAML_QUOTED) &&
	       strcmp(key->text, "schema") == 0;
}

/* Take the schema out of the top mapping.
 * @return false: this is another kind of file, and nothing else in it can be judged. */
static bool schema_fits(struct yaml_node *top, const char *schema, struct yaml_errors *e)
{
	struct yaml_node **at = &top->first;
	const struct yaml_node *first = NULL;
	bool fits = true;

	while (*at && (*at)->next) {
		const struct yaml_node *key = *at, *v = key->next;
		const bool scalar = v->kind == YAML_PLAIN || v->kind == YAML_QUOTED;

		if (!is_schema(key)) {
			at = &(*at)->next->next;
			continue;
		}
		if (first) {
			yaml_error(e, key->mark, "schema: this key stands twice; first in line %d",
				   first->mark.line);
		} else if (v->kind != YAML_BAD && !(scalar && strcmp(v->text, schema) == 0)) {
			yaml_error(e, v->mark,
				   "schema: \"%.60s\" is not what is read here; right would be: %s",
				   scalar ? v->text : "...", schema);
			fits = false;
		}
		first = key;
		*at = v->next;
		top->n -= 2;
	}
	if (!first)
		yaml_error(e, top->mark,
			   "schema: this key is missing here; right would be: schema: %s", schema);
	return fits;
}

int yaml_load_tree(struct yaml_doc *doc, struct yaml_node *root, const char *schema,
		   const struct yaml_key *keys, void *out, struct yaml_errors *e)
{
	int err = ET_OK;

	if (root->kind == YAML_MAPPING && schema_fits(root, schema, e))
		err = yaml_fill(doc, root, keys, out, e);
	else if (root->kind != YAML_MAPPING && root->kind != YAML_BAD)
		yaml_error(e, root->mark,
			   "not a mapping; right would be: lines of \"key: value\", the first "
			   "of them \"schema: %s\"",
			   schema);
	if (err == ET_OK && e->n > 0)
		err = ET_ERR_FILE;
	return err;
}

static int load(struct yaml_doc *doc, const char *text, size_t len, const char *schema,
		const struct yaml_key *keys, void *out, struct yaml_errors *e)
{
	struct yaml_node *root;
	int err = yaml_tree_read(doc, text, len, e, &root);

	return err == ET_OK ? yaml_load_tree(doc, root, schema, keys, out, e) : err;
}

int yaml_load_mem(const char *name, const char *text, size_t len, const char *schema,
		  const struct yaml_key *keys, void *out, struct yaml_doc **doc, struct diag *d)
{
	struct yaml_errors e = { .name = name, .d = d };

	yaml_fill_absent(keys, out);
	*doc = yaml_doc_new();
	return *doc ? load(*doc, text, len, schema, keys, out, &e) : ET_ERR_NOMEM;
}

/* One byte more than is allowed, so that the reader sees that it is too much. */
static int read_all(const char *path, char *buf, size_t *len)
{
	const size_t cap = YAML_BYTES_MAX + 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	for (*len = 0; *len < cap; *len += (size_t)n) {
		do
			n = read(fd, buf + *len, cap - *len);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
	}
	if (n < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	close(fd);
	return 0;
}

int yaml_read_file(const char *path, char **buf, size_t *len, struct yaml_errors *e)
{
	char *text = malloc(YAML_BYTES_MAX + 1);
	size_t n = 0;

	if (!text)
		return ET_ERR_NOMEM;
	if (read_all(path, text, &n) != 0) {
		yaml_error(e, nowhere, "cannot be read: %m");
		free(text);
		return ET_ERR_FILE;
	}
	*buf = text;
	*len = n;
	return ET_OK;
}

int yaml_load_file(const char *path, const char *schema, const struct yaml_key *keys, void *out,
		   struct yaml_doc **doc, struct diag *d)
{
	struct yaml_errors e = { .name = path, .d = d };
	char *buf;
	size_t len;
	int err;

	yaml_fill_absent(keys, out);
	*doc = NULL;
	err = yaml_read_file(path, &buf, &len, &e);
	if (err != ET_OK)
		return err;
	err = yaml_load_mem(path, buf, len, schema, keys, out, doc, d);
	free(buf);
	return err;
}
