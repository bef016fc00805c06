/* SPDX-License-Identifier: Apache-2.0 */
/* tests/fuzz_probe.c - who is asked says anything: what is found has a driver and a name that can be printed. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/fuzz_link.h"

static void check_text(const char *s, size_t cap)
{
	if (!memchr(s, '\0', cap))
		abort();
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const settings[] = { NULL, "9600,8n2", "921600,8n1" };
	struct probe_result r;

	if (size == 0)
		return 0;
	fuzz_link_probe(data + 1, size - 1, settings[data[0] % 3], &r);
	if ((r.state == PROBE_FOUND) != (r.driver != NULL))
		abort();
	if (r.state == PROBE_FOUND && (!r.id.model[0] || !r.id.maker[0]))
		abort();
	if (r.id.simulated && strncmp(r.id.serial, "SIM", 3) != 0)
		abort();
	if (r.state == PROBE_FAILED && !r.fault.text[0])
		abort();
	check_text(r.id.maker, sizeof(r.id.maker));
	check_text(r.id.model, sizeof(r.id.model));
	check_text(r.id.serial, sizeof(r.id.serial));
	check_text(r.id.firmware, sizeof(r.id.firmware));
	check_text(r.heard, sizeof(r.heard));
	return 0;
}
