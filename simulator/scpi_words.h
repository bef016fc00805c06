/* SPDX-License-Identifier: Apache-2.0 */
/* simulator/scpi_words.h - headers of SCPI commands: words, short forms, any case. */
#ifndef SIMULATOR_SCPI_WORDS_H
#define SIMULATOR_SCPI_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { SCPI_WORDS_MAX = 6, SCPI_WORD_LEN = 24, SCPI_ARG_LEN = 64 };

struct scpi_command {
	int n;
	char word[SCPI_WORDS_MAX][SCPI_WORD_LEN]; /* capitals */
	bool query;
	bool closed; /* a parameter was ended by its semicolon */
	char arg[SCPI_ARG_LEN]; /* without blanks at its ends; "" : none */
};

/** "HEADER:WORDS?" or "HEADER:WORDS ARG;". @return false: not even that. */
bool scpi_parse(const char *line, size_t len, struct scpi_command *out);

/** Is @p word the long form, or its short form: four letters, three when the fourth is a vowel, and the
 * digits at the end? Both in capitals. */
bool scpi_word_is(const char *word, const char *long_form);

/** The whole header against "SENSE:RNG1:*:RANGE", where "*" is any one word. */
bool scpi_header_is(const struct scpi_command *c, const char *pattern);

#endif
