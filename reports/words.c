/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/words.h"

#include <stdbool.h>
#include <string.h>

#include "procedures/energy_error_eval.h"

struct word {
	const char *word, *en, *fr;
};

static const char *say(const struct word *table, const char *word, enum lang lang)
{
	if (!word)
		return "-";
	for (; table->word; table++)
		if (strcmp(table->word, word) == 0)
			return tr(lang, table->en, table->fr);
	return word;
}

const char *words_verdict(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "conforming", "conforming", "conforme" },
		{ "nonconforming", "nonconforming", "non conforme" },
		{ "inconclusive", "inconclusive", "non concluant" },
		{ "void", "void", "nul" },
		{ "not_run", "not run", "non exécuté" },
		{ "aborted", "aborted", "interrompu" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_verdict_loud(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "conforming", "CONFORMING", "CONFORME" },
		{ "nonconforming", "NONCONFORMING", "NON CONFORME" },
		{ "inconclusive", "INCONCLUSIVE", "NON CONCLUANT" },
		{ "void", "VOID", "NUL" },
		{ "not_run", "NOT RUN", "NON EXÉCUTÉ" },
		{ "aborted", "ABORTED", "INTERROMPU" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_result(const char *word, enum lang lang)
{
	if (word && strcmp(word, "done") == 0)
		return tr(lang, "done", "fait");
	return words_verdict(word, lang);
}

static const char *cause_label(enum ee_cause cause, enum lang lang)
{
	switch (cause) {
	case EE_CAUSE_NONE:
		return tr(lang, "none", "aucune");
	case EE_NO_PULSES:
		return tr(lang, "no pulses", "aucune impulsion");
	case EE_TOO_FEW_PULSES:
		return tr(lang, "too few pulses", "trop peu d'impulsions");
	case EE_MISSED_OR_SPURIOUS:
		return tr(lang, "missing or extra pulses", "impulsions manquées ou en trop");
	case EE_AMBIGUOUS_NUMBERING:
		return tr(lang, "pulse numbers in doubt", "numéros d'impulsions douteux");
	case EE_UNSTABLE_PULSES:
		return tr(lang, "unsteady pulses", "impulsions irrégulières");
	case EE_WRONG_KH:
		return tr(lang, "wrong Kh", "mauvais Kh");
	case EE_WRONG_FORM:
		return tr(lang, "wrong form", "mauvaise forme");
	case EE_GROSS_ERROR:
		return tr(lang, "gross error", "erreur grossière");
	case EE_REFERENCE_SILENT:
		return tr(lang, "reference silent", "étalon muet");
	case EE_REFERENCE_OVERLOAD:
		return tr(lang, "reference overload", "surcharge de l'étalon");
	case EE_RANGE_CHANGED:
		return tr(lang, "range changed", "calibre changé");
	case EE_CONSTANT_CHANGED:
		return tr(lang, "constant changed", "constante changée");
	case EE_ENERGY_SIGN:
		return tr(lang, "energy backwards", "énergie à rebours");
	case EE_ENERGY_POWER_MISMATCH:
		return tr(lang, "energy against power", "énergie contre puissance");
	case EE_SEQUENCE_GAP:
		return tr(lang, "gap in the numbers", "saut de numéros");
	case EE_READER_LOSS:
		return tr(lang, "loss in the reader", "perte au lecteur");
	case EE_CLOCK_MAP:
		return tr(lang, "reader's clock", "horloge du lecteur");
	case EE_SETPOINT_LEFT:
		return tr(lang, "load left its window", "charge hors fenêtre");
	case EE_INSTRUMENT_FAILED:
		return tr(lang, "instrument failed", "instrument en panne");
	case EE_SOURCE_EVENT:
		return tr(lang, "source event", "événement à la source");
	case EE_ABORTED:
		return tr(lang, "stopped", "arrêt");
	case EE_CAUSES:
		break;
	}
	return NULL;
}

const char *words_cause(const char *word, enum lang lang)
{
	static const struct word others[] = {
		{ "error_beyond_limit", "beyond the limit", "hors limite" },
		{ "within_uncertainty_of_limit", "too close to the limit",
		  "trop près de la limite" },
		/* findings of the notice */
		{ "approval", "notice of approval", "avis d'approbation" },
		{ "revision", "revision of the notice", "révision de l'avis" },
		{ "maker", "maker", "fabricant" },
		{ "model", "model", "modèle" },
		{ "rating", "rating", "calibre" },
		{ "setup", "set-up of the bench", "montage du banc" },
		{ "kh", "Kh", "Kh" },
		{ "firmware", "firmware", "micrologiciel" },
		{ "module", "module", "module" },
		{ "combination", "combination of modules", "combinaison de modules" },
		{ "burden", "burden", "fardeau" },
		{ "seal", "seals", "sceaux" },
		{ "condition", "condition of the notice", "condition de l'avis" },
		{ "scroll_time", "LCD scroll time", "temps de défilement" },
		{ NULL, NULL, NULL },
	};

	for (int c = EE_CAUSE_NONE; word && c < EE_CAUSES; c++)
		if (strcmp(ee_cause_word((enum ee_cause)c), word) == 0)
			return cause_label((enum ee_cause)c, lang);
	return say(others, word, lang);
}

const char *words_standing(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "sample", "sample", "exemple" },
		{ "draft", "draft", "ébauche" },
		{ "approved", "approved", "approuvé" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_rule(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "simple", "simple: the error against the limits",
		  "simple : l'erreur contre les limites" },
		{ "guarded", "guarded: the error and its uncertainty within the limits",
		  "avec marge : l'erreur et son incertitude dans les limites" },
		{ "two_stage", "two-stage (ISO 10576-1)", "en deux étapes (ISO 10576-1)" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_connection(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "series", "elements in series", "éléments en série" },
		{ "true_service", "true service", "service réel" },
		{ "element_a", "element A alone", "élément A seul" },
		{ "element_b", "element B alone", "élément B seul" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_as(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "as_found", "as found", "tel que trouvé" },
		{ "as_left", "as left", "tel que laissé" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_level(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "note", "note", "note" },
		{ "open", "to be checked", "à vérifier" },
		{ "nonconforming", "nonconforming", "non conforme" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}

const char *words_role(const char *word, enum lang lang)
{
	static const struct word table[] = {
		{ "source", "source", "source" },
		{ "reference", "reference", "étalon" },
		{ "reader", "pulse reader", "lecteur d'impulsions" },
		{ NULL, NULL, NULL },
	};

	return say(table, word, lang);
}
