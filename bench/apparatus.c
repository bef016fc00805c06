/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/apparatus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/quantities.h"

#define AT(member) offsetof(struct apparatus, member)
#define CERT(member) (AT(certificate.member) - AT(certificate))
#define POINT(member) offsetof(struct apparatus_point, member)

static const char *const kind_words[] = { "reference_standard", "source", "reader", "console",
					  NULL };
static const char *const fitness_words[] = { "verification", "checks", NULL };
static const char *const sense_words[] = { "lag", "lead", NULL };

static const struct yaml_key point_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = POINT(mark) },
	{ .name = "volt_v",
	  .type = YAML_F64,
	  .offset = POINT(volt_v),
	  .required = true,
	  .min = 1,
	  .max = 1000,
	  .want = "volts, 1 to 1000" },
	{ .name = "curr_a",
	  .type = YAML_F64,
	  .offset = POINT(curr_a),
	  .required = true,
	  .min = 1e-3,
	  .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ .name = "power_factor",
	  .type = YAML_F64,
	  .offset = POINT(power_factor),
	  .required = true,
	  .min = 0.01,
	  .max = 1,
	  .want = "0.01 to 1" },
	{ .name = "sense", .type = YAML_WORD, .offset = POINT(sense), .words = sense_words },
	{ .name = "error_pct",
	  .type = YAML_F64,
	  .offset = POINT(error_pct),
	  .required = true,
	  .min = -2,
	  .max = 2,
	  .want = "percent, -2 to 2 (s. 8(1): no error above 2 %)" },
	{ .name = "U_pct",
	  .type = YAML_F64,
	  .offset = POINT(U_pct),
	  .required = true,
	  .min = 1e-6,
	  .max = 2,
	  .want = "percent, above 0" },
	{ .name = "k",
	  .type = YAML_F64,
	  .offset = POINT(k),
	  .required = true,
	  .min = 1,
	  .max = 4,
	  .want = "coverage factor, 1 to 4" },
	{ 0 }
};

static const struct yaml_key certificate_keys[] = {
	{ .name = "number", .type = YAML_STR, .offset = CERT(number), .required = true },
	{ .name = "laboratory", .type = YAML_STR, .offset = CERT(laboratory), .required = true },
	{ .name = "issued", .type = YAML_DATE, .offset = CERT(issued), .required = true },
	{ .name = "expires", .type = YAML_DATE, .offset = CERT(expires), .required = true },
	{ 0 }
};

const struct yaml_key apparatus_keys[] = {
	{ .name = "id", .type = YAML_STR, .offset = AT(id), .required = true },
	{ .name = "kind",
	  .type = YAML_WORD,
	  .offset = AT(kind),
	  .required = true,
	  .words = kind_words },
	{ .name = "maker", .type = YAML_STR, .offset = AT(maker), .required = true },
	{ .name = "model", .type = YAML_STR, .offset = AT(model), .required = true },
	{ .name = "serial", .type = YAML_STR, .offset = AT(serial), .required = true },
	{ .name = "firmware", .type = YAML_STR, .offset = AT(firmware), .required = true },
	{ .name = "simulated", .type = YAML_BOOL, .offset = AT(simulated) },
	{ .name = "fitness", .type = YAML_WORD, .offset = AT(fitness), .words = fitness_words },
	{ .name = "certificate",
	  .type = YAML_MAP,
	  .offset = AT(certificate),
	  .required = true,
	  .keys = certificate_keys },
	{ .name = "use", .type = YAML_STR, .offset = AT(use), .required = true },
	{ .name = "drift_pct",
	  .type = YAML_F64,
	  .offset = AT(drift_pct),
	  .min = 0,
	  .max = 1,
	  .want = "percent, 0 to 1" },
	{ .name = "temperature_pct",
	  .type = YAML_F64,
	  .offset = AT(temperature_pct),
	  .min = 0,
	  .max = 1,
	  .want = "percent, 0 to 1" },
	{ .name = "phase_min",
	  .type = YAML_F64,
	  .offset = AT(phase_min),
	  .min = 0,
	  .max = 60,
	  .want = "minutes of arc, 0 to 60" },
	{ .name = "correction",
	  .type = YAML_MAPS,
	  .offset = AT(correction),
	  .keys = point_keys,
	  .size = sizeof(struct apparatus_point) },
	{ 0 }
};

static int date_order(struct yaml_date d)
{
	return d.year * 10000 + d.month * 100 + d.day;
}

static int check_loaded(const char *name, const struct apparatus *a, struct diag *d)
{
	const struct apparatus_point *p = a->correction.items;
	const int before = diag_count(d);

	if (a->kind == APPARATUS_REFERENCE && a->correction.n == 0)
		diag_add(d, name, 0, 0,
			 "correction: a reference standard needs at least one certified point");
	if (date_order(a->certificate.expires) < date_order(a->certificate.issued))
		diag_add(d, name, 0, 0, "certificate: it expires before it was issued");
	for (size_t i = 0; i < a->correction.n; i++)
		if (p[i].power_factor < 1 && p[i].sense < 0)
			diag_add(d, name, p[i].mark.line, p[i].mark.column,
				 "sense: missing; below power factor 1 it is lag or lead");
	return diag_count(d) > before ? ET_ERR_FILE : ET_OK;
}

int apparatus_load_file(const char *path, struct apparatus *out, struct yaml_doc **doc,
			struct diag *d)
{
	const int err = yaml_load_file(path, APPARATUS_SCHEMA, apparatus_keys, out, doc, d);

	return err == ET_OK ? check_loaded(path, out, d) : err;
}

json_t *apparatus_payload(const struct apparatus *a)
{
	json_t *o = yaml_to_json(APPARATUS_SCHEMA, apparatus_keys, a), *points, *point;
	size_t i;

	if (!o)
		return NULL;
	if (a->simulated < 0)
		json_object_set_new(o, "simulated", json_false());
	if (!json_object_get(o, "correction"))
		json_object_set_new(o, "correction", json_array());
	points = json_object_get(o, "correction");
	json_array_foreach(points, i, point)
	{
		if (!json_object_get(point, "sense"))
			json_object_set_new(point, "sense", json_null());
	}
	return o;
}

/* Retired after it was last added? Both kinds carry the id; the later entry counts. */
static bool is_retired(struct db *db, const char *id, int64_t added_seq)
{
	int64_t seq = 0;
	json_t *gone = id ? db_last(db, "apparatus.retired", "id", id, &seq) : NULL;
	const bool retired = gone && seq > added_seq;

	json_decref(gone);
	return retired;
}

static int load_entry(json_t *entry, int64_t seq, struct apparatus *out, struct yaml_doc **doc,
		      struct fault *f)
{
	struct diag *d = diag_new();
	char *text = NULL;
	size_t len = 0;
	int err = d ? json_canonical(entry, &text, &len) : ET_ERR_NOMEM;

	if (err == ET_OK)
		err = yaml_load_mem("journal", text, len, APPARATUS_SCHEMA, apparatus_keys, out,
				    doc, d);
	if (err == ET_ERR_FILE)
		err = fault_set(f, ET_ERR_INTEGRITY,
				"entry %lld (apparatus.added) does not read: %s", (long long)seq,
				diag_text(d, 0));
	else if (err != ET_OK)
		err = fault_set(f, err, "out of memory");
	diag_free(d);
	free(text);
	return err;
}

int apparatus_find(struct db *db, const char *serial, struct apparatus *out, struct yaml_doc **doc,
		   struct fault *f)
{
	int64_t seq = 0;
	json_t *entry = db_last(db, "apparatus.added", "serial", serial, &seq);
	int err;

	if (!entry || is_retired(db, json_get_str(entry, "id"), seq))
		err = fault_set(f, ET_ERR_STATE, "no apparatus with serial number %s is on record",
				serial);
	else
		err = load_entry(entry, seq, out, doc, f);
	json_decref(entry);
	return err;
}

struct yaml_date date_of_utc(int64_t utc_ns, int32_t offset_s)
{
	const time_t t = (time_t)(utc_ns / ET_NS_PER_S) + offset_s;
	struct yaml_date day = { 0 };
	struct tm tm;

	if (gmtime_r(&t, &tm)) {
		day.year = tm.tm_year + 1900;
		day.month = tm.tm_mon + 1;
		day.day = tm.tm_mday;
	}
	return day;
}

int apparatus_check_valid(const struct apparatus *a, struct yaml_date day, struct fault *f)
{
	const struct yaml_date issued = a->certificate.issued, expires = a->certificate.expires;
	struct yaml_date year_on = issued;

	year_on.year++;
	if (date_order(day) < date_order(issued))
		return fault_set(f, ET_ERR_STATE,
				 "%s (%s): certificate %s is issued only on %04d-%02d-%02d", a->id,
				 a->serial, a->certificate.number, issued.year, issued.month,
				 issued.day);
	if (date_order(day) > date_order(expires))
		return fault_set(
			f, ET_ERR_STATE, "%s (%s): certificate %s expired on %04d-%02d-%02d", a->id,
			a->serial, a->certificate.number, expires.year, expires.month, expires.day);
	if (date_order(day) >= date_order(year_on))
		return fault_set(f, ET_ERR_STATE,
				 "%s (%s): certificate %s is over one year old (s. 8(2)), issued "
				 "%04d-%02d-%02d",
				 a->id, a->serial, a->certificate.number, issued.year, issued.month,
				 issued.day);
	return ET_OK;
}

int apparatus_check_fit(const struct apparatus *a, const char *driver, bool required,
			struct fault *f)
{
	if (a->fitness == FIT_FOR_CHECKS)
		return fault_set(
			f, ET_ERR_STATE,
			"%s (%s): its record says fitness: checks, so it is no reference for "
			"a verification",
			a->id, a->serial);
	if (required && a->fitness != FIT_FOR_VERIFICATION)
		return fault_set(
			f, ET_ERR_STATE,
			"%s (%s): what the driver %s reads is no legal reference by itself; "
			"where certificate %s makes it one, its apparatus record must say "
			"fitness: verification",
			a->id, a->serial, driver, a->certificate.number);
	return ET_OK;
}

static bool same_condition(const struct apparatus_point *p, double volt_v, double power_factor,
			   int sense)
{
	return fabs(p->volt_v / volt_v - 1) <= 0.01 &&
	       fabs(p->power_factor - power_factor) <= 1e-9 &&
	       (power_factor >= 1 || p->sense == sense);
}

int apparatus_correct(const struct apparatus *a, double volt_v, double curr_a, double power_factor,
		      int sense, struct apparatus_correction *out, struct fault *f)
{
	const struct apparatus_point *p = a->correction.items, *lo = NULL, *hi = NULL;
	double share;

	for (size_t i = 0; i < a->correction.n; i++) {
		if (!same_condition(&p[i], volt_v, power_factor, sense))
			continue;
		if (p[i].curr_a <= curr_a * (1 + 1e-9) && (!lo || p[i].curr_a > lo->curr_a))
			lo = &p[i];
		if (p[i].curr_a >= curr_a * (1 - 1e-9) && (!hi || p[i].curr_a < hi->curr_a))
			hi = &p[i];
	}
	if (!lo || !hi)
		return fault_set(
			f, ET_ERR_STATE,
			"%s (%s): certificate %s does not cover %g V, %g A, power factor %g%s",
			a->id, a->serial, a->certificate.number, volt_v, curr_a, power_factor,
			power_factor < 1 ? (sense ? " lead" : " lag") : "");
	share = hi->curr_a > lo->curr_a ? (curr_a - lo->curr_a) / (hi->curr_a - lo->curr_a) : 0;
	out->error_pct = lo->error_pct + share * (hi->error_pct - lo->error_pct);
	out->u_pct = fmax(lo->U_pct / lo->k, hi->U_pct / hi->k);
	out->u_interpolation_pct = fabs(hi->error_pct - lo->error_pct) / 2 / sqrt(3);
	return ET_OK;
}
