/* SPDX-License-Identifier: Apache-2.0 */
/* bench/builtin.h - files that come inside the program: approvals, plans, templates, the simulated laboratory.
 * The table is made by tools/builtin.sh from the folders of the tree. */
#ifndef BENCH_BUILTIN_H
#define BENCH_BUILTIN_H

struct builtin_file {
	const char *
		path; /* in the tree, e.g. "procedures/plans/sample-energy.yaml"; NULL ends the table */
	const char *begin, *end;
};
extern const struct builtin_file builtin_files[];

#endif
