/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_file.h"

#include <string.h>
#include <strings.h>

#include "drivers/driver.h"
#include "io/port.h"

static const char *const role_words[] = { "source", "reference", "reader", NULL };
static const char *const connection_words[] = { "series", "true_service", "element_a", "element_b",
						NULL };

#define AT(type, member) offsetof(struct type, member)

static const struct yaml_key option_keys[] = {
	{ .name = "key", .type = YAML_STR, .offset = AT(bench_option, key), .required = true },
	{ .name = "value", .type = YAML_STR, .offset = AT(bench_option, value), .required = true },
	{ 0 }
};

static const struct yaml_key instrument_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = AT(bench_instrument, mark) },
	{ .name = "name",
	  .type = YAML_STR,
	  .offset = AT(bench_instrument, name),
	  .required = true },
	{ .name = "role",
	  .type = YAML_WORD,
	  .offset = AT(bench_instrument, role),
	  .required = true,
	  .words = role_words },
	{ .name = "driver",
	  .type = YAML_STR,
	  .offset = AT(bench_instrument, driver),
	  .required = true },
	{ .name = "port",
	  .type = YAML_STR,
	  .offset = AT(bench_instrument, port),
	  .required = true,
	  .want = "tcp:HOST:PORT, serial:DEVICE,BAUD,8n1, modbus-tcp:HOST:PORT,UNIT, "
		  "modbus-rtu:DEVICE,BAUD,8n1,UNIT or, in a simulated laboratory, simulated:NAME" },
	{ .name = "serial", .type = YAML_STR, .offset = AT(bench_instrument, serial) },
	{ .name = "options",
	  .type = YAML_MAPS,
	  .offset = AT(bench_instrument, options),
	  .keys = option_keys,
	  .size = sizeof(struct bench_option) },
	{ 0 }
};

static const struct yaml_key position_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = AT(bench_position, mark) },
	{ .name = "position",
	  .type = YAML_I64,
	  .offset = AT(bench_position, position),
	  .required = true,
	  .min = 1,
	  .max = ET_POSITIONS_MAX,
	  .want = "a position, 1 to 40" },
	{ .name = "reader", .type = YAML_STR, .offset = AT(bench_position, reader) },
	{ .name = "channel",
	  .type = YAML_I64,
	  .offset = AT(bench_position, channel),
	  .min = 1,
	  .max = 64,
	  .want = "a channel of the reader, 1 to 64" },
	{ .name = "ratio_pct",
	  .type = YAML_F64,
	  .offset = AT(bench_position, ratio_pct),
	  .required = true,
	  .min = -5,
	  .max = 5,
	  .want = "percent, -5 to 5" },
	{ .name = "ratio_half_width_pct",
	  .type = YAML_F64,
	  .offset = AT(bench_position, ratio_half_width_pct),
	  .required = true,
	  .min = 0,
	  .max = 5,
	  .want = "percent, 0 to 5" },
	{ .name = "phase_min",
	  .type = YAML_F64,
	  .offset = AT(bench_position, phase_min),
	  .required = true,
	  .min = -60,
	  .max = 60,
	  .want = "minutes of arc, -60 to 60" },
	{ .name = "phase_half_width_min",
	  .type = YAML_F64,
	  .offset = AT(bench_position, phase_half_width_min),
	  .required = true,
	  .min = 0,
	  .max = 60,
	  .want = "minutes of arc, 0 to 60" },
	{ 0 }
};

static const struct yaml_key meter_type_keys[] = {
	{ .name = "@", .type = YAML_MARK, .offset = AT(bench_meter_type, mark) },
	{ .name = "model",
	  .type = YAML_STR,
	  .offset = AT(bench_meter_type, model),
	  .required = true },
	{ .name = "grid_s",
	  .type = YAML_F64,
	  .offset = AT(bench_meter_type, grid_s),
	  .required = true,
	  .min = 0,
	  .max = 5,
	  .want = "seconds, 0 (none) to 5" },
	{ .name = "edge_sigma_s",
	  .type = YAML_F64,
	  .offset = AT(bench_meter_type, edge_sigma_s),
	  .required = true,
	  .min = 1e-9,
	  .max = 1,
	  .want = "seconds, 1e-9 to 1" },
	{ 0 }
};

#define LIMIT(member) (AT(bench_file, limits.member) - AT(bench_file, limits))

static const struct yaml_key limit_keys[] = { { .name = "volt_max_v",
						.type = YAML_F64,
						.offset = LIMIT(volt_max_v),
						.required = true,
						.min = 1,
						.max = 1000,
						.want = "volts, 1 to 1000" },
					      { .name = "curr_max_a",
						.type = YAML_F64,
						.offset = LIMIT(curr_max_a),
						.required = true,
						.min = 0.1,
						.max = 1000,
						.want = "amperes, 0.1 to 1000" },
					      { 0 } };

const struct yaml_key bench_keys[] = {
	{ .name = "name", .type = YAML_STR, .offset = AT(bench_file, name), .required = true },
	{ .name = "connection",
	  .type = YAML_WORD,
	  .offset = AT(bench_file, connection),
	  .required = true,
	  .words = connection_words },
	{ .name = "limits",
	  .type = YAML_MAP,
	  .offset = AT(bench_file, limits),
	  .required = true,
	  .keys = limit_keys },
	{ .name = "off_below_v",
	  .type = YAML_F64,
	  .offset = AT(bench_file, off_below_v),
	  .required = true,
	  .min = 0.1,
	  .max = 25,
	  .want = "volts, 0.1 to 25" },
	{ .name = "ref_sigma_s",
	  .type = YAML_F64,
	  .offset = AT(bench_file, ref_sigma_s),
	  .required = true,
	  .min = 0,
	  .max = 1,
	  .want = "seconds, 0 to 1" },
	{ .name = "instruments",
	  .type = YAML_MAPS,
	  .offset = AT(bench_file, instruments),
	  .required = true,
	  .keys = instrument_keys,
	  .size = sizeof(struct bench_instrument) },
	{ .name = "positions",
	  .type = YAML_MAPS,
	  .offset = AT(bench_file, positions),
	  .required = true,
	  .keys = position_keys,
	  .size = sizeof(struct bench_position) },
	{ .name = "meter_types",
	  .type = YAML_MAPS,
	  .offset = AT(bench_file, meter_types),
	  .keys = meter_type_keys,
	  .size = sizeof(struct bench_meter_type) },
	{ 0 }
};

/* A driver that is known, on a link that it speaks. */
static bool has_facet(const struct driver *drv, int role)
{
	return role == BENCH_SOURCE	 ? drv->source != NULL
	       : role == BENCH_REFERENCE ? drv->reference != NULL
					 : drv->reader != NULL;
}

static void check_driver(const char *path, const struct bench_instrument *in, struct diag *d)
{
	const struct driver *drv = in->driver ? driver_find(in->driver) : NULL;
	const int kind = in->port ? port_spec_kind(in->port) : -1;

	if (in->driver && !drv)
		diag_add(d, path, in->mark.line, in->mark.column,
			 "driver: \"%s\" is not known; `etalon drivers` lists them", in->driver);
	else if (drv && !has_facet(drv, in->role))
		diag_add(d, path, in->mark.line, in->mark.column,
			 "driver: \"%s\" drives no %s; `etalon drivers` lists what each one is for",
			 in->driver, role_words[in->role]);
	else if (drv && kind >= 0 && kind != (int)drv->link)
		diag_add(d, path, in->mark.line, in->mark.column, "port: \"%s\"; the driver %s %s",
			 in->port, drv->name,
			 drv->link == PORT_MODBUS ? "needs modbus-tcp: or modbus-rtu:"
						  : "does not speak Modbus");
}

static void check_instruments(const char *path, const struct bench_file *b, struct diag *d)
{
	const struct bench_instrument *in = b->instruments.items;
	int seen[BENCH_ROLES] = { 0 };

	for (size_t i = 0; i < b->instruments.n; i++) {
		if (in[i].role < 0)
			continue;
		if (seen[in[i].role]++ >= (in[i].role == BENCH_READER ? ET_READERS_MAX : 1))
			diag_add(
				d, path, in[i].mark.line, in[i].mark.column,
				"role: a further \"%s\"; a bench has one source, one reference and "
				"at most %d readers",
				role_words[in[i].role], ET_READERS_MAX);
		check_driver(path, &in[i], d);
		for (size_t k = 0; k < i; k++)
			if (in[i].name && in[k].name && strcmp(in[i].name, in[k].name) == 0)
				diag_add(d, path, in[i].mark.line, in[i].mark.column,
					 "name: \"%s\" is used twice", in[i].name);
	}
	for (int r = 0; r < BENCH_ROLES; r++)
		if (!seen[r])
			diag_add(d, path, 0, 0, "instruments: none has the role \"%s\"",
				 role_words[r]);
}

static void check_sensor(const char *path, const struct bench_file *b,
			 const struct bench_position *p, struct diag *d)
{
	const struct bench_instrument *in = b->instruments.items;
	const struct bench_position *all = b->positions.items;
	size_t readers = 0;

	for (size_t i = 0; i < b->instruments.n; i++)
		readers += in[i].role == BENCH_READER;
	if (p->reader && !bench_file_reader(b, p))
		diag_add(d, path, p->mark.line, p->mark.column,
			 "reader: \"%s\"; the name of an instrument whose role is reader would be "
			 "right",
			 p->reader);
	if (!p->reader && readers > 1)
		diag_add(d, path, p->mark.line, p->mark.column,
			 "reader: missing; of %zu readers one must be named", readers);
	for (const struct bench_position *q = all; q < p; q++)
		if (q->position != p->position && bench_file_reader(b, q) &&
		    bench_file_reader(b, q) == bench_file_reader(b, p) &&
		    bench_file_channel(q) == bench_file_channel(p))
			diag_add(d, path, p->mark.line, p->mark.column,
				 "channel: %d of \"%s\" is at position %lld already",
				 bench_file_channel(p), bench_file_reader(b, p)->name,
				 (long long)q->position);
}

static void check_positions(const char *path, const struct bench_file *b, struct diag *d)
{
	const struct bench_position *p = b->positions.items;

	for (size_t i = 0; i < b->positions.n; i++) {
		check_sensor(path, b, &p[i], d);
		for (size_t k = 0; k < i; k++)
			if (p[i].position == p[k].position)
				diag_add(d, path, p[i].mark.line, p[i].mark.column,
					 "position: %lld is used twice", (long long)p[i].position);
	}
}

int bench_file_load(const char *path, struct bench_file *out, struct yaml_doc **doc, struct diag *d)
{
	const int before = diag_count(d);
	const int err = yaml_load_file(path, BENCH_SCHEMA, bench_keys, out, doc, d);

	if (err != ET_OK && err != ET_ERR_FILE)
		return err;
	if (*doc) {
		check_instruments(path, out, d);
		check_positions(path, out, d);
	}
	return diag_count(d) > before ? ET_ERR_FILE : err;
}

const struct bench_position *bench_file_position(const struct bench_file *b, int64_t position)
{
	const struct bench_position *p = b->positions.items;

	for (size_t i = 0; i < b->positions.n; i++)
		if (p[i].position == position)
			return &p[i];
	return NULL;
}

const struct bench_instrument *bench_file_instrument(const struct bench_file *b,
						     enum bench_role role)
{
	const struct bench_instrument *in = b->instruments.items;

	for (size_t i = 0; i < b->instruments.n; i++)
		if (in[i].role == (int)role)
			return &in[i];
	return NULL;
}

const struct bench_instrument *bench_file_reader(const struct bench_file *b,
						 const struct bench_position *p)
{
	const struct bench_instrument *in = b->instruments.items;

	for (size_t i = 0; i < b->instruments.n; i++)
		if (in[i].role == BENCH_READER && in[i].name &&
		    (!p->reader || strcmp(in[i].name, p->reader) == 0))
			return &in[i];
	return NULL;
}

int bench_file_channel(const struct bench_position *p)
{
	return (int)(p->channel >= 1 ? p->channel : p->position);
}

const char *bench_file_sim_name(const struct bench_instrument *in)
{
	static const char simulated[] = "simulated:";

	if (strncmp(in->port, simulated, sizeof(simulated) - 1) == 0)
		return in->port + sizeof(simulated) - 1;
	return role_words[in->role];
}

const struct bench_meter_type *bench_file_meter_type(const struct bench_file *b, const char *model)
{
	const struct bench_meter_type *t = b->meter_types.items;

	for (size_t i = 0; model && i < b->meter_types.n; i++)
		if (strcasecmp(t[i].model, model) == 0)
			return &t[i];
	return NULL;
}

int bench_file_check_options(const char *path, const struct bench_file *b, const char *dir,
			     struct diag *d)
{
	const struct bench_instrument *in = b->instruments.items;
	const int before = diag_count(d);

	for (size_t i = 0; i < b->instruments.n; i++) {
		const struct driver *drv = in[i].driver ? driver_find(in[i].driver) : NULL;
		const struct driver_place where = { path, in[i].mark.line, in[i].mark.column };

		if (drv && drv->check)
			drv->check(in[i].options.items, in[i].options.n, dir, &where, d);
	}
	return diag_count(d) > before ? ET_ERR_FILE : ET_OK;
}
