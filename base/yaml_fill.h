/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_fill.h - inside base/: a mapping of the tree into a struct, by a table of keys. */
#ifndef BASE_YAML_FILL_H
#define BASE_YAML_FILL_H

#include "base/yaml_tree.h"

/** Set every member to what its type calls absent. */
void yaml_fill_absent(const struct yaml_key *keys, void *out);

/** @param out  Absent before; what is wrong stays absent. Its texts and lists belong to @p doc.
 * @return ET_OK, errors being in @p e; ET_ERR_NOMEM. */
int yaml_fill(struct yaml_doc *doc, const struct yaml_node *mapping, const struct yaml_key *keys,
	      void *out, struct yaml_errors *e) ET_CHECK;

#endif
