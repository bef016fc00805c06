/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/plan.h - a plan: which points are tested, with which limits and rules. Data with source. */
#ifndef PROCEDURES_PLAN_H
#define PROCEDURES_PLAN_H

#include "base/yaml.h"
#include "procedures/energy_error_eval.h"

#define PLAN_SCHEMA "etalon/plan/1"

enum plan_standing { STANDING_SAMPLE = 0, STANDING_DRAFT, STANDING_APPROVED };
enum step_kind { STEP_ENERGY_ERROR = 0 };
enum load_sense { LOAD_LAG = 0, LOAD_LEAD };
enum energy_direction { ENERGY_DELIVERED = 0, ENERGY_RECEIVED };

struct plan_step {
	struct yaml_mark mark;
	const char *id;			/* short, unique in the plan: "HL", "LL", "PF" */
	int kind;			/* enum step_kind */
	struct yaml_text2 title;
	const char *clause;		/* where the requirement stands; NULL: not said */
	/* load point: exactly one of current_pct_imax and current_a; volt_pct of the rated voltage */
	double current_pct_imax, current_a, volt_pct;
	double power_factor;		/* 0 < pf <= 1 */
	int sense;			/* enum load_sense; only with power_factor < 1 */
	int direction;			/* enum energy_direction */
	double limit_lo_pct, limit_hi_pct;
	double floor_a_pct;		/* NAN: the plan's */
	double settle_s, cap_s;		/* NAN: the plan's */
	int64_t min_intervals;		/* INT64_MIN: the rule of the procedure */
};

struct plan {
	const char *id;
	int64_t version;
	int standing;			/* enum plan_standing: a sample plan never leads to a certificate */
	struct yaml_text2 title;
	struct { const char *document, *revision, *entered_by; } source;
	int rule;			/* enum decision_rule */
	struct { int64_t digits; int mode; } rounding;
	double floor_a_pct, settle_s, cap_s;
	/* the set-point is left, the attempt void, when a reading is off by more */
	struct { double volt_pct, curr_pct, phase_deg, freq_pct; } window;
	int64_t retries;		/* of a void observation, 0..9 */
	struct yaml_list steps;		/* struct plan_step */
};

extern const struct yaml_key plan_keys[];

/** Load and check also what a table cannot: unique step ids, one kind of current, limits in order ...
 * @param doc  Owns the strings of @p out. @return ET_OK, ET_ERR_FILE (in @p d). */
int plan_load_file(const char *path, struct plan *out, struct yaml_doc **doc, struct diag *d) ET_CHECK;
int plan_load_mem(const char *name, const char *text, size_t len, struct plan *out, struct yaml_doc **doc,
		  struct diag *d) ET_CHECK;

#endif
