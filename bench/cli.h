/* SPDX-License-Identifier: Apache-2.0 */
/* bench/cli.h - the command line: commands and options as tables, help in two languages, exit codes. */
#ifndef BENCH_CLI_H
#define BENCH_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/lang.h"

enum exit_code {
	EXIT_CONFORMING = 0, /* all conforming, or the query succeeded */
	EXIT_NOT_CONFORMING =
		1, /* at least one meter nonconforming, inconclusive, void or unfinished */
	EXIT_USAGE = 2, /* usage or a file wrong, nothing started */
	EXIT_BENCH = 3, /* bench fault, source reported or proven off */
	EXIT_RECORD = 4, /* the record could not be written */
	EXIT_INTEGRITY = 5, /* integrity violated */
	EXIT_ENERGISED = 6, /* source not known to be off */
};

enum { CLI_OPTIONS_MAX = 16, CLI_WORDS_MAX = 8 };

struct cli_option {
	const char *name; /* without the dashes; NULL ends the table */
	const char *value; /* what stands for its value in the help; NULL: a switch */
	const char *en, *fr;
};

struct cli_args {
	enum lang lang;
	const char *lab; /* --lab DIR, default "." */
	bool json;
	const struct cli_option *options;
	const char *values
		[CLI_OPTIONS_MAX]; /* in the order of the table; "" for a switch; NULL: not given */
	const char *words[CLI_WORDS_MAX]; /* what is not an option */
	size_t n_words;
	const char *command; /* "approval list" */
};

struct cli_command {
	const char *name; /* "run", "approval list" */
	const char *words; /* what follows it in the help, e.g. "NUMBER"; NULL: nothing */
	size_t min_words, max_words;
	const char *en, *fr; /* one line */
	const struct cli_option *options;
	int (*run)(const struct cli_args *a); /* exit code */
};
extern const struct cli_command cli_commands[]; /* bench/commands.c; name NULL at the end */

/** The whole program after main(). @return exit code. */
int cli_main(int argc, char **argv);

/** Value of an option of this command; NULL: not given. */
const char *cli_value(const struct cli_args *a, const char *name);

/** Seed of this command; @p seed keeps its value when none is given. @return EXIT_CONFORMING, EXIT_USAGE (told). */
int cli_seed(const struct cli_args *a, uint64_t *seed);

/** One error on stderr, "etalon: ...". @return @p code. */
int cli_fail(int code, const char *fmt, ...) ET_PRINTF(2, 3);

/** Print all diagnostics on stderr. @return EXIT_USAGE. */
int cli_fail_diag(const struct diag *d);

/** Exit code for a failed library call (enum et_err). */
int cli_exit_of(int err);

#endif
