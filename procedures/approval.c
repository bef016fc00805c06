/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval.c - the keys of a notice, its words, and how names in it are compared. */
#include "procedures/approval.h"

#include <string.h>

#include "procedures/approval_findings.h"
#include "procedures/approval_sound.h"

#define KEY(struct_, member_, type_) \
	.name = #member_, .type = (type_), .offset = offsetof(struct struct_, member_)
#define MARK(struct_)                                                                    \
	{                                                                                \
		.name = "@", .type = YAML_MARK, .offset = offsetof(struct struct_, mark) \
	}
#define MAPS(keys_, struct_) .keys = (keys_), .size = sizeof(struct struct_)

static const char *const burden_words[] = { "inductive", "capacitive", NULL };
static const char *const op_words[] = { "at_least", "at_most", NULL };

static const struct yaml_key burden_keys[] = {
	{ KEY(approval_burden, va, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "volt-amperes, 0.001 to 1000" },
	{ KEY(approval_burden, kind, YAML_WORD), .required = true, .words = burden_words },
	{ 0 },
};

static const struct yaml_key rating_keys[] = {
	MARK(approval_rating),
	{ KEY(approval_rating, model, YAML_STR), .required = true },
	{ KEY(approval_rating, configuration, YAML_I64), .required = true, .min = 1, .max = 12,
	  .want = "the notice's index of services, 1 to 12" },
	{ KEY(approval_rating, base, YAML_I64), .required = true, .min = 13, .max = 16,
	  .want = "the notice's index of bases, 13 to 16" },
	{ KEY(approval_rating, volt_v, YAML_F64), .required = true, .min = 1, .max = 1000,
	  .want = "volts, 1 to 1000" },
	{ KEY(approval_rating, curr_min_a, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ KEY(approval_rating, curr_max_a, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ 0 },
};

static const struct yaml_key module_keys[] = {
	MARK(approval_module),
	{ KEY(approval_module, name, YAML_STR), .required = true },
	{ KEY(approval_module, maker, YAML_STR), .required = true },
	{ KEY(approval_module, aliases, YAML_STRS) },
	{ KEY(approval_module, options, YAML_STRS) },
	{ KEY(approval_module, types, YAML_STRS), .required = true },
	{ KEY(approval_module, functions, YAML_STRS) },
	{ KEY(approval_module, burden, YAML_MAP), .keys = burden_keys },
	{ KEY(approval_module, firmware, YAML_STRS) },
	{ KEY(approval_module, nonrelevant_update, YAML_BOOL) },
	{ KEY(approval_module, requires_any, YAML_STRS) },
	{ KEY(approval_module, description, YAML_TEXT2) },
	{ 0 },
};

static const struct yaml_key condition_keys[] = {
	MARK(approval_condition),
	{ KEY(approval_condition, id, YAML_STR), .required = true },
	{ KEY(approval_condition, module, YAML_STR) },
	{ KEY(approval_condition, quantity, YAML_STR) },
	{ KEY(approval_condition, op, YAML_WORD), .words = op_words },
	{ KEY(approval_condition, value, YAML_F64) },
	{ KEY(approval_condition, unit, YAML_STR) },
	{ KEY(approval_condition, at_sealing, YAML_BOOL) },
	{ KEY(approval_condition, text, YAML_TEXT2), .required = true },
	{ 0 },
};

static const struct yaml_key revision_keys[] = {
	MARK(approval_revision),
	{ KEY(approval_revision, number, YAML_I64), .required = true, .min = 0, .max = 999,
	  .want = "a whole number, 0 to 999; 0 is the original" },
	{ KEY(approval_revision, date, YAML_DATE) },
	{ KEY(approval_revision, evaluator, YAML_STR) },
	{ KEY(approval_revision, evaluator_title, YAML_TEXT2) },
	{ KEY(approval_revision, laboratory, YAML_STR) },
	{ KEY(approval_revision, laboratory_ref, YAML_STR) },
	{ KEY(approval_revision, mals, YAML_STRS) },
	{ KEY(approval_revision, content, YAML_TEXT2), .required = true },
	{ 0 },
};

static const struct yaml_key note_keys[] = {
	MARK(approval_note),
	{ KEY(approval_note, id, YAML_STR), .required = true },
	{ KEY(approval_note, configuration, YAML_I64), .min = 1, .max = 12,
	  .want = "the notice's index of services, 1 to 12" },
	{ KEY(approval_note, volt_v, YAML_F64), .min = 1, .max = 1000, .want = "volts, 1 to 1000" },
	{ KEY(approval_note, module, YAML_STR) },
	{ KEY(approval_note, text, YAML_TEXT2), .required = true },
	{ 0 },
};

static const struct yaml_key display_keys[] = {
	{ KEY(approval_display, mode, YAML_STR) },
	{ KEY(approval_display, text, YAML_TEXT2) },
	{ 0 },
};

static const struct yaml_key sealing_keys[] = {
	{ KEY(approval_sealing, physical, YAML_STR) },
	{ KEY(approval_sealing, programming, YAML_STR) },
	{ KEY(approval_sealing, seals, YAML_I64), .min = 1, .max = 20,
	  .want = "a whole number, 1 to 20" },
	{ KEY(approval_sealing, text, YAML_TEXT2) },
	{ 0 },
};

static const struct yaml_key signature_keys[] = {
	{ KEY(approval_signature, name, YAML_STR), .required = true },
	{ KEY(approval_signature, title, YAML_TEXT2) },
	{ 0 },
};

const struct yaml_key approval_keys[] = {
	{ KEY(approval, number, YAML_STR), .required = true },
	{ KEY(approval, revision, YAML_I64), .required = true, .min = 0, .max = 999,
	  .want = "a whole number, 0 to 999" },
	{ KEY(approval, date, YAML_DATE), .required = true },
	{ KEY(approval, device_type, YAML_TEXT2), .required = true },
	{ KEY(approval, applicant, YAML_STR), .required = true },
	{ KEY(approval, manufacturer, YAML_STR), .required = true },
	{ KEY(approval, address, YAML_STR) },
	{ KEY(approval, models, YAML_STRS), .required = true },
	{ KEY(approval, aliases, YAML_STRS) },
	{ KEY(approval, signed_by, YAML_MAP), .keys = signature_keys },
	{ KEY(approval, remark, YAML_TEXT2) },
	{ KEY(approval, freq_hz, YAML_F64), .min = 1, .max = 1000, .want = "hertz, 1 to 1000" },
	{ KEY(approval, temp_min_c, YAML_F64), .min = -100, .max = 150,
	  .want = "degrees Celsius, -100 to 150" },
	{ KEY(approval, temp_max_c, YAML_F64), .min = -100, .max = 150,
	  .want = "degrees Celsius, -100 to 150" },
	{ KEY(approval, burden, YAML_MAP), .keys = burden_keys },
	{ KEY(approval, auxiliary_supply, YAML_BOOL) },
	{ KEY(approval, firmware, YAML_STRS) },
	{ KEY(approval, energy, YAML_STRS) },
	{ KEY(approval, energy_unit, YAML_STR) },
	{ KEY(approval, test_provision, YAML_STR) },
	{ KEY(approval, kh_wh, YAML_F64), .min = 1e-6, .max = 1e6,
	  .want = "watt-hours per pulse, 0.000001 to 1000000" },
	{ KEY(approval, loss, YAML_STRS) },
	{ KEY(approval, demand, YAML_STRS) },
	{ KEY(approval, demand_reset, YAML_STRS) },
	{ KEY(approval, test_mode, YAML_STRS) },
	{ KEY(approval, pulse_recorder, YAML_STRS) },
	{ KEY(approval, pulse_output, YAML_STRS) },
	{ KEY(approval, options, YAML_STRS) },
	{ KEY(approval, display, YAML_MAP), .keys = display_keys },
	{ KEY(approval, sealing, YAML_MAP), .keys = sealing_keys },
	{ KEY(approval, communication, YAML_STRS) },
	{ KEY(approval, ratings, YAML_MAPS), .required = true, MAPS(rating_keys, approval_rating) },
	{ KEY(approval, modules, YAML_MAPS), MAPS(module_keys, approval_module) },
	{ KEY(approval, conditions, YAML_MAPS), MAPS(condition_keys, approval_condition) },
	{ KEY(approval, revisions, YAML_MAPS), .required = true,
	  MAPS(revision_keys, approval_revision) },
	{ KEY(approval, notes, YAML_MAPS), MAPS(note_keys, approval_note) },
	{ 0 },
};

/* What a table cannot see is looked for also after it found something, so that a person gets it all. */
static int finish_load(int err, const char *name, const struct approval *a, struct diag *d)
{
	if (err != ET_OK && err != ET_ERR_FILE)
		return err;
	return approval_sound(name, a, d) == ET_OK ? err : ET_ERR_FILE;
}

int approval_load_file(const char *path, struct approval *out, struct yaml_doc **doc,
		       struct diag *d)
{
	int err = yaml_load_file(path, APPROVAL_SCHEMA, approval_keys, out, doc, d);

	return finish_load(err, path, out, d);
}

int approval_load_mem(const char *name, const char *text, size_t len, struct approval *out,
		      struct yaml_doc **doc, struct diag *d)
{
	int err = yaml_load_mem(name, text, len, APPROVAL_SCHEMA, approval_keys, out, doc, d);

	return finish_load(err, name, out, d);
}

const char *approval_index_text(int64_t number, enum lang lang)
{
	static const char *const text[][2] = {
		{ "?", "?" },
		{ "1 element, 2 wire", "1 élément, 2 fils" },
		{ "1½ element, 3 wire", "1½ élément, 3 fils" },
		{ "2 element, 3 wire, 1 phase", "2 éléments, 3 fils, 1 phase" },
		{ "2 element, 3 wire network", "2 éléments, 3 fils réseau" },
		{ "2 element, 3 wire delta", "2 éléments, 3 fils triangle" },
		{ "2 element, 4 wire Y", "2 éléments, 4 fils Y" },
		{ "2 element, 4 wire delta", "2 éléments, 4 fils triangle" },
		{ "2½ element, 4 wire Y", "2½ éléments, 4 fils Y" },
		{ "2½ element, 4 wire delta", "2½ éléments, 4 fils triangle" },
		{ "3 element, 4 wire Y", "3 éléments, 4 fils Y" },
		{ "3 element, 4 wire delta", "3 éléments, 4 fils triangle" },
		{ "auto service detect", "détection du type de branchement" },
		{ "S-base", "socle S" },
		{ "A-base", "socle A" },
		{ "switchboard", "tableau de distribution" },
		{ "multi-customer system", "système à clients multiples" },
	};

	return text[number >= 1 && number <= 16 ? number : 0][lang == LANG_FR];
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool approval_name_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		if (*a == ' ' && *b == ' ') {
			a += strspn(a, " ");
			b += strspn(b, " ");
		}
		if (lower(*a) != lower(*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

const struct approval_module *approval_module_find(const struct approval *a, const char *name)
{
	const struct approval_module *m = a->modules.items;

	for (size_t i = 0; i < a->modules.n; i++)
		if ((m[i].name && approval_name_same(m[i].name, name)) ||
		    finding_listed(&m[i].aliases, name) || finding_listed(&m[i].options, name))
			return &m[i];
	return NULL;
}
