/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/simulator.h - a whole simulated bench on a virtual clock: source, reference, pulse reader and meters
 * in one electrical world, reached through ports; and, for tests and reports, the truth about it.
 *
 * The instruments speak their protocols byte for byte: ZERA FG30x (CR), ZERA COM5003 (SCPI, LF) or a Modbus meter like
 * an Eastron SDM630, serial-stamp (docs/ir-reader-protocol.md). Their serial numbers begin with SIM. The same scenario and seed give the same bytes.
 * Not thread-safe by itself: call from the thread that holds the baton of the clock. */
#ifndef SIMULATOR_SIMULATOR_H
#define SIMULATOR_SIMULATOR_H

#include "base/quantities.h"
#include "io/clock.h"
#include "io/port_sim.h"
#include "metrology/connection.h"
#include "simulator/scenario.h"
#include "simulator/truth.h" /* struct sim_edge, struct sim_truth */

struct sim;

struct sim_options { /* all zero is fine; NULL is allowed where it is asked for */
	uint64_t seed; /* 0: the scenario's */
	int64_t resume_at_ns; /* bench clock of the last entry of an interrupted run; 0: a fresh start */
};

/** Where a virtual clock for this scenario starts. Fresh: UTC is the epoch. Resumed: later than resume_at_ns by a
 * seeded gap of 20 to 300 s, with the same boot id. @return ET_ERR_ARG for a wrong epoch. */
int sim_clock_start(const struct scenario *sc, const struct sim_options *opt,
		    struct clk_start *out) ET_CHECK;

/** Build the world: all off, meters with a random part of a pulse, type B errors drawn. Scheduled events whose
 * time is past (resumed) do not happen again.
 * @param sc   Borrowed: outlives the simulator.
 * @param c    Virtual, started by sim_clock_start(). @param out Freed by sim_free() after its ports were closed.
 * @return ET_OK, ET_ERR_ARG (fault filled), ET_ERR_NOMEM. */
int sim_create(const struct scenario *sc, const struct sim_options *opt, struct clk *c,
	       struct sim **out, struct fault *f) ET_CHECK;
void sim_free(struct sim *s);

/** Names of its instruments: i from 0; NULL past the end. */
const char *sim_name(const struct sim *s, size_t i);

/** A new link to one of them, with the faults of the scenario. One at a time each.
 * @param out  The caller's, closed with port_close(). @return ET_OK, ET_ERR_ARG (name), ET_ERR_STATE (already
 *             linked), ET_ERR_NOMEM. */
int sim_port(struct sim *s, const char *name, struct port **out, struct fault *f) ET_CHECK;

/** Messages that the instrument has sent since it was made, over all its links; 0 for an unknown name. */
uint64_t sim_messages(const struct sim *s, const char *name);

/** Add a fault to the link that is open now. @return ET_ERR_STATE when none is, ET_ERR_ARG. */
int sim_inject(struct sim *s, const char *name, const struct link_fault *fault) ET_CHECK;

enum sim_source_fault { SIM_SOURCE_HEALTHY = 0, SIM_SOURCE_REFUSES_OFF, SIM_SOURCE_STUCK_ON };
/** From now on the source answers NAK when it shall switch off, or says that it did and stays on. */
void sim_source_misbehave(struct sim *s, enum sim_source_fault how);

/** A person re-wires the bench, now. */
void sim_set_connection(struct sim *s, enum connection conn);

/* ---- truth ---- */

/** What is really at the terminals of the reference now. */
void sim_terminals(struct sim *s, struct setpoint *out);
/** Energy that really passed there since the start: sum of the phases, delivered positive. */
double sim_energy_wh(struct sim *s);

/** An edge that the reader numbered. Kept: the last 65536 of each position since the power-up of its reader.
 * @return ET_ERR_ARG when it is not known. */
int sim_truth_edge(const struct sim *s, int position, uint32_t seq, struct sim_edge *out) ET_CHECK;

/** Truth over the span between two accepted edges: what the meter accumulated before its pulse grid against the
 * energy at its terminals as its form should register it (1 1/2 elements: Re[(VA-VB)*conj((IA-IB)/2)]; the
 * installation effect of unequal voltages is not an error of the meter). Both as the LED counts them
 * (absolute or delivered).
 * @return ET_OK, ET_ERR_ARG (an edge is not known, or no energy passed). */
int sim_truth_error(const struct sim *s, int position, uint32_t seq_first, uint32_t seq_last,
		    struct sim_truth *out) ET_CHECK;

struct sim_draw { /* one value that was drawn */
	enum sim_term term;
	const char *name; /* as in the scenario, e.g. "position_ratio_pct" */
	int position; /* 0: of the bench */
	double value, u;
};
/** The i-th type B error of this run. @return false past the end. */
bool sim_drawn(const struct sim *s, size_t i, struct sim_draw *out);
/** The certified part and what was drawn: E_indicated = E_true * (1 + this/100) at power factor 1. */
double sim_reference_error_pct(const struct sim *s);
/** The meter's own gain error with what was drawn; NAN: no meter at this position. */
double sim_meter_gain_pct(const struct sim *s, int position);
/** Wh per pulse of its LED, whatever the card says; NAN: no meter at this position. */
double sim_meter_kh_wh(const struct sim *s, int position);

#endif
