/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_arrows.c - which room may include which: reads every #include of the tree. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/near.h"

/* Rooms below, besides the room itself. docs/architecture.md draws the same arrows. */
static const struct room {
	const char *name;
	const char *below[8];
} rooms[] = {
	{ "base", { NULL } },
	{ "io", { "base" } },
	{ "metrology", { "base" } },
	{ "db", { "base" } },
	{ "drivers", { "io", "base" } },
	{ "procedures", { "metrology", "base" } },
	{ "simulator", { "io", "metrology", "base" } },
	{ "reports", { "db", "procedures", "metrology", "base" } },
	{ "console", { "db", "procedures", "metrology", "base" } },
	{ "bench",
	  { "base", "io", "metrology", "drivers", "procedures", "db", "reports", "simulator" } },
};
enum { ROOMS = sizeof(rooms) / sizeof(rooms[0]), PATH_CAP = 512 };

struct count {
	int files, includes, wrong;
};

static const struct room *room_of(const char *path)
{
	size_t len = strcspn(path, "/");

	for (size_t i = 0; path[len] == '/' && i < ROOMS; i++)
		if (strlen(rooms[i].name) == len && memcmp(path, rooms[i].name, len) == 0)
			return &rooms[i];
	return NULL;
}

/* @return NULL, or what is wrong when a file of @p from includes @p path. */
static const char *judge(const struct room *from, const char *path, bool quotes)
{
	const struct room *to = room_of(path);

	if (strstr(path, ".."))
		return "is not written from the top of the tree";
	if (!to) /* a header of the system, or none that we know */
		return quotes ? "is in no room, or not written from the top of the tree" : NULL;
	if (to == from)
		return NULL;
	for (size_t i = 0; i < 8 && from->below[i]; i++)
		if (strcmp(from->below[i], to->name) == 0)
			return NULL;
	return "goes against the arrows";
}

/* @return true: the line is an include, of @p path. */
static bool parse_include(const char *line, char path[PATH_CAP], bool *quotes)
{
	size_t len;

	line += strspn(line, " \t");
	if (*line++ != '#')
		return false;
	line += strspn(line, " \t");
	if (strncmp(line, "include", 7) != 0)
		return false;
	line += 7 + strspn(line + 7, " \t");
	if (*line != '"' && *line != '<')
		return false;
	*quotes = *line == '"';
	len = strcspn(line + 1, *quotes ? "\"" : ">");
	if (len >= PATH_CAP)
		return false;
	memcpy(path, line + 1, len);
	path[len] = '\0';
	return true;
}

static void read_file(const char *file, const struct room *room, struct count *n)
{
	char line[1024], path[PATH_CAP];
	FILE *f = fopen(file, "r");
	bool quotes;

	assert_non_null(f);
	n->files++;
	for (int no = 1; fgets(line, sizeof(line), f); no++) {
		const char *why;

		if (!parse_include(line, path, &quotes))
			continue;
		n->includes++;
		why = judge(room, path, quotes);
		if (!why)
			continue;
		n->wrong++;
		print_message("%s:%d: %s %s\n", file, no, path, why);
	}
	fclose(f);
}

static void read_folder(const char *folder, const struct room *room, struct count *n)
{
	DIR *d = opendir(folder);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');
		char path[PATH_CAP];
		struct stat st;

		if (e->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >= (int)sizeof(path) ||
		    lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			read_folder(path, room, n);
		else if (S_ISREG(st.st_mode) && dot && (!strcmp(dot, ".c") || !strcmp(dot, ".h")))
			read_file(path, room, n);
	}
	if (d)
		closedir(d);
}

static struct count read_tree(const char *root)
{
	struct count n = { 0 };

	for (size_t i = 0; i < ROOMS; i++) {
		char folder[PATH_CAP];

		snprintf(folder, sizeof(folder), "%s/%s", root, rooms[i].name);
		read_folder(folder, &rooms[i], &n);
	}
	return n;
}

/* Tests run from the top of the tree, or from a folder inside it. */
static const char *find_root(void)
{
	static const char *const roots[] = { ".", "..", "../..", "../../.." };

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		char path[PATH_CAP];

		snprintf(path, sizeof(path), "%s/base/err.h", roots[i]);
		if (access(path, R_OK) == 0)
			return roots[i];
	}
	return NULL;
}

static void the_tree_follows_the_arrows(void **state)
{
	const char *root = find_root();
	struct count n;

	(void)state;
	assert_non_null(root);
	n = read_tree(root);
	print_message("%d includes in %d files\n", n.includes, n.files);
	assert_true(n.files >= 20);
	assert_true(n.includes >= 100);
	assert_int_equal(n.wrong, 0);
}

static void every_arrow_of_the_table(void **state)
{
	static const struct {
		const char *from, *line;
		bool right;
	} cases[] = {
		{ "base/", "#include \"base/err.h\"", true },
		{ "base/", "#include \"io/clock.h\"", false },
		{ "io/", "#include \"base/err.h\"", true },
		{ "io/", "#include \"drivers/driver.h\"", false },
		{ "metrology/", "  #  include\t\"io/clock.h\" /* no clock */", false },
		{ "drivers/", "#include \"procedures/plan.h\"", false },
		{ "drivers/", "#include \"io/port.h\"", true },
		{ "procedures/", "#include \"drivers/driver.h\"", false },
		{ "procedures/", "#include \"io/clock.h\"", false },
		{ "procedures/", "#include \"metrology/decision.h\"", true },
		{ "db/", "#include \"procedures/plan.h\"", false },
		{ "reports/", "#include \"db/query.h\"", true },
		{ "reports/", "#include \"bench/sequencer.h\"", false },
		{ "simulator/", "#include \"drivers/driver.h\"", false },
		{ "bench/", "#include \"simulator/simulator.h\"", true },
		{ "bench/", "#include \"console/page.h\"", false },
		{ "bench/", "#include \"tests/support/near.h\"", false },
		{ "bench/", "#include <sys/stat.h>", true },
		{ "base/", "#include <io/clock.h>", false },
		{ "base/", "#include \"err.h\"", false },
		{ "drivers/", "#include \"../procedures/plan.h\"", false },
		{ "drivers/", "#include \"drivers/../procedures/plan.h\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[PATH_CAP];
		bool quotes;

		print_message("%s %s\n", cases[i].from, cases[i].line);
		assert_true(parse_include(cases[i].line, path, &quotes));
		assert_int_equal(judge(room_of(cases[i].from), path, quotes) == NULL,
				 cases[i].right);
	}
}

/* The reader of the tree must find what is planted in a tree. */
static void a_planted_arrow_is_found(void **state)
{
	char root[] = "/tmp/etalon-test-arrows-XXXXXX";
	char path[PATH_CAP];
	struct count n;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/drivers", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/drivers/kind", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/drivers/kind/bad.c", root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("#include <stdio.h>\n#include \"base/err.h\"\n#include \"procedures/plan.h\"\n", f);
	fclose(f);
	n = read_tree(root);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(root);
	assert_int_equal(n.files, 1);
	assert_int_equal(n.includes, 3);
	assert_int_equal(n.wrong, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_follows_the_arrows),
		cmocka_unit_test(every_arrow_of_the_table),
		cmocka_unit_test(a_planted_arrow_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
