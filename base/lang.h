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

/** From LC_ALL, LC_MESSAGES or LANG: "fr..." is French, everything else English. */
enum lang lang_from_locale(void);

#endif
