/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/strike.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/quantities.h"

#define PATIENCE_S 120.0

/* Quick instruments and a short plan: a run takes a few seconds of real time and passes all states. */
static const char scenario[] =
	"schema: etalon/scenario/1\n"
	"epoch: \"2026-03-02T08:00:00-05:00\"\n"
	"bench: {connection: series, configuration: 1}\n"
	"source: {on_time_s: 0.2, off_time_s: 0.1, settle_tau_s: 0.05}\n"
	"reference: {energy_update_s: 0.2, integration_s: 0.2}\n"
	"meters:\n"
	"  - {position: 1, kh_wh: 0.5, gain_pct: 0.20, latency_jitter_s: 0.0001}\n"
	"  - {position: 2, kh_wh: 0.5, gain_pct: 6.00, latency_jitter_s: 0.0001}\n";

static const char plan[] =
	"schema: etalon/plan/1\n"
	"id: strike\n"
	"version: 1\n"
	"standing: sample\n"
	"title: {en: Short, fr: Bref}\n"
	"source: {document: \"none, example values / aucun, valeurs d'exemple\"}\n"
	"rule: simple\n"
	"rounding: {digits: 2, mode: half_even}\n"
	"floor_a_pct: 1.5\n"
	"settle_s: 0.2\n"
	"cap_s: 1.5\n"
	"retries: 2\n"
	"window: {volt_pct: 1.0, curr_pct: 2.0, phase_deg: 1.0, freq_pct: 0.5}\n"
	"steps:\n"
	"  - {id: HL, kind: energy_error, title: {en: High load, fr: Forte charge},\n"
	"     current_pct_imax: 100, volt_pct: 100, power_factor: 1, limit_lo_pct: -3.0, "
	"limit_hi_pct: 3.0}\n"
	"  - {id: PF, kind: energy_error, title: {en: Half, fr: Demi}, current_pct_imax: 100,\n"
	"     volt_pct: 100, power_factor: 0.5, sense: lag, limit_lo_pct: -3.0, limit_hi_pct: "
	"3.0}\n";

static const char batch[] = "schema: etalon/batch/1\n"
			    "id: STRIKE-%d\n"
			    "work_order: WO-1\n"
			    "owner: {name: Hydro-Exemple, address: \"1 rue du Sceau\"}\n"
			    "as: as_left\n"
			    "plan: strike\n"
			    "approval: AE-1559\n"
			    "approval_revision: 16\n"
			    "configuration: 1\n"
			    "volt_v: 120\n"
			    "curr_min_a: 1\n"
			    "curr_max_a: 100\n"
			    "meters:\n"
			    "  - {position: 1, maker: Landis+Gyr, model: Focus ALF, serial: "
			    "\"%d1\", approval: AE-1559, approval_revision: 16,\n"
			    "     configuration: 1, volt_v: 120, curr_min_a: 1, curr_max_a: 100, "
			    "kh_wh: 0.5, firmware: \"3.22\"}\n"
			    "  - {position: 2, maker: Landis+Gyr, model: Focus ALF, serial: "
			    "\"%d2\", approval: AE-1559, approval_revision: 16,\n"
			    "     configuration: 1, volt_v: 120, curr_min_a: 1, curr_max_a: 100, "
			    "kh_wh: 0.5, firmware: \"3.22\"}\n";

const char *strike_place_word(int place)
{
	static const char *const words[STRIKE_PLACES] = { "source", "reference", "reader",
							  "record", "prompt",	 "screen" };

	return words[place];
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * ET_NS_PER_S + t.tv_nsec;
}

/* ---- the bench ---- */

/* The bench file of the server with the relay's ports in the place of the instruments'. */
static int write_relayed(const struct strike_bench *s)
{
	char *text = live_bench_read(&s->b, "live.yaml");
	int err;

	for (int i = 0; i < RELAY_LINES; i++) {
		char old[32], new[32], *at;

		snprintf(old, sizeof(old), "tcp:127.0.0.1:%05d", s->relay.line[i].server_port);
		snprintf(new, sizeof(new), "tcp:127.0.0.1:%05d", s->relay.line[i].port);
		at = strstr(text, old);
		if (!at) {
			fprintf(stderr, "live.yaml has no %s\n", old);
			free(text);
			return -1;
		}
		memcpy(at, new, strlen(new));
	}
	err = live_bench_write(&s->b, "relayed.yaml", text);
	free(text);
	return err;
}

int strike_bench_make(struct strike_bench *s)
{
	static const char *const names[RELAY_LINES] = { "source", "reference", "reader" };
	int port[RELAY_LINES];

	*s = (struct strike_bench){ 0 };
	if (live_bench_make(&s->b) != 0 ||
	    live_bench_write(&s->b, "strike.scenario.yaml", scenario) != 0 ||
	    live_bench_write(&s->b, "plans/strike.yaml", plan) != 0 ||
	    live_bench_serve(&s->b, "strike.scenario.yaml", "--tcp") != 0)
		return -1;
	for (int i = 0; i < RELAY_LINES; i++) {
		const char *spec = json_get_str(s->b.ports, names[i]);
		const char *colon = spec ? strrchr(spec, ':') : NULL;

		port[i] = colon ? (int)strtol(colon + 1, NULL, 10) : 0;
	}
	if (relay_open(&s->relay, port) != 0)
		return -1;
	s->in_use = true;
	return write_relayed(s);
}

void strike_bench_remove(struct strike_bench *s)
{
	if (s->in_use)
		relay_close(&s->relay);
	live_bench_remove(&s->b);
}

/* ---- the processes ---- */

struct hunt {
	struct strike_bench *s;
	const struct strike *k;
	struct strike_report *out;
	pid_t guardian, worker;
	int terminal; /* -1: none */
	int record_fd; /* inotify */
	bool asked, signalled, lossy, over;
	int status;
	int64_t struck_ns, word_ns;
};

static pid_t child_of(pid_t pid)
{
	char path[64], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

static bool is_dead(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	if (f)
		fclose(f);
	return state == 'Z' || state == 'X';
}

/* The guardian stands still meanwhile, so that nothing of it is lost with what the worker had sent. */
static void strike(void *arg)
{
	struct hunt *h = arg;

	h->worker = child_of(h->guardian);
	if (!h->worker)
		return;
	kill(h->guardian, SIGSTOP);
	h->struck_ns = now_ns();
	kill(h->worker, SIGKILL);
	if (h->k->both)
		kill(h->guardian, SIGKILL);
	while (!is_dead(h->worker))
		usleep(100);
	h->out->struck = true;
}

static void drained(void *arg)
{
	const struct hunt *h = arg;

	h->s->relay.line[STRIKE_SOURCE].n_switched_on = 0;
	kill(h->guardian, SIGCONT);
}

static void strike_now(struct hunt *h)
{
	h->s->relay.was_cut = true; /* once is enough */
	strike(h);
	drained(h);
}

/* ---- the hunt ---- */

static void watch_record(struct hunt *h)
{
	char buf[4096];
	const ssize_t n = read(h->record_fd, buf, sizeof(buf));
	bool seen = false;

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(buf + at);

		seen = seen || (e->len && !strcmp(e->name, "etalon.db-wal"));
		at += (ssize_t)sizeof(*e) + e->len;
	}
	h->out->n_writes += seen;
	if (seen && h->k->place == STRIKE_RECORD && h->out->n_writes == h->k->at &&
	    !h->s->relay.was_cut)
		strike_now(h);
}

static void watch_terminal(struct hunt *h)
{
	char text[1024];
	const ssize_t n = h->terminal < 0 ? 0 : read(h->terminal, text, sizeof(text) - 1);

	if (n <= 0 || h->asked)
		return;
	text[n] = '\0';
	if (!strstr(text, "[y/n]"))
		return;
	h->asked = true;
	if (h->k->place == STRIKE_PROMPT && h->k->at)
		strike_now(h);
	else if (write(h->terminal, "y\n", 2) != 2)
		fprintf(stderr, "strike: the terminal does not take an answer\n");
}

static void watch_screen(struct hunt *h)
{
	char *err;

	if (h->k->place != STRIKE_SCREEN || h->s->relay.was_cut)
		return;
	if (!h->word_ns) {
		err = live_bench_read(&h->s->b, "err.txt");
		if (strstr(err, h->k->word))
			h->word_ns = now_ns();
		free(err);
	}
	if (h->word_ns && now_ns() >= h->word_ns + (int64_t)h->k->at * 1000000)
		strike_now(h);
}

/* The reader speaks a lot only while it is armed. */
static void disturb(struct hunt *h)
{
	struct relay *r = &h->s->relay;
	const bool armed = r->line[STRIKE_READER].n_bytes > h->out->n_bytes[STRIKE_READER] + 1500;

	if (h->k->course == STRIKE_SIGTERM && armed && !h->signalled) {
		h->signalled = true;
		kill(h->guardian, SIGTERM);
	}
	if (h->k->course == STRIKE_LOSSES && armed && !h->lossy) {
		h->lossy = true;
		r->line[STRIKE_REFERENCE].n_lose = 8;
	}
}

static int hunt(struct hunt *h)
{
	const int64_t until_ns = now_ns() + (int64_t)(PATIENCE_S * ET_NS_PER_S);

	while (waitpid(h->guardian, &h->status, WNOHANG) != h->guardian) {
		relay_pump(&h->s->relay, 2);
		watch_record(h);
		watch_terminal(h);
		watch_screen(h);
		disturb(h);
		if (now_ns() < until_ns)
			continue;
		fprintf(stderr, "strike: the run does not end\n");
		kill(h->guardian, SIGKILL);
		waitpid(h->guardian, &h->status, 0);
		return -1;
	}
	return 0;
}

/* ---- what became of it ---- */

static json_t *read_note(const struct strike_bench *s)
{
	char folder[PATH_MAX];
	json_t *note = NULL;
	struct dirent *e;
	DIR *d;

	snprintf(folder, sizeof(folder), "%s/lab/guardian", s->b.dir);
	d = opendir(folder);
	while (d && !note && (e = readdir(d)) != NULL) {
		char name[PATH_MAX], *text;

		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "lab/guardian/%s", e->d_name);
		text = live_bench_read(&s->b, name);
		note = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
		free(text);
	}
	if (d)
		closedir(d);
	return note;
}

static double since_s(const json_t *note, const char *key, int64_t from_ns)
{
	const json_t *v = json_object_get(note, key);

	return json_is_integer(v) ? (double)(json_integer_value(v) - from_ns) / ET_NS_PER_S : NAN;
}

static void copy_word(char out[24], const json_t *note, const char *key)
{
	const char *word = json_get_str(note, key);

	snprintf(out, 24, "%s", word ? word : "");
}

static void read_ending(struct hunt *h)
{
	json_t *note = read_note(h->s);
	const int64_t noticed_ns = json_get_int(note, "noticed_mono_ns", 0);

	copy_word(h->out->state, note, "state");
	copy_word(h->out->source, note, "source");
	copy_word(h->out->event, note, "event");
	h->out->noticed_s = since_s(note, "noticed_mono_ns", h->struck_ns);
	h->out->off_sent_s = since_s(note, "off_sent_mono_ns", noticed_ns);
	h->out->reported_s = since_s(note, "off_reported_mono_ns", noticed_ns);
	json_decref(note);
}

static double terminals_now_v(struct strike_bench *s)
{
	char answer[512];
	const json_t *v;
	json_t *o;
	double most = NAN;
	size_t i;

	if (live_bench_tell(&s->b, "terminals", answer, sizeof(answer)) != 0)
		return NAN;
	o = json_loads(answer, 0, NULL);
	json_array_foreach(json_object_get(o, "volt_v"), i, v) most =
		fmax(most, json_number_value(v));
	json_decref(o);
	return most;
}

/* The source says off before its output has decayed. */
static double terminals_v(struct strike_bench *s)
{
	double volt_v = NAN;

	for (int i = 0; i < 20 && !(volt_v < 0.5); i++) {
		volt_v = terminals_now_v(s);
		if (!(volt_v < 0.5))
			usleep(100000);
	}
	return volt_v;
}

void strike_batch(const struct strike_bench *s, char *out, size_t cap)
{
	snprintf(out, cap, batch, s->n_batches, s->n_batches, s->n_batches);
}

int strike_run(struct strike_bench *s, const struct strike *k, struct strike_report *out)
{
	struct hunt h = { .s = s, .k = k, .out = out, .terminal = -1 };
	char text[4096], words[256];
	uint64_t before[RELAY_LINES];
	int err;

	*out = (struct strike_report){ .volt_v = NAN };
	s->n_batches += !k->resume;
	strike_batch(s, text, sizeof(text));
	snprintf(words, sizeof(words),
		 "run --lab lab --bench lab/relayed.yaml --batch lab/batches/strike.yaml "
		 "--operator anna%s",
		 k->resume ? " --resume" : "");
	if (live_bench_write(&s->b, "batches/strike.yaml", text) != 0)
		return -1;
	for (int i = 0; i < RELAY_LINES; i++) {
		before[i] = out->n_bytes[i] = s->relay.line[i].n_bytes;
		s->relay.line[i].n_switched_on = s->relay.line[i].n_lose = 0;
	}
	s->relay.was_cut = false;
	s->relay.deliver = k->deliver;
	s->relay.cut_line = k->place < RELAY_LINES && k->at ? k->place : -1;
	s->relay.cut_byte = k->place < RELAY_LINES ? before[k->place] + k->at : 0;
	s->relay.on_cut = strike;
	s->relay.on_drained = drained;
	s->relay.arg = &h;
	snprintf(text, sizeof(text), "%s/lab", s->b.dir);
	h.record_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	(void)inotify_add_watch(h.record_fd, text, IN_MODIFY);
	h.guardian = k->place == STRIKE_PROMPT
			     ? live_bench_start_in_terminal(&s->b, words, &h.terminal)
			     : live_bench_start_with(&s->b, words, k->preload);
	err = hunt(&h);
	close(h.record_fd);
	if (h.terminal >= 0)
		close(h.terminal);
	out->exit_code = WIFEXITED(h.status) ? WEXITSTATUS(h.status) : -1;
	out->n_switched_on = s->relay.line[STRIKE_SOURCE].n_switched_on;
	for (int i = 0; i < RELAY_LINES; i++)
		out->n_bytes[i] = s->relay.line[i].n_bytes - before[i];
	read_ending(&h);
	out->volt_v = k->both ? NAN : terminals_v(s);
	return err;
}
