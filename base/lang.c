/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lang.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum lang lang_from_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *v = getenv(names[i]);

		if (v && v[0]) /* the first that says anything decides, as for setlocale(3) */
			return strncmp(v, "fr", 2) == 0 && strchr("_.@", v[2]) ? LANG_FR : LANG_EN;
	}
	return LANG_EN;
}
