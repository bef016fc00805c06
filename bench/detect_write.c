/* SPDX-License-Identifier: Apache-2.0 */
/* bench/detect_write.c - a bench.yaml of what was found. Where something is not known stand values with which every
 * set-point is refused, and with which no stated uncertainty can pass for a good one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/detect.h"

static const char *const role_words[BENCH_ROLES] = { "source", "reference", "reader" };

static const char head[] =
	"# Written by `etalon detect`. Each FILL IN is something that no instrument tells. Until "
	"the limits are\n"
	"# replaced every set-point is refused.\n"
	"schema: " BENCH_SCHEMA "\n"
	"name: Bench               # FILL IN: as it shall stand in the record\n"
	"connection: series        # FILL IN: series | true_service | element_a | element_b\n"
	"limits:                   # FILL IN: what the installation bears; every set-point above "
	"is refused\n"
	"  volt_max_v: 1\n"
	"  curr_max_a: 0.1\n"
	"off_below_v: 2            # FILL IN, if need be: the reference reads less: the voltage is "
	"off\n"
	"ref_sigma_s: 0.002        # FILL IN: instant of one update of the energy register, "
	"standard deviation\n"
	"instruments:\n";

static const char positions_head[] =
	"# FILL IN: of each isolation transformer what its certificate says, and what is left "
	"(half widths, rectangular).\n"
	"# With the half widths that stand here the stated uncertainty is some 6 %, so that nobody "
	"takes it for a result.\n"
	"positions:\n";

static const char meter_types[] =
	"# meter_types:            # FILL IN: measured by the laboratory for each type\n"
	"#   - {model: Focus ALF, grid_s: 0.016666666666666666, edge_sigma_s: 0.0005}\n";

/* What an instrument said may hold anything printable. */
static void put_quoted(FILE *to, const char *text)
{
	putc('"', to);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', to);
		putc(*text, to);
	}
	putc('"', to);
}

static void put_instrument(FILE *to, const struct probe_result *r, enum bench_role role,
			   bool is_first)
{
	fprintf(to, "  %s- {name: %s, role: %s, driver: %s, port: ", is_first ? "" : "# ",
		role_words[role], role_words[role], r->driver->name);
	put_quoted(to, r->spec);
	if (r->id.serial[0]) {
		fputs(", serial: ", to);
		put_quoted(to, r->id.serial);
	}
	fprintf(to, "}   # %s %s %s%s\n", r->id.maker, r->id.model, r->id.firmware,
		is_first ? "" : "; FILL IN: another one, which is it?");
}

/* @return channels of the reader that was written; 0: none. */
static int put_instruments(FILE *to, const struct detect *d, unsigned *missing)
{
	int channels = 0;

	for (int role = 0; role < BENCH_ROLES; role++) {
		bool is_first = true;

		for (size_t i = 0; i < d->n; i++) {
			const struct probe_result *r = &d->link[i].r;

			if (r->state != PROBE_FOUND || (int)detect_role(r) != role)
				continue;
			put_instrument(to, r, (enum bench_role)role, is_first);
			if (is_first)
				channels = r->id.channels;
			is_first = false;
		}
		if (is_first) {
			*missing |= 1u << role;
			fprintf(to,
				"  # - {name: %s, role: %s, driver: DRIVER, port: \"LINK\"}   "
				"# FILL IN: none was found\n",
				role_words[role], role_words[role]);
		}
	}
	return channels;
}

static void put_positions(FILE *to, int channels)
{
	fputs(positions_head, to);
	for (int i = 1; i <= (channels > 1 ? channels : 1) && i <= ET_POSITIONS_MAX; i++)
		fprintf(to,
			"  - {position: %d, ratio_pct: 0, ratio_half_width_pct: 5, phase_min: 0, "
			"phase_half_width_min: 60}\n",
			i);
}

int detect_write(const struct detect *d, const char *path, unsigned *missing, struct fault *f)
{
	FILE *to = fopen(path, "wxe");
	bool failed;
	int channels;

	if (!to)
		return fault_set(f, ET_ERR_FILE, "%s: %s", path, strerror(errno));
	*missing = 0;
	fputs(head, to);
	channels = put_instruments(to, d, missing);
	put_positions(to, channels);
	fputs(meter_types, to);
	failed = ferror(to) != 0;
	if (fclose(to) != 0 || failed)
		return fault_set(f, ET_ERR_FILE, "%s: could not be written: %s", path,
				 strerror(errno));
	return ET_OK;
}
