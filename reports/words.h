/* SPDX-License-Identifier: Apache-2.0 */
/* reports/words.h - inside reports/: the stable words of the record as people say them, in two languages.
 * A word that is not known comes back as it is; NULL as "-". */
#ifndef REPORTS_WORDS_H
#define REPORTS_WORDS_H

#include <jansson.h>
#include <stddef.h>

#include "base/lang.h"

const char *words_verdict(const char *word, enum lang lang);
/** In capitals: of a meter, not of a step. */
const char *words_verdict_loud(const char *word, enum lang lang);
/** Result of an attempt: "done" and the words of a verdict. */
const char *words_result(const char *word, enum lang lang);
/** A cause, or the reason of a meter, in two or three words. */
const char *words_cause(const char *word, enum lang lang);
const char *words_standing(const char *word, enum lang lang);
const char *words_rule(const char *word, enum lang lang);
const char *words_connection(const char *word, enum lang lang);
const char *words_as(const char *word, enum lang lang);
const char *words_level(const char *word, enum lang lang);
const char *words_role(const char *word, enum lang lang);

enum { WORDS_REASON_MAX = 320 };

/** What was seen at one step and what to look at, or "" where there is nothing to say. The figures are those of
 * @p step, an object of meters[].steps[] or attempts[].positions[] of a batch report. @return @p buf. */
char *words_reason(char buf[WORDS_REASON_MAX], const json_t *step, enum lang lang);

#endif
