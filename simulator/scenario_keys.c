/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "simulator/scenario_parts.h"

/* clang-format off */
#define KEY(struct_, member_, type_) \
	.name = #member_, .type = (type_), .offset = offsetof(struct struct_, member_)
#define F(struct_, member_, lo, hi, what) { KEY(struct_, member_, YAML_F64), .min = (lo), .max = (hi), .want = what }
#define I(struct_, member_, lo, hi, what) { KEY(struct_, member_, YAML_I64), .min = (lo), .max = (hi), .want = what }
#define S(struct_, member_) { KEY(struct_, member_, YAML_STR) }
#define W(struct_, member_, list) { KEY(struct_, member_, YAML_WORD), .words = list }
#define MARK(struct_) { .name = "@", .type = YAML_MARK, .offset = offsetof(struct struct_, mark) }

static const char *const connection_words[] = { "series", "true_service", "element_a", "element_b", NULL };
static const char *const burden_words[] = { "inductive", "capacitive", NULL };
static const char *const counts_words[] = { "absolute", "delivered", NULL };
static const char *const led_words[] = { "ok", "dead", NULL };
static const char *const term_words[] = { "reference_gain_pct", "reference_phase_min", "position_ratio_pct",
	"position_phase_min", "meter_gain_pct", NULL };
static const char *const distribution_words[] = { "normal", "rectangular", "triangular", NULL };
static const char *const instrument_words[] = { "source", "reference", "reader", NULL };
static const char *const reference_words[] = { "com5003", "sdm630", NULL };
static const char *const fault_words[] = { "lost", "cut", "late", "byte_lost", "byte_doubled", "byte_non_ascii",
	"digit_changed", "silent_from", NULL };
static const char *const event_words[] = { "source_trip", "range_change", "temperature", "led_dead", "led_alive",
	"saturated", "unsaturated", "source_step", "reader_reset", NULL };

static const struct yaml_key position_keys[] = {
	MARK(scenario_position),
	{ KEY(scenario_position, position, YAML_I64), .required = true, .min = 1, .max = 40, .want = "1 to 40" },
	I(scenario_position, to, 1, 40, "1 to 40"),
	F(scenario_position, ratio_pct, -10, 10, "%, -10 to 10"),
	F(scenario_position, phase_min, -600, 600, "minutes of arc, -600 to 600"),
	F(scenario_position, r_ohm, 0, 100, "ohms, 0 to 100"),
	F(scenario_position, x_ohm, 0, 100, "ohms, 0 to 100"),
	F(scenario_position, burden_va, 0, 1000, "VA, 0 to 1000"),
	F(scenario_position, burden_pf, 0, 1, "0 to 1"),
	W(scenario_position, burden_kind, burden_words),
	{ 0 },
};

static const struct yaml_key bench_keys[] = {
	W(scenario_bench, connection, connection_words),
	I(scenario_bench, configuration, 1, 4, "1, 2 or 4"),
	F(scenario_bench, temperature_c, -60, 100, "degrees C, -60 to 100"),
	F(scenario_bench, source_r_ohm, 0, 10, "ohms, 0 to 10"),
	F(scenario_bench, source_x_ohm, 0, 10, "ohms, 0 to 10"),
	{ KEY(scenario_bench, positions, YAML_MAPS), .keys = position_keys, .size = sizeof(struct scenario_position) },
	{ 0 },
};

static const struct yaml_key source_keys[] = {
	S(scenario_source, model),
	S(scenario_source, firmware),
	F(scenario_source, volt_max_v, 1, 999, "volts, 1 to 999"),
	F(scenario_source, curr_max_a, 0.1, 999, "amperes, 0.1 to 999"),
	F(scenario_source, freq_min_hz, 15, 99, "hertz, 15 to 99"),
	F(scenario_source, freq_max_hz, 15, 99, "hertz, 15 to 99"),
	F(scenario_source, on_time_s, 0, 30, "seconds, 0 to 30"),
	F(scenario_source, off_time_s, 0, 30, "seconds, 0 to 30"),
	F(scenario_source, settle_tau_s, 0, 60, "seconds, 0 to 60"),
	F(scenario_source, latency_s, 0, 30, "seconds, 0 to 30"),
	F(scenario_source, volt_error_pct, -20, 20, "%, -20 to 20"),
	F(scenario_source, curr_error_pct, -20, 20, "%, -20 to 20"),
	F(scenario_source, phase_min, -6000, 6000, "minutes of arc, -6000 to 6000"),
	F(scenario_source, noise_pct, 0, 10, "%, 0 to 10"),
	F(scenario_source, drift_pct, 0, 10, "%, 0 to 10"),
	F(scenario_source, drift_tau_s, 1, 1e6, "seconds, 1 to 1e6"),
	F(scenario_source, segment_s, 0.05, 60, "seconds, 0.05 to 60"),
	{ 0 },
};

static const struct yaml_key reference_keys[] = {
	W(scenario_reference, model, reference_words),
	S(scenario_reference, serial),
	S(scenario_reference, firmware),
	F(scenario_reference, error_pct, -10, 10, "%, -10 to 10"),
	F(scenario_reference, phase_min, -600, 600, "minutes of arc, -600 to 600"),
	F(scenario_reference, integration_s, 0.1, 100, "seconds, 0.1 to 100"),
	F(scenario_reference, energy_update_s, 0.05, 60, "seconds, 0.05 to 60"),
	F(scenario_reference, update_latency_s, 0, 1, "seconds, 0 to 1"),
	F(scenario_reference, update_jitter_s, 0, 1, "seconds, 0 to 1"),
	F(scenario_reference, latency_s, 0, 10, "seconds, 0 to 10"),
	F(scenario_reference, jitter_s, 0, 10, "seconds, 0 to 10"),
	F(scenario_reference, apply_s, 0, 10, "seconds, 0 to 10"),
	{ 0 },
};

#define READER_KEYS \
	S(scenario_reader, serial), \
	S(scenario_reader, firmware), \
	I(scenario_reader, channels, 1, 64, "1 to 64"), \
	I(scenario_reader, boot, 0, 4294967295.0, "0 to 4294967295"), \
	I(scenario_reader, tick_ns, 1, 1000, "nanoseconds, 1 to 1000"), \
	I(scenario_reader, u_ns, 1, 1e9, "nanoseconds, 1 to 1e9"), \
	I(scenario_reader, baud, 1200, 10000000, "1200 to 10000000"), \
	I(scenario_reader, buffer_lines, 128, 100000, "128 to 100000"), \
	F(scenario_reader, stamp_sd_s, 0, 0.1, "seconds, 0 to 0.1"), \
	F(scenario_reader, rate_ppm, -1000, 1000, "ppm, -1000 to 1000"), \
	F(scenario_reader, wander_ppm, 0, 100, "ppm, 0 to 100"), \
	F(scenario_reader, batch_s, 0, 0.1, "seconds, 0 to 0.1"), \
	F(scenario_reader, latency_s, 0, 10, "seconds, 0 to 10"),

static const struct yaml_key reader_keys[] = { READER_KEYS { 0 } };

static const struct yaml_key more_reader_keys[] = {
	MARK(scenario_reader),
	{ KEY(scenario_reader, name, YAML_STR), .required = true },
	READER_KEYS
	{ 0 },
};

static const struct yaml_key meter_keys[] = {
	MARK(scenario_meter),
	{ KEY(scenario_meter, position, YAML_I64), .required = true, .min = 1, .max = 40, .want = "1 to 40" },
	I(scenario_meter, to, 1, 40, "1 to 40"),
	S(scenario_meter, reader),
	I(scenario_meter, channel, 1, 64, "1 to 64"),
	I(scenario_meter, configuration, 1, 4, "1, 2 or 4"),
	F(scenario_meter, kh_wh, 0.01, 1000, "Wh per pulse, 0.01 to 1000"),
	F(scenario_meter, gain_pct, -99, 400, "%, -99 to 400"),
	F(scenario_meter, phase_min, -5400, 5400, "minutes of arc, -5400 to 5400"),
	F(scenario_meter, low_load_pct, -99, 400, "%, -99 to 400"),
	F(scenario_meter, low_load_below_a, 0, 1000, "amperes, 0 to 1000"),
	F(scenario_meter, temp_coeff_pct_per_k, -1, 1, "%/K, -1 to 1"),
	F(scenario_meter, starting_a, 0, 10, "amperes, 0 to 10"),
	F(scenario_meter, creep_w, 0, 1000, "watts, 0 to 1000"),
	F(scenario_meter, noise_1s_pct, 0, 10, "%, 0 to 10"),
	W(scenario_meter, counts, counts_words),
	F(scenario_meter, grid_cycles, 0, 600, "line cycles, 0 to 600"),
	F(scenario_meter, grid_phase, 0, 1, "0 to 1"),
	F(scenario_meter, latency_s, 0, 10, "seconds, 0 to 10"),
	F(scenario_meter, latency_jitter_s, 0, 1, "seconds, 0 to 1"),
	I(scenario_meter, drop_every, 0, 1000000, "0 to 1000000"),
	I(scenario_meter, drop_one_in, 0, 1000000, "0 to 1000000"),
	I(scenario_meter, bounce_one_in, 0, 1000000, "0 to 1000000"),
	F(scenario_meter, spurious_per_h, 0, 100000, "per hour, 0 to 100000"),
	F(scenario_meter, bounce_s, 0, 1, "seconds, 0 to 1"),
	W(scenario_meter, led, led_words),
	F(scenario_meter, burden_va, 0, 1000, "VA, 0 to 1000"),
	F(scenario_meter, burden_pf, 0, 1, "0 to 1"),
	W(scenario_meter, burden_kind, burden_words),
	S(scenario_meter, maker),
	S(scenario_meter, serial),
	S(scenario_meter, firmware),
	F(scenario_meter, lcd_scroll_s, 0, 600, "seconds, 0 to 600"),
	{ 0 },
};

static const struct yaml_key type_b_keys[] = {
	MARK(scenario_type_b),
	{ KEY(scenario_type_b, term, YAML_WORD), .required = true, .words = term_words },
	W(scenario_type_b, distribution, distribution_words),
	{ KEY(scenario_type_b, u, YAML_F64), .required = true, .min = 0, .max = 1000, .want = "standard uncertainty, from 0" },
	{ 0 },
};

static const struct yaml_key fault_keys[] = {
	{ KEY(scenario_fault, instrument, YAML_WORD), .required = true, .words = instrument_words },
	{ KEY(scenario_fault, kind, YAML_WORD), .required = true, .words = fault_words },
	I(scenario_fault, message, 0, 1e15, "0, 1, ..."),
	I(scenario_fault, where, 0, 4294967295.0, "0, 1, ..."),
	F(scenario_fault, late_s, 0, 3600, "seconds, 0 to 3600"),
	{ 0 },
};

static const struct yaml_key event_keys[] = {
	MARK(scenario_event),
	{ KEY(scenario_event, kind, YAML_WORD), .required = true, .words = event_words },
	{ KEY(scenario_event, at_s, YAML_F64), .required = true, .min = 0, .max = 1e9, .want = "seconds after the epoch" },
	{ KEY(scenario_event, value, YAML_F64) },
	I(scenario_event, position, 1, 64, "1 to 64"),
	{ 0 },
};

const struct yaml_key scenario_keys[] = {
	S(scenario, epoch),
	S(scenario, boot_id),
	I(scenario, utc_offset_s, -64800, 64800, "seconds, -64800 to 64800"),
	I(scenario, seed, 1, INFINITY, "1, 2, ..."),
	{ KEY(scenario, bench, YAML_MAP), .keys = bench_keys },
	{ KEY(scenario, source, YAML_MAP), .keys = source_keys },
	{ KEY(scenario, reference, YAML_MAP), .keys = reference_keys },
	{ KEY(scenario, reader, YAML_MAP), .keys = reader_keys },
	{ KEY(scenario, readers, YAML_MAPS), .keys = more_reader_keys, .size = sizeof(struct scenario_reader) },
	{ KEY(scenario, meters, YAML_MAPS), .keys = meter_keys, .size = sizeof(struct scenario_meter) },
	{ KEY(scenario, type_b, YAML_MAPS), .keys = type_b_keys, .size = sizeof(struct scenario_type_b) },
	{ KEY(scenario, faults, YAML_MAPS), .keys = fault_keys, .size = sizeof(struct scenario_fault) },
	{ KEY(scenario, events, YAML_MAPS), .keys = event_keys, .size = sizeof(struct scenario_event) },
	{ 0 },
};
/* clang-format on */

static void set_absent(const struct yaml_key *keys, char *out)
{
	for (const struct yaml_key *k = keys; k->name; k++) {
		void *at = out + k->offset;

		switch (k->type) {
		case YAML_F64:
			*(double *)at = NAN;
			break;
		case YAML_I64:
			*(int64_t *)at = INT64_MIN;
			break;
		case YAML_BOOL:
		case YAML_WORD:
			*(int *)at = -1;
			break;
		case YAML_STR:
			*(const char **)at = NULL;
			break;
		case YAML_MAP:
			set_absent(k->keys, at);
			break;
		case YAML_MAPS:
		case YAML_STRS:
		case YAML_F64S:
			*(struct yaml_list *)at = (struct yaml_list){ 0 };
			break;
		case YAML_MARK:
			*(struct yaml_mark *)at = (struct yaml_mark){ 0 };
			break;
		case YAML_TEXT2:
		case YAML_DATE:
			break; /* a scenario has none */
		}
	}
}

void scenario_init(struct scenario *sc)
{
	set_absent(scenario_keys, (char *)sc);
}

void scenario_meter_init(struct scenario_meter *m)
{
	set_absent(meter_keys, (char *)m);
}

void scenario_position_init(struct scenario_position *p)
{
	set_absent(position_keys, (char *)p);
}

void scenario_event_init(struct scenario_event *e)
{
	set_absent(event_keys, (char *)e);
}

const char *scenario_term_word(int term)
{
	return term_words[term];
}
