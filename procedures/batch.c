/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/batch.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/quantities.h"
#include "base/yaml_csv.h"
#include "procedures/approval_findings.h"

#define KEY(struct_, member_, type_) \
	.name = #member_, .type = (type_), .offset = offsetof(struct struct_, member_)
#define MARK(struct_)                                                                    \
	{                                                                                \
		.name = "@", .type = YAML_MARK, .offset = offsetof(struct struct_, mark) \
	}

static const char *const as_words[] = { "as_found", "as_left", NULL };

static const struct yaml_key module_keys[] = {
	MARK(meter_module),
	{ KEY(meter_module, name, YAML_STR), .required = true },
	{ KEY(meter_module, firmware, YAML_STR) },
	{ 0 },
};

/* Whatever decides what may be switched on, and whether the notice approves it, has to be said. */
static const struct yaml_key meter_keys[] = {
	MARK(meter_card),
	{ KEY(meter_card, position, YAML_I64), .required = true, .min = 1, .max = ET_POSITIONS_MAX,
	  .want = "a position of the bench, 1 to 40" },
	{ KEY(meter_card, maker, YAML_STR), .required = true },
	{ KEY(meter_card, model, YAML_STR), .required = true },
	{ KEY(meter_card, serial, YAML_STR), .required = true },
	{ KEY(meter_card, inspection_no, YAML_STR) },
	{ KEY(meter_card, approval, YAML_STR), .required = true },
	{ KEY(meter_card, approval_revision, YAML_I64), .required = true, .min = 0, .max = 999,
	  .want = "a whole number, 0 to 999" },
	{ KEY(meter_card, configuration, YAML_I64), .required = true, .min = 1, .max = 12,
	  .want = "the notice's index of services, 1 to 12" },
	{ KEY(meter_card, base, YAML_I64), .min = 13, .max = 16,
	  .want = "the notice's index of bases, 13 to 16" },
	{ KEY(meter_card, volt_v, YAML_F64), .required = true, .min = 1, .max = 1000,
	  .want = "volts, 1 to 1000" },
	{ KEY(meter_card, curr_min_a, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ KEY(meter_card, curr_max_a, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ KEY(meter_card, kh_wh, YAML_F64), .required = true, .min = 1e-6, .max = 1e6,
	  .want = "watt-hours per pulse, 0.000001 to 1000000, from the nameplate" },
	{ KEY(meter_card, firmware, YAML_STR) },
	{ KEY(meter_card, modules, YAML_MAPS), .keys = module_keys,
	  .size = sizeof(struct meter_module) },
	{ KEY(meter_card, seals, YAML_STRS) },
	{ 0 },
};

static const struct yaml_key owner_keys[] = {
	{ KEY(batch_owner, name, YAML_STR), .required = true },
	{ KEY(batch_owner, address, YAML_STR), .required = true },
	{ 0 },
};

const struct yaml_key batch_keys[] = {
	{ KEY(batch, id, YAML_STR), .required = true },
	{ KEY(batch, work_order, YAML_STR), .required = true },
	{ KEY(batch, owner, YAML_MAP), .required = true, .keys = owner_keys },
	{ KEY(batch, as, YAML_WORD), .required = true, .words = as_words },
	{ KEY(batch, plan, YAML_STR), .required = true },
	{ KEY(batch, approval, YAML_STR), .required = true },
	{ KEY(batch, approval_revision, YAML_I64), .required = true, .min = 0, .max = 999,
	  .want = "a whole number, 0 to 999" },
	{ KEY(batch, configuration, YAML_I64), .required = true, .min = 1, .max = 12,
	  .want = "the notice's index of services, 1 to 12" },
	{ KEY(batch, volt_v, YAML_F64), .required = true, .min = 1, .max = 1000,
	  .want = "volts, 1 to 1000" },
	{ KEY(batch, curr_min_a, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ KEY(batch, curr_max_a, YAML_F64), .required = true, .min = 0.001, .max = 1000,
	  .want = "amperes, 0.001 to 1000" },
	{ KEY(batch, meters, YAML_MAPS), .required = true, .keys = meter_keys,
	  .size = sizeof(struct meter_card) },
	{ 0 },
};

/* ---- what a table cannot see ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static int check_meter(const char *name, const struct meter_card *all, const struct meter_card *m,
		       struct diag *d)
{
	int errors = 0;

	if (m->curr_min_a >= m->curr_max_a) {
		diag_add(d, name, m->mark.line, m->mark.column,
			 "curr_min_a: %g is not below curr_max_a: %g", m->curr_min_a,
			 m->curr_max_a);
		errors++;
	}
	for (const struct meter_card *o = all; o < m; o++) {
		if (m->position != INT64_MIN && o->position == m->position) {
			diag_add(d, name, m->mark.line, m->mark.column,
				 "position: %lld is taken by the meter in line %d",
				 (long long)m->position, o->mark.line);
			errors++;
		}
		if (same_text(o->serial, m->serial) && o->maker && m->maker &&
		    approval_name_same(o->maker, m->maker)) {
			diag_add(d, name, m->mark.line, m->mark.column,
				 "serial: %s of %s already stands in line %d", m->serial, m->maker,
				 o->mark.line);
			errors++;
		}
	}
	return errors;
}

static int finish_load(int err, const char *name, const struct batch *b, struct diag *d)
{
	const struct meter_card *m = b->meters.items;
	int errors = 0;

	if (err != ET_OK && err != ET_ERR_FILE)
		return err;
	if (b->curr_min_a >= b->curr_max_a) {
		diag_add(d, name, 0, 0, "curr_min_a: %g is not below curr_max_a: %g", b->curr_min_a,
			 b->curr_max_a);
		errors++;
	}
	for (size_t i = 0; i < b->meters.n; i++)
		errors += check_meter(name, m, &m[i], d);
	return errors == 0 ? err : ET_ERR_FILE;
}

static bool is_csv(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcasecmp(name + len - 4, ".csv") == 0;
}

int batch_load_file(const char *path, struct batch *out, struct yaml_doc **doc, struct diag *d)
{
	int err = is_csv(path) ? yaml_load_csv_file(path, BATCH_SCHEMA, batch_keys, "meters", out,
						    doc, d)
			       : yaml_load_file(path, BATCH_SCHEMA, batch_keys, out, doc, d);

	return finish_load(err, path, out, d);
}

int batch_load_mem(const char *name, const char *text, size_t len, struct batch *out,
		   struct yaml_doc **doc, struct diag *d)
{
	int err = is_csv(name)
			  ? yaml_load_csv_mem(name, text, len, BATCH_SCHEMA, batch_keys, "meters",
					      out, doc, d)
			  : yaml_load_mem(name, text, len, BATCH_SCHEMA, batch_keys, out, doc, d);

	return finish_load(err, name, out, d);
}

/* ---- nameplate and set-up ---- */

static void put_rating(char *buf, size_t cap, int64_t configuration, double volt_v,
		       double curr_min_a, double curr_max_a, enum lang lang)
{
	finding_append(buf, cap, "%s, %s V, %s-%s A", approval_index_text(configuration, lang),
		       figure(volt_v, lang).s, figure(curr_min_a, lang).s,
		       figure(curr_max_a, lang).s);
}

bool batch_fits_setup(const struct batch *b, const struct meter_card *m,
		      struct approval_finding *out)
{
	struct approval_finding f = finding_new(FINDING_NONCONFORMING, "setup");

	if (m->configuration == b->configuration && same_figure(m->volt_v, b->volt_v) &&
	    same_figure(m->curr_min_a, b->curr_min_a) && same_figure(m->curr_max_a, b->curr_max_a))
		return true;
	finding_put(f.en, "nameplate ");
	put_rating(f.en, sizeof(f.en), m->configuration, m->volt_v, m->curr_min_a, m->curr_max_a,
		   LANG_EN);
	finding_put(f.en, "; the bench is set up for ");
	put_rating(f.en, sizeof(f.en), b->configuration, b->volt_v, b->curr_min_a, b->curr_max_a,
		   LANG_EN);
	finding_put(f.en, ": not to be energised in this batch");
	finding_put(f.fr, "plaque ");
	put_rating(f.fr, sizeof(f.fr), m->configuration, m->volt_v, m->curr_min_a, m->curr_max_a,
		   LANG_FR);
	finding_put(f.fr, "; le banc est réglé pour ");
	put_rating(f.fr, sizeof(f.fr), b->configuration, b->volt_v, b->curr_min_a, b->curr_max_a,
		   LANG_FR);
	finding_put(f.fr, " : ne pas mettre sous tension dans ce lot");
	*out = f;
	return false;
}
