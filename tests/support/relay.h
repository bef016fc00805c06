/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/relay.h - stands on the TCP line between a bench and its instruments, counts the bytes of both directions
 * together, and can cut at one of them: what comes after that byte, from a process that no longer lives, is lost. */
#ifndef TESTS_RELAY_H
#define TESTS_RELAY_H

#include <stdbool.h>
#include <stdint.h>

enum { RELAY_LINES = 3, RELAY_TEXT = 64 };

struct relay_line {
	int listening, client, server; /* -1: none */
	int port; /* where clients are expected */
	int server_port;
	uint64_t n_bytes; /* passed, both ways */
	char text[RELAY_TEXT]; /* to the server, since the last CR */
	int len;
	int n_switched_on; /* whole lines UI... that switch an output on, since it was last set to 0 */
	int n_lose; /* messages of the server that will be lost */
};

struct relay {
	struct relay_line line[RELAY_LINES];
	int cut_line; /* -1: nowhere */
	uint64_t cut_byte; /* after so many bytes of that line */
	void (*on_cut)(void *arg); /* returns when nobody writes any more */
	void (*on_drained)(
		void *arg); /* what was still on its way is lost; writing may begin again */
	void *arg;
	bool deliver; /* what was on its way at the cut still arrives, as on a wire */
	bool was_cut;
};

/** @param server_port  Of each line. @return 0, or -1. */
int relay_open(struct relay *r, const int server_port[RELAY_LINES]);
/** Carry what is there, waiting for it at most @p timeout_ms. */
void relay_pump(struct relay *r, int timeout_ms);
void relay_close(struct relay *r);

#endif
