/* SPDX-License-Identifier: Apache-2.0 */
/* base/lang.h - the two languages of a user. */
#ifndef BASE_LANG_H
#define BASE_LANG_H

enum lang { LANG_EN = 0, LANG_FR = 1 };

/** The text in the language asked for; both are written side by side where they are used. */
static inline const char *tr(enum lang lang, const char *en, const char *fr)
{
	return lang == LANG_FR ? fr : en;
}

/** From the first of LC_ALL, LC_MESSAGES, LANG that is not empty: "fr", "fr_CA.UTF-8" and the like are
 * French, everything else English ("fry" is Frisian). Reads the environment: before threads start. */
enum lang lang_from_locale(void);

#endif
