/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/commands.h"

static const struct cli_option operator_option[] = { { "operator", "ID",
						       "who does it; must be on record",
						       "qui le fait; doit être au registre" },
						     { 0 } };
static const struct cli_option init_options[] = {
	{ "simulate", NULL, "a simulated laboratory, with meters to try",
	  "un laboratoire simulé, avec des compteurs" },
	{ "bench", "ID", "first part of every id (default B1, SIM)",
	  "début de chaque identifiant (défaut B1, SIM)" },
	{ "name", "TEXT", "name of the laboratory", "nom du laboratoire" },
	{ 0 }
};
static const struct cli_option run_options[] = {
	{ "batch", "FILE", "the meters: YAML or CSV", "les compteurs : YAML ou CSV" },
	{ "plan", "ID", "another plan than the batch names", "un autre plan que celui du lot" },
	{ "bench", "FILE", "another bench than bench.yaml", "un autre banc que bench.yaml" },
	{ "simulate", "SCENARIO", "on a simulated bench, in virtual time; without it live",
	  "sur un banc simulé, en temps virtuel; sans cela en direct" },
	{ "seed", "N", "of the simulation (default: the scenario's)",
	  "de la simulation (défaut : celui du scénario)" },
	{ "resume", NULL, "go on with an interrupted batch", "poursuivre un lot interrompu" },
	{ "record", "DIR", "write all that passes into a new folder, for `etalon replay`",
	  "tout consigner dans un nouveau dossier, pour `etalon replay`" },
	{ "operator", "ID", "who runs it; must be on record",
	  "qui l'exécute; doit être au registre" },
	{ 0 }
};
static const struct cli_option simulate_options[] = {
	{ "listen", NULL, "serve them on lines of this machine, in real time",
	  "les offrir sur des lignes de cette machine, en temps réel" },
	{ "seed", "N", "of the simulation (default: the scenario's)",
	  "de la simulation (défaut : celui du scénario)" },
	{ "tcp", NULL, "all on TCP ports (default: source and reader on ptys)",
	  "tous sur TCP (défaut : source et lecteur sur des pty)" },
	{ "bench-out", "FILE", "write the bench with these lines there",
	  "y écrire le banc avec ces lignes" },
	{ "bench", "FILE", "another bench than bench.yaml", "un autre banc que bench.yaml" },
	{ "until-eof", NULL, "end when the standard input ends",
	  "finir quand finit l'entrée standard" },
	{ 0 }
};
static const struct cli_option revision_option[] = { { "revision", "N",
						       "default: the highest on file",
						       "par défaut : la plus haute au dossier" },
						     { 0 } };
static const struct cli_option retire_options[] = { { "reason", "TEXT", "why", "pourquoi" },
						    { "operator", "ID",
						      "who does it; must be on record",
						      "qui le fait; doit être au registre" },
						    { 0 } };
static const struct cli_option person_options[] = {
	{ "id", "ID", "short and for ever", "court et définitif" },
	{ "name", "TEXT", "full name", "nom complet" },
	{ "role", "ROLE", "technician, signatory, auditor or admin",
	  "technician, signatory, auditor ou admin" },
	{ "operator", "ID", "who does it (not for the first person)",
	  "qui le fait (sauf pour la première personne)" },
	{ 0 }
};
static const struct cli_option history_options[] = {
	{ "batch", "ID", "meters of one batch", "compteurs d'un lot" },
	{ "since", "DAY", "batches opened from this day on (UTC)",
	  "lots ouverts dès ce jour (UTC)" },
	{ "until", "DAY", "batches opened before this day", "lots ouverts avant ce jour" },
	{ "verdict", "WORD", "conforming, nonconforming, inconclusive, void, open",
	  "conforming, nonconforming, inconclusive, void, open" },
	{ "approval", "NO", "meters of one notice", "compteurs d'un avis" },
	{ "apparatus", "ID", "meters measured with this apparatus",
	  "compteurs mesurés avec cet appareil" },
	{ 0 }
};
static const struct cli_option output_option[] = { { "output", "FILE",
						     "write there instead of stdout",
						     "écrire là plutôt qu'à la sortie standard" },
						   { 0 } };
static const struct cli_option recompute_options[] = { { "batch", "ID", "one batch", "un lot" },
						       { "all", NULL, "all of them", "tous" },
						       { 0 } };
static const struct cli_option export_options[] = {
	{ "journal", NULL, "every entry and the raw data, as JSON lines",
	  "chaque entrée et les données brutes, en JSON" },
	{ "output", "FILE", "write there instead of stdout",
	  "écrire là plutôt qu'à la sortie standard" },
	{ 0 }
};

static const struct cli_option rebuild_options[] = {
	{ "force", NULL, "also when they differ: that is evidence, look at it first",
	  "même si elles diffèrent : c'est un indice, à examiner d'abord" },
	{ 0 }
};

static const struct cli_option detect_options[] = {
	{ "bench", "FILE", "ask on the links of this bench.yaml",
	  "interroger les liaisons de ce bench.yaml" },
	{ "scan", NULL, "ask on all serial ports of this machine",
	  "interroger tous les ports série de cette machine" },
	{ "write", "FILE", "write a new bench.yaml with what was found",
	  "écrire un nouveau bench.yaml avec ce qui a été trouvé" },
	{ 0 }
};

const struct cli_command cli_commands[] = {
	{ "init", "DIR", 1, 1, "make a laboratory folder", "créer un dossier de laboratoire",
	  init_options, cmd_init },
	{ "run", NULL, 0, 0, "verify a batch of meters", "vérifier un lot de compteurs",
	  run_options, cmd_run },
	{ "simulate", "SCENARIO", 1, 1, "serve simulated instruments; faults by lines on stdin",
	  "offrir des instruments simulés; pannes par lignes à l'entrée", simulate_options,
	  cmd_simulate },
	{ "drivers", NULL, 0, 0, "instruments that can be driven", "instruments pris en charge",
	  NULL, cmd_drivers },
	{ "detect", "[LINK ...]", 0, CLI_WORDS_MAX,
	  "which instruments answer: on the links of bench.yaml, or on those given",
	  "quels instruments répondent : sur les liaisons de bench.yaml ou sur celles données",
	  detect_options, cmd_detect },
	{ "approval list", NULL, 0, 0, "notices of approval on file",
	  "avis d'approbation au dossier", NULL, cmd_approval_list },
	{ "approval show", "NUMBER", 1, 1, "one notice, whole", "un avis, en entier",
	  revision_option, cmd_approval_show },
	{ "approval check", "BATCH-FILE", 1, 1, "meters against their notices",
	  "des compteurs face à leurs avis", NULL, cmd_approval_check },
	{ "plan list", NULL, 0, 0, "plans on file", "plans au dossier", NULL, cmd_plan_list },
	{ "plan show", "ID", 1, 1, "one plan, whole", "un plan, en entier", NULL, cmd_plan_show },
	{ "plan check", "FILE", 1, 1, "is a plan file right?", "un fichier de plan est-il correct?",
	  NULL, cmd_plan_check },
	{ "apparatus add", "FILE", 1, 1, "register apparatus or its new certificate",
	  "inscrire un appareil ou son nouveau certificat", operator_option, cmd_apparatus_add },
	{ "apparatus list", NULL, 0, 0, "measuring apparatus on record",
	  "appareils de mesure au registre", NULL, cmd_apparatus_list },
	{ "apparatus show", "ID", 1, 1, "one apparatus with its correction table",
	  "un appareil et sa table de correction", NULL, cmd_apparatus_show },
	{ "apparatus retire", "ID", 1, 1, "take apparatus out of use",
	  "retirer un appareil du service", retire_options, cmd_apparatus_retire },
	{ "person add", NULL, 0, 0, "register a person", "inscrire une personne", person_options,
	  cmd_person_add },
	{ "person list", NULL, 0, 0, "people on record", "personnes au registre", NULL,
	  cmd_person_list },
	{ "history", "[SERIAL]", 0, 1, "all that is known of a meter, or a list of meters",
	  "tout ce qu'on sait d'un compteur, ou une liste de compteurs", history_options,
	  cmd_history },
	{ "report batch", "ID", 1, 1, "the report of one batch", "le rapport d'un lot",
	  output_option, cmd_report_batch },
	{ "audit verify", NULL, 0, 0, "prove that nobody changed the record",
	  "prouver que personne n'a changé le registre", NULL, cmd_audit_verify },
	{ "audit head", NULL, 0, 0, "number of entries and last hash, to be kept elsewhere",
	  "nombre d'entrées et dernière empreinte, à conserver ailleurs", NULL, cmd_audit_head },
	{ "recompute", NULL, 0, 0, "today's code against the stored figures",
	  "le code d'aujourd'hui face aux chiffres enregistrés", recompute_options, cmd_recompute },
	{ "replay", "DIR | TRANSCRIPT...", 1, CLI_WORDS_MAX,
	  "run a recording of `run --record` again and compare; list single transcripts",
	  "rejouer un enregistrement de `run --record` et comparer; lister des transcriptions",
	  NULL, cmd_replay },
	{ "export", NULL, 0, 0, "copy the record out", "copier le registre", export_options,
	  cmd_export },
	{ "db rebuild", NULL, 0, 0, "make all tables anew from the journal",
	  "refaire les tables depuis le journal", rebuild_options, cmd_db_rebuild },
	{ 0 }
};
