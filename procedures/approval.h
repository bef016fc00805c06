/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval.h - a notice of approval as data, and a meter held against it.
 *
 * What the notice does not state stays absent (NULL, NAN, empty list) and never becomes zero.
 * Contradictions inside a notice are notes that travel with it. */
#ifndef PROCEDURES_APPROVAL_H
#define PROCEDURES_APPROVAL_H

#include "base/yaml.h"

#define APPROVAL_SCHEMA "etalon/approval/1"

/* The notice's own index: 1..11 are services, 12 auto detect, 13..16 bases and systems. */
enum service_configuration {
	SERVICE_1EL_2W = 1, SERVICE_1H_EL_3W = 2, SERVICE_2EL_3W_1PH = 3, SERVICE_2EL_3W_NETWORK = 4,
	SERVICE_2EL_3W_DELTA = 5, SERVICE_2EL_4W_Y = 6, SERVICE_2EL_4W_DELTA = 7, SERVICE_2H_EL_4W_Y = 8,
	SERVICE_2H_EL_4W_DELTA = 9, SERVICE_3EL_4W_Y = 10, SERVICE_3EL_4W_DELTA = 11,
};

enum burden_kind { BURDEN_INDUCTIVE = 0, BURDEN_CAPACITIVE };

struct approval_burden { double va; int kind; };	/* NAN, -1: the notice states none */
struct approval_rating {
	struct yaml_mark mark;
	const char *model;
	int64_t configuration;		/* enum service_configuration */
	int64_t base;			/* 13 = S-base ... */
	double volt_v, curr_min_a, curr_max_a;
};
struct approval_module {
	struct yaml_mark mark;
	const char *name, *maker;
	struct yaml_list aliases;	/* const char * */
	struct yaml_list types;		/* const char *: rf, plc, modem, other, optical */
	struct yaml_list functions;	/* const char *: energy, demand, pulse_recorder, tou, disconnect, other */
	struct approval_burden burden;
	struct yaml_list firmware;	/* const char *: accepted versions, a set and no minimum; empty: not stated */
	struct yaml_list requires_any;	/* const char *: only beside one of these modules */
	struct yaml_text2 description;
};
struct approval_condition {
	struct yaml_mark mark;
	const char *id, *module;	/* module NULL: the meter itself */
	const char *quantity;		/* "lcd_scroll_time" ... ; NULL: not measurable */
	int op;				/* 0: at least; 1: at most; -1: absent */
	double value;
	const char *unit;
	int at_sealing;
	struct yaml_text2 text;
};
struct approval_revision {
	struct yaml_mark mark;
	int64_t number;			/* 0: original */
	struct yaml_date date;		/* absent: the notice gives none */
	const char *evaluator, *laboratory, *laboratory_ref;
	struct yaml_list mals;		/* const char *, as written in the notice */
	struct yaml_text2 content;
};
struct approval_note {			/* a contradiction or doubt inside the notice */
	struct yaml_mark mark;
	const char *id;
	struct yaml_text2 text;
};
struct approval {
	const char *number;		/* "AE-1559" */
	int64_t revision;
	struct yaml_date date;
	struct yaml_text2 device_type;
	const char *applicant, *manufacturer, *address;
	struct yaml_list models;	/* const char * */
	struct yaml_list aliases;	/* const char *: "FOCUS II" */
	double freq_hz, temp_min_c, temp_max_c;
	struct approval_burden burden;
	int auxiliary_supply;		/* bool, -1 absent */
	struct yaml_list firmware;	/* const char * */
	struct yaml_list energy;	/* const char *: delivered, received, net */
	const char *energy_unit, *test_provision;
	struct yaml_list demand;	/* const char *; empty: none approved */
	double kh_wh;			/* NAN: the notice states none: it comes from the nameplate */
	struct { const char *mode; struct yaml_text2 text; } display;
	struct { const char *physical, *programming; int64_t seals; struct yaml_text2 text; } sealing;
	struct yaml_list communication;	/* const char * */
	struct yaml_list ratings, modules, conditions, revisions, notes;
};
extern const struct yaml_key approval_keys[];

int approval_load_file(const char *path, struct approval *out, struct yaml_doc **doc, struct diag *d) ET_CHECK;
int approval_load_mem(const char *name, const char *text, size_t len, struct approval *out,
		      struct yaml_doc **doc, struct diag *d) ET_CHECK;

/* ---- a meter held against its notice ---- */
struct meter_card {			/* what nameplate and technician say; absent as in base/yaml.h */
	struct yaml_mark mark;
	int64_t position;		/* 1..40 */
	const char *maker, *model, *serial, *inspection_no;
	const char *approval;		/* number */
	int64_t approval_revision;
	int64_t configuration;		/* enum service_configuration, of the nameplate */
	double volt_v, curr_min_a, curr_max_a, kh_wh;
	const char *firmware;		/* "not displayed" is a word of its own; NULL: not looked at */
	struct yaml_list modules;	/* struct meter_module */
	struct yaml_list seals;		/* const char * */
};
struct meter_module { struct yaml_mark mark; const char *name, *firmware; };

enum finding_level { FINDING_NOTE = 0, FINDING_OPEN, FINDING_NONCONFORMING };
struct approval_finding {
	enum finding_level level;	/* note: told; open: must still be checked; nonconforming: not approved */
	char code[32];			/* stable word: "rating", "firmware", "module", "module_firmware",
					   "combination", "scroll_time", "model", "revision", "burden", "seal", "contradiction" */
	char en[240], fr[240];
};
enum { APPROVAL_FINDINGS_MAX = 32 };

/** All findings, worst first. @return their number (<= max). Pure. */
int approval_check(const struct approval *a, const struct meter_card *m, struct approval_finding *out, int max);

#endif
