/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "simulator/sim_com5003_parts.h"

#define NOMINAL_HZ 200000
#define OVERLOAD_AT 1.25 /* of the range */

struct range {
	const char *name;
	double max;
};
static const struct range volt_ranges[] = {
	{ "480V", 480 }, { "240V", 240 }, { "120V", 120 }, { "60V", 60 },
	{ "12V", 12 },	 { "5V", 5 },	  { NULL, 0 },
};
static const struct range curr_ranges[] = {
	{ "200A", 200 },  { "100A", 100 },  { "50A", 50 },    { "20A", 20 },	{ "10A", 10 },
	{ "5A", 5 },	  { "2A", 2 },	    { "1A", 1 },      { "500mA", 0.5 }, { "200mA", 0.2 },
	{ "100mA", 0.1 }, { "50mA", 0.05 }, { "20mA", 0.02 }, { NULL, 0 },
};

static const struct range *ranges_of(int channel)
{
	return channel < COM_I1 ? volt_ranges : curr_ranges;
}

void com_catalogue(int channel, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (const struct range *r = ranges_of(channel); r->name && n < cap; r++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ";" : "", r->name);
}

void com_range_name(const struct sim_com *com, int channel, char *out, size_t cap)
{
	snprintf(out, cap, "%s", ranges_of(channel)[com->range[channel]].name);
}

int com_range_find(int channel, const char *name)
{
	const struct range *r = ranges_of(channel);

	for (int n = 0; r[n].name; n++)
		if (strcmp(r[n].name, name) == 0)
			return n;
	return -1;
}

int com_channel_find(const char *name)
{
	static const char *const names[COM_CHANNELS] = { "UL1", "UL2", "UL3", "IL1", "IL2", "IL3" };

	for (int n = 0; n < COM_CHANNELS; n++)
		if (strcmp(names[n], name) == 0)
			return n;
	return -1;
}

static double widest(const struct sim_com *com, int from)
{
	double most = 0;

	for (int c = from; c < from + ET_PHASES; c++) {
		const double max = ranges_of(c)[com->range[c]].max;

		most = max > most ? max : most;
	}
	return most;
}

/* 1000 * 3600 * f_nominal / (k * U_range * I_range) for 4, 3 and 2 wires. */
double com_constant(const struct sim_com *com)
{
	static const double k[COM_MODES] = { 3, 2, 1 };

	return 3.6e6 * NOMINAL_HZ / (k[com->mode] * widest(com, COM_U1) * widest(com, COM_I1));
}

void com_set_range(struct sim_com *com, int channel, int index)
{
	if (com->range[channel] == index)
		return;
	com_em_count(com);
	com->range[channel] = index;
	com->constant_moved = true;
}

static double seen(const struct sim_com *com, int channel)
{
	return channel < COM_I1 ? ph_abs(com->values.volt[channel])
				: ph_abs(com->values.curr[channel - COM_I1]);
}

static void choose_range(struct sim_com *com, int channel)
{
	const struct range *r = ranges_of(channel);
	int best = 0;

	for (int n = 0; r[n].name; n++)
		if (seen(com, channel) <= r[n].max)
			best = n;
	com_set_range(com, channel, best);
}

void com_check_ranges(struct sim_com *com)
{
	for (int c = 0; c < COM_CHANNELS; c++) {
		if (seen(com, c) > OVERLOAD_AT * ranges_of(c)[com->range[c]].max)
			com->overload = true;
		if (com->autorange)
			choose_range(com, c);
	}
}

void sim_com_change_range(struct sim_com *com, double volt_v)
{
	int best = 0;

	for (int n = 0; volt_ranges[n].name; n++)
		if (volt_v <= volt_ranges[n].max)
			best = n;
	for (int c = COM_U1; c < COM_I1; c++)
		com_set_range(com, c, best);
}
