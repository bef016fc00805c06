/* SPDX-License-Identifier: Apache-2.0 */
/* reports/reasons.c - what was seen at a step and what to look at, as one sentence. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "metrology/rounding.h"
#include "procedures/energy_error_eval.h"
#include "reports/figures.h"
#include "reports/words.h"

/* ---- sentences with figures of the step ---- */

static void missed_or_spurious(char *buf, const json_t *s, enum lang l)
{
	const long long missed = json_get_int(s, "n_missed", 0);
	const long long extra = json_get_int(s, "n_rejected", 0);

	snprintf(buf, WORDS_REASON_MAX,
		 tr(l, "%lld of %lld pulses missing, %lld extra: aim of the sensor, stray light",
		    "%lld impulsions manquées sur %lld, %lld en trop : visée du capteur, lumière "
		    "parasite"),
		 missed, (long long)json_get_int(s, "n_accepted", 0) + missed, extra);
}

static void too_few(char *buf, const json_t *s, enum lang l)
{
	snprintf(buf, WORDS_REASON_MAX,
		 tr(l,
		    "%lld pulses, too few to compute from: aim of the sensor, or the time is too "
		    "short for this load",
		    "%lld impulsions, trop peu pour un calcul : visée du capteur, ou temps trop "
		    "court pour cette charge"),
		 (long long)json_get_int(s, "n_edges", 0));
}

/* "pulses come 7.20 times as often as Kh 7.2 Wh says"; without figures only that they do not fit. */
static void pace(char *buf, const json_t *s, enum lang l, const char *look_at)
{
	const double ratio = json_get_f64(s, "period_ratio"), kh_wh = json_get_f64(s, "kh_wh");
	const bool often = ratio < 1;

	if (!(ratio > 0) || isnan(kh_wh))
		snprintf(buf, WORDS_REASON_MAX,
			 tr(l, "the pulses do not fit Kh: %s",
			    "les impulsions contredisent Kh : %s"),
			 look_at);
	else
		snprintf(buf, WORDS_REASON_MAX,
			 tr(l, "pulses come %s times as %s as Kh %s Wh says: %s",
			    "les impulsions viennent %s fois plus %s que ne le dit Kh %s Wh : %s"),
			 figures_f64(often ? 1 / ratio : ratio, 2, l).s,
			 often ? tr(l, "often", "souvent") : tr(l, "seldom", "rarement"),
			 figures_short(kh_wh, l).s, look_at);
}

static void wrong_form(char *buf, const json_t *s, enum lang l)
{
	const double ratio = json_get_f64(s, "period_ratio");

	snprintf(buf, WORDS_REASON_MAX,
		 tr(l,
		    "the meter registers %s %% of the energy: its form, or its connection "
		    "(an element without voltage or current)",
		    "le compteur enregistre %s %% de l'énergie : sa forme, ou son branchement "
		    "(un élément sans tension ou sans courant)"),
		 figures_f64(100 / ratio, 1, l).s);
}

/* ---- sentences without ---- */

static const char *of_sensor(enum ee_cause cause, enum lang l)
{
	if (cause == EE_NO_PULSES)
		return tr(l, "no pulse was seen: sensor on the pulse LED, voltage at the meter",
			  "aucune impulsion vue : capteur sur la DEL, tension au compteur");
	if (cause == EE_AMBIGUOUS_NUMBERING)
		return tr(
			l,
			"the pulses can't be numbered without doubt: aim of the sensor, stray "
			"light, LED of a neighbour",
			"les impulsions ne peuvent être numérotées sans doute : visée du capteur, "
			"lumière parasite, DEL voisine");
	if (cause == EE_UNSTABLE_PULSES)
		return tr(l,
			  "the pulses have no steady rhythm: stray light, aim of the sensor, the "
			  "load",
			  "les impulsions n'ont pas de rythme stable : lumière parasite, visée du "
			  "capteur, la charge");
	return NULL;
}

static const char *of_reference(enum ee_cause cause, enum lang l)
{
	switch ((int)cause) {
	case EE_REFERENCE_SILENT:
		return tr(l, "the reference gave no figures: its link, its supply",
			  "l'étalon n'a pas donné de valeurs : sa liaison, son alimentation");
	case EE_REFERENCE_OVERLOAD:
		return tr(l, "the reference reports an overload: its range, the load",
			  "l'étalon signale une surcharge : son calibre, la charge");
	case EE_RANGE_CHANGED:
		return tr(l, "the reference changed its range during the count: fix the range",
			  "l'étalon a changé de calibre pendant le comptage : fixer le calibre");
	case EE_CONSTANT_CHANGED:
		return tr(l, "the reference changed its constant during the count: fix the range",
			  "l'étalon a changé de constante pendant le comptage : fixer le calibre");
	case EE_ENERGY_SIGN:
		return tr(l,
			  "the energy of the reference ran backwards: direction of the current, "
			  "phase order",
			  "l'énergie de l'étalon a reculé : sens du courant, ordre des phases");
	case EE_ENERGY_POWER_MISMATCH:
		return tr(l,
			  "energy and power of the reference don't agree: its mode, its "
			  "connection",
			  "énergie et puissance de l'étalon ne concordent pas : son mode, son "
			  "branchement");
	default:
		return NULL;
	}
}

static const char *of_bench(enum ee_cause cause, enum lang l)
{
	switch ((int)cause) {
	case EE_SEQUENCE_GAP:
		return tr(l, "a number is missing in the stream of an instrument: its link",
			  "un numéro manque dans le flux d'un instrument : sa liaison");
	case EE_READER_LOSS:
		return tr(l, "the pulse reader lost data: its link, the load of the computer",
			  "le lecteur d'impulsions a perdu des données : sa liaison, la charge de "
			  "l'ordinateur");
	case EE_CLOCK_MAP:
		return tr(
			l, "the reader's clock does not follow the bench's: the reader, its link",
			"l'horloge du lecteur ne suit pas celle du banc : le lecteur, sa liaison");
	case EE_SETPOINT_LEFT:
		return tr(l, "the load left the window of the plan: source, connections",
			  "la charge a quitté la fenêtre du plan : source, branchements");
	case EE_INSTRUMENT_FAILED:
		return tr(l, "an instrument failed: see the attempts",
			  "un instrument est en panne : voir les essais");
	case EE_SOURCE_EVENT:
		return tr(l, "the source reported an event: see the attempts",
			  "la source a signalé un événement : voir les essais");
	case EE_ABORTED:
		return tr(l, "the run was stopped", "l'exécution a été arrêtée");
	default:
		return NULL;
	}
}

static void of_cause(char *buf, enum ee_cause cause, const json_t *s, enum lang l)
{
	const char *text = of_sensor(cause, l);

	if (!text)
		text = of_reference(cause, l);
	if (!text)
		text = of_bench(cause, l);
	if (text)
		snprintf(buf, WORDS_REASON_MAX, "%s", text);
	else if (cause == EE_MISSED_OR_SPURIOUS)
		missed_or_spurious(buf, s, l);
	else if (cause == EE_TOO_FEW_PULSES)
		too_few(buf, s, l);
	else if (cause == EE_WRONG_KH)
		pace(buf, s, l,
		     tr(l, "Kh on the card, or the wrong form of meter",
			"Kh de la fiche, ou mauvaise forme de compteur"));
	else if (cause == EE_WRONG_FORM)
		wrong_form(buf, s, l);
	else if (cause == EE_GROSS_ERROR)
		pace(buf, s, l,
		     tr(l, "the meter itself, swapped positions, its connection",
			"le compteur même, positions inversées, son branchement"));
}

/* ---- without a cause: the figure and its limits ---- */

static void beyond(char *buf, int64_t apart_u6, const json_t *s, enum lang l, bool above)
{
	snprintf(buf, WORDS_REASON_MAX,
		 above ? tr(l, "%s %% above the limit", "%s %% au-dessus de la limite")
		       : tr(l, "%s %% below the limit", "%s %% au-dessous de la limite"),
		 figures_u6(apart_u6, (int)json_get_int(s, "round_digits", 2), FIGURE_PLAIN, l).s);
}

static void nonconforming(char *buf, const json_t *s, enum lang l)
{
	const int64_t err = figures_of(s, "err_rounded_u6");
	const int64_t lo = rounding_u6(json_get_f64(s, "limit_lo_pct"));
	const int64_t hi = rounding_u6(json_get_f64(s, "limit_hi_pct"));

	if (err == ROUNDING_NONE || lo == ROUNDING_NONE || hi == ROUNDING_NONE)
		snprintf(buf, WORDS_REASON_MAX, "%s", words_cause("error_beyond_limit", l));
	else if (err > hi)
		beyond(buf, err - hi, s, l, true);
	else if (err < lo)
		beyond(buf, lo - err, s, l, false);
	else
		snprintf(buf, WORDS_REASON_MAX, "%s",
			 tr(l, "not within the limits by the rule of the plan",
			    "hors des limites selon la règle du plan"));
}

static const char *inconclusive(const json_t *s, enum lang l)
{
	const double half = (json_get_f64(s, "limit_hi_pct") - json_get_f64(s, "limit_lo_pct")) / 2;
	const int64_t u = figures_of(s, "U_rounded_u6");

	if (u != ROUNDING_NONE && (double)u * 1e-6 > half)
		return tr(l, "the uncertainty is larger than the limits",
			  "l'incertitude est plus grande que les limites");
	return tr(l, "too close to the limit for this uncertainty",
		  "trop près de la limite pour cette incertitude");
}

static void append(char *buf, const char *text)
{
	const size_t len = strlen(buf);

	snprintf(buf + len, WORDS_REASON_MAX - len, "%s%s", len ? "; " : "", text);
}

static enum ee_cause cause_of(const char *word)
{
	for (int c = EE_CAUSE_NONE; word && c < EE_CAUSES; c++)
		if (strcmp(ee_cause_word((enum ee_cause)c), word) == 0)
			return (enum ee_cause)c;
	return EE_CAUSES;
}

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

char *words_reason(char buf[WORDS_REASON_MAX], const json_t *step, enum lang lang)
{
	const char *word = json_get_str(step, "cause"), *verdict = json_get_str(step, "verdict");

	buf[0] = '\0';
	if (word)
		of_cause(buf, cause_of(word), step, lang);
	if (word && !buf[0]) /* of a newer program */
		snprintf(buf, WORDS_REASON_MAX, "%s", word);
	if (!word && is(verdict, "nonconforming"))
		nonconforming(buf, step, lang);
	if (is(verdict, "inconclusive"))
		append(buf, inconclusive(step, lang));
	else if (json_is_true(json_object_get(step, "near_limit")))
		append(buf, tr(lang, "near limit", "près de la limite"));
	buf[text_utf8_prefix(buf, strlen(buf))] = '\0'; /* a cut may be inside a character */
	return buf;
}
