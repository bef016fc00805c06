/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/sim_stamp_parts.h - what the files of the simulated reader share among themselves. */
#ifndef SIMULATOR_SIM_STAMP_PARTS_H
#define SIMULATOR_SIM_STAMP_PARTS_H

#include "simulator/sim_stamp.h"

/* ---- edges and output: sim_stamp.c ---- */
/** Number an unsolicited line and let it wait. */
void stamp_put(struct sim_stamp *r, char kind, int channel, const char *body);
/** Look at all LEDs up to now. */
void stamp_collect(struct sim_stamp *r, int64_t now_ns);
/** Exactly these channels from now on. */
void stamp_arm(struct sim_stamp *r, int64_t now_ns, uint64_t mask);
uint64_t stamp_saturated_mask(const struct sim_stamp *r);

/* ---- commands: sim_stamp_reply.c ---- */
struct stamp_answer { /* between understanding a command and answering it */
	struct stamp_question q;
	const char *code; /* NULL: understood and done; else the error code */
	char words[41]; /* of an error */
	int verb;
	uint64_t a, b; /* arguments as numbers */
};
/** Understand the line (without CR, LF) and do what it says. */
void stamp_do(struct sim_stamp *r, int64_t now_ns, const char *line, size_t len,
	      struct stamp_answer *out);
/** The reply, with checksum and LF. @param t_first_ns, t_reply_ns  First byte of the command; of the reply. */
size_t stamp_reply(struct sim_stamp *r, const struct stamp_answer *a, int64_t t_first_ns,
		   int64_t now_ns, int64_t t_reply_ns, char *out, size_t cap);

#endif
