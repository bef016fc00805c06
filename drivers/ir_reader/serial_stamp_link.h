/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/ir_reader/serial_stamp_link.h - a link to a serial-stamp reader: questions with tags, the unsolicited
 * lines between the answers, and what was lost.
 *
 * Every unsolicited line has a number, every edge a number of its channel, and every answer names the line
 * before it, so nothing can be lost unnoticed. A loss while channels are armed is kept until the next ARM: the
 * attempt is void, whatever comes afterwards. */
#ifndef DRIVERS_IR_READER_SERIAL_STAMP_LINK_H
#define DRIVERS_IR_READER_SERIAL_STAMP_LINK_H

#include "drivers/driver.h"
#include "drivers/ir_reader/serial_stamp_line.h"
#include "io/line.h"

enum {
	SS_CHANNELS_MAX = ET_POSITIONS_MAX,
	SS_KEPT_EDGES = 4096,
	SS_TAG_MAX = 65535,
	SS_NUMBER_MAX = 65535,
};
#define SS_ANSWER_NS ((int64_t)ET_NS_PER_S)

struct ss_channel {
	bool seen; /* since it was armed */
	uint32_t seq;
	int64_t t_ns;
};

struct ss_link {
	struct driver_env env;
	struct line_io io;
	int channels;
	int64_t tick_ns;
	uint64_t boot; /* of the last power-up that was told */
	unsigned tag;
	uint64_t armed; /* bit n-1 = channel n */
	bool line_known; /* last_line is a number that was seen */
	unsigned last_line;
	struct ss_channel ch[SS_CHANNELS_MAX];
	bool lost, lost_told;
	struct fault lost_why;
	struct edge kept[SS_KEPT_EDGES];
	size_t kept_first, kept_n;
};

/** Fault text 'reader "name": ...'. @return @p code. */
int ss_fail(struct ss_link *l, int code, const char *what);

/** Something was lost: remembered while channels are armed; the first one is the one that is told. */
void ss_lose(struct ss_link *l, const char *why);
/** @return ET_ERR_LOST with the fault filled. */
int ss_tell_lost(struct ss_link *l);

/** Forget losses, kept edges and sequence numbers: a new attempt with these channels. */
void ss_begin(struct ss_link *l, uint64_t channels);

/** A line that begins with '!', unsealed. */
void ss_take_unsolicited(struct ss_link *l, char *line);

/** Ask and wait for the answer with our tag. @param f  Its fields from the tag on, pointing into @p line.
 * @return ET_OK; ET_ERR_DEVICE when refused; ET_ERR_PROTO when the command arrived damaged; ET_ERR_TIMEOUT. */
int ss_ask(struct ss_link *l, const char *command, char line[SS_LINE_MAX + 1], struct ss_fields *f,
	   int64_t *t_before_ns, int64_t *t_after_ns) ET_CHECK;

/** "key=number" in field @p i. @return false: another key, or not a number up to @p max. */
bool ss_field_number(const struct ss_fields *f, size_t i, const char *key, uint64_t max,
		     uint64_t *out);

/** "last" of an answer must be the line that was seen last. */
void ss_note_last(struct ss_link *l, uint64_t last);

#endif
