/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/live_door.h - one line of one simulated instrument, as a client of this machine sees it.
 * Internal to simulator/live.c. */
#ifndef SIMULATOR_LIVE_DOOR_H
#define SIMULATOR_LIVE_DOOR_H

#include <poll.h>
#include <stdbool.h>

#include "io/port.h"
#include "simulator/live.h"
#include "simulator/live_frame.h"

/* What a line holds for a client that is busy; the pseudo-terminal itself holds 12 KiB, a second of a busy reader. */
enum { DOOR_FDS = 2, DOOR_HOLDS = 65536 };

struct door {
	enum live_kind kind;
	struct port *port; /* to the instrument, on the virtual clock; owned */
	char spec[160]; /* as etalon opens it */
	char link[112]; /* symbolic link to the pseudo-terminal; "": none */
	bool plugged;
	bool silent; /* what the instrument says is lost */
	size_t n_in, n_out; /* bytes on their way from and to the client */
	uint8_t in[512];
	char out[DOOR_HOLDS];
	/* tcp: -1 where there is none */
	int listening, client;
	uint16_t number; /* of the TCP port; 0: not chosen yet */
	/* tty: the slave is held open, so that the line lives on when a client goes */
	int master, slave, watch; /* watch: inotify, which tells of opening and closing */
	int n_open; /* clients */
	struct frame frame; /* of a Modbus meter */
};

/** Everything but .kind, .port and .link set to "no line". */
void door_init(struct door *d);
/** Make the line. @return ET_OK, ET_ERR_IO. */
int door_plug(struct door *d, const char *name, struct fault *f) ET_CHECK;
/** Hang up whoever is there; nobody comes in. */
void door_unplug(struct door *d);

/** What to wait for; descriptors that are not there are -1. */
void door_wants(const struct door *d, struct pollfd out[DOOR_FDS]);
/** Take what the client has sent; clients come and go. @p p as poll() left it. */
void door_take(struct door *d, const struct pollfd p[DOOR_FDS]);
/** It reaches the instrument now. Virtual time must have been moved on after door_take(), so that nothing is there
 * before it was sent. */
void door_pass(struct door *d);
/** What has arrived from the instrument goes to the client. Lost is what comes while nobody is there, and what does
 * not fit when a client does not read. */
void door_give(struct door *d);

#endif
