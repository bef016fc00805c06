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

/* "dtr=on", up to a comma or the end. A line that was given already is a slip. */
static bool parse_line(const char *s, size_t len, struct serial_setting *set)
{
	enum modem_line *line = NULL, want = LINE_AS_IS;

	if (len > 4 && strncmp(s, "dtr=", 4) == 0)
		line = &set->dtr;
	if (len > 4 && strncmp(s, "rts=", 4) == 0)
		line = &set->rts;
	if (len == 6 && strncmp(s + 4, "on", 2) == 0)
		want = LINE_ON;
	if (len == 7 && strncmp(s + 4, "off", 3) == 0)
		want = LINE_OFF;
	if (!line || *line != LINE_AS_IS || want == LINE_AS_IS)
		return false;
	*line = want;
	return true;
}

/* "9600,8n2", "9600,8n2,dtr=on,rts=off" */
static bool parse_setting(const char *s, struct serial_setting *out)
{
	const char *frame = strchr(s, ',');
	struct serial_setting set = { 0 };

	if (!frame || strlen(frame) < 4 || !strchr("neo", frame[2]))
		return false;
	if (!parse_int(s, (size_t)(frame - s), 50, 4000000, &set.baud) ||
	    !parse_int(frame + 1, 1, 7, 8, &set.data_bits) ||
	    !parse_int(frame + 3, 1, 1, 2, &set.stop_bits))
		return false;
	set.parity = frame[2];
	for (s = frame + 4; *s; s += strcspn(s, ",")) {
		if (*s++ != ',' || !parse_line(s, strcspn(s, ","), &set))
			return false;
	}
	*out = set;
	return true;
}

/* "HOST:PORT", "[::1]:5025" */
static bool parse_address(const char *s, char host[SPEC_MAX], const char **service)
{
	const char *colon = strrchr(s, ':');
	size_t len;
	int number;

	if (!colon || colon == s || !parse_int(colon + 1, strlen(colon + 1), 1, 65535, &number))
		return false;
	len = (size_t)(colon - s);
	if (s[0] == '[' && s[len - 1] == ']') {
		s++;
		len -= 2;
	}
	snprintf(host, SPEC_MAX, "%.*s", (int)len, s);
	*service = colon + 1;
	return true;
}

static int open_tcp(const char *rest, const char *spec, struct clk *c, struct port **out,
		    struct fault *f)
{
	char host[SPEC_MAX];
	const char *service;

	if (!parse_address(rest, host, &service))
		return fault_set(f, ET_ERR_ARG, "%s: should be tcp:HOST:PORT", spec);
	return port_tcp_open(host, service, spec, c, out, f);
}

/* Cut off what follows the last comma: the unit. */
static bool take_unit(char *rest, int min, int max, int *unit)
{
	char *comma = strrchr(rest, ',');

	if (!comma || !parse_int(comma + 1, strlen(comma + 1), min, max, unit))
		return false;
	*comma = '\0';
	return true;
}

static int open_modbus_tcp(const char *rest, const char *spec, struct clk *c, struct port **out,
			   struct fault *f)
{
	char address[SPEC_MAX], host[SPEC_MAX];
	const char *service;
	int unit;

	snprintf(address, sizeof(address), "%s", rest);
	if (!take_unit(address, 0, 255, &unit) || !parse_address(address, host, &service))
		return fault_set(f, ET_ERR_ARG,
				 "%s: should be modbus-tcp:HOST:PORT,UNIT, a unit from 0 to 255",
				 spec);
	return port_modbus_tcp_open(host, service, unit, spec, c, out, f);
}

static int open_modbus_rtu(const char *rest, const char *spec, struct clk *c, struct port **out,
			   struct fault *f)
{
	char path[SPEC_MAX], *comma;
	struct serial_setting set;
	int unit;

	snprintf(path, sizeof(path), "%s", rest);
	if (path[0] != '/' || !take_unit(path, 1, 247, &unit) || !(comma = strchr(path, ',')) ||
	    !parse_setting(comma + 1, &set) || set.data_bits != 8)
		return fault_set(f, ET_ERR_ARG,
				 "%s: should be like modbus-rtu:/dev/ttyUSB0,9600,8n1,UNIT, 8 data "
				 "bits, a unit from 1 to 247",
				 spec);
	*comma = '\0';
	return port_modbus_rtu_open(path, &set, unit, spec, c, out, f);
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
					: "serial:/dev/ttyUSB0,9600,8n2 or "
					  "serial:/dev/ttyUSB0,9600,8n2,dtr=on,rts=off");
	snprintf(path, sizeof(path), "%.*s", comma ? (int)(comma - rest) : SPEC_MAX, rest);
	return is_tty ? port_tty_open(path, &set, spec, c, out, f)
		      : port_serial_open(path, &set, spec, c, out, f);
}

static int open_tty(const char *rest, const char *spec, struct clk *c, struct port **out,
		    struct fault *f)
{
	return open_device(rest, spec, true, c, out, f);
}

static int open_serial(const char *rest, const char *spec, struct clk *c, struct port **out,
		       struct fault *f)
{
	return open_device(rest, spec, false, c, out, f);
}

static const struct scheme {
	const char *prefix;
	enum port_kind kind;
	int (*open)(const char *rest, const char *spec, struct clk *c, struct port **out,
		    struct fault *f);
} schemes[] = {
	{ "tcp:", PORT_BYTES, open_tcp },
	{ "tty:", PORT_BYTES, open_tty },
	{ "serial:", PORT_BYTES, open_serial },
	{ "modbus-tcp:", PORT_MODBUS, open_modbus_tcp },
	{ "modbus-rtu:", PORT_MODBUS, open_modbus_rtu },
};

static const struct scheme *scheme_of(const char *spec)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(spec, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
			return &schemes[i];
	return NULL;
}

int port_spec_kind(const char *spec)
{
	const struct scheme *s = scheme_of(spec);

	return s ? (int)s->kind : -1;
}

int port_open(const char *spec, struct clk *c, struct port **out, struct fault *f)
{
	const struct scheme *s = scheme_of(spec);

	if (strlen(spec) >= SPEC_MAX)
		return fault_set(f, ET_ERR_ARG, "%.40s...: longer than %d bytes", spec,
				 SPEC_MAX - 1);
	if (strncmp(spec, "transcript:", 11) == 0)
		return port_transcript_open(spec + 11, c, out, f);
	if (!s)
		return fault_set(f, ET_ERR_ARG,
				 "%s: should begin with tcp:, tty:, serial:, modbus-tcp:, "
				 "modbus-rtu: or transcript:",
				 spec);
	if (clk_is_virtual(c))
		return fault_set(f, ET_ERR_ARG, "%s: real instruments do not follow simulated time",
				 spec);
	return s->open(spec + strlen(s->prefix), spec, c, out, f);
}
