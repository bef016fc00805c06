/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/quantities.h"
#include "bench/builtin.h"

/* 2026-01-05 08:00 in Montréal: a simulated laboratory begins there, so that its record can be repeated. */
#define SIMULATED_UTC_NS (INT64_C(1767618000) * ET_NS_PER_S)
#define SIMULATED_OFFSET_S (-5 * 3600)
#define SIMULATED_BOOT_ID "00000000-0000-4000-8000-000000000001"

const char *lab_path(const struct lab *l, const char *name, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", l->dir, name) >= PATH_MAX)
		out[PATH_MAX - 1] = '\0';
	return out;
}

static int read_identity(struct lab *l, struct fault *f)
{
	json_t *made = db_last(l->db, "laboratory.created", NULL, NULL, NULL);
	const char *bench = made ? json_get_str(made, "bench") : NULL;

	if (bench) {
		snprintf(l->bench_id, sizeof(l->bench_id), "%s", bench);
		l->simulated = json_is_true(json_object_get(made, "simulated"));
	}
	json_decref(made);
	return bench ? ET_OK
		     : fault_set(f, ET_ERR_INTEGRITY, "%s/etalon.db: no laboratory.created entry",
				 l->dir);
}

int lab_check(const char *dir, struct fault *f)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/etalon.db", dir);
	if (access(path, F_OK) == 0)
		return ET_OK;
	return fault_set(f, ET_ERR_FILE,
			 "%s: not a laboratory folder (no etalon.db); `etalon init %s` makes one",
			 dir, dir);
}

int lab_open(const char *dir, enum db_mode mode, struct lab *out, struct fault *f)
{
	struct lab l = { 0 };
	char path[PATH_MAX];
	int err = lab_check(dir, f);

	if (err != ET_OK)
		return err;
	snprintf(l.dir, sizeof(l.dir), "%s", dir);
	lab_path(&l, "etalon.db", path);
	err = db_open(path, mode, NULL, &l.db, f);
	if (err != ET_OK)
		return err;
	err = read_identity(&l, f);
	if (err != ET_OK) {
		db_close(l.db);
		return err;
	}
	*out = l;
	return ET_OK;
}

void lab_close(struct lab *l)
{
	db_close(l->db);
	l->db = NULL;
}

/* ---- time ---- */

static int keep_last(void *arg, const struct journal_entry *e)
{
	struct clk_start *last = arg;

	last->mono_ns = e->mono_ns;
	last->utc_ns = e->utc_ns;
	last->utc_offset_s = e->utc_offset_s;
	snprintf(last->boot_id, sizeof(last->boot_id), "%s", e->boot_id);
	return ET_OK;
}

static struct clk_start simulated_begin(void)
{
	struct clk_start s = { .mono_ns = ET_NS_PER_S,
			       .utc_ns = SIMULATED_UTC_NS,
			       .utc_offset_s = SIMULATED_OFFSET_S };

	snprintf(s.boot_id, sizeof(s.boot_id), "%s", SIMULATED_BOOT_ID);
	return s;
}

static int real_now(struct clk_start *out, struct fault *f)
{
	struct clk *c = clk_real_new();

	if (!c)
		return fault_set(f, ET_ERR_NOMEM, "out of memory");
	out->mono_ns = clk_now_ns(c);
	out->utc_ns = clk_utc_ns(c);
	out->utc_offset_s = clk_utc_offset_s(c);
	snprintf(out->boot_id, sizeof(out->boot_id), "%s", clk_boot_id(c));
	clk_free(c);
	return ET_OK;
}

int lab_now(struct lab *l, struct lab_time *out, struct fault *f)
{
	struct lab_time t = { .start = simulated_begin() };
	char head[65];
	int64_t n = 0;
	int err;

	if (!l->simulated)
		return real_now(&out->start, f);
	err = db_head(l->db, &n, head, f);
	if (err == ET_OK && n > 0)
		err = db_each(l->db, n, keep_last, &t.start, f);
	if (err != ET_OK)
		return err;
	t.start.mono_ns += ET_NS_PER_S;
	t.start.utc_ns += ET_NS_PER_S;
	*out = t;
	return ET_OK;
}

int lab_record(struct lab *l, const char *actor, const char *kind, const json_t *payload,
	       struct fault *f)
{
	struct lab_time now;
	int err = lab_now(l, &now, f);

	if (err == ET_OK)
		err = db_begin(l->db, f);
	if (err != ET_OK)
		return err;
	const struct journal_stamp stamp = { .utc_ns = now.start.utc_ns,
					     .utc_offset_s = now.start.utc_offset_s,
					     .boot_id = now.start.boot_id,
					     .mono_ns = now.start.mono_ns,
					     .actor = actor };
	err = db_append(l->db, &stamp, kind, payload, NULL, f);
	if (err == ET_OK)
		err = db_commit(l->db, f);
	else
		db_rollback(l->db);
	return err;
}

bool lab_knows_person(struct lab *l, const char *id)
{
	json_t *p = db_last(l->db, "person.added", "id", id, NULL);
	const bool known = p != NULL;

	json_decref(p);
	return known;
}

/* ---- making a folder ---- */

/* Where a built-in file goes in a laboratory folder; NULL: not there. */
static const char *place_of(const char *path, bool simulated)
{
	static const struct {
		const char *from, *to;
		int simulated;
	} places[] = {
		{ "procedures/approvals/", "approvals/", -1 },
		{ "procedures/plans/", "plans/", -1 },
		{ "drivers/reference_standard/registers/", "registers/", -1 },
		{ "examples/laboratory/", "", 0 },
		{ "examples/simulated/", "", 1 },
	};
	static char to[256];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const size_t n = strlen(places[i].from);

		if (strncmp(path, places[i].from, n) != 0)
			continue;
		if (places[i].simulated >= 0 && places[i].simulated != (int)simulated)
			return NULL;
		snprintf(to, sizeof(to), "%s%s", places[i].to, path + n);
		return to;
	}
	return NULL;
}

static int make_parents(char *path, struct fault *f)
{
	for (char *s = strchr(path + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
		*s = '/';
	}
	return ET_OK;
}

/* Does the file hold just these bytes? Then an earlier try has written it. */
static bool holds(const char *path, const char *begin, size_t len)
{
	FILE *in = fopen(path, "re");
	bool same = in != NULL;

	for (size_t i = 0; same && i < len; i++)
		same = fgetc(in) == (unsigned char)begin[i];
	same = same && fgetc(in) == EOF && !ferror(in);
	if (in)
		fclose(in);
	return same;
}

/* A file of a person is never overwritten, and half a file is not left behind. */
static int write_new(char *path, const char *begin, size_t len, struct fault *f)
{
	int err = make_parents(path, f), fd;
	ssize_t n;

	if (err != ET_OK)
		return err;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST && holds(path, begin, len))
		return ET_OK;
	if (fd < 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
	n = write(fd, begin, len);
	if (n != (ssize_t)len)
		err = fault_set(f, ET_ERR_IO, "%s: %s", path,
				n < 0 ? strerror(errno) : "could not be written whole");
	if (close(fd) != 0 && err == ET_OK)
		err = fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));
	if (err != ET_OK)
		(void)unlink(path);
	return err;
}

static int write_files(const struct lab *l, struct fault *f)
{
	for (const struct builtin_file *b = builtin_files; b->path; b++) {
		const char *to = place_of(b->path, l->simulated);
		char path[PATH_MAX];
		int err;

		if (!to)
			continue;
		lab_path(l, to, path);
		err = write_new(path, b->begin, (size_t)(b->end - b->begin), f);
		if (err != ET_OK)
			return err;
	}
	return ET_OK;
}

/* A record without its first entry is none: the next try shall begin anew. */
static void remove_record(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char file[PATH_MAX];

		if (snprintf(file, sizeof(file), "%s%s", path, ends[i]) < PATH_MAX)
			(void)unlink(file);
	}
}

int lab_create(const char *dir, const char *bench_id, const char *name, bool simulated,
	       struct fault *f)
{
	struct lab l = { .simulated = simulated };
	char path[PATH_MAX];
	json_t *made;
	int err;

	snprintf(l.dir, sizeof(l.dir), "%s", dir);
	lab_path(&l, "etalon.db", path);
	if (access(path, F_OK) == 0)
		return fault_set(f, ET_ERR_FILE, "%s: is a laboratory folder already", dir);
	err = make_parents(path, f);
	if (err == ET_OK)
		err = write_files(&l, f);
	if (err == ET_OK)
		err = db_open(path, DB_CREATE, NULL, &l.db, f);
	if (err != ET_OK) {
		remove_record(path);
		return err;
	}
	made = json_pack("{s:s, s:s, s:b}", "bench", bench_id, "name", name, "simulated",
			 simulated);
	err = made ? lab_record(&l, "etalon", "laboratory.created", made, f)
		   : fault_set(f, ET_ERR_NOMEM, "the name is not UTF-8, or out of memory");
	json_decref(made);
	lab_close(&l);
	if (err != ET_OK)
		remove_record(path);
	return err;
}
