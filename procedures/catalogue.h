/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/catalogue.h - the notices and plans of a laboratory folder.
 *
 * DIR/approvals and DIR/plans hold one document a file, *.yaml. What a file is called does not count:
 * number and revision, or id and version, stand inside. Not safe while another thread changes the folder. */
#ifndef PROCEDURES_CATALOGUE_H
#define PROCEDURES_CATALOGUE_H

#include <stddef.h>

#include "procedures/approval.h"
#include "procedures/plan.h"

enum { CATALOGUE_FILES_MAX = 1000 };

struct catalogue {
	char **paths; /* sorted by the bytes of the name, so that every machine lists them alike */
	size_t n;
};

/** The *.yaml files of @p dir / @p sub, "approvals" or "plans".
 * @param out  Freed with catalogue_free(); untouched unless ET_OK.
 * @return ET_OK (no files: n = 0); ET_ERR_FILE: the folder can't be read, said in @p d; ET_ERR_NOMEM. */
int catalogue_list(const char *dir, const char *sub, struct catalogue *out,
		   struct diag *d) ET_CHECK;
void catalogue_free(struct catalogue *c);

/** The notice of that number and revision in @p dir / approvals. Every file there is read: two files with
 * the same number and revision are an error, for nobody could say which one holds.
 * @param revision  INT64_MIN: the highest on record.
 * @param out       Set only when ET_OK. @param doc  Owns its strings; NULL unless ET_OK.
 * @return ET_OK, also when another file of the folder is wrong (that is said in @p d all the same);
 *         ET_ERR_FILE: not on record (what is, stands in @p d), or there twice; ET_ERR_NOMEM. */
int approval_find(const char *dir, const char *number, int64_t revision, struct approval *out,
		  struct yaml_doc **doc, struct diag *d) ET_CHECK;

/** The plan of that id and version in @p dir / plans; as above. @param version  INT64_MIN: the highest. */
int plan_find(const char *dir, const char *id, int64_t version, struct plan *out,
	      struct yaml_doc **doc, struct diag *d) ET_CHECK;

#endif
