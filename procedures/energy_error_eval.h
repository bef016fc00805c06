/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_eval.h - from the raw data of one position to its error, uncertainty and verdict.
 *
 * The one function that decides figures: the running test, `recompute` and the campaigns all call it
 * with the same raw data, so they get the same figures. Pure: no I/O, no clock, no allocation. */
#ifndef PROCEDURES_ENERGY_ERROR_EVAL_H
#define PROCEDURES_ENERGY_ERROR_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/quantities.h"
#include "metrology/decision.h"
#include "metrology/rounding.h"

/* clang-format off */
#define EE_ALGORITHM "energy-error/3"	/* goes into every record; changes when a figure can change */

enum { EE_EDGES_MAX = 4096, EE_SAMPLES_MAX = 4096, EE_PAIRS_MAX = 1024, EE_LINES_MAX = 16 };

/* One line of the type B budget, as declared by apparatus, bench and meter type. */
struct ee_line {
	char name[32];		/* stable word: "reference.certificate", "position.phase", ... */
	double u_pct;		/* standard uncertainty of its own quantity, in % of reading or crad (0.01 rad) */
	double c;		/* sensitivity: 1, or tan(phi) for a phase */
	double dof;		/* degrees of freedom; INFINITY allowed */
};

/* Everything besides the raw data that decides a figure. Kept whole in the record. */
struct ee_setup {
	double kh_wh;			/* nameplate: Wh per pulse, > 0 */
	int64_t m_num, m_den;		/* meter's expected energy = m_num/m_den * reference energy */
	double ref_power_w;		/* indicated by the reference at the point, sum it registers; > 0 */
	/* reference */
	double ref_error_pct;		/* certified error at this point, + = reads high: E = E_ind/(1+err) */
	double ref_sigma_s;		/* declared sd of one register update's instant, s: reading and update jitter */
	double ref_resolution_wh;	/* one step of the register */
	/* position, known offsets that are corrected: meter sees ref*(1+ratio), phase + = its voltage leads */
	double pos_ratio_pct, pos_phase_crad, tan_phi;
	/* edges */
	double line_hz;			/* frequency at the point, as the reference reads it; NAN, 0: not known */
	double grid_s;			/* q: the meter type emits on a grid of q s; 0: none; NAN: not known */
	double edge_sigma_s;		/* declared sd of one edge besides the grid (latency, reader); NAN: no declared model */
	double stamp_resolution_s;	/* of the reader */
	/* the plan */
	double limit_lo_pct, limit_hi_pct;	/* permitted error, e.g. -1 and +1 */
	enum decision_rule rule;
	double floor_a_pct;		/* t(95.45 %)*u_A must come below this before a guaranteed decision stops */
	double cap_s;			/* longest span from arming to the last edge */
	int64_t min_intervals;		/* >= 4; 10 without a declared model */
	double tolerance_pct;		/* numbering: largest expected error, default 2 */
	int round_digits;		/* decimals of the reported error, 0..4 */
	enum rounding_mode round_mode;
	/* type B */
	size_t n_lines;
	struct ee_line lines[EE_LINES_MAX];
};

/* Raw data of one position, as they came. */
struct ee_raw {
	const struct edge *edges;	size_t n_edges;		/* this position's, in order */
	const struct clock_pair *pairs;	size_t n_pairs;		/* of the reader's clock, >= 2 */
	const struct ref_sample *samples; size_t n_samples;	/* of the register, in order */
	int64_t t_armed_ns;		/* edges and samples before do not count */
	int64_t t_now_ns;		/* of this look, or the end of the attempt: nothing later counts, and a
					   reference silent for 5 s (or 10 updates) before it is a cause */
};

/* Why there is no figure, or what the figure points to. Stable words in ee_cause_word(). */
enum ee_cause {
	EE_CAUSE_NONE = 0,
	/* at one position: the observation is void */
	EE_NO_PULSES, EE_TOO_FEW_PULSES, EE_MISSED_OR_SPURIOUS, EE_AMBIGUOUS_NUMBERING, EE_UNSTABLE_PULSES,
	/* findings: measured, reported and failed, never corrected */
	EE_WRONG_KH,		/* ratio to expected is a ratio of common constants, or 2, 1/2 */
	EE_WRONG_FORM,		/* near 75 % registration */
	EE_GROSS_ERROR,		/* beyond the tolerance, no name for it */
	/* common causes: the attempt is void */
	EE_REFERENCE_SILENT, EE_REFERENCE_OVERLOAD, EE_RANGE_CHANGED, EE_CONSTANT_CHANGED, EE_ENERGY_SIGN,
	EE_ENERGY_POWER_MISMATCH, EE_SEQUENCE_GAP, EE_READER_LOSS, EE_CLOCK_MAP, EE_SETPOINT_LEFT,
	EE_INSTRUMENT_FAILED, EE_SOURCE_EVENT, EE_ABORTED,
	EE_CAUSES
};
const char *ee_cause_word(enum ee_cause cause);
bool ee_cause_is_common(enum ee_cause cause);

enum ee_verdict { EE_NOT_RUN = 0, EE_CONFORMING, EE_NONCONFORMING, EE_INCONCLUSIVE, EE_VOID, EE_ABORTED_RUN };
const char *ee_verdict_word(enum ee_verdict verdict);

enum ee_stop {
	EE_GO_ON = 0, EE_STOP_GUARANTEED, EE_STOP_NO_MORE_INFORMATION, EE_STOP_CAP,
	EE_STOP_VOID,		/* more data can't heal it: a common cause, or a sensor that is dead */
};
const char *ee_stop_word(enum ee_stop stop);

enum ee_estimator { EE_LEAST_SQUARES = 0, EE_FIRST_LAST };

struct ee_observation {
	enum ee_cause cause;		/* first cause */
	enum ee_verdict verdict;	/* by the rule of the plan, from what is known now */
	enum ee_stop stop;		/* may this position stop? */
	/* numbering */
	int64_t n_edges, n_accepted, n_intervals, n_missed, n_rejected, n_bounced;
	uint32_t seq_first, seq_last;	/* of the first and last accepted edge */
	int64_t t_first_ns, t_last_ns;	/* bench clock */
	double period_ratio;		/* found / expected pulse period; NAN: not found */
	/* error, % */
	enum ee_estimator estimator;
	double err_pct;
	double first_last_pct, set_lo_pct, set_hi_pct;	/* beside it */
	bool beat, walk;
	/* uncertainty, all in % of reading */
	double u_edge_pct, dof_edge, u_ref_pct, dof_ref, u_a_pct, dof_a, u_b_pct, dof_b;
	double u_pct, dof_eff, k, U_pct;	/* k = t(95.45 %, dof_eff) */
	/* rounded once, in integers of 1e-6 %, the uncertainty upwards; ROUNDING_NONE: no figure */
	int64_t err_rounded_u6, U_rounded_u6;
	double span_s;			/* last accepted - first accepted edge */
	double physical_min_s;		/* max(4 periods, estimator's time for the floor, with the reference as declared) */
};

/* Verdict and stop of one look. The verdict is what stands if the attempt ends now:
 *   EE_VOID + EE_GO_ON		no figure; what is missing may still come (cause: too few pulses, ...)
 *   a verdict + EE_GO_ON	by the rule of the plan, but the stop rule wants more
 *   a verdict + EE_STOP_*	done
 *   EE_VOID + EE_STOP_CAP	the cap came and there is no figure
 *   EE_VOID + EE_STOP_VOID	more data can't heal it */

/* clang-format on */

/** Evaluate one position. Needs some 600 KiB of stack and nothing else: safe in any thread.
 * Every member of @p out is set; figures that do not exist are NAN.
 * @return ET_OK (also for a void observation: out->cause says why), ET_ERR_ARG when the setup is out of range. */
int ee_evaluate(const struct ee_setup *setup, const struct ee_raw *raw,
		struct ee_observation *out) ET_CHECK;

#endif
