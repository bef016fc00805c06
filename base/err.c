/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>

const char *et_err_name(int code)
{
	switch ((enum et_err)code) {
	case ET_OK:
		return "ok";
	case ET_ERR_ARG:
		return "argument";
	case ET_ERR_STATE:
		return "state";
	case ET_ERR_IO:
		return "io";
	case ET_ERR_TIMEOUT:
		return "timeout";
	case ET_ERR_PROTO:
		return "protocol";
	case ET_ERR_DEVICE:
		return "device";
	case ET_ERR_LOST:
		return "lost";
	case ET_ERR_NOMEM:
		return "memory";
	case ET_ERR_FILE:
		return "file";
	case ET_ERR_RECORD:
		return "record";
	case ET_ERR_INTEGRITY:
		return "integrity";
	}
	return "unknown";
}

int fault_set(struct fault *f, int code, const char *fmt, ...)
{
	va_list ap;

	if (!f)
		return code;
	f->code = code;
	f->holder_pid = 0;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return code;
}
