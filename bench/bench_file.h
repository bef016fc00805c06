/* SPDX-License-Identifier: Apache-2.0 */
/* bench/bench_file.h - bench.yaml: instruments and their links, positions, limits of the installation. */
#ifndef BENCH_BENCH_FILE_H
#define BENCH_BENCH_FILE_H

#include "base/yaml.h"
#include "metrology/connection.h"

#define BENCH_SCHEMA "etalon/bench/1"

enum bench_role { BENCH_SOURCE = 0, BENCH_REFERENCE, BENCH_READER, BENCH_ROLES };

struct bench_option {
	const char *key, *value;
};
struct bench_instrument {
	struct yaml_mark mark;
	const char *name;
	int role; /* enum bench_role */
	const char *driver; /* name in drivers/registry.c */
	const char *port; /* io/port.h, or "simulated:NAME" in a simulated laboratory */
	const char *
		serial; /* as it answers; reference and reader need it: their certificate is found by it */
	struct yaml_list options; /* struct bench_option */
};
/* What lies between the reference and the terminals of the meter at this position, and which sensor is in front of it. */
struct bench_position {
	struct yaml_mark mark;
	int64_t position; /* 1..40 */
	const char *reader; /* name of its edge reader; NULL: the only one */
	int64_t channel; /* of the reader, 1..64; INT64_MIN: that of its position */
	double ratio_pct; /* known: voltage here / voltage at the reference - 1; corrected */
	double ratio_half_width_pct; /* what is left of it, rectangular */
	double phase_min; /* known: minutes of arc, + = leads; corrected */
	double phase_half_width_min; /* what is left of it, rectangular */
};
/* What is declared of the pulses of a meter type; the notice says nothing of it. */
struct bench_meter_type {
	struct yaml_mark mark;
	const char *model;
	double grid_s; /* pulses leave on a grid of so many seconds; 0: none */
	double edge_sigma_s; /* standard deviation of one edge besides the grid */
};
struct bench_file {
	const char *name;
	int connection; /* enum connection */
	struct {
		double volt_max_v, curr_max_a;
	} limits;
	double off_below_v; /* the reference reads less: voltage is off */
	double ref_sigma_s; /* declared: instant of one register update */
	struct yaml_list instruments; /* struct bench_instrument */
	struct yaml_list positions; /* struct bench_position */
	struct yaml_list meter_types; /* struct bench_meter_type */
};

extern const struct yaml_key bench_keys[];

/** Load and check also: one instrument of each role, readers 1 to ET_READERS_MAX, positions, sensors and names unique,
 * drivers known.
 * @param doc Owns the strings of @p out. @return ET_OK, ET_ERR_FILE (in @p d), ET_ERR_NOMEM. */
int bench_file_load(const char *path, struct bench_file *out, struct yaml_doc **doc,
		    struct diag *d) ET_CHECK;

/** What the drivers have to say against their options and the files that these name, in the laboratory folder
 * @p dir. @return ET_OK, ET_ERR_FILE (in @p d). */
int bench_file_check_options(const char *path, const struct bench_file *b, const char *dir,
			     struct diag *d) ET_CHECK;

/** @return NULL when the bench has no such position, instrument or meter type. */
const struct bench_position *bench_file_position(const struct bench_file *b, int64_t position);
const struct bench_instrument *bench_file_instrument(const struct bench_file *b,
						     enum bench_role role); /* the first */
/** Reader and channel whose sensor is at @p p. */
const struct bench_instrument *bench_file_reader(const struct bench_file *b,
						 const struct bench_position *p);
int bench_file_channel(const struct bench_position *p);
/** Name of its simulated counterpart: of the port "simulated:NAME", else as its role. */
const char *bench_file_sim_name(const struct bench_instrument *in);
const struct bench_meter_type *bench_file_meter_type(const struct bench_file *b, const char *model);

#endif
