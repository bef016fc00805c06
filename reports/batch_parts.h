/* SPDX-License-Identifier: Apache-2.0 */
/* reports/batch_parts.h - inside reports/: parts of a batch report made from payloads of the journal.
 * Pure. Answers are new references, NULL when memory ran out. */
#ifndef REPORTS_BATCH_PARTS_H
#define REPORTS_BATCH_PARTS_H

#include <jansson.h>
#include <stdbool.h>

/** @param named  {id, version, standing} of the batch. @param plan  The parsed plan, NULL: not on record.
 * @param attempts  Their steps are added where the plan has no such. */
json_t *parts_plan(const json_t *named, const json_t *plan, const json_t *attempts);

/** The meters in order of position, each with verdict, reason and one object a step.
 * @param row  query_batch(). @param plan  parts_plan(). */
json_t *parts_meters(const json_t *opened, const json_t *row, const json_t *plan,
		     const json_t *attempts);

json_t *parts_attempts(const json_t *attempts);

/** One of "conforming", "nonconforming", "inconclusive": a verdict that has a figure behind it. */
bool parts_has_figure(const char *verdict);

#endif
