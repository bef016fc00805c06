/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "bench/version.h"

static const struct cli_option common_options[] = {
	{ "lab", "DIR", "laboratory folder (default: this folder)",
	  "dossier du laboratoire (par défaut : celui-ci)" },
	{ "lang", "en|fr", "language (default: from the locale)",
	  "langue (par défaut : celle du système)" },
	{ "json", NULL, "machine-readable output", "sortie lisible par une machine" },
	{ "help", NULL, "this text", "ce texte" },
	{ 0 }
};

int cli_fail(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("etalon: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int cli_fail_diag(const struct diag *d)
{
	diag_print(d, stderr);
	return EXIT_USAGE;
}

int cli_exit_of(int err)
{
	switch (err) {
	case ET_OK:
		return EXIT_CONFORMING;
	case ET_ERR_RECORD:
		return EXIT_RECORD;
	case ET_ERR_INTEGRITY:
		return EXIT_INTEGRITY;
	case ET_ERR_IO:
	case ET_ERR_DEVICE:
	case ET_ERR_TIMEOUT:
	case ET_ERR_PROTO:
	case ET_ERR_LOST:
		return EXIT_BENCH;
	default:
		return EXIT_USAGE;
	}
}

const char *cli_value(const struct cli_args *a, const char *name)
{
	for (size_t i = 0; a->options && a->options[i].name; i++)
		if (strcmp(a->options[i].name, name) == 0)
			return a->values[i];
	return NULL;
}

int cli_seed(const struct cli_args *a, uint64_t *seed)
{
	const char *text = cli_value(a, "seed");
	int64_t v;

	if (!text)
		return EXIT_CONFORMING;
	if (num_parse_i64(text, strlen(text), &v) != ET_OK || v < 1)
		return cli_fail(EXIT_USAGE, "--seed: \"%s\"; a whole number from 1", text);
	*seed = (uint64_t)v;
	return EXIT_CONFORMING;
}

/* ---- help ---- */

static void print_option(const struct cli_option *o, enum lang lang)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? " " : "",
		 o->value ? o->value : "");
	printf("  %-26s %s\n", left, tr(lang, o->en, o->fr));
}

static void help_overview(enum lang lang)
{
	printf("etalon %s\n%s\n\n%s\n\n", ETALON_VERSION,
	       tr(lang, "Verification of electricity meters on a test bench.",
		  "Vérification des compteurs d'électricité sur banc d'essai."),
	       tr(lang, "usage: etalon COMMAND [OPTIONS]; etalon COMMAND --help tells more",
		  "usage : etalon COMMANDE [OPTIONS]; etalon COMMANDE --help en dit plus"));
	for (const struct cli_command *c = cli_commands; c->name; c++)
		printf("  %-18s %s\n", c->name, tr(lang, c->en, c->fr));
	printf("\n%s\n",
	       tr(lang,
		  "exit codes: 0 all conforming or query succeeded, 1 a meter is not conforming or "
		  "unfinished,\n"
		  "2 usage or file wrong, 3 bench fault (source off), 4 record not written, 5 "
		  "integrity violated,\n"
		  "6 source not known to be off",
		  "codes de sortie : 0 tout est conforme ou la requête a réussi, 1 un compteur "
		  "n'est pas conforme\n"
		  "ou pas terminé, 2 usage ou fichier erroné, 3 panne du banc (source hors "
		  "tension), 4 le registre\n"
		  "n'a pu être écrit, 5 intégrité violée, 6 source peut-être sous tension"));
}

static void help_command(const struct cli_command *c, enum lang lang)
{
	printf("%s: etalon %s%s%s [OPTIONS]\n%s\n\n", tr(lang, "usage", "usage"), c->name,
	       c->words ? " " : "", c->words ? c->words : "", tr(lang, c->en, c->fr));
	for (const struct cli_option *o = c->options; o && o->name; o++)
		print_option(o, lang);
	for (const struct cli_option *o = common_options; o->name; o++)
		print_option(o, lang);
}

/* ---- parsing ---- */

/* The command whose name is the longest match of the first one or two words. */
static const struct cli_command *find_command(int argc, char **argv, int *used)
{
	const struct cli_command *found = NULL;

	for (const struct cli_command *c = cli_commands; c->name; c++) {
		const char *blank = strchr(c->name, ' ');

		if (!blank && argc > 1 && strcmp(argv[1], c->name) == 0 && !found) {
			found = c;
			*used = 2;
		} else if (blank && argc > 2 &&
			   strncmp(argv[1], c->name, (size_t)(blank - c->name)) == 0 &&
			   argv[1][blank - c->name] == '\0' && strcmp(argv[2], blank + 1) == 0) {
			found = c;
			*used = 3;
		}
	}
	return found;
}

/* Is argv[*i] the option @p o? Takes its value from "--name=value" or the next word. */
static bool take_option(const struct cli_option *o, int argc, char **argv, int *i,
			const char **value, int *bad)
{
	const size_t n = strlen(o->name);
	const char *arg = argv[*i] + 2;

	if (strncmp(arg, o->name, n) != 0 || (arg[n] != '\0' && arg[n] != '='))
		return false;
	if (!o->value) {
		if (arg[n] == '=')
			*bad = cli_fail(EXIT_USAGE, "--%s takes no value", o->name);
		*value = "";
	} else if (arg[n] == '=') {
		*value = arg + n + 1;
	} else if (*i + 1 < argc) {
		*value = argv[++*i];
	} else {
		*bad = cli_fail(EXIT_USAGE, "--%s needs a value: %s", o->name, o->value);
	}
	return true;
}

static int set_common(struct cli_args *a, size_t which, const char *value, bool *help)
{
	switch (which) {
	case 0:
		a->lab = value;
		return 0;
	case 1:
		if (strcmp(value, "en") != 0 && strcmp(value, "fr") != 0)
			return cli_fail(EXIT_USAGE, "--lang: \"%s\" is not a language; en or fr",
					value);
		a->lang = value[0] == 'f' ? LANG_FR : LANG_EN;
		return 0;
	case 2:
		a->json = true;
		return 0;
	default:
		*help = true;
		return 0;
	}
}

static int parse_option(struct cli_args *a, int argc, char **argv, int *i, bool *help)
{
	const char *value = NULL;
	int bad = 0;

	for (size_t k = 0; a->options && a->options[k].name; k++)
		if (take_option(&a->options[k], argc, argv, i, &value, &bad)) {
			a->values[k] = value;
			return bad;
		}
	for (size_t k = 0; common_options[k].name; k++)
		if (take_option(&common_options[k], argc, argv, i, &value, &bad))
			return bad ? bad : set_common(a, k, value, help);
	return cli_fail(EXIT_USAGE, "%s: no such option; `etalon %s --help` lists them", argv[*i],
			a->command);
}

static int parse_args(struct cli_args *a, int argc, char **argv, int first, bool *help)
{
	for (int i = first; i < argc; i++) {
		int bad = 0;

		if (strcmp(argv[i], "-h") == 0)
			*help = true;
		else if (strncmp(argv[i], "--", 2) == 0)
			bad = parse_option(a, argc, argv, &i, help);
		else if (a->n_words < CLI_WORDS_MAX)
			a->words[a->n_words++] = argv[i];
		else
			bad = cli_fail(EXIT_USAGE, "too many words: %s", argv[i]);
		if (bad)
			return bad;
	}
	return 0;
}

/* Without a command only --help, --version and --lang mean something. */
static int without_command(int argc, char **argv)
{
	enum lang lang = lang_from_locale();
	bool help = argc == 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("etalon %s\n", ETALON_VERSION);
			return EXIT_CONFORMING;
		}
		if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
			lang = argv[++i][0] == 'f' ? LANG_FR : LANG_EN;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 ||
			 strcmp(argv[i], "help") == 0)
			help = true;
		else
			return cli_fail(EXIT_USAGE,
					"%s: no such command; `etalon --help` lists them%s",
					argv[i], i > 1 ? ", and options follow the command" : "");
	}
	if (help)
		help_overview(lang);
	return argc == 1 ? EXIT_USAGE : EXIT_CONFORMING;
}

/* What could not be written whole is an error; who closed the pipe has seen enough. */
static int finish_stdout(int code)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return code;
	(void)cli_fail(code, "stdout: %s", errno ? strerror(errno) : "could not be written");
	return code == EXIT_CONFORMING ? EXIT_RECORD : code;
}

int cli_main(int argc, char **argv)
{
	struct cli_args a = { .lang = lang_from_locale(), .lab = "." };
	bool help = false;
	int first = 1, bad;
	const struct cli_command *c = find_command(argc, argv, &first);

	if (!c)
		return finish_stdout(without_command(argc, argv));
	a.options = c->options;
	a.command = c->name;
	bad = parse_args(&a, argc, argv, first, &help);
	if (bad)
		return bad;
	if (help) {
		help_command(c, a.lang);
		return finish_stdout(EXIT_CONFORMING);
	}
	if (a.n_words < c->min_words || a.n_words > c->max_words)
		return cli_fail(EXIT_USAGE, "usage: etalon %s%s%s; `etalon %s --help` tells more",
				c->name, c->words ? " " : "", c->words ? c->words : "", c->name);
	return finish_stdout(c->run(&a));
}
