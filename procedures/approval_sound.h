/* SPDX-License-Identifier: Apache-2.0 */
/* procedures/approval_sound.h - inside procedures/: does a notice as a file hang together? */
#ifndef PROCEDURES_APPROVAL_SOUND_H
#define PROCEDURES_APPROVAL_SOUND_H

#include "procedures/approval.h"

/** Add to @p d what no table of keys can see. Absent members are not looked at: that is the table's.
 * @param name  Of the file. @return ET_OK or ET_ERR_FILE. */
int approval_sound(const char *name, const struct approval *a, struct diag *d) ET_CHECK;

#endif
