/* SPDX-License-Identifier: Apache-2.0 */
/* db/kinds.c - the kinds of entries and the keys that each must have: docs/json.md, "Kinds", as a table. */
#include <string.h>

#include "db/store.h"

/* keys: "name:type", type s text, i integer, n number or null, b true/false, o object, a array; a '?'
 * after it: or null. at: "" the payload, "x" the object x when it is not null, "x[]" every element of the
 * array x, "x[].y[]" and so on. */
static const struct rule {
	const char *kind, *at, *keys;
} rules[] = {
	{ "laboratory.created", "", "bench:s name:s simulated:b" },
	{ "person.added", "", "id:s name:s role:s" },
	{ "apparatus.added", "",
	  "id:s kind:s maker:s model:s serial:s firmware:s? use:s? simulated:b certificate:o?"
	  " correction:a" },
	{ "apparatus.added", "certificate", "number:s laboratory:s issued:s expires:s" },
	{ "apparatus.added", "correction[]",
	  "volt_v:n curr_a:n power_factor:n sense:s? error_pct:n U_pct:n k:n" },
	{ "apparatus.retired", "", "id:s reason:s" },
	{ "plan.in_force", "", "id:s version:i standing:s plan:o" },
	{ "approval.in_force", "", "number:s revision:i approval:o" },
	{ "session.started", "",
	  "session:s operator:s program:s algorithm:s simulated:b scenario:s? seed:i?"
	  " instruments:a command:s" },
	{ "session.started", "instruments[]",
	  "name:s driver:s role:s maker:s model:s serial:s firmware:s?" },
	{ "session.ended", "", "session:s exit_code:i reason:s?" },
	{ "batch.opened", "",
	  "batch:s session:s work_order:s? owner:o as:s plan:o approval:o configuration:i volt_v:n"
	  " curr_min_a:n curr_max_a:n connection:s apparatus:a positions:a" },
	{ "batch.opened", "owner", "name:s? address:s?" },
	{ "batch.opened", "plan", "id:s version:i standing:s" },
	{ "batch.opened", "approval", "number:s revision:i" },
	{ "batch.opened", "positions[]",
	  "position:i maker:s model:s? serial:s inspection_no:s? approval:s? approval_revision:i?"
	  " kh_wh:n firmware:s? modules:a measured:b findings:a" },
	{ "batch.opened", "positions[].findings[]", "level:s code:s en:s fr:s" },
	{ "attempt.stored", "",
	  "batch:s attempt:s session:s step:s number:i result:s cause:s? fault:s? started_mono_ns:i"
	  " armed_mono_ns:i? ended_mono_ns:i setpoint:o readings:a register_before:o?"
	  " register_after:o? positions:a blobs:o" },
	{ "attempt.stored", "blobs", "edges:s? samples:s? pairs:s?" },
	{ "attempt.stored", "positions[]",
	  "position:i maker:s serial:s setup:o observation:o verdict:s cause:s?" },
	{ "batch.interrupted", "", "batch:s? session:s found_session:s last_seq:i note:s?" },
	{ "batch.closed", "", "batch:s session:s positions:a" },
	{ "batch.closed", "positions[]",
	  "position:i maker:s serial:s verdict:s reason:s? steps:a" },
	{ "batch.closed", "positions[].steps[]", "step:s verdict:s attempt:s?" },
	{ "source.state", "", "session:s state:s evidence:s?" },
	{ "guardian.note", "", "id:s event:s note:o" },
	{ "correction", "", "corrects_seq:i reason:s" },
};

static bool has_type(const json_t *v, char type, bool or_null)
{
	if (or_null && json_is_null(v))
		return true;
	switch (type) {
	case 's':
		return json_is_string(v);
	case 'i':
		return json_is_integer(v);
	case 'n':
		return json_is_number(v) || json_is_null(v);
	case 'b':
		return json_is_boolean(v);
	case 'o':
		return json_is_object(v);
	default:
		return json_is_array(v);
	}
}

static int check_keys(const struct rule *r, const json_t *o, struct fault *f)
{
	if (!json_is_object(o))
		return fault_set(f, ET_ERR_ARG, "%s: %s is no object", r->kind,
				 r->at[0] ? r->at : "the payload");
	for (const char *k = r->keys; *k; k += strcspn(k, " "), k += *k == ' ') {
		const size_t len = strcspn(k, ":");
		const char type = k[len + 1];
		const json_t *v = json_object_getn(o, k, len);

		if (!v || !has_type(v, type, k[len + 2] == '?'))
			return fault_set(f, ET_ERR_ARG, "%s: %s%s%.*s %s", r->kind, r->at,
					 r->at[0] ? "." : "", (int)len, k,
					 v ? "has another type" : "is missing");
	}
	return ET_OK;
}

/* Go down the path @p at; the rules above for its parents were checked before. */
static int check_at(const struct rule *r, const char *at, const json_t *v, struct fault *f)
{
	const size_t len = strcspn(at, ".[");
	const json_t *child, *e;
	size_t i;
	int err = ET_OK;

	if (!at[0])
		return check_keys(r, v, f);
	child = json_object_getn(v, at, len);
	if (at[len] != '[')
		return json_is_null(child) ? ET_OK
					   : check_at(r, at + len + (at[len] == '.'), child, f);
	at += len + strlen("[]");
	at += *at == '.';
	json_array_foreach(child, i, e)
	{
		err = check_at(r, at, e, f);
		if (err < 0)
			break;
	}
	return err;
}

int kinds_check(const char *kind, const json_t *payload, struct fault *f)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		int err;

		if (strcmp(rules[i].kind, kind))
			continue;
		known = true;
		err = check_at(&rules[i], rules[i].at, payload, f);
		if (err < 0)
			return err;
	}
	return known ? ET_OK : fault_set(f, ET_ERR_ARG, "there is no kind of entry \"%s\"", kind);
}
