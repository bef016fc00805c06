/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/plan_print.h - a plan for people, in one language, in aligned columns. */
#ifndef PROCEDURES_PLAN_PRINT_H
#define PROCEDURES_PLAN_PRINT_H

#include <stdio.h>

#include "base/lang.h"
#include "procedures/plan.h"

/** Everything the plan says; a sample plan is headed SAMPLE LIMITS / LIMITES D'EXEMPLE. */
void plan_print(const struct plan *p, enum lang lang, FILE *to);

/** One line: id, version, standing, number of steps, title; and the heading over such lines. */
void plan_print_line(const struct plan *p, enum lang lang, FILE *to);
void plan_print_head(enum lang lang, FILE *to);

/** "sample" / « exemple » and so on, of enum plan_standing. */
const char *plan_standing_text(int standing, enum lang lang);

#endif
