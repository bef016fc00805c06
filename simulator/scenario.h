/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/scenario.h - the truth of a simulated bench: what is on it, how wrong it is, what goes wrong.
 *
 * A file `schema: etalon/scenario/1`. Everything has a default (in brackets), so that `meters: [{position: 1}]` is a
 * whole scenario, and no file at all is a bench without meters. NAN, -1, INT64_MIN and NULL mean "not said". Phases
 * follow base/quantities.h: a positive phase means that the voltage leads more, so it makes a meter read less at lagging
 * power factor (error = -phase * tan phi).
 *
 * epoch           ISO 8601 with zone, UTC at the start of virtual time          [2026-03-02T13:00:00Z]
 * utc_offset_s    local time, + = east                                          [-18000]
 * boot_id         of the virtual machine                                        [from the seed]
 * seed            of everything that is drawn                                   [1]
 * bench:
 *   connection    series | true_service | element_a | element_b                 [series]
 *   configuration 1 | 2 | 4, of meters that do not say                          [2]
 *   temperature_c of the room                                                   [23]
 *   source_r_ohm, source_x_ohm   between the regulated source and the terminals of reference and positions [0]
 *   positions:    isolation of position .. to; the others are ideal
 *     position, to                                                              [to = position]
 *     ratio_pct, phase_min       no-load error of the transformer; + = more, + = leads [0]
 *     r_ohm, x_ohm               its impedance                                  [0]
 *     burden_va, burden_pf, burden_kind (inductive | capacitive)   of what hangs there beside the meter [0, 1]
 * source:         ZERA FG30x
 *   model [SIMFG301]  firmware [V299]   as TS answers, 8 and 4 characters: it has no serial number of its own
 *   volt_max_v [320]  curr_max_a [200]  freq_min_hz [40]  freq_max_hz [70]
 *   on_time_s [3]  off_time_s [1]       until the answer of a switching command
 *   settle_tau_s [0.4]                  time constant of the regulation after a change
 *   latency_s [0.02]                    of other answers
 *   volt_error_pct, curr_error_pct, phase_min   what it puts out against its set-point [0]
 *   noise_pct [0.01]  drift_pct [0.02]  drift_tau_s [60]   of each amplitude: sd per segment; sd of a slow one
 *   segment_s [0.5]                     power is constant inside a segment; 0.05 to 60
 * reference:
 *   model         com5003 (ZERA COM5003) | sdm630 (a Modbus meter like an Eastron SDM630, on RTU 9600 8N1) [com5003]
 *   serial [SIM-COM-0001, SIM-SDM-0001]  firmware [1.0]
 *   error_pct, phase_min                its true error beside what type_b draws [0]
 *   integration_s [0.5]                 a new value for MEASURE
 *   energy_update_s [1]                 the energy register shows a new value so often; instants run free. An sdm630
 *                                       measures everything anew then, and knows no other of these times but the latency
 *   update_latency_s [0.002]  update_jitter_s [0.001]   shown so much later, plus uniform 0..jitter
 *   latency_s [0.001, sdm630: 0.02]  jitter_s [0.001] of answers
 *   apply_s [0.0015]                    until a setting has taken effect, or its error is in the queue
 * reader:         serial-stamp (docs/ir-reader-protocol.md)
 *   serial [SIM-IR-0001]  firmware [1.0.2]  channels [40]  boot [from the seed]
 *   tick_ns [1000]  u_ns [600]          as declared
 *   stamp_sd_s [0.0000005]              true jitter of a stamp
 *   rate_ppm [20]  wander_ppm [0.05]    rate of its clock; sd of a slow change of it (time constant 300 s)
 *   baud [921600]  buffer_lines [256]
 *   batch_s [0.05]                      lines leave it together so often (a USB function); 0: each by itself
 *   latency_s [0.001]                   of answers
 * readers:        more of them; keys as of `reader`, serial [SIM-IR-0002 ...], and
 *   name          required: "reader2" ...; the first one is named reader
 * meters:         position .. to get one each
 *   position, to  required              [to = position]
 *   reader        whose sensor is in front of it                                [reader]
 *   channel       of the reader         [= position; with `to`: counts up]
 *   configuration [of the bench]
 *   kh_wh         Wh per pulse of the LED, whatever the card says               [1]
 *   gain_pct, phase_min                 error of the meter                      [0]
 *   low_load_pct, low_load_below_a      more error, linear from 0 at that current to all of it at no current [0]
 *   temp_coeff_pct_per_k                against 23 C                            [0]
 *   starting_a    below, it registers creep_w instead                           [0]
 *   creep_w                                                                     [0]
 *   noise_1s_pct  white noise of its power: relative sd of the energy of 1 s    [0]
 *   counts        absolute | delivered                                          [absolute]
 *   grid_cycles   it emits only every so many line cycles; 0: at once           [0]
 *   grid_phase    0 <= phase < 1 of a grid                                      [drawn]
 *   latency_s, latency_jitter_s         of the flash; uniform 0..jitter         [0]
 *   drop_every    every n-th flash is dark                                      [0: none]
 *   drop_one_in   seeded, on average                                            [0: none]
 *   spurious_per_h                      flashes from nowhere, random in time    [0]
 *   bounce_one_in, bounce_s             a flash is followed by one to three more within that time [0: none, 0.002]
 *   led           ok | dead                                                     [ok]
 *   burden_va, burden_pf, burden_kind   of its own voltage circuit              [0, 1]
 *   maker, serial, firmware, lcd_scroll_s   kept for who asks
 * type_b:         drawn once a run; the mean is zero, u is the standard uncertainty, whatever the distribution
 *   term          reference_gain_pct | reference_phase_min | position_ratio_pct | position_phase_min | meter_gain_pct
 *                 (position and meter terms: one draw for each position)
 *   distribution  normal | rectangular | triangular                             [normal]
 *   u             required
 * faults:         of the links: what happens to one message of an instrument
 *   instrument    source | reference | reader (the first), required
 *   kind          lost | cut | late | byte_lost | byte_doubled | byte_non_ascii | digit_changed | silent_from, required
 *   message       counted from 0 since the port was opened; late_s; where       [0]
 * events:         of the world, at_s after the epoch
 *   kind          source_trip | range_change | temperature | led_dead | led_alive | saturated | unsaturated |
 *                 source_step | reader_reset, required
 *   position      of LED events; of saturation events it is the channel (of the first reader, as reader_reset)
 *   value         range_change: the new voltage range in V; temperature: C; source_step: all currents change by so
 *                 many % of what they are set to
 */
#ifndef SIMULATOR_SCENARIO_H
#define SIMULATOR_SCENARIO_H

#include "base/yaml.h"
#include "io/port_sim.h"

#define SCENARIO_SCHEMA "etalon/scenario/1"

/* SIM_INSTRUMENTS: those that every bench has; more readers follow them */
enum sim_instrument { SIM_SOURCE = 0, SIM_REFERENCE, SIM_READER, SIM_INSTRUMENTS };
enum sim_reference { SIM_COM5003 = 0, SIM_SDM630 };
enum sim_burden_kind { SIM_BURDEN_INDUCTIVE = 0, SIM_BURDEN_CAPACITIVE };
enum sim_counts { COUNTS_ABSOLUTE = 0, COUNTS_DELIVERED };
enum sim_term {
	TERM_REFERENCE_GAIN = 0,
	TERM_REFERENCE_PHASE,
	TERM_POSITION_RATIO,
	TERM_POSITION_PHASE,
	TERM_METER_GAIN,
	TERM_KINDS
};
enum sim_distribution { DIST_NORMAL = 0, DIST_RECTANGULAR, DIST_TRIANGULAR };
enum sim_event_kind {
	SIM_SOURCE_TRIP = 0,
	SIM_RANGE_CHANGE,
	SIM_TEMPERATURE,
	SIM_LED_DEAD,
	SIM_LED_ALIVE,
	SIM_SATURATED,
	SIM_UNSATURATED,
	SIM_SOURCE_STEP,
	SIM_READER_RESET
};

struct scenario_position {
	struct yaml_mark mark;
	int64_t position, to;
	double ratio_pct, phase_min, r_ohm, x_ohm;
	double burden_va, burden_pf;
	int burden_kind;
};
struct scenario_meter {
	struct yaml_mark mark;
	int64_t position, to, channel, configuration;
	double kh_wh, gain_pct, phase_min, low_load_pct, low_load_below_a, temp_coeff_pct_per_k;
	double starting_a, creep_w, noise_1s_pct;
	const char *reader;
	int counts; /* enum sim_counts */
	double grid_cycles, grid_phase, latency_s, latency_jitter_s;
	int64_t drop_every, drop_one_in, bounce_one_in;
	double spurious_per_h, bounce_s;
	int led; /* 0 ok, 1 dead */
	double burden_va, burden_pf;
	int burden_kind;
	const char *maker, *serial, *firmware;
	double lcd_scroll_s;
};
struct scenario_type_b {
	struct yaml_mark mark;
	int term, distribution;
	double u;
};
struct scenario_fault {
	int instrument; /* enum sim_instrument */
	int kind; /* enum link_fault_kind - 1 */
	int64_t message, where;
	double late_s;
};
struct scenario_event {
	struct yaml_mark mark;
	int kind; /* enum sim_event_kind */
	double at_s, value;
	int64_t position;
};

struct scenario_bench {
	int connection; /* enum connection */
	int64_t configuration;
	double temperature_c, source_r_ohm, source_x_ohm;
	struct yaml_list positions; /* struct scenario_position */
};
struct scenario_source {
	const char *model, *firmware;
	double volt_max_v, curr_max_a, freq_min_hz, freq_max_hz, on_time_s, off_time_s,
		settle_tau_s, latency_s;
	double volt_error_pct, curr_error_pct, phase_min, noise_pct, drift_pct, drift_tau_s,
		segment_s;
};
struct scenario_reference {
	int model; /* enum sim_reference */
	const char *serial, *firmware;
	double error_pct, phase_min, integration_s, energy_update_s, update_latency_s,
		update_jitter_s;
	double latency_s, jitter_s, apply_s;
};
struct scenario_reader {
	struct yaml_mark mark;
	const char *name; /* NULL: the first one */
	const char *serial, *firmware;
	int64_t channels, boot, tick_ns, u_ns, baud, buffer_lines;
	double stamp_sd_s, rate_ppm, wander_ppm, batch_s, latency_s;
};

struct scenario {
	const char *epoch, *boot_id;
	int64_t utc_offset_s, seed;
	struct scenario_bench bench;
	struct scenario_source source;
	struct scenario_reference reference;
	struct scenario_reader reader;
	struct yaml_list readers; /* struct scenario_reader, beside the first */
	struct yaml_list meters; /* struct scenario_meter */
	struct yaml_list type_b; /* struct scenario_type_b */
	struct yaml_list faults; /* struct scenario_fault */
	struct yaml_list events; /* struct scenario_event */
};

extern const struct yaml_key scenario_keys[];

/** Everything "not said"; lists may then be set to arrays of the caller. */
void scenario_init(struct scenario *sc);
void scenario_meter_init(struct scenario_meter *m);
void scenario_position_init(struct scenario_position *p);
void scenario_event_init(struct scenario_event *e);

/** Also checks what a table cannot: positions inside 1..40 and not twice, the epoch, parameters that a kind needs.
 * @param doc  Owns the strings and lists of @p out. @return ET_OK, ET_ERR_FILE (errors in @p d), ET_ERR_NOMEM. */
int scenario_load_file(const char *path, struct scenario *out, struct yaml_doc **doc,
		       struct diag *d) ET_CHECK;
int scenario_load_mem(const char *name, const char *text, size_t len, struct scenario *out,
		      struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** "2026-03-02T08:00:00-05:00" or "...Z" as ns since 1970. @return ET_ERR_ARG for anything else. */
int scenario_parse_epoch(const char *text, int64_t *utc_ns) ET_CHECK;

#endif
