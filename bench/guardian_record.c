/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/guardian_record.h"

#include <stdio.h>

#include "base/json.h"
#include "bench/guardian_note.h"

struct taking {
	struct lab *lab;
	const char *actor;
	int n;
};

const char *guardian_folder(const char *lab_dir, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/guardian", lab_dir) >= PATH_MAX)
		out[PATH_MAX - 1] = '\0';
	return out;
}

/* A process that died between the entry and the removal of the file left both. */
static bool is_on_record(struct lab *l, const char *id)
{
	json_t *before = db_last(l->db, "guardian.note", "id", id, NULL);

	json_decref(before);
	return before != NULL;
}

static int take(void *arg, json_t *note, struct fault *f)
{
	struct taking *t = arg;
	json_t *payload;
	int err;

	if (is_on_record(t->lab, json_get_str(note, "id")))
		return ET_OK;
	payload = json_pack("{s:s,s:s,s:O}", "id", json_get_str(note, "id"), "event",
			    json_get_str(note, "event"), "note", note);
	err = payload ? lab_record(t->lab, t->actor, "guardian.note", payload, f)
		      : fault_set(f, ET_ERR_NOMEM, "out of memory");
	json_decref(payload);
	t->n += err == ET_OK;
	return err;
}

int guardian_record_notes(struct lab *l, const char *actor, int *n, struct fault *f)
{
	struct taking t = { l, actor, 0 };
	char folder[PATH_MAX];
	int err = guardian_notes_take(guardian_folder(l->dir, folder), take, &t, f);

	*n = t.n;
	return err;
}
