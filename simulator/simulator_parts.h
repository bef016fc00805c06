/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/simulator_parts.h - the inside of a simulator, for the files that build and run it. */
#ifndef SIMULATOR_SIMULATOR_PARTS_H
#define SIMULATOR_SIMULATOR_PARTS_H

#include "simulator/sim_com5003.h"
#include "simulator/sim_fg.h"
#include "simulator/sim_sdm630.h"
#include "simulator/sim_stamp.h"
#include "simulator/simulator.h"

enum {
	SIM_DRAWS_MAX = 256,
	SIM_EVENTS_MAX = 256,
	SIM_DEVICES_MAX = SIM_READER + ET_READERS_MAX /* reader n is device SIM_READER + n */
};
#define SIM_START_MONO_NS INT64_C(1000000000000)

struct sim_event { /* an event of the scenario that has still to happen */
	struct sim *sim;
	const struct scenario_event *e;
	uint64_t call_id; /* 0: has happened */
};

struct sim {
	const struct scenario *sc;
	struct clk *clk;
	uint64_t seed; /* of this world; type B errors have the scenario's */
	struct world world;
	struct sim_fg fg;
	struct sim_com com; /* the reference is one of these two */
	struct sim_sdm sdm;
	struct sim_stamp stamp[ET_READERS_MAX];
	int n_readers;
	struct device *device[SIM_DEVICES_MAX];
	struct port
		*port[SIM_DEVICES_MAX]; /* the last one made; alive while its device is linked */
	bool faults_given[SIM_DEVICES_MAX];
	int reader_of[ET_POSITIONS_MAX], channel_of[ET_POSITIONS_MAX]; /* channel 0: none */
	struct sim_draw draw[SIM_DRAWS_MAX];
	size_t n_draws;
	double reference_error_pct, reference_phase_min;
	double meter_gain_pct[ET_POSITIONS_MAX]; /* drawn */
	struct sim_event event[SIM_EVENTS_MAX];
	size_t n_events;
};

/* ---- simulator_build.c ---- */
/** Draw the type B errors. */
void sim_draw_all(struct sim *s, uint64_t seed);
/** World, meters and instruments. @return ET_OK, ET_ERR_ARG, ET_ERR_NOMEM. */
int sim_build(struct sim *s, struct fault *f) ET_CHECK;

/* ---- simulator_events.c ---- */
/** What is past and lasts is in force at once; what is to come is given to the clock. */
int sim_schedule(struct sim *s, struct fault *f) ET_CHECK;
void sim_unschedule(struct sim *s);

#endif
