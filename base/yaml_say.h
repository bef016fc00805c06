/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_say.h - inside base/: the words of an error: what a value is, and what would be right. */
#ifndef BASE_YAML_SAY_H
#define BASE_YAML_SAY_H

#include "base/yaml_tree.h"

/** "KEY: VALUE WHAT; right would be: WANT". */
void yaml_say_wrong(struct yaml_errors *e, const struct yaml_key *k, const struct yaml_node *v,
		    const char *what);

/** The mapping at @p at lacks @p k. */
void yaml_say_missing(struct yaml_errors *e, const struct yaml_key *k, struct yaml_mark at);

/** @p key stands in no table; the nearest of @p keys is suggested. */
void yaml_say_unknown(struct yaml_errors *e, const struct yaml_key *keys,
		      const struct yaml_node *key);

/** Why @p v is no number for a table of that type. */
const char *yaml_say_why_no_number(const struct yaml_node *v, enum yaml_type type);

#endif
