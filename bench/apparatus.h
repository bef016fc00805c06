/* SPDX-License-Identifier: Apache-2.0 */
/* bench/apparatus.h - measuring apparatus: identity, certificate, validity, correction table. */
#ifndef BENCH_APPARATUS_H
#define BENCH_APPARATUS_H

#include <stdbool.h>

#include "base/yaml.h"
#include "db/journal.h"

#define APPARATUS_SCHEMA "etalon/apparatus/1"

enum apparatus_kind {
	APPARATUS_REFERENCE = 0,
	APPARATUS_SOURCE,
	APPARATUS_READER,
	APPARATUS_CONSOLE
};

/* What the certificate makes it fit for, where that is not plain from its kind. */
enum apparatus_fitness { FIT_FOR_VERIFICATION = 0, FIT_FOR_CHECKS };

struct apparatus_point { /* one line of the certificate */
	struct yaml_mark mark;
	double volt_v, curr_a;
	double power_factor; /* 0 < pf <= 1 */
	int sense; /* 0 lag, 1 lead; only with power_factor < 1 */
	double error_pct; /* of the apparatus, + = reads high */
	double U_pct, k; /* expanded uncertainty and its coverage factor */
};
struct apparatus {
	const char *id;
	int kind; /* enum apparatus_kind */
	const char *maker, *model, *serial, *firmware;
	int simulated; /* bool; -1: no */
	int fitness; /* enum apparatus_fitness; -1: not stated */
	struct {
		const char *number, *laboratory;
		struct yaml_date issued, expires;
	} certificate;
	const char *use; /* permitted installation and use, as the certificate says */
	/* what is left beside the certificate, rectangular half widths; NAN: not stated, taken as 0 */
	double drift_pct, temperature_pct, phase_min;
	struct yaml_list correction; /* struct apparatus_point */
};
extern const struct yaml_key apparatus_keys[];

/** Load and check: a reference needs a correction table, dates in order. @p doc owns the strings. */
int apparatus_load_file(const char *path, struct apparatus *out, struct yaml_doc **doc,
			struct diag *d) ET_CHECK;

/** Its entry "apparatus.added" (docs/json.md). New reference; NULL: out of memory. */
json_t *apparatus_payload(const struct apparatus *a);

/** The apparatus on record with this serial number that is not retired.
 * @return ET_OK; ET_ERR_STATE: none; ET_ERR_INTEGRITY: its entry does not read. @p doc owns the strings. */
int apparatus_find(struct db *db, const char *serial, struct apparatus *out, struct yaml_doc **doc,
		   struct fault *f) ET_CHECK;

/** Valid on a day? By its own date of expiry, and never longer than one year after the issue
 * (Electricity and Gas Inspection Regulations, s. 8(2)). @return ET_OK, or ET_ERR_STATE with the reason in @p f. */
int apparatus_check_valid(const struct apparatus *a, struct yaml_date day,
			  struct fault *f) ET_CHECK;

/** May it be the reference of a verification? Not when its record says `fitness: checks`; and where @p required, by
 * the driver named @p driver, only when it says `fitness: verification`. @return ET_OK, ET_ERR_STATE. */
int apparatus_check_fit(const struct apparatus *a, const char *driver, bool required,
			struct fault *f) ET_CHECK;

struct apparatus_correction {
	double error_pct; /* interpolated in current */
	double u_pct; /* standard uncertainty of the certificate, the larger of both neighbours */
	double u_interpolation_pct; /* half difference of the neighbours / sqrt(3) */
};
/** Correction at a load point. Voltage within 1 %, same power factor and sense, current between certified
 * points. @return ET_OK; ET_ERR_STATE when the certificate does not cover the point (reason in @p f). */
int apparatus_correct(const struct apparatus *a, double volt_v, double curr_a, double power_factor,
		      int sense, struct apparatus_correction *out, struct fault *f) ET_CHECK;

/** Calendar day of a UTC time in local time of @p offset_s. */
struct yaml_date date_of_utc(int64_t utc_ns, int32_t offset_s);

#endif
