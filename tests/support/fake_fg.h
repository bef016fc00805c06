/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/fake_fg.h - the smallest FG30x that can be switched off: a process behind a TCP port that keeps what it was sent. */
#ifndef TESTS_FAKE_FG_H
#define TESTS_FAKE_FG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { FAKE_FG_LINES = 64 };

struct fake_fg { /* shared with the process */
	int tcp_port;
	_Atomic bool
		on; /* outputs; goes off with UIAAAAAAAAA, on with any other UI that is well formed */
	_Atomic bool refuse_off; /* answers NAK and stays on */
	_Atomic bool silent;
	_Atomic int
		unplug_ms; /* hang up now, and be away for so long; back to 0 when it has happened */
	_Atomic int n_lines, n_switched_on;
	struct {
		int64_t t_ns; /* CLOCK_MONOTONIC */
		char text[64];
	} line[FAKE_FG_LINES];
	pid_t pid;
};

struct fake_fg *fake_fg_start(void);
void fake_fg_stop(struct fake_fg *fg);
/** The first line that is @p text, from line @p from on. @return its index, -1: none. */
int fake_fg_find(const struct fake_fg *fg, const char *text, int from);

#endif
