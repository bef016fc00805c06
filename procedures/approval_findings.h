/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_findings.h - inside procedures/: findings are worded and kept worst first. */
#ifndef PROCEDURES_APPROVAL_FINDINGS_H
#define PROCEDURES_APPROVAL_FINDINGS_H

#include "procedures/approval.h"

struct findings {
	struct approval_finding *out;
	int n, max;
};

/** A finding without words yet. */
struct approval_finding finding_new(enum finding_level level, const char *code);

/** Append words; what does not fit is cut after a whole character. */
void finding_append(char *buf, size_t cap, const char *fmt, ...) ET_PRINTF(3, 4);

/** The same for a text of struct approval_finding. */
#define finding_put(buf_, ...) finding_append((buf_), sizeof(buf_), __VA_ARGS__)

/** Keep it behind those as bad or worse; the least one makes room when there is none. */
void findings_add(struct findings *s, const struct approval_finding *f);

/** A text from a file, cut to what a line bears. */
struct shown {
	char s[64];
};
struct shown shown(const char *text);

/** A figure as people write it: "0.1" in English, "0,1" in French. */
struct figure {
	char s[32];
};
struct figure figure(double v, enum lang lang);

/** Figures from two files are the same; NAN is never. */
bool same_figure(double a, double b);

/** Is @p name one of the names of @p list? */
bool finding_listed(const struct yaml_list *list, const char *name);

/** The names of @p list, with commas. @param buf  Overwritten. */
void finding_join(char *buf, size_t cap, const struct yaml_list *list);

/** Does the meter bear that module of the notice, under whatever of its names? */
bool approval_has_module(const struct approval *a, const struct meter_card *m, const char *name);

/** Firmware of the meter, then modules: known, their firmware, their partners, their burden. */
void approval_check_firmware(struct findings *s, const struct approval *a,
			     const struct meter_card *m);

/** Configuration, voltage, current range and base against the rows of the notice. */
void approval_check_rating(struct findings *s, const struct approval *a,
			   const struct meter_card *m);

#endif
