/* SPDX-License-Identifier: Apache-2.0 */
/* base/yaml_bytes.h - inside base/: what is to be said of, and done to, the bytes before they are YAML. */
#ifndef BASE_YAML_BYTES_H
#define BASE_YAML_BYTES_H

#include "base/yaml_tree.h"

/** C0 but tab and line ends, DEL, C1 in UTF-8: they stand in no text of a person.
 * @param left  Bytes from @p s on; at least 1. */
bool yaml_is_control(const char *s, size_t left);

/** @return false, with at least one error added: not UTF-8, a control character, a tab that indents,
 * a line that begins with % (libfyaml 0.7.12 may take minutes over it). */
bool yaml_bytes_are_sound(const char *s, size_t len, struct yaml_errors *e);

/** What people write and libfyaml 0.7.12 stumbles over is taken away; places stay as they are:
 * - tabs become blanks: after some misplaced ones it reads memory that it freed;
 * - blanks on lines with nothing else: in a block text its count of bytes goes wrong by them;
 * - a last line without end gets one: a block text would claim it all the same.
 * @param to  Room for @p len + 1 bytes. @return how many were written. */
size_t yaml_bytes_make_harmless(char *to, const char *text, size_t len);

/* The lines of a block text, after | or >. */
struct yaml_block {
	int indent; /* blanks before its first line; -1: there is none */
	int header_indent; /* blanks before the line with the | or > */
	bool uneven; /* another line has more or fewer blanks before it than the first */
};

/** @param from, to  Where in @p text the lines stand; the | or > ends the line before. */
struct yaml_block yaml_bytes_look_at_block(const char *text, size_t from, size_t to);

#endif
