/* SPDX-License-Identifier: Apache-2.0 */
/* drivers/reference_standard/zera_com_link.h - questions and orders to a ZERA COM5003 or MT310s2: SCPI in lines
 * that end with LF, strictly one query in flight.
 *
 * A query that is not understood is silence. Answers that are bare numbers can't be told apart, so after any
 * time-out the link asks *IDN? until its answer and then empties the error queue, before anything else.
 * Source: ZERA SCPI documentation for COM5003, release 4.9. */
#ifndef DRIVERS_REFERENCE_STANDARD_ZERA_COM_LINK_H
#define DRIVERS_REFERENCE_STANDARD_ZERA_COM_LINK_H

#include "drivers/driver.h"
#include "io/line.h"

enum { COM_ANSWER_MAX = 2048, COM_COMMAND_MAX = 96 };
#define COM_ANSWER_NS ((int64_t)2 * ET_NS_PER_S)

struct zcom_link {
	struct driver_env env;
	struct line_io io;
	struct instrument_id id;
	bool out_of_step;
	int64_t measure_ns; /* patience with MEASURE, which waits for a new value: 2 s and an integration */
	int64_t t_before_ns, t_after_ns; /* of the last question: sent, answer complete */
	char foreign[40]; /* last line that was no answer to *IDN? */
};

void zcom_init(struct zcom_link *l, const struct driver_env *env);

/** Four fields between commas, of whatever maker. @return false: not of that form. */
bool zcom_split_identity(const char *line, struct instrument_id *out);

/** *IDN? until its answer, then the error queue, thrown away. @return ET_ERR_TIMEOUT after 6 s. */
int zcom_synchronise(struct zcom_link *l) ET_CHECK;

/** Empty the error queue. @return ET_ERR_DEVICE with its first entry when it was not empty. */
int zcom_check_errors(struct zcom_link *l) ET_CHECK;

/* Questions. On a time-out the link is brought back in step at once; if the error queue then holds something the
 * question was not understood: ET_ERR_DEVICE, else it is asked once more before ET_ERR_TIMEOUT. */

/** Answer: a bare number, "2500000" or "5e+08". */
int zcom_ask_number(struct zcom_link *l, const char *question, double *out) ET_CHECK;
/** The same, and the answer as it came; COM_COMMAND_MAX bytes. */
int zcom_ask_number_text(struct zcom_link *l, const char *question, double *out,
			 char *text) ET_CHECK;
/** Answer: a word or a list of words, "240V" or "480V;240V". */
int zcom_ask_text(struct zcom_link *l, const char *question, char out[COM_ANSWER_MAX]) ET_CHECK;
/** Answer: values with labels that begin with @p module, "RMS1:UL1:[V]:230.01;RMS1:UL2:[V]:...;". */
int zcom_ask_values(struct zcom_link *l, const char *question, const char *module,
		    char out[COM_ANSWER_MAX]) ET_CHECK;

/** The @p field-th number (from 0) of the value with this label, e.g. "RMS1:UL1:[V]:". Letter case does not
 * matter. @return ET_ERR_PROTO when label, unit or number are not there. */
int zcom_find_value(const char *answer, const char *label, int field, double *out) ET_CHECK;

/** An order: no answer. A semicolon is appended. */
int zcom_tell(struct zcom_link *l, const char *order) ET_CHECK;

/** An order, then @p question until it answers @p want, for at most 5 s; settings take effect asynchronously.
 * Numbers are compared as numbers. A setting is sent once. @return ET_ERR_DEVICE when it never does. */
int zcom_tell_confirmed(struct zcom_link *l, const char *order, const char *question,
			const char *want) ET_CHECK;

/** Fault text 'reference "name": ...'. */
int zcom_fault(struct zcom_link *l, int code, const char *fmt, ...) ET_PRINTF(3, 4);

#endif
