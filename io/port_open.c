/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_open.c - from the text in bench.yaml to an open link. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "io/port.h"
#include "io/port_kinds.h"
#include "io/port_transcript.h"

enum { SPEC_MAX = sizeof(((struct port *)0)->spec) };

static bool parse_int(const char *s, size_t len, int64_t min, int64_t max, int *out)
{
	int64_t v;

	if (num_parse_i64(s, len, &v) < 0 || v < min || v > max)
		return false;
	*out = (int)v;
	return true;
}

/* "9600,8n2" */
static bool parse_setting(const char *s, struct serial_setting *out)
{
	const char *frame = strchr(s, ',');
	struct serial_setting set;

	if (!frame || strlen(frame) != 4 || !strchr("neo", frame[2]))
		return false;
	if (!parse_int(s, (size_t)(frame - s), 50, 4000000, &set.baud) ||
	    !parse_int(frame + 1, 1, 7, 8, &set.data_bits) ||
	    !parse_int(frame + 3, 1, 1, 2, &set.stop_bits))
		return false;
	set.parity = frame[2];
	*out = set;
	return true;
}

static int open_tcp(const char *rest, const char *spec, struct clk *c, struct port **out,
		    struct fault *f)
{
	char host[SPEC_MAX];
	const char *service = strrchr(rest, ':');
	size_t len;
	int number;

	if (!service || service == rest ||
	    !parse_int(service + 1, strlen(service + 1), 1, 65535, &number))
		return fault_set(f, ET_ERR_ARG, "%s: should be tcp:HOST:PORT", spec);
	len = (size_t)(service - rest);
	if (rest[0] == '[' && rest[len - 1] == ']') { /* [::1]:5025 */
		rest++;
		len -= 2;
	}
	snprintf(host, sizeof(host), "%.*s", (int)len, rest);
	return port_tcp_open(host, service + 1, spec, c, out, f);
}

static int open_device(const char *rest, const char *spec, bool is_tty, struct clk *c,
		       struct port **out, struct fault *f)
{
	struct serial_setting set = { .baud = 9600, .data_bits = 8, .stop_bits = 1, .parity = 'n' };
	const char *comma = strchr(rest, ',');
	char path[SPEC_MAX];

	if (rest[0] != '/' || (!comma && !is_tty) || (comma && !parse_setting(comma + 1, &set)))
		return fault_set(f, ET_ERR_ARG, "%s: should be like %s", spec,
				 is_tty ? "tty:/dev/pts/3 or tty:/dev/ttyS0,9600,8n2"
					: "serial:/dev/ttyUSB0,9600,8n2");
	snprintf(path, sizeof(path), "%.*s", comma ? (int)(comma - rest) : SPEC_MAX, rest);
	return is_tty ? port_tty_open(path, &set, spec, c, out, f)
		      : port_serial_open(path, &set, spec, c, out, f);
}

int port_open(const char *spec, struct clk *c, struct port **out, struct fault *f)
{
	static const char *const kinds[] = { "tcp:", "tty:", "serial:" };
	int kind = -1;

	if (strlen(spec) >= SPEC_MAX)
		return fault_set(f, ET_ERR_ARG, "%.40s...: longer than %d bytes", spec,
				 SPEC_MAX - 1);
	if (strncmp(spec, "transcript:", 11) == 0)
		return port_transcript_open(spec + 11, c, out, f);
	for (int i = 0; i < 3; i++) {
		if (strncmp(spec, kinds[i], strlen(kinds[i])) == 0)
			kind = i;
	}
	if (kind < 0)
		return fault_set(f, ET_ERR_ARG,
				 "%s: should begin with tcp:, tty:, serial: or transcript:", spec);
	if (clk_is_virtual(c))
		return fault_set(f, ET_ERR_ARG, "%s: real instruments do not follow simulated time",
				 spec);
	if (kind == 0)
		return open_tcp(spec + strlen(kinds[kind]), spec, c, out, f);
	return open_device(spec + strlen(kinds[kind]), spec, kind == 1, c, out, f);
}
