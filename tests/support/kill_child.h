/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/kill_child.h - a run of the simulated bench in a child process, killed from outside at any moment.
 *
 * Moments are the notices of the station and the writes and syncs of the record. On the virtual clock the same
 * course passes the same moments in the same order, so a moment is named by its ordinal: 1, 2, 3 ...
 * The child stops there, says so through a pipe and waits; the parent sends SIGKILL. Single-threaded parents only. */
#ifndef TESTS_KILL_CHILD_H
#define TESTS_KILL_CHILD_H

#include "tests/support/sim_bench.h"
#include "tests/support/vfs_torn.h"

enum kill_course {
	KILL_PLAIN = 0, /* with a prompt before the meters are mounted */
	KILL_ABORTED, /* SIGTERM while the second step is measured */
	KILL_RESET, /* the reader starts anew in the middle: a void attempt */
	KILL_DARK, /* three good meters, the LED of one is dark in the first attempt */
	KILL_DEAD, /* the LED of one meter is dead: void as often as it is tried */
	KILL_COURSES
};

enum kill_loss {
	KILL_KEEPS = 0, /* what was written stays, as the kernel keeps it for a dead process */
	KILL_DROPS, /* what was not synced is lost */
	KILL_TEARS, /* of it a part by chance reaches the disk, whole or torn */
	KILL_LIES /* the disk says that it synced and did not */
};

enum kill_msg_type { KILL_MSG_MOMENT = 0, KILL_MSG_ACK, KILL_MSG_STRUCK, KILL_MSG_ENDED };
enum { KILL_MSG_VFS = 100 }; /* .kind of moments in the record: KILL_MSG_VFS + enum torn_moment */

struct kill_msg {
	enum kill_msg_type type;
	int64_t ordinal;
	int kind; /* enum station_notice_kind, or from KILL_MSG_VFS */
	int state; /* enum seq_state */
	int commit; /* enum commit_what */
	bool wal; /* in the WAL, not in the file itself */
	/* ACK: an attempt was reported as stored */
	char attempt[48];
	int step;
	signed char verdict[ET_POSITIONS_MAX]; /* enum ee_verdict; -1: not measured */
	/* ENDED */
	int err, exit_code;
	double volt_v, curr_a; /* largest at the terminals */
	char text[160]; /* of the fault */
};

struct kill_run {
	const struct sim_bench *bench;
	const char *path; /* of the record */
	enum kill_course course;
	enum kill_loss loss;
	uint64_t seed;
	bool resume;
	int64_t at; /* ordinal to be killed at; 0: run to the end */
	int64_t resume_at_ns;
	int signal_at_state; /* enum seq_state: a signal comes there, ... */
	int signal_nth; /* ... the nth time; 0: never */
	int signo;
};

enum { KILL_MOMENTS_MAX = 4096, KILL_ACKS_MAX = 32 };
struct kill_report {
	struct kill_msg moments[KILL_MOMENTS_MAX]; /* passed; only when .at is 0 */
	int n_moments;
	struct kill_msg acks[KILL_ACKS_MAX];
	int n_acks;
	bool struck; /* the moment came, and SIGKILL ended the child there */
	struct kill_msg last; /* STRUCK or ENDED */
};

/** @return 0; -1 after a message: the child ended in another way, or not within two minutes. */
int kill_child(const struct kill_run *k, struct kill_report *out);

/** "state measuring", "committed attempt", "before sync of the WAL" ... */
const char *kill_moment_name(const struct kill_msg *m, char out[64]);

/** Moments of the same kind in the same state: something to draw from. @return a number >= 0. */
int kill_moment_class(const struct kill_msg *m);

#endif
