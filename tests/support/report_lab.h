/* SPDX-License-Identifier: Apache-2.0 */
/* tests/support/report_lab.h - a small laboratory on record, for tests of reports: one batch of five meters with all
 * that can go wrong. Included once per program. */
#ifndef TESTS_REPORT_LAB_H
#define TESTS_REPORT_LAB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db/journal.h"
#include "tests/support/near.h"
#include "tests/support/record.h"

#define LAB_UTC_NS (INT64_C(1767619867) * 1000000000) /* 2026-01-05T13:31:07Z */

/* JSON with ' for ". */
static json_t *lab_json(const char *text)
{
	char *copy = strdup(text);
	struct fault f = { 0 };
	json_t *o;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	o = json_parse(copy, strlen(copy), &f);
	if (!o)
		fail_msg("%s: %s", f.text, copy);
	free(copy);
	return o;
}

/* One entry, a minute after the last. */
static void lab_put_json(struct db *d, const char *kind, json_t *payload)
{
	struct fault f = { 0 };
	struct journal_stamp stamp = { .utc_offset_s = -18000, .boot_id = "b", .actor = "zt" };
	int64_t n = 0;

	assert_int_equal(db_begin(d, &f), ET_OK);
	assert_int_equal(db_head(d, &n, NULL, &f), ET_OK);
	stamp.utc_ns = LAB_UTC_NS + n * 60 * INT64_C(1000000000);
	stamp.mono_ns = n * 60 * INT64_C(1000000000);
	if (db_append(d, &stamp, kind, payload, NULL, &f) < 0 || db_commit(d, &f) < 0)
		fail_msg("%s: %s", kind, f.text);
	json_decref(payload);
}

static void lab_put(struct db *d, const char *kind, const char *text)
{
	lab_put_json(d, kind, lab_json(text));
}

static void lab_session(struct db *d, const char *id)
{
	char text[800];

	snprintf(text, sizeof(text),
		 "{'session':'%s','operator':'zt','program':'etalon 0.1.0','algorithm':"
		 "'energy-error/1','simulated':true,'scenario':'demo','seed':7,'command':"
		 "'etalon run','instruments':[{'name':'src','driver':'zera-fg','role':'source',"
		 "'maker':'ZERA','model':'FG','serial':'SIM9','firmware':null},{'name':'ref',"
		 "'driver':'zera-com5003','role':'reference','maker':'ZERA','model':'COM5003',"
		 "'serial':'SIM1','firmware':'1.2'}]}",
		 id);
	lab_put(d, "session.started", text);
}

static void lab_plan(struct db *d, int version, const char *title)
{
	char text[1200];

	snprintf(text, sizeof(text),
		 "{'id':'sample-energy','version':%d,'standing':'sample','plan':{'id':"
		 "'sample-energy','title':{'en':'%s','fr':'Erreur d\\u2019énergie'},'source':"
		 "{'document':'none, example values'},'rule':'simple','steps':[{'id':'HL',"
		 "'title':{'en':'High load','fr':'Forte charge'},'current_pct_imax':25,"
		 "'volt_pct':100,'power_factor':1,'limit_lo_pct':-1.0,'limit_hi_pct':1.0},"
		 "{'id':'PF','title':{'en':'Inductive load','fr':'Charge inductive'},"
		 "'current_a':2.5,'volt_pct':100,'power_factor':0.5,'sense':'lag',"
		 "'limit_lo_pct':-1.25,'limit_hi_pct':1.0}]}}",
		 version, title);
	lab_put(d, "plan.in_force", text);
}

static void lab_batch(struct db *d, const char *batch)
{
	char text[4000];

	/* not in order of position */
	snprintf(
		text, sizeof(text),
		"{'batch':'%s','session':'B1-1','work_order':'BT-17','owner':{'name':"
		"'Énergie Nord','address':'1, rue de l\\u2019Église'},'as':'as_found','plan':{'id':"
		"'sample-energy','version':1,'standing':'sample'},'approval':{'number':'AE-1559',"
		"'revision':16},'configuration':2,'volt_v':240.0,'curr_min_a':0.1,'curr_max_a':"
		"200.0,'connection':'series','apparatus':['REF-1','RDR-1'],'positions':["
		"{'position':2,'maker':'L+G','model':'FOCUS ALF','serial':'SIM000002',"
		"'inspection_no':'17-0002','approval':'AE-1559','approval_revision':16,'kh_wh':7.2,"
		"'firmware':'3.22','modules':[],'measured':true,'findings':[%s]},"
		"{'position':1,'maker':'L+G','model':'FOCUS ALF','serial':'SIM000001',"
		"'inspection_no':'17-0001','approval':'AE-1559','approval_revision':16,'kh_wh':7.2,"
		"'firmware':'3.22','modules':[],'measured':true,'findings':[%s]},"
		"{'position':3,'maker':'L+G','model':null,'serial':'SIM000003',"
		"'inspection_no':null,'approval':null,'approval_revision':null,'kh_wh':7.2,"
		"'firmware':null,'modules':[],'measured':true,'findings':[%s]},"
		"{'position':4,'maker':'Électrique','model':'X','serial':'SIMÉTÉ04',"
		"'inspection_no':'17-0004','approval':'AE-1559','approval_revision':16,'kh_wh':1.0,"
		"'firmware':null,'modules':[],'measured':false,'findings':[{'level':"
		"'nonconforming','code':'rating','en':'120 V is not among the ratings of the "
		"notice','fr':'120 V ne figure pas parmi les calibres de l\\u2019avis'},{'level':"
		"'nonconforming','code':'model','en':'model \\\"X\\\" is not approved','fr':"
		"'le modèle « X » n\\u2019est pas approuvé'}]},"
		"{'position':5,'maker':'\\u001b[31mEvil','model':'a\\nb\\u202e','serial':"
		"'SIM\\u00075','inspection_no':'\\u009b2J','approval':'AE-1559',"
		"'approval_revision':16,'kh_wh':7.2,'firmware':'\\r','modules':[],'measured':true,"
		"'findings':[]}]}",
		batch, "{'level':'note','code':'condition','en':'a note','fr':'une note'}",
		"{'level':'note','code':'condition','en':'a note','fr':'une note'}",
		"{'level':'note','code':'condition','en':'a note','fr':'une note'}");
	lab_put(d, "batch.opened", text);
}

/* What one position gave; the text of an object. Figures by their rounded integers, INT64_MIN: none. */
struct lab_seen {
	int position;
	const char *verdict, *cause;
	int64_t err_u6, u_u6;
	const char *more; /* members of the observation: "'n_missed':3," or "" */
};

static json_t *lab_number(int64_t u6, bool real)
{
	return u6 == INT64_MIN ? json_null()
	       : real	       ? json_real((double)u6 / 1e6)
			       : json_integer(u6);
}

static json_t *lab_position(const json_t *batch, const struct lab_seen *s)
{
	char text[600];
	const json_t *pos = NULL;
	json_t *seen;
	size_t i;

	snprintf(text, sizeof(text),
		 "{%s'n_intervals':26,'n_edges':27,'n_accepted':27,'n_bounced':0,'span_s':93.6,"
		 "'u_a_pct':0.0123,'u_b_pct':0.02,'dof_eff':25.04,'k':2.1088,'first_last_pct':"
		 "0.1189,'set_lo_pct':0.1,'set_hi_pct':0.14,'walk':false,'estimator':"
		 "'least_squares'}",
		 s->more);
	seen = lab_json(text);
	json_object_set_new(seen, "err_rounded_u6", lab_number(s->err_u6, false));
	json_object_set_new(seen, "U_rounded_u6", lab_number(s->u_u6, false));
	json_object_set_new(seen, "err_pct", lab_number(s->err_u6, true));
	json_object_set_new(seen, "U_pct", lab_number(s->u_u6, true));
	json_array_foreach(json_object_get(batch, "positions"), i, pos)
	{
		if (json_get_int(pos, "position", 0) == s->position)
			break;
	}
	return json_pack("{s:i, s:O, s:O, s:{s:f, s:i, s:f, s:f}, s:o, s:s, s:o}", "position",
			 s->position, "maker", json_object_get(pos, "maker"), "serial",
			 json_object_get(pos, "serial"), "setup", "kh_wh", 7.2, "round_digits", 2,
			 "limit_lo_pct", -1.0, "limit_hi_pct", 1.0, "observation", seen, "verdict",
			 s->verdict, "cause", json_str(s->cause));
}

/* @param head  "'attempt':'B1-1','session':'B1-1','step':'HL','number':1,'result':'done','cause':null,'fault':null" */
static void lab_attempt(struct db *d, const char *batch, const char *head,
			const struct lab_seen *seen, int n)
{
	json_t *opened = db_last(d, "batch.opened", "batch", batch, NULL),
	       *positions = json_array();
	json_t *a;
	char text[1200];

	snprintf(text, sizeof(text),
		 "{'batch':'%s',%s,'started_mono_ns':1,'armed_mono_ns':2,'ended_mono_ns':3,"
		 "'setpoint':{},'readings':[],'register_before':null,'register_after':null,'blobs':"
		 "{'edges':null,'samples':null,'pairs':null}}",
		 batch, head);
	a = lab_json(text);
	for (int i = 0; i < n; i++)
		json_array_append_new(positions, lab_position(opened, &seen[i]));
	json_object_set_new(a, "positions", positions);
	lab_put_json(d, "attempt.stored", a);
	json_decref(opened);
}

#define LAB_NONE INT64_MIN
#define LAB_CLEAN "'n_missed':0,'n_rejected':0,'period_ratio':0.999,'beat':false,"

/* Entries 1 to 9: until HL has been tried twice. */
static struct db *lab_begin(const char *name, const char *batch)
{
	static const struct lab_seen silent[] = {
		{ 1, "void", "reference_silent", 110000, 60000, LAB_CLEAN },
		{ 2, "void", "reference_silent", LAB_NONE, LAB_NONE, LAB_CLEAN },
		{ 3, "void", NULL, LAB_NONE, LAB_NONE, LAB_CLEAN },
		{ 5, "void", NULL, LAB_NONE, LAB_NONE, LAB_CLEAN },
	};
	static const struct lab_seen hl[] = {
		{ 5, "void", "missed_or_spurious_pulses", 420000, 50000,
		  "'n_missed':3,'n_rejected':1,'period_ratio':1.0,'beat':false," },
		{ 3, "nonconforming", "wrong_kh", 620000000, 50000,
		  "'n_missed':0,'n_rejected':0,'period_ratio':0.13888888888888889,'beat':true," },
		{ 2, "nonconforming", NULL, 1040000, 50000, LAB_CLEAN },
		{ 1, "conforming", NULL, 120000, 50000, LAB_CLEAN },
	};
	struct fault f = { 0 };
	struct db *d = NULL;

	assert_int_equal(db_open(record_path(name), DB_CREATE, NULL, &d, &f), ET_OK);
	lab_put(d, "laboratory.created",
		"{'bench':'B1','name':'Laboratoire Élan','simulated':true}");
	lab_put(d, "person.added", "{'id':'zt','name':'Zoé Tremblay','role':'technician'}");
	lab_put(d, "apparatus.added",
		"{'id':'REF-1','kind':'reference_standard','maker':'ZERA','model':'COM5003',"
		"'serial':'SIM1','firmware':'1.2','use':null,'simulated':true,'certificate':"
		"{'number':'C-2025-7','laboratory':'CNRC','issued':'2025-01-07','expires':"
		"'2027-01-07'},'correction':[]}");
	lab_put(d, "apparatus.added",
		"{'id':'RDR-1','kind':'reader','maker':'Étalon','model':'IR','serial':'SIM2',"
		"'firmware':null,'use':null,'simulated':true,'certificate':null,'correction':[]}");
	lab_session(d, "B1-1");
	lab_plan(d, 1, "Energy error");
	lab_batch(d, batch);
	lab_attempt(d, batch,
		    "'attempt':'B1-1','session':'B1-1','step':'HL','number':1,'result':'void',"
		    "'cause':'reference_silent','fault':'ref: no reply\\u001b[2J to EM01?'",
		    silent, 4);
	lab_attempt(d, batch,
		    "'attempt':'B1-2','session':'B1-1','step':'HL','number':2,'result':'done',"
		    "'cause':null,'fault':null",
		    hl, 4);
	return d;
}

/* The rest: HL again for position 5, PF, and the end. */
static void lab_finish(struct db *d, const char *batch)
{
	static const struct lab_seen hl[] = { { 5, "conforming", NULL, -970000, 50000,
						LAB_CLEAN } };
	static const struct lab_seen pf[] = {
		{ 1, "inconclusive", NULL, 960000, 50000, LAB_CLEAN },
		{ 2, "conforming", NULL, 0, 50000, LAB_CLEAN },
		{ 3, "nonconforming", "gross_error", -50000000, 50000,
		  "'n_missed':0,'n_rejected':0,'period_ratio':2.0,'beat':false," },
		{ 5, "void", "no_pulses", LAB_NONE, LAB_NONE,
		  "'n_missed':0,'n_rejected':0,'period_ratio':null,'beat':false," },
	};
	char text[2000];

	lab_attempt(d, batch,
		    "'attempt':'B1-3','session':'B1-1','step':'HL','number':3,'result':'done',"
		    "'cause':null,'fault':null",
		    hl, 1);
	lab_attempt(d, batch,
		    "'attempt':'B1-4','session':'B1-1','step':'PF','number':1,'result':'done',"
		    "'cause':null,'fault':null",
		    pf, 4);
	snprintf(text, sizeof(text),
		 "{'batch':'%s','session':'B1-1','positions':["
		 "{'position':1,'maker':'L+G','serial':'SIM000001','verdict':'inconclusive','"
		 "reason':"
		 "'within_uncertainty_of_limit','steps':[{'step':'HL','verdict':'conforming',"
		 "'attempt':'B1-2'},{'step':'PF','verdict':'inconclusive','attempt':'B1-4'}]},"
		 "{'position':2,'maker':'L+G','serial':'SIM000002','verdict':'nonconforming',"
		 "'reason':'error_beyond_limit','steps':[{'step':'HL','verdict':'nonconforming',"
		 "'attempt':'B1-2'},{'step':'PF','verdict':'conforming','attempt':'B1-4'}]},"
		 "{'position':3,'maker':'L+G','serial':'SIM000003','verdict':'nonconforming',"
		 "'reason':'wrong_kh','steps':[{'step':'HL','verdict':'nonconforming','attempt':"
		 "'B1-2'},{'step':'PF','verdict':'nonconforming','attempt':'B1-4'}]},"
		 "{'position':4,'maker':'Électrique','serial':'SIMÉTÉ04','verdict':'nonconforming',"
		 "'reason':'rating','steps':[{'step':'HL','verdict':'not_run','attempt':null},"
		 "{'step':'PF','verdict':'not_run','attempt':null}]},"
		 "{'position':5,'maker':'\\u001b[31mEvil','serial':'SIM\\u00075','verdict':'void',"
		 "'reason':'no_pulses','steps':[{'step':'HL','verdict':'conforming','attempt':"
		 "'B1-3'},{'step':'PF','verdict':'void','attempt':'B1-4'}]}]}",
		 batch);
	lab_put(d, "batch.closed", text);
	lab_put(d, "session.ended", "{'session':'B1-1','exit_code':1,'reason':null}");
}

/* The text that is written; freed with free(). */
static char *lab_written(void (*write)(const json_t *o, enum lang lang, FILE *to), const json_t *o,
			 enum lang lang)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	write(o, lang, to);
	fclose(to);
	return text;
}

/* Against tests/golden/@p name. */
static void lab_is_golden(const char *text, const char *name)
{
	char path[200], want[20000];
	size_t n = 0;
	FILE *in;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	in = fopen(path, "r");
	if (in) {
		n = fread(want, 1, sizeof(want) - 1, in);
		fclose(in);
	}
	want[n] = '\0';
	if (strcmp(text, want) != 0) {
		fprintf(stderr, "%s\n", text);
		fail_msg("that differs from %s", path);
	}
}

/* Nothing that a terminal obeys, nothing beyond 100 columns, no blanks at the end of a line. */
static void lab_is_harmless(const char *text)
{
	int columns = 0;

	for (const char *p = text; *p; p++) {
		const unsigned char c = (unsigned char)*p, next = (unsigned char)p[1];

		if (c == '\n') {
			assert_true(columns <= 100);
			assert_true(p == text || p[-1] != ' ');
			columns = 0;
			continue;
		}
		assert_true(c >= 0x20 && c != 0x7f);
		assert_false(c == 0xc2 && next < 0xa0);
		assert_false(c == 0xe2 && next == 0x80 && (unsigned char)p[2] >= 0xa8 &&
			     (unsigned char)p[2] <= 0xae);
		columns += (c & 0xc0) != 0x80;
	}
	assert_int_equal(columns, 0);
}

#endif
