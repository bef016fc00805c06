/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "simulator/sim_com5003_parts.h"

const char *const com_modes[] = { "4LW", "3LW", "2LW", NULL };

bool com_is_module(const char *word)
{
	static const char *const known[] = { "DSP1", "RMS1", "POW1", "POW2",
					     "POW3", "DFT1", "LAM1", "RNG1" };

	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++)
		if (strcmp(known[n], word) == 0)
			return true;
	return false;
}

static const char *error_text(int code)
{
	switch (code) {
	case ERR_COMMAND:
		return "Command error";
	case ERR_DATA:
		return "Numeric data error";
	case ERR_INTERRUPTED:
		return "Query INTERRUPTED";
	default:
		return "No error";
	}
}

static void take_error(struct sim_com *com, char *out, size_t cap)
{
	const int code = com->n_errors > 0 ? com->errors[0] : ERR_NONE;

	snprintf(out, cap, "%+d,%s", code, error_text(code));
	if (com->n_errors == 0)
		return;
	com->n_errors--;
	memmove(com->errors, com->errors + 1, sizeof(com->errors[0]) * (size_t)com->n_errors);
}

static void take_all_errors(struct sim_com *com, char *out, size_t cap)
{
	size_t n = 0;

	do {
		if (n > 0 && n < cap)
			out[n++] = ';';
		take_error(com, out + n, cap - n);
		n += strlen(out + n);
	} while (com->n_errors > 0 && n + 64 < cap);
}

static bool em_text(struct sim_com *com, enum com_item item, char *out, size_t cap)
{
	const struct com_em *em = &com->em;

	com_em_show(com, com->dev.world->t_ns);
	switch ((int)item) {
	case EM_T0:
	case EM_T1:
		snprintf(out, cap, "P");
		return true;
	case EM_UNIT:
		snprintf(out, cap, "kWh");
		return true;
	case EM_MODE:
		snprintf(out, cap, "%d", em->mode);
		return true;
	case EM_MTIME:
		snprintf(out, cap, "%g", em->duration_s);
		return true;
	case EM_START:
		snprintf(out, cap, "%d", em->status == EM_RUNNING);
		return true;
	case EM_STATUS:
		snprintf(out, cap, "%d", (int)em->status);
		return true;
	case EM_ENERGY:
	case EM_RESULT:
		snprintf(out, cap, "%.8g", em->shown_kwh);
		return true;
	case EM_POWER:
		snprintf(out, cap, "%.8g",
			 em->shown_s > 0 ? em->shown_kwh * 3600 / em->shown_s : 0);
		return true;
	case EM_TIME:
		snprintf(out, cap, "%.8g", round(em->shown_s * 1000) / 1000);
		return true;
	case EM_REFCONSTANT:
		snprintf(out, cap, "%g",
			 em->status == EM_RUNNING ? em->constant : com_constant(com));
		return true;
	default:
		return false;
	}
}

bool com_query_text(struct sim_com *com, enum com_item item, const struct scpi_command *q,
		    char *out, size_t cap)
{
	int channel;

	switch ((int)item) {
	case IDN:
		snprintf(out, cap, "ZERA GmbH Koenigswinter, COM5003, %s, %s", com->cfg.serial,
			 com->cfg.firmware);
		return true;
	case ESR:
	case STB:
		snprintf(out, cap, "+0");
		return true;
	case OPC:
		snprintf(out, cap, "+1");
		return true;
	case SERIAL:
		snprintf(out, cap, "%s", com->cfg.serial);
		return true;
	case ERROR:
		take_error(com, out, cap);
		return true;
	case ERROR_COUNT:
		snprintf(out, cap, "%d", com->n_errors);
		return true;
	case ERROR_ALL:
		take_all_errors(com, out, cap);
		return true;
	case MMODE:
		snprintf(out, cap, "%s", com_modes[com->mode]);
		return true;
	case MMODE_CATALOG:
		snprintf(out, cap, "4LW;3LW;2LW");
		return true;
	case M0CONSTANT: /* the firmware writes it as an integer until it has moved once */
		snprintf(out, cap, com->constant_moved ? "%g" : "%.0f", com_constant(com));
		return true;
	case NOMINAL_FREQ:
		snprintf(out, cap, "200000");
		return true;
	case TINTEGRATION:
		snprintf(out, cap, "%g", com->integration_s);
		return com_is_module(q->word[1]);
	case RNGAUTO:
		snprintf(out, cap, "%d", com->autorange);
		return true;
	case OVERLOAD:
		snprintf(out, cap, "%d", com->overload);
		return true;
	case RANGE:
	case RANGE_CATALOG:
		channel = com_channel_find(q->word[2]);
		if (channel < 0)
			return false;
		if (item == RANGE)
			com_range_name(com, channel, out, cap);
		else
			com_catalogue(channel, out, cap);
		return true;
	default:
		return em_text(com, item, out, cap);
	}
}
