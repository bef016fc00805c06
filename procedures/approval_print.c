/* SPDX-License-Identifier: Apache-2.0 */
#include "procedures/approval_print.h"

#include <math.h>
#include <string.h>

#include "procedures/approval_findings.h"
#include "procedures/print.h"

enum { LABEL = 26, INDENT = 2 };

struct page {
	FILE *to;
	enum lang lang;
};

static const char *not_stated(enum lang lang)
{
	return tr(lang, "not stated", "non précisé");
}

static void heading(const struct page *p, const char *en, const char *fr)
{
	fprintf(p->to, "\n%s\n", tr(p->lang, en, fr));
}

/* NULL and "" are what the notice does not state. */
static void field(const struct page *p, int indent, const char *en, const char *fr,
		  const char *text)
{
	print_field(p->to, indent, LABEL - indent, tr(p->lang, en, fr),
		    text && text[0] ? text : not_stated(p->lang));
}

static void field2(const struct page *p, int indent, const char *en, const char *fr,
		   struct yaml_text2 text)
{
	field(p, indent, en, fr, tr(p->lang, text.en, text.fr));
}

/* The words of the files, in the language of the reader; others are names and stay as they are. */
static const char *word(const char *w, enum lang lang)
{
	static const char *const words[][3] = {
		{ "rf", "radio frequency (RF)", "radiofréquence (RF)" },
		{ "plc", "power line carrier (PLC)", "courants porteurs en ligne (CPL)" },
		{ "modem", "modem", "modem" },
		{ "other", "other", "autre" },
		{ "energy", "energy", "énergie" },
		{ "demand", "demand", "puissance appelée" },
		{ "pulse_recorder", "pulse recorder", "enregistreur d'impulsions" },
		{ "tou", "time of use", "temps d'utilisation" },
		{ "disconnect", "remote disconnect", "sectionneur à distance" },
		{ "delivered", "delivered", "livrée" },
		{ "received", "received", "reçue" },
		{ "net", "net", "nette" },
		{ "infrared_led", "infrared LED", "DÉL infrarouge" },
		{ "optical_port", "optical port", "port optique" },
		{ "lcd_scroll_time", "LCD scroll time", "temps de défilement de l'affichage" },
		{ "single", "single seal", "sceau unique" },
		{ "dual", "dual seal", "sceau double" },
		{ "multiple", "multiple seals", "sceaux multiples" },
		{ "plug", "plug", "bouchon" },
		{ "jumper", "programming jumper", "bretelle de programmation" },
		{ "lockout", "lockout procedure", "procédure de verrouillage" },
		{ "firmware_setting", "firmware security setting",
		  "paramètre de sécurité du micrologiciel" },
	};

	for (size_t i = 0; w && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], w) == 0)
			return words[i][lang == LANG_FR ? 2 : 1];
	return w;
}

static void field_list(const struct page *p, int indent, const char *en, const char *fr,
		       const struct yaml_list *list)
{
	const char *const *items = list->items;
	char text[1000] = "";

	for (size_t i = 0; i < list->n; i++)
		finding_put(text, "%s%s", i ? ", " : "", word(items[i], p->lang));
	field(p, indent, en, fr, text);
}

static void field_figure(const struct page *p, int indent, const char *en, const char *fr, double v,
			 const char *unit)
{
	char text[64] = "";

	if (!isnan(v))
		finding_put(text, "%s %s", figure(v, p->lang).s, unit);
	field(p, indent, en, fr, text);
}

static void field_burden(const struct page *p, int indent, struct approval_burden b)
{
	char text[64] = "";

	if (!isnan(b.va))
		finding_put(text, "%s VA %s", figure(b.va, p->lang).s,
			    b.kind == BURDEN_CAPACITIVE ? tr(p->lang, "capacitive", "capacitif")
							: tr(p->lang, "inductive", "inductif"));
	field(p, indent, "Burden", "Fardeau", text);
}

static void date_text(struct yaml_date d, char buf[16])
{
	buf[0] = '\0';
	if (d.year)
		snprintf(buf, 16, "%04u-%02u-%02u", (unsigned)d.year % 10000,
			 (unsigned)d.month % 100, (unsigned)d.day % 100);
}

static void print_identity(const struct page *p, const struct approval *a)
{
	char date[16];

	date_text(a->date, date);
	fprintf(p->to, "%s %s Rev. %lld\n", tr(p->lang, "Notice of approval", "Avis d'approbation"),
		a->number, (long long)a->revision);
	field(p, INDENT, "Date", "Date", date);
	field2(p, INDENT, "Type of device", "Type d'appareil", a->device_type);
	field(p, INDENT, "Applicant", "Requérant", a->applicant);
	field(p, INDENT, "Manufacturer", "Fabricant", a->manufacturer);
	field(p, INDENT, "Address", "Adresse", a->address);
	field_list(p, INDENT, "Models", "Modèles", &a->models);
	field_list(p, INDENT, "Also called", "Aussi nommé", &a->aliases);
	field(p, INDENT, "Signed by", "Signé par", a->signed_by.name);
	if (a->signed_by.title.en)
		print_field(p->to, INDENT, LABEL - INDENT, "",
			    tr(p->lang, a->signed_by.title.en, a->signed_by.title.fr));
	field2(p, INDENT, "Remark", "Remarque", a->remark);
}

static void print_rating(const struct page *p, const struct approval_rating *r)
{
	char index[32];

	fprintf(p->to, "%*s", INDENT, "");
	print_padded(p->to, r->model, LABEL - INDENT);
	print_padded(p->to, approval_index_text(r->configuration, p->lang), 36);
	print_padded(p->to, approval_index_text(r->base, p->lang), 10);
	snprintf(index, sizeof(index), "(%lld)(%lld)", (long long)r->configuration,
		 (long long)r->base);
	print_padded(p->to, index, 10);
	fprintf(p->to, "%s V  ", figure(r->volt_v, p->lang).s);
	fprintf(p->to, "%s-%s A\n", figure(r->curr_min_a, p->lang).s,
		figure(r->curr_max_a, p->lang).s);
}

static void print_ratings(const struct page *p, const struct approval *a)
{
	const struct approval_rating *r = a->ratings.items;
	const char *aux = a->auxiliary_supply < 0 ? NULL
			  : a->auxiliary_supply	  ? tr(p->lang, "yes", "oui")
						  : tr(p->lang, "no", "non");
	char range[64] = "";

	heading(p, "1. Ratings and specifications", "1. Classements et caractéristiques");
	for (size_t i = 0; i < a->ratings.n; i++)
		print_rating(p, &r[i]);
	field_figure(p, INDENT, "Frequency", "Fréquence", a->freq_hz, "Hz");
	if (!isnan(a->temp_min_c) && !isnan(a->temp_max_c))
		finding_put(range, tr(p->lang, "%s to %+.10g °C", "%s à %+.10g °C"),
			    figure(a->temp_min_c, p->lang).s, a->temp_max_c);
	field(p, INDENT, "Temperature", "Température", range);
	field_burden(p, INDENT, a->burden);
	field(p, INDENT, "Auxiliary supply", "Alimentation auxiliaire", aux);
	field_list(p, INDENT, "Firmware", "Micrologiciel", &a->firmware);
}

static void print_summary(const struct page *p, const struct approval *a)
{
	heading(p, "2. Summary description", "2. Description sommaire");
	field_list(p, INDENT, "Energy", "Énergie", &a->energy);
	field(p, INDENT, "Unit of energy", "Unité d'énergie", a->energy_unit);
	field_list(p, INDENT, "Loss quantities", "Grandeurs des pertes", &a->loss);
	field_list(p, INDENT, "Demand", "Puissance appelée", &a->demand);
	field_list(p, INDENT, "Demand reset", "Remise à zéro", &a->demand_reset);
	field(p, INDENT, "Test provision", "Moyens d'essai", word(a->test_provision, p->lang));
	field_figure(p, INDENT, "Energy per pulse, Kh", "Énergie par impulsion", a->kh_wh, "Wh");
	field_list(p, INDENT, "Test mode", "Mode d'essai", &a->test_mode);
	field_list(p, INDENT, "Pulse recorder", "Enregistreur", &a->pulse_recorder);
	field_list(p, INDENT, "Pulse outputs", "Sorties d'impulsions", &a->pulse_output);
	field_list(p, INDENT, "Other options", "Autres options", &a->options);
	field(p, INDENT, "Display mode", "Mode d'affichage", a->display.mode);
	field2(p, INDENT, "Display", "Affichage", a->display.text);
}

static void print_module(const struct page *p, const struct approval_module *m)
{
	fprintf(p->to, "\n%*s%s\n", INDENT, "", m->name);
	field(p, 2 * INDENT, "Maker", "Fabricant", m->maker);
	if (m->aliases.n)
		field_list(p, 2 * INDENT, "Also called", "Aussi nommé", &m->aliases);
	if (m->options.n)
		field_list(p, 2 * INDENT, "With, as an option", "Avec, en option", &m->options);
	field_list(p, 2 * INDENT, "Communication", "Communication", &m->types);
	field_list(p, 2 * INDENT, "Additional functions", "Autres fonctions", &m->functions);
	field_burden(p, 2 * INDENT, m->burden);
	field_list(p, 2 * INDENT, "Firmware", "Micrologiciel", &m->firmware);
	if (m->nonrelevant_update == 1)
		field(p, 2 * INDENT, "Non-relevant firmware", "Micrologiciel non pert.",
		      tr(p->lang, "may be updated", "peut être mis à jour"));
	if (m->requires_any.n)
		field_list(p, 2 * INDENT, "Only with one of", "Seulement avec", &m->requires_any);
	field2(p, 2 * INDENT, "Description", "Description", m->description);
}

static void print_modules(const struct page *p, const struct approval *a)
{
	const struct approval_module *m = a->modules.items;

	heading(p, "3. Communications", "3. Communications");
	field_list(p, INDENT, "Interface", "Interface", &a->communication);
	for (size_t i = 0; i < a->modules.n; i++)
		print_module(p, &m[i]);
}

static void print_condition(const struct page *p, const struct approval_condition *c)
{
	char rule[200] = "";

	if (c->quantity)
		finding_put(rule, "%s %s %s %s", word(c->quantity, p->lang),
			    c->op == CONDITION_AT_MOST ? "≤" : "≥", figure(c->value, p->lang).s,
			    c->unit);
	if (c->at_sealing == 1)
		finding_put(rule, "%s%s", rule[0] ? ", " : "",
			    tr(p->lang, "to be verified at sealing", "à vérifier au scellage"));
	print_field(p->to, INDENT, LABEL - INDENT,
		    c->module ? c->module : tr(p->lang, "Meter", "Compteur"),
		    tr(p->lang, c->text.en, c->text.fr));
	if (rule[0])
		print_field(p->to, INDENT, LABEL - INDENT, "", rule);
}

static void print_conditions(const struct page *p, const struct approval *a)
{
	const struct approval_condition *c = a->conditions.items;
	char seals[32] = "";

	heading(p, "Conditions", "Conditions");
	for (size_t i = 0; i < a->conditions.n; i++)
		print_condition(p, &c[i]);
	if (a->conditions.n == 0)
		field(p, INDENT, "", "", NULL);
	heading(p, "4. Sealing", "4. Scellage");
	field(p, INDENT, "Physical seal", "Sceau physique", word(a->sealing.physical, p->lang));
	field(p, INDENT, "Programming seal", "Sceau de programmation",
	      word(a->sealing.programming, p->lang));
	if (a->sealing.seals != INT64_MIN)
		finding_put(seals, "%lld", (long long)a->sealing.seals);
	field(p, INDENT, "Seals to record", "Sceaux à noter", seals);
	field2(p, INDENT, "Comments", "Notes", a->sealing.text);
}

static void print_revision(const struct page *p, const struct approval_revision *r)
{
	char label[40], date[16], who[300] = "", laboratory[300] = "";

	date_text(r->date, date);
	if (r->number == 0)
		snprintf(label, sizeof(label), "%s", tr(p->lang, "Original", "Originale"));
	else
		snprintf(label, sizeof(label), "Rev. %lld", (long long)r->number);
	finding_put(who, "%s%s%s", r->evaluator ? r->evaluator : not_stated(p->lang),
		    r->evaluator_title.en ? ", " : "",
		    r->evaluator_title.en
			    ? tr(p->lang, r->evaluator_title.en, r->evaluator_title.fr)
			    : "");
	fputc('\n', p->to);
	field(p, INDENT, label, label, date);
	field(p, 2 * INDENT, "Evaluator", "Évaluateur", who);
	if (r->laboratory) {
		finding_put(laboratory, "%s%s%s", r->laboratory, r->laboratory_ref ? ", " : "",
			    r->laboratory_ref ? r->laboratory_ref : "");
		field(p, 2 * INDENT, "Laboratory", "Laboratoire", laboratory);
	}
	if (r->mals.n)
		field_list(p, 2 * INDENT, "Acceptance letters", "Lettres d'acceptation", &r->mals);
	field2(p, 2 * INDENT, "Purpose", "But", r->content);
}

static void print_revisions(const struct page *p, const struct approval *a)
{
	const struct approval_revision *r = a->revisions.items;
	const struct approval_note *n = a->notes.items;

	heading(p, "6. Revisions", "6. Révisions");
	for (size_t i = 0; i < a->revisions.n; i++)
		print_revision(p, &r[i]);
	if (a->notes.n)
		heading(p, "Notes of the laboratory: what does not fit together in this notice",
			"Notes du laboratoire : ce qui ne concorde pas dans cet avis");
	for (size_t i = 0; i < a->notes.n; i++)
		print_field(p->to, INDENT, 2, "-", tr(p->lang, n[i].text.en, n[i].text.fr));
}

void approval_print(const struct approval *a, enum lang lang, FILE *to)
{
	const struct page p = { to, lang };

	print_identity(&p, a);
	print_ratings(&p, a);
	print_summary(&p, a);
	print_modules(&p, a);
	print_conditions(&p, a);
	print_revisions(&p, a);
}

void approval_print_head(enum lang lang, FILE *to)
{
	print_padded(to, tr(lang, "Notice", "Avis"), 12);
	print_padded(to, tr(lang, "Rev.", "Rév."), 6);
	print_padded(to, "Date", 12);
	print_padded(to, tr(lang, "Ratings", "Classem."), 10);
	print_padded(to, "Modules", 9);
	fprintf(to, "%s\n", tr(lang, "Models, manufacturer", "Modèles, fabricant"));
}

void approval_print_line(const struct approval *a, enum lang lang, FILE *to)
{
	const char *const *models = a->models.items;
	char text[32];

	print_padded(to, a->number, 12);
	snprintf(text, sizeof(text), "%lld", (long long)a->revision);
	print_padded(to, text, 6);
	date_text(a->date, text);
	print_padded(to, text[0] ? text : not_stated(lang), 12);
	snprintf(text, sizeof(text), "%zu", a->ratings.n);
	print_padded(to, text, 10);
	snprintf(text, sizeof(text), "%zu", a->modules.n);
	print_padded(to, text, 9);
	for (size_t i = 0; i < a->models.n; i++)
		fprintf(to, "%s, ", models[i]);
	fprintf(to, "%s\n", a->manufacturer);
}

void approval_print_findings(const struct approval_finding *f, int n, enum lang lang, FILE *to)
{
	static const char *const levels[][2] = {
		[FINDING_NOTE] = { "note", "note" },
		[FINDING_AT_SEALING] = { "at sealing", "au scellage" },
		[FINDING_OPEN] = { "open", "à vérifier" },
		[FINDING_NONCONFORMING] = { "nonconforming", "non conforme" },
	};

	for (int i = 0; i < n; i++)
		print_field(to, INDENT, 15, levels[f[i].level][lang == LANG_FR],
			    tr(lang, f[i].en, f[i].fr));
}
