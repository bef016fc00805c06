/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/instrument.h - an instrument session: one port, one driver instance, one worker thread.
 *
 * It takes requests (base/quantities.h) in order and answers with events. Between requests it listens:
 * an armed reader streams EV_EDGES and, about once a second, EV_CLOCK_PAIR; an armed reference streams
 * EV_REF_SAMPLES; a source posts unsolicited EV_STATUS (id 0). Every request is answered exactly once,
 * by its event or by EV_FAILED with its id; a stream that fails posts EV_FAILED with id 0, once, and stops.
 * Queries that time out or come back malformed are asked again (at most twice, after the link was
 * brought back in step by identify()); settings are not, they are read back by the driver.
 * REQ_OFF is tried on the bare link when the driver could not be opened or the link has failed. After
 * ET_ERR_IO the link is opened anew by the next REQ_IDENTIFY. A full event queue makes the session wait. */
#ifndef DRIVERS_INSTRUMENT_H
#define DRIVERS_INSTRUMENT_H

#include <stdatomic.h>

#include "drivers/driver.h"
#include "io/queue.h"

struct instrument;

struct instrument_config {
	const char *name; /* in bench.yaml */
	const struct driver *driver;
	const struct driver_param *params; /* borrowed until instrument_stop(), as is the name */
	size_t n_params;
	const char *dir, *serial; /* as in struct driver_env; borrowed too */
	enum request_target role; /* TO_SOURCE, TO_REFERENCE, TO_READER: which facet is used */
	int index; /* of several readers, from 0: its events are .from TO_READER + index */
	/* reader: [ET_POSITIONS_MAX], position n at n-1: its channel, 1..64, 0: none; borrowed. NULL: channel n is
	 * position n */
	const uint8_t *channel_of;
	struct port *port; /* owned by the session from now on */
	struct clk *clk;
	struct queue *events; /* of struct event; borrowed */
	double edge_flush_s; /* reader: post what has come at least so often; default 0.5 */
	double sync_interval_s; /* reader: default 1 */
	_Atomic int64_t *
		call_until_ns; /* source: when the call that runs should be back, 0: none; NULL: nobody asks */
};

/** Start the worker; the driver is opened by the first REQ_IDENTIFY (also again after a failure).
 * @param out Freed by instrument_stop(). On failure the port is closed.
 * @return ET_OK; ET_ERR_ARG: the driver has not that facet, or speaks another kind of link; ET_ERR_NOMEM. */
int instrument_start(const struct instrument_config *cfg, struct instrument **out) ET_CHECK;

/** Hand over a request; never waits. @return ET_OK, ET_ERR_LOST (its queue is full). */
int instrument_post(struct instrument *in, const struct request *req) ET_CHECK;

/** End the worker after the requests already posted, close driver and port. Does not switch anything. */
void instrument_stop(struct instrument *in);

#endif
