/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_csv.h - the tables of base/yaml.h, filled from a spreadsheet's CSV.
 *
 *   #schema,etalon/batch/1        keys of the top level, one a line; a dot leads into a mapping
 *   #owner.name,Hydro Example
 *   # a blank after the sign: a remark
 *   position,serial,modules       then the names of the columns: keys of one item of the list
 *   1,SIM-1,TS2=23; EMTR-3        then one item a line
 *
 * A cell holds the text of one value; an empty one is absent. In a cell for a list, entries stand between
 * semicolons; an entry that is a mapping is written "first=second", by its first two text keys. Texts,
 * numbers, words, dates and lists of these can be written so; other keys are for YAML. */
#ifndef BASE_YAML_CSV_H
#define BASE_YAML_CSV_H

#include "base/yaml.h"

/** As yaml_load_file(). @param list  Name of the key (YAML_MAPS) whose items are the lines. */
int yaml_load_csv_file(const char *path, const char *schema, const struct yaml_key *keys,
		       const char *list, void *out, struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** As yaml_load_mem(). */
int yaml_load_csv_mem(const char *name, const char *text, size_t len, const char *schema,
		      const struct yaml_key *keys, const char *list, void *out,
		      struct yaml_doc **doc, struct diag *d) ET_CHECK;

#endif
