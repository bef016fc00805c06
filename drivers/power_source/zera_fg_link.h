/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/power_source/zera_fg_link.h - transactions with a ZERA FG30x: one line is sent, and lines are read until
 * the one that ends the transaction. Status lines "SM..." may stand anywhere between; each of them updates the
 * status. An unknown command is silence. After a time-out the link is out of step and asks TS until its answer, which
 * can't be taken for anything else. */
#ifndef DRIVERS_POWER_SOURCE_ZERA_FG_LINK_H
#define DRIVERS_POWER_SOURCE_ZERA_FG_LINK_H

#include "drivers/driver.h"
#include "drivers/power_source/zera_fg_lines.h"
#include "io/line.h"

#define ZFG_ANSWER_NS ((int64_t)2500000000) /* of everything that is not switching */

struct zfg_link {
	struct driver_env env;
	struct line_io io;
	struct instrument_id id;
	bool out_of_step; /* an answer may still come, or a line was sent by half */
	int ts_pending; /* TS sent and not yet answered */
	enum source_output output; /* UNKNOWN after every status line that is not good */
	struct source_status last; /* of the last status line */
	char foreign[40]; /* last line that was no answer to TS */
};

/** @return ET_OK, ET_ERR_TIMEOUT, ET_ERR_IO (fault filled). */
int zfg_send_line(struct zfg_link *l, const char *line) ET_CHECK;
/** The next line that is not empty, also one that came in time and is read late. @param status  Whether it was a status
 * line. No fault is filled. */
int zfg_next_line(struct zfg_link *l, int64_t deadline_ns, char line[ZFG_LINE_MAX],
		  bool *status) ET_CHECK;
/** The same, where the line before was not what was waited for: one that talks without end must not hold us longer.
 * @return ET_ERR_TIMEOUT past @p deadline_ns, whatever there is to read. */
int zfg_another_line(struct zfg_link *l, int64_t deadline_ns, char line[ZFG_LINE_MAX],
		     bool *status) ET_CHECK;
/** The instrument says no: a line that ends in NAK, or an error message. */
bool zfg_is_refusal(const char *line);

/** Ask TS until its answer: whatever was on its way before is gone then. */
int zfg_synchronise(struct zfg_link *l, int64_t deadline_ns) ET_CHECK;

/* Each of these ends at its own time-out, or at @p call_ns if that is sooner.
 * @return ET_OK; ET_ERR_DEVICE when refused; ET_ERR_TIMEOUT, ET_ERR_IO. */
/** A setting; @p answer is the whole line that ends it, @p what is for messages. */
int zfg_order(struct zfg_link *l, const char *send, const char *answer, const char *what,
	      int64_t timeout_ns, int64_t call_ns) ET_CHECK;
/** A question; the answer begins with the question. */
int zfg_ask(struct zfg_link *l, const char *send, const char *what, int64_t call_ns,
	    char line[ZFG_LINE_MAX]) ET_CHECK;
/** SM, and then TS, so that the status is the answer and not an older event: in l->last. */
int zfg_ask_status(struct zfg_link *l, int64_t call_ns) ET_CHECK;

#endif
