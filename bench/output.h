/* SPDX-License-Identifier: Apache-2.0 */
/* bench/output.h - answers of commands: JSON as it is, or aligned columns of the same data. */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include <jansson.h>

#include "bench/cli.h"

struct output_column {
	const char *key; /* in each object; NULL ends the table */
	const char *en, *fr; /* heading */
	int width; /* characters, at least */
};

/** Print an array of objects as a table, or with --json as it is. Takes the reference; NULL: prints @p f. @return exit code. */
int output_table(const struct cli_args *a, const struct output_column *columns, json_t *rows,
		 const struct fault *f);

/** Print an object as "key  value" lines. Takes the reference. */
int output_object(const struct cli_args *a, json_t *object);

/** With --json print @p v in canonical form; otherwise nothing. Takes the reference. @return exit code. */
int output_end(const struct cli_args *a, json_t *v);

/** Print @p text in a column of @p width characters (UTF-8 counted by characters). */
void output_cell(const char *text, int width);

#endif
