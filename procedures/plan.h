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
	const char *id; /* short, unique in the plan: "HL", "LL", "PF" */
	int kind; /* enum step_kind */
	struct yaml_text2 title;
	const char *clause; /* where the requirement stands; NULL: not said */
	/* load point: exactly one of current_pct_imax and current_a; volt_pct of the rated voltage */
	double current_pct_imax, current_a, volt_pct;
	double power_factor; /* 0 < pf <= 1 */
	int sense; /* enum load_sense; -1 with power_factor 1 */
	int direction; /* enum energy_direction; delivered when the file is silent */
	double limit_lo_pct, limit_hi_pct; /* lo < hi, of the meter's error */
	double floor_a_pct; /* NAN: the plan's */
	double settle_s, cap_s; /* NAN: the plan's */
	int64_t min_intervals; /* INT64_MIN: the rule of the procedure */
};

struct plan_source {
	const char *document, *revision;
	const char *entered_by,
		*approved_by; /* two persons; approved_by only when standing is approved */
};
struct plan_rounding {
	int64_t digits;
	int mode;
}; /* 0..4; enum rounding_mode */
struct plan_window {
	double volt_pct, curr_pct, phase_deg, freq_pct;
};

struct plan {
	const char *id;
	int64_t version;
	int standing; /* enum plan_standing: a sample plan never leads to a certificate */
	struct yaml_text2 title;
	struct plan_source source;
	int rule; /* enum decision_rule */
	struct plan_rounding rounding;
	double floor_a_pct, settle_s, cap_s;
	/* the set-point is left, the attempt void, when a reading is off by more */
	struct plan_window window;
	int64_t retries; /* of a void observation, 0..9 */
	struct yaml_list steps; /* struct plan_step */
};

extern const struct yaml_key plan_keys[];

/** Load, and check also what a table cannot: unique step ids, one kind of current, limits in order, a
 * sense with every power factor below 1, a source and two persons behind an approved plan.
 * @param doc  Owns the strings of @p out. @return ET_OK, ET_ERR_FILE (in @p d). */
int plan_load_file(const char *path, struct plan *out, struct yaml_doc **doc,
		   struct diag *d) ET_CHECK;
int plan_load_mem(const char *name, const char *text, size_t len, struct plan *out,
		  struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** The step with the plan's floor, settling and cap where it has none of its own. */
struct plan_step plan_step_resolved(const struct plan *p, const struct plan_step *s);

/** Current of the load point for a meter of that maximum current. */
double plan_step_current_a(const struct plan_step *s, double curr_max_a);

/** Angle of the voltage minus angle of the current, degrees: > 0 lags. 180 is added for received energy. */
double plan_step_phase_deg(const struct plan_step *s);

#endif
