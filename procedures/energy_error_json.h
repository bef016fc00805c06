/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/energy_error_json.h - set-up and result of an energy error in the record, and back.
 *
 * `recompute` evaluates the raw data again with the set-up from the journal, so every member goes there
 * and back bit for bit: NAN as null, infinite degrees of freedom as "inf", causes, verdicts, rules and
 * modes as words. Keys are the names of the members. Pure; safe in any thread. */
#ifndef PROCEDURES_ENERGY_ERROR_JSON_H
#define PROCEDURES_ENERGY_ERROR_JSON_H

#include "base/json.h"
#include "procedures/energy_error_eval.h"

/** New reference; NULL only when out of memory. */
json_t *ee_setup_to_json(const struct ee_setup *in);
json_t *ee_observation_to_json(const struct ee_observation *in);

/** Strict: every key is there, with the right type and within its range, and no other.
 * @param out  Untouched unless ET_OK. @return ET_OK, ET_ERR_INTEGRITY (@p f names the key). */
int ee_setup_from_json(const json_t *j, struct ee_setup *out, struct fault *f) ET_CHECK;
int ee_observation_from_json(const json_t *j, struct ee_observation *out, struct fault *f) ET_CHECK;

#endif
