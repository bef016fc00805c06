/* SPDX-License-Identifier: Apache-2.0 */
/* bench/run_resume.h - where an interrupted batch goes on: what the journal says of it. */
#ifndef BENCH_RUN_RESUME_H
#define BENCH_RUN_RESUME_H

#include "bench/run.h"

/** Is the batch new (resume false), or open and the same (resume true)? The same: meters, set-up, apparatus, and the
 * content of plan and notice, as they were recorded when it was opened. Sets the rest of @p cfg and what stands
 * already in @p out, and which session was found without an end. @return ET_OK; ET_ERR_STATE: it can't be run so (reason in @p f); ET_ERR_INTEGRITY. */
int run_resume_load(const struct run_input *in, struct seq_config *cfg, struct run_result *out,
		    struct fault *f) ET_CHECK;

#endif
