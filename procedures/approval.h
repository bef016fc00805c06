/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval.h - a notice of approval as data, and a meter held against it.
 *
 * What the notice does not state stays absent (NULL, NAN, empty list) and never becomes zero.
 * Contradictions inside a notice are notes that travel with it. Every function here is pure but the
 * one that reads a file, and safe in any thread. */
#ifndef PROCEDURES_APPROVAL_H
#define PROCEDURES_APPROVAL_H

#include <stdbool.h>

#include "base/lang.h"
#include "base/yaml.h"

#define APPROVAL_SCHEMA "etalon/approval/1"

/* The notice's own index: 1..11 are services, 12 auto detect, 13..16 bases and systems. */
enum service_configuration {
	SERVICE_1EL_2W = 1,
	SERVICE_1H_EL_3W = 2,
	SERVICE_2EL_3W_1PH = 3,
	SERVICE_2EL_3W_NETWORK = 4,
	SERVICE_2EL_3W_DELTA = 5,
	SERVICE_2EL_4W_Y = 6,
	SERVICE_2EL_4W_DELTA = 7,
	SERVICE_2H_EL_4W_Y = 8,
	SERVICE_2H_EL_4W_DELTA = 9,
	SERVICE_3EL_4W_Y = 10,
	SERVICE_3EL_4W_DELTA = 11,
	SERVICE_AUTO_DETECT = 12,
	BASE_S = 13,
	BASE_A = 14,
	BASE_SWITCHBOARD = 15,
	BASE_MULTI_CUSTOMER = 16,
};

/** A number of that index in words, as the notices print them: "1 element, 2 wire"; "?" outside 1..16. */
const char *approval_index_text(int64_t number, enum lang lang);

enum burden_kind { BURDEN_INDUCTIVE = 0, BURDEN_CAPACITIVE };

struct approval_burden {
	double va;
	int kind;
}; /* NAN, -1: the notice states none */
struct approval_rating {
	struct yaml_mark mark;
	const char *model;
	int64_t configuration; /* enum service_configuration, 1..12 */
	int64_t base; /* the same index, 13..16 */
	double volt_v, curr_min_a, curr_max_a;
};
struct approval_module {
	struct yaml_mark mark;
	const char *name, *maker;
	struct yaml_list aliases; /* const char *: other names of the same module */
	struct yaml_list options; /* const char *: parts of it that bear a name: TS2-MU */
	struct yaml_list types; /* const char *: rf, plc, modem, other */
	struct yaml_list
		functions; /* const char *: energy, demand, pulse_recorder, tou, disconnect, other */
	struct approval_burden burden;
	struct yaml_list
		firmware; /* const char *: accepted versions, a set and no minimum; empty: not stated */
	int nonrelevant_update; /* bool: legally non-relevant firmware may be updated; -1: not stated */
	struct yaml_list requires_any; /* const char *: only beside one of these modules */
	struct yaml_text2 description; /* absent: the notice has none */
};

enum condition_op { CONDITION_AT_LEAST = 0, CONDITION_AT_MOST };
struct approval_condition {
	struct yaml_mark mark;
	const char *id, *module; /* module NULL: the meter itself */
	const char *quantity; /* "lcd_scroll_time" ... ; NULL: not measurable */
	int op; /* enum condition_op; -1: absent */
	double value;
	const char *unit;
	int at_sealing; /* 1: must be verified when the meter is sealed; 0, -1: not */
	struct yaml_text2 text;
};
struct approval_revision {
	struct yaml_mark mark;
	int64_t number; /* 0: original */
	struct yaml_date date; /* absent: the notice gives none */
	const char *evaluator, *laboratory, *laboratory_ref;
	struct yaml_text2 evaluator_title;
	struct yaml_list mals; /* const char *, as written in the notice */
	struct yaml_text2 content;
};
struct approval_note { /* a contradiction or doubt inside the notice */
	struct yaml_mark mark;
	const char *id;
	/* what it is about, when it is about one rating or one module */
	int64_t configuration; /* INT64_MIN: no rating */
	double volt_v; /* NAN: every voltage of that configuration */
	const char *module; /* NULL: no module */
	struct yaml_text2 text;
};
struct approval_display {
	const char *mode;
	struct yaml_text2 text;
};
struct approval_sealing {
	const char *physical; /* single, dual, multiple */
	const char *programming; /* firmware_setting, jumper, lockout, plug, other */
	int64_t seals; /* how many are recorded; INT64_MIN: not stated */
	struct yaml_text2 text;
};
struct approval_signature {
	const char *name;
	struct yaml_text2 title;
};

struct approval {
	const char *number; /* "AE-1559" */
	int64_t revision;
	struct yaml_date date;
	struct yaml_text2 device_type;
	const char *applicant, *manufacturer, *address;
	struct yaml_list models; /* const char * */
	struct yaml_list aliases; /* const char *: "FOCUS II" */
	struct approval_signature signed_by;
	struct yaml_text2 remark; /* the note on its first page */
	double freq_hz, temp_min_c, temp_max_c;
	struct approval_burden burden;
	int auxiliary_supply; /* bool, -1 absent */
	struct yaml_list firmware; /* const char * */
	struct yaml_list energy; /* const char *: delivered, received, net */
	const char *energy_unit, *test_provision;
	double kh_wh; /* NAN: the notice states none: it comes from the nameplate */
	/* functions of the meter itself, const char *; empty: the notice prints "---" */
	struct yaml_list loss, demand, demand_reset, test_mode, pulse_recorder, pulse_output,
		options;
	struct approval_display display;
	struct approval_sealing sealing;
	struct yaml_list communication; /* const char * */
	struct yaml_list ratings, modules, conditions, revisions, notes;
};
extern const struct yaml_key approval_keys[];

/** Load, and check also what a table cannot: ids, ranges and revisions listed once, modules that are
 * named elsewhere known, limits in order, the notice's own revision among its revisions.
 * @param doc  Owns the strings of @p out. @return ET_OK; ET_ERR_FILE (in @p d); ET_ERR_NOMEM. */
int approval_load_file(const char *path, struct approval *out, struct yaml_doc **doc,
		       struct diag *d) ET_CHECK;
int approval_load_mem(const char *name, const char *text, size_t len, struct approval *out,
		      struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** The module of that name, alias or option (letters' case and runs of blanks do not count).
 * @return NULL when the notice does not list it. */
const struct approval_module *approval_module_find(const struct approval *a, const char *name);

/** Two names are the same but for the case of ASCII letters and runs of blanks. */
bool approval_name_same(const char *a, const char *b);

/* ---- a meter held against its notice ---- */
struct meter_module {
	struct yaml_mark mark;
	const char *name, *firmware;
};
struct meter_card { /* what nameplate and technician say; absent as in base/yaml.h */
	struct yaml_mark mark;
	int64_t position; /* 1..40 */
	const char *maker, *model, *serial, *inspection_no;
	const char *approval; /* number */
	int64_t approval_revision;
	int64_t configuration; /* enum service_configuration, of the nameplate */
	int64_t base; /* 13..16, of the nameplate; may be absent */
	double volt_v, curr_min_a, curr_max_a, kh_wh;
	const char *firmware; /* APPROVAL_NOT_DISPLAYED is a word of its own; NULL: not looked at */
	struct yaml_list modules; /* struct meter_module */
	struct yaml_list seals; /* const char * */
};

/* The notice lets a meter not display its version: that is looked at, and open, but not wrong. */
#define APPROVAL_NOT_DISPLAYED "not displayed"

enum finding_level {
	FINDING_NOTE = 0,
	FINDING_AT_SEALING, /* conforming so far; must be verified and recorded when the meter is sealed */
	FINDING_OPEN, /* must be cleared up before the meter conforms */
	FINDING_NONCONFORMING,
};
/** "note", "at_sealing", "open", "nonconforming": the word in every JSON. */
const char *finding_level_word(enum finding_level level);
struct approval_finding {
	enum finding_level
		level; /* note: told; open: must still be checked; nonconforming: not approved */
	char code[32]; /* stable word, see below */
	char en[400], fr[400]; /* UTF-8, never cut inside a character */
};
/* Codes: approval (number), revision, maker, model, rating, base, firmware, module, module_firmware,
 * combination, scroll_time, condition, seal, burden, kh, contradiction; setup (procedures/batch.h). */
enum { APPROVAL_FINDINGS_MAX = 32 };

/** All findings, worst first, else in the order of the nameplate; when there are more than @p max the
 * least are dropped. @return their number (<= max). Pure. */
int approval_check(const struct approval *a, const struct meter_card *m,
		   struct approval_finding *out, int max);

#endif
