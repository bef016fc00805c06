/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/live_bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "db/journal.h"

enum { WORDS_MAX = 40 };

/* ---- programs ---- */

static const char *program(void)
{
	static char path[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "etalon");
	return path;
}

/* These programs live in real time and need little of it. On a machine that is busy with other things they must not
 * wait for seconds until it is their turn, which says nothing about them; where that is not allowed, it may happen. */
static void come_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	(void)sched_setscheduler(0, SCHED_RR, &first);
}

/* In the child: never returns. in, out, err: what becomes 0, 1, 2. */
static void become(const struct live_bench *b, const char *words, int in, int out, int err)
{
	char copy[1024], *argv[WORDS_MAX] = { (char *)(uintptr_t) "etalon" }, *save = NULL;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w && argc < WORDS_MAX - 1;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (chdir(b->dir) != 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(99);
	setenv("LC_ALL", "C.UTF-8", 1);
	come_first();
	execv(program(), argv);
	_exit(98);
}

static int open_in(const struct live_bench *b, const char *name, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

/* What the program before had to say must not be taken for the next one's. */
static void forget_words(const struct live_bench *b)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/out.txt", b->dir);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/err.txt", b->dir);
	(void)unlink(path);
}

pid_t live_bench_start(const struct live_bench *b, const char *words)
{
	return live_bench_start_with(b, words, NULL);
}

pid_t live_bench_start_with(const struct live_bench *b, const char *words, const char *preload)
{
	pid_t pid;

	forget_words(b);
	pid = fork();
	if (pid == 0 && preload)
		setenv("LD_PRELOAD", preload, 1);
	if (pid == 0)
		become(b, words, open("/dev/null", O_RDONLY | O_CLOEXEC),
		       open_in(b, "out.txt", O_WRONLY | O_CREAT | O_TRUNC),
		       open_in(b, "err.txt", O_WRONLY | O_CREAT | O_TRUNC));
	return pid;
}

pid_t live_bench_start_in_terminal(const struct live_bench *b, const char *words, int *master)
{
	pid_t pid;

	forget_words(b);
	pid = forkpty(master, NULL, NULL, NULL);
	if (pid == 0)
		become(b, words, 0, 1, 2);
	if (pid > 0)
		(void)fcntl(*master, F_SETFL, O_NONBLOCK);
	return pid;
}

int live_bench_wait(pid_t pid, int patience_s, struct rusage *use)
{
	struct rusage mine;
	int status = 0;

	for (int i = 0; i < 20 * patience_s; i++) {
		const struct timespec nap = { 0, 50000000 };

		if (wait4(pid, &status, WNOHANG, use ? use : &mine) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		nanosleep(&nap, NULL);
	}
	fprintf(stderr, "process %d did not end in %d s\n", (int)pid, patience_s);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

int live_bench_run(const struct live_bench *b, const char *words)
{
	return live_bench_wait(live_bench_start(b, words), 120, NULL);
}

char *live_bench_read(const struct live_bench *b, const char *name)
{
	const int fd = open_in(b, name, O_RDONLY);
	char *text = calloc(1, 1 << 20);
	ssize_t n;

	for (size_t at = 0; fd >= 0 && text; at += (size_t)n)
		if ((n = read(fd, text + at, (1 << 20) - 1 - at)) <= 0)
			break;
	if (fd >= 0)
		close(fd);
	return text;
}

/* ---- the laboratory ---- */

int live_bench_write(const struct live_bench *b, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/lab/%s", b->dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) == EOF) {
		perror(path);
		if (f)
			fclose(f);
		return -1;
	}
	return fclose(f);
}

/* The line that begins with @p key says @p value instead. */
static void say_instead(char *text, size_t cap, const char *key, const char *value)
{
	char *at = strstr(text, key), *end = at ? strchr(at, '\n') : NULL, *rest;

	if (!end)
		return;
	rest = strdup(end);
	snprintf(at, cap - (size_t)(at - text), "%s %s%s", key, value, rest);
	free(rest);
}

/* Live sessions are on the calendar of the machine, and a certificate holds for a year. */
static int add_apparatus(const struct live_bench *b, const char *name)
{
	const time_t yesterday = time(NULL) - 86400;
	char path[64], words[128], day[16], *text;
	struct tm tm;
	int bad;

	snprintf(path, sizeof(path), "lab/apparatus/%s.yaml", name);
	strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&yesterday, &tm));
	text = live_bench_read(b, path);
	say_instead(text, 1 << 20, "issued:", day);
	say_instead(text, 1 << 20, "expires:", "2099-01-01");
	bad = live_bench_write(b, path + 4, text);
	free(text);
	snprintf(words, sizeof(words), "apparatus add %s --operator anna --lab lab", path);
	return bad ? -1 : live_bench_run(b, words);
}

int live_bench_make(struct live_bench *b)
{
	*b = (struct live_bench){ 0 };
	strcpy(b->dir, "/tmp/etalon-live-XXXXXX");
	if (!mkdtemp(b->dir)) {
		perror(b->dir);
		return -1;
	}
	if (live_bench_run(b, "init lab --simulate") != 0 ||
	    live_bench_run(b, "person add --id anna --name Anna --role technician --lab lab") !=
		    0 ||
	    add_apparatus(b, "reference") != 0 || add_apparatus(b, "reader") != 0) {
		char *err = live_bench_read(b, "err.txt");

		fprintf(stderr, "the laboratory could not be made: %s\n", err);
		free(err);
		return -1;
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void live_bench_remove(struct live_bench *b)
{
	if (b->server)
		(void)live_bench_stop(b);
	if (b->dir[0])
		(void)nftw(b->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	b->dir[0] = '\0';
}

/* ---- the server ---- */

static int read_ports(struct live_bench *b)
{
	char line[2048];
	json_t *o = fgets(line, sizeof(line), b->from) ? json_parse(line, strcspn(line, "\n"), NULL)
						       : NULL;

	b->ports = json_incref(json_object_get(o, "ports"));
	json_decref(o);
	return b->ports ? 0 : -1;
}

int live_bench_serve(struct live_bench *b, const char *scenario, const char *more)
{
	char words[512];
	int in[2], out[2];

	snprintf(words, sizeof(words),
		 "simulate lab/%s --listen --lab lab --bench-out live.yaml --until-eof --json %s",
		 scenario, more);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return -1;
	b->server = fork();
	if (b->server == 0)
		become(b, words, in[0], out[1],
		       open_in(b, "server.txt", O_WRONLY | O_CREAT | O_TRUNC));
	close(in[0]);
	close(out[1]);
	b->to = fdopen(in[1], "w");
	b->from = fdopen(out[0], "r");
	return b->server > 0 && b->to && b->from ? read_ports(b) : -1;
}

int live_bench_tell(struct live_bench *b, const char *line, char *answer, size_t cap)
{
	if (fprintf(b->to, "%s\n", line) < 0 || fflush(b->to) != 0 ||
	    !fgets(answer, (int)cap, b->from))
		return -1;
	answer[strcspn(answer, "\n")] = '\0';
	return 0;
}

int live_bench_stop(struct live_bench *b)
{
	int code;

	fclose(b->to);
	code = live_bench_wait(b->server, 30, NULL);
	fclose(b->from);
	json_decref(b->ports);
	b->ports = NULL;
	b->server = 0;
	return code;
}

/* ---- figures ---- */

static void ask_truth(struct live_bench *b, const json_t *obs, double card_kh_wh,
		      struct live_figure *out)
{
	const json_int_t first = json_get_int(obs, "seq_first", -1),
			 last = json_get_int(obs, "seq_last", -1);
	char line[80], answer[512];
	json_t *o;

	out->truth_pct = NAN;
	snprintf(line, sizeof(line), "truth %d %lld %lld", out->position, (long long)first,
		 (long long)last);
	if (live_bench_tell(b, line, answer, sizeof(answer)) != 0)
		return;
	o = json_parse(answer, strlen(answer), NULL);
	out->truth_pct = 100 * ((1 + json_get_f64(o, "err_pct") / 100) * card_kh_wh /
					json_get_f64(o, "kh_wh") -
				1);
	out->lost = json_get_int(o, "n_pulses", -1) - (last - first);
	json_decref(o);
}

struct figures {
	struct live_bench *b;
	struct live_figure *out;
	int n, cap, attempts;
};

static void tell_cause(int attempt, const json_t *at)
{
	const char *cause = json_get_str(at, "cause"), *fault = json_get_str(at, "fault");

	if (cause)
		fprintf(stderr, "attempt %d: %s: %s\n", attempt, cause, fault ? fault : "");
}

static void add_attempt(struct figures *x, const json_t *at)
{
	const json_t *pos;
	size_t i;

	tell_cause(x->attempts, at);
	json_array_foreach(json_object_get(at, "positions"), i, pos)
	{
		const json_t *obs = json_object_get(pos, "observation");
		struct live_figure *o = &x->out[x->n];

		if (x->n == x->cap)
			break;
		*o = (struct live_figure){
			.attempt = x->attempts,
			.position = (int)json_get_int(pos, "position", 0),
			.err_pct = json_get_f64(obs, "err_pct"),
			.U_pct = json_get_f64(obs, "U_pct"),
			.n_edges = json_get_int(obs, "n_edges", 0),
			.n_missed = json_get_int(obs, "n_missed", 0),
			.armed_s = 1e-9 * (double)(json_get_int(at, "ended_mono_ns", 0) -
						   json_get_int(at, "armed_mono_ns", 0)),
		};
		o->done = strcmp(json_get_str(at, "result"), "done") == 0;
		snprintf(o->verdict, sizeof(o->verdict), "%s", json_get_str(pos, "verdict"));
		ask_truth(x->b, obs, json_get_f64(json_object_get(pos, "setup"), "kh_wh"), o);
		x->n++;
	}
	x->attempts++;
}

static int each_entry(void *arg, const struct journal_entry *e)
{
	json_t *at;

	if (strcmp(e->kind, "attempt.stored") != 0)
		return ET_OK;
	at = json_parse(e->payload, e->payload_len, NULL);
	add_attempt(arg, at);
	json_decref(at);
	return ET_OK;
}

int live_bench_figures(struct live_bench *b, struct live_figure *out, int cap)
{
	struct figures x = { .b = b, .out = out, .cap = cap };
	char path[PATH_MAX];
	struct fault f = { 0 };
	struct db *db = NULL;
	int err;

	snprintf(path, sizeof(path), "%s/lab/etalon.db", b->dir);
	err = db_open(path, DB_READ, NULL, &db, &f);
	if (err == ET_OK) {
		err = db_each(db, 1, each_entry, &x, &f);
		db_close(db);
	}
	if (err != ET_OK)
		fprintf(stderr, "%s\n", f.text);
	return err == ET_OK ? x.n : -1;
}
