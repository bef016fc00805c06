/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/scenario.h"

#include <string.h>

#include "base/num.h"
#include "simulator/scenario_parts.h"

/* ---- epoch ---- */

/* Days from 1970-01-01 in the proleptic Gregorian calendar; the year begins in March. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	const int64_t year = m <= 2 ? y - 1 : y, era = year / 400, yoe = year - era * 400;
	const int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int64_t days_in(int64_t y, int64_t m)
{
	static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const int leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return days[m - 1] + (m == 2 && leap);
}

/* "2026-03-02T08:00:00" with the digits where '9' stands. */
static int match(const char *s, const char *pattern, int64_t *field)
{
	int n = 0;

	while (*pattern) {
		size_t digits = strspn(pattern, "9");

		if (digits == 0) {
			if (*s++ != *pattern++)
				return ET_ERR_ARG;
			continue;
		}
		if (strlen(s) < digits || num_parse_digits(s, digits, &field[n++]) != ET_OK)
			return ET_ERR_ARG;
		s += digits;
		pattern += digits;
	}
	return ET_OK;
}

static int parse_zone(const char *s, int64_t *offset_s)
{
	int64_t f[2];

	if (strcmp(s, "Z") == 0) {
		*offset_s = 0;
		return ET_OK;
	}
	if (strlen(s) != 6 || (s[0] != '+' && s[0] != '-') || match(s + 1, "99:99", f) < 0 ||
	    f[0] > 18 || f[1] > 59)
		return ET_ERR_ARG;
	*offset_s = (f[0] * 3600 + f[1] * 60) * (s[0] == '-' ? -1 : 1);
	return ET_OK;
}

int scenario_parse_epoch(const char *text, int64_t *utc_ns)
{
	int64_t f[6], offset_s, s;

	if (strlen(text) < 20 || match(text, "9999-99-99T99:99:99", f) < 0 ||
	    parse_zone(text + 19, &offset_s) < 0)
		return ET_ERR_ARG;
	if (f[0] < 1971 || f[0] > 2200 || f[1] < 1 || f[1] > 12 || f[2] < 1 ||
	    f[2] > days_in(f[0], f[1]) || f[3] > 23 || f[4] > 59 || f[5] > 59)
		return ET_ERR_ARG;
	s = days_from_civil(f[0], f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5] - offset_s;
	*utc_ns = s * ET_NS_PER_S;
	return ET_OK;
}

int scenario_reader_index(const struct scenario *sc, const char *name)
{
	const struct scenario_reader *r = sc->readers.items;

	if (!name || strcmp(name, "reader") == 0)
		return 0;
	for (size_t n = 0; n < sc->readers.n; n++)
		if (r[n].name && strcmp(r[n].name, name) == 0)
			return (int)n + 1;
	return -1;
}

/* ---- what the table cannot check ---- */

struct check {
	const char *file;
	struct diag *d;
};

static void check_span(const struct check *c, const struct yaml_mark *m, int64_t from, int64_t to,
		       bool taken[])
{
	const int64_t last = last_of(from, to);

	if (from < 1 || last > ET_POSITIONS_MAX) /* the table has said so */
		return;
	if (last < from)
		diag_add(c->d, c->file, m->line, m->column, "to: %lld comes before position %lld",
			 (long long)last, (long long)from);
	for (int64_t p = from; p <= last; p++) {
		if (taken[p])
			diag_add(c->d, c->file, m->line, m->column,
				 "position: %lld stands here twice", (long long)p);
		taken[p] = true;
	}
}

static void check_configuration(const struct check *c, const struct yaml_mark *m,
				int64_t configuration)
{
	if (configuration == 3)
		diag_add(c->d, c->file, m->line, m->column,
			 "configuration: 3 is not known here; 1, 2 or 4 would be right");
}

static void check_event(const struct check *c, const struct scenario_event *e)
{
	const bool needs_value = e->kind == SIM_RANGE_CHANGE || e->kind == SIM_TEMPERATURE ||
				 e->kind == SIM_SOURCE_STEP;
	const bool needs_position = e->kind == SIM_LED_DEAD || e->kind == SIM_LED_ALIVE ||
				    e->kind == SIM_SATURATED || e->kind == SIM_UNSATURATED;

	if (needs_value && isnan(e->value))
		diag_add(c->d, c->file, e->mark.line, e->mark.column,
			 "value: missing; this kind of event needs one");
	if (needs_position && e->position == INT64_MIN)
		diag_add(c->d, c->file, e->mark.line, e->mark.column,
			 "position: missing; this kind of event needs one");
}

/* Names of instruments are words of lines and ports: nothing to be split in them. */
static bool is_name(const char *s)
{
	return s && strlen(s) <= SCENARIO_NAME_MAX &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(s);
}

static void check_readers(const struct check *c, const struct scenario *sc)
{
	const struct scenario_reader *r = sc->readers.items;

	if (sc->readers.n >= ET_READERS_MAX)
		diag_add(c->d, c->file, r[0].mark.line, r[0].mark.column,
			 "readers: %zu beside the first one; at most %d", sc->readers.n,
			 ET_READERS_MAX - 1);
	for (size_t n = 0; n < sc->readers.n; n++) {
		const bool taken = r[n].name && scenario_reader_index(sc, r[n].name) != (int)n + 1;

		if (r[n].name && (!is_name(r[n].name) || taken || !strcmp(r[n].name, "source") ||
				  !strcmp(r[n].name, "reference")))
			diag_add(c->d, c->file, r[n].mark.line, r[n].mark.column,
				 "name: \"%s\"; a name of its own of at most %d letters a-z, "
				 "digits, - and _ would be right",
				 r[n].name, SCENARIO_NAME_MAX);
	}
}

static void check_reader_of(const struct check *c, const struct scenario *sc,
			    const struct scenario_meter *m)
{
	if (m->reader && scenario_reader_index(sc, m->reader) < 0)
		diag_add(c->d, c->file, m->mark.line, m->mark.column,
			 "reader: \"%s\" is not in readers", m->reader);
}

static void check_lists(const struct check *c, const struct scenario *sc)
{
	const struct scenario_position *p = sc->bench.positions.items;
	const struct scenario_meter *m = sc->meters.items;
	const struct scenario_event *e = sc->events.items;
	const struct yaml_mark nowhere = { 0, 0 };
	bool positions[ET_POSITIONS_MAX + 1] = { false }, meters[ET_POSITIONS_MAX + 1] = { false };

	check_configuration(c, &nowhere, sc->bench.configuration);
	check_readers(c, sc);
	for (size_t n = 0; n < sc->bench.positions.n; n++)
		check_span(c, &p[n].mark, p[n].position, p[n].to, positions);
	for (size_t n = 0; n < sc->meters.n; n++) {
		check_span(c, &m[n].mark, m[n].position, m[n].to, meters);
		check_configuration(c, &m[n].mark, m[n].configuration);
		check_reader_of(c, sc, &m[n]);
	}
	for (size_t n = 0; n < sc->events.n; n++)
		check_event(c, &e[n]);
}

static int check(const char *file, const struct scenario *sc, struct diag *d, int err)
{
	const struct check c = { file, d };
	const int before = diag_count(d);
	int64_t utc_ns;

	if (err != ET_OK && err != ET_ERR_FILE)
		return err;
	check_lists(&c, sc);
	if (sc->epoch && scenario_parse_epoch(sc->epoch, &utc_ns) < 0)
		diag_add(d, file, 0, 0, "epoch: \"%s\"; a time such as %s would be right",
			 sc->epoch, SCENARIO_EPOCH);
	return diag_count(d) > before ? ET_ERR_FILE : err;
}

int scenario_load_file(const char *path, struct scenario *out, struct yaml_doc **doc,
		       struct diag *d)
{
	const int err = yaml_load_file(path, SCENARIO_SCHEMA, scenario_keys, out, doc, d);

	return check(path, out, d, err);
}

int scenario_load_mem(const char *name, const char *text, size_t len, struct scenario *out,
		      struct yaml_doc **doc, struct diag *d)
{
	const int err = yaml_load_mem(name, text, len, SCENARIO_SCHEMA, scenario_keys, out, doc, d);

	return check(name, out, d, err);
}
