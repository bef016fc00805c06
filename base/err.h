/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.h - result codes, and the text that goes with a failure. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

#define ET_CHECK __attribute__((warn_unused_result))
#define ET_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* clang-format off */
enum et_err {
	ET_OK = 0,
	ET_ERR_ARG = -1,	/* our bug, or a value outside the limits: nothing was sent or done */
	ET_ERR_STATE = -2,	/* right call, wrong moment: nothing was sent or done */
	ET_ERR_IO = -3,		/* link or operating system failed: reopen */
	ET_ERR_TIMEOUT = -4,	/* no reply, or half of one: a query may be repeated */
	ET_ERR_PROTO = -5,	/* reply malformed: a query may be repeated */
	ET_ERR_DEVICE = -6,	/* the instrument refused or reports a fault */
	ET_ERR_LOST = -7,	/* edges, samples or ranges lost: the attempt is void, never patched */
	ET_ERR_NOMEM = -8,
	ET_ERR_FILE = -9,	/* a file of a person is wrong: the diagnostics say where */
	ET_ERR_RECORD = -10,	/* the record could not be written */
	ET_ERR_INTEGRITY = -11, /* the record was changed, or does not hang together */
};
/* clang-format on */

/** Stable word for a code, such as "timeout"; "unknown" for anything else. */
const char *et_err_name(int code);

/** What failed, in words for a person: it names the instrument or file and the question. */
struct fault {
	int code; /* enum et_err; ET_OK: nothing failed */
	int holder_pid; /* the link is in use by this process; -1: by one that can't be seen; 0: it is not that */
	char text[256];
};

/** Fill @p f (NULL is allowed) and return @p code, so that a failing function can end with it. */
int fault_set(struct fault *f, int code, const char *fmt, ...) ET_PRINTF(3, 4);

#endif
