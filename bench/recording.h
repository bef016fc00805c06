/* SPDX-License-Identifier: Apache-2.0 */
/* bench/recording.h - a run is written down so that it can be run again: a folder (docs/replay.md).
 *
 * It never hurts the run: what cannot be written ends the recording with one line on stderr (io/tape.h). All functions
 * but recording_new() take NULL, which records nothing. */
#ifndef BENCH_RECORDING_H
#define BENCH_RECORDING_H

#include "bench/run.h"

struct recording;

/** Make the folder in->record_dir with all that is known before the run begins. @param cfg, before  Of this run, what
 * stands from an earlier session included. @return ET_OK; ET_ERR_ARG: the folder exists; ET_ERR_IO, ET_ERR_NOMEM. */
int recording_new(const struct run_input *in, const struct seq_config *cfg,
		  const struct run_result *before, struct recording **out,
		  struct fault *f) ET_CHECK;

/** Wrap the port of an instrument that was just opened. On failure it is closed. @return ET_OK, ET_ERR_NOMEM. */
int recording_port(struct recording *r, const char *instrument, struct port **port) ET_CHECK;

/** The station takes an event. */
void recording_event(struct recording *r, const struct event *ev);

/** An attempt is on record. Takes the reference. */
void recording_attempt(struct recording *r, json_t *attempt);

/** After the ports were closed. May take 2 s (tapes_close()). @param exit_code  Of the run; < 0: it did not take place.
 * @param why  Out: why the recording is not complete; "": it is. */
void recording_close(struct recording *r, int exit_code, char why[TAPES_WHY_MAX]);

#endif
