/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/guardian_note.h"

#define MS_NS INT64_C(1000000)
#define LOOK_NS (50 * MS_NS) /* how soon a dead worker is noticed */
#define BURY_NS \
	(200 * MS_NS) /* a killed worker may hang in the kernel; off does not wait for that */
#define LATE_CALL_NS ((int64_t)ET_NS_PER_S) /* past the time that the driver declared */
#define LEAVE_NS (5 * (int64_t)ET_NS_PER_S) /* a worker that is over and not safe ends so soon */
#define TRY_AGAIN_NS (500 * MS_NS)
#define TELL_NS (10 * (int64_t)ET_NS_PER_S)

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
enum { FORWARDED = sizeof(forwarded) / sizeof(forwarded[0]) };
static volatile sig_atomic_t pending[FORWARDED],
	n_stops; /* stops: not of a terminal that went away */

static const struct reason {
	const char *en, *fr;
} stuck_call = { "a call of the source's driver did not come back in its time",
		 "un appel du pilote de la source n'est pas revenu à temps" },
  stuck_loop = { "the sequencer's loop stands still", "la boucle du séquenceur est arrêtée" },
  not_off = { "it does not end, and the source is not known to be off",
	      "il ne se termine pas, et la source n'est pas réputée hors tension" },
  not_ending = { "it does not end, and somebody wants it to",
		 "il ne se termine pas, alors qu'on le demande" },
  ended_itself = { "ended by itself without the source known to be off",
		   "terminé de lui-même sans que la source soit réputée hors tension" },
  by_signal = { "ended by signal %d", "terminé par le signal %d" };

struct guardian {
	const struct guardian_config *cfg;
	struct guard *g; /* shared with the worker */
	struct guardian_note note;
	pid_t worker;
	bool buried; /* it is gone; status says how */
	int status;
	int64_t over_ns; /* when it was first seen over; 0: not yet */
	int stops_then; /* n_stops at that time */
	int say_fd; /* stderr, by a description of our own that never blocks; -1: none */
	int64_t beat_ns, silent_ns,
		look_ns; /* last beat seen; how long since, as we saw it; last look */
};

void guardian_config_init(struct guardian_config *cfg)
{
	*cfg = (struct guardian_config){ .beat_max_s = 1, .give_up_s = 600 };
}

static int64_t now(const struct guardian *w)
{
	return clk_now_ns(w->cfg->clk);
}

static void on_signal(int signo)
{
	for (int i = 0; i < FORWARDED; i++)
		if (forwarded[i] == signo)
			pending[i] = 1;
	if (signo != SIGHUP)
		n_stops++;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	n_stops = 0;
	sigemptyset(&sa.sa_mask);
	for (int i = 0; i < FORWARDED; i++) {
		pending[i] = 0;
		(void)sigaction(forwarded[i], &sa, NULL);
	}
	/* A terminal that is gone must not end the guardian, and none must stop it, or its worker, which inherits this. */
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigaction(SIGTSTP, &sa, NULL);
	(void)sigaction(SIGTTIN, &sa, NULL);
	(void)sigaction(SIGTTOU, &sa, NULL);
}

/* ---- the worker ---- */

/* When memory runs out the worker goes first: the guardian is what must stay. */
static void offer_to_the_oom_killer(void)
{
	const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4)
		errno = 0; /* no such kernel: nothing to do about it */
	close(fd);
}

static void become_worker(struct guardian *w, pid_t parent,
			  int (*worker)(void *arg, struct guard *g), void *arg)
{
	for (int i = 0; i < FORWARDED; i++)
		(void)signal(forwarded[i], SIG_DFL);
	close(w->note.fd); /* its lock is the guardian's alone */
	if (w->say_fd >= 0)
		close(w->say_fd);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody guards any more: to the safe state */
	if (getppid() != parent)
		_exit(EXIT_USAGE);
	offer_to_the_oom_killer();
	exit(worker(arg, w->g));
}

/* ---- watching ---- */

static void forward_signals(const struct guardian *w)
{
	for (int i = 0; i < FORWARDED; i++)
		if (pending[i]) {
			pending[i] = 0;
			(void)kill(w->worker, forwarded[i]);
		}
}

static bool is_source_known_off(const struct guard *g)
{
	return atomic_load(&g->source) >= SEQ_SOURCE_OFF_REPORTED && !atomic_load(&g->contradicted);
}

/* How long its loop has been silent. Where we ourselves were not run in time, the machine stood still, or was suspended, and
 * the worker with it: no more than two looks count. */
static int64_t silence_ns(struct guardian *w, int64_t t_ns)
{
	const int64_t beat_ns = atomic_load(&w->g->beat_ns);
	const int64_t passed_ns = t_ns - w->look_ns;

	if (beat_ns != w->beat_ns)
		w->silent_ns = 0;
	else
		w->silent_ns += passed_ns < 2 * LOOK_NS ? passed_ns : 2 * LOOK_NS;
	w->beat_ns = beat_ns;
	w->look_ns = t_ns;
	return w->silent_ns;
}

/* @return why the worker must be ended, or NULL. */
static const struct reason *what_is_wrong(struct guardian *w)
{
	const int64_t t_ns = now(w), silent_ns = silence_ns(w, t_ns),
		      call_ns = atomic_load(&w->g->call_until_ns);
	const int phase = atomic_load(&w->g->phase);

	if (call_ns && t_ns > call_ns + LATE_CALL_NS)
		return &stuck_call;
	if (phase == GUARD_RUNNING && silent_ns > (int64_t)(w->cfg->beat_max_s * ET_NS_PER_S))
		return &stuck_loop;
	if (phase == GUARD_OVER && !w->over_ns) {
		w->over_ns = t_ns;
		w->stops_then = (int)n_stops;
	}
	if (phase == GUARD_OVER && !is_source_known_off(w->g) && t_ns - w->over_ns > LEAVE_NS)
		return &not_off;
	if (phase == GUARD_OVER && (int)n_stops != w->stops_then && t_ns - w->over_ns > LEAVE_NS)
		return &not_ending;
	return NULL;
}

static bool bury(struct guardian *w)
{
	int status;

	if (!w->buried && waitpid(w->worker, &status, WNOHANG) == w->worker) {
		w->buried = true;
		w->status = status;
	}
	return w->buried;
}

static void end_worker(struct guardian *w)
{
	const int64_t until_ns = now(w) + BURY_NS;

	(void)kill(w->worker, SIGKILL);
	while (!bury(w) && now(w) < until_ns)
		clk_sleep_until(w->cfg->clk, now(w) + MS_NS);
}

/* @return why it was ended by us; NULL: it ended by itself. */
static const struct reason *watch(struct guardian *w)
{
	while (!bury(w)) {
		const struct reason *why = what_is_wrong(w);

		if (why) {
			end_worker(w);
			return why;
		}
		forward_signals(w);
		clk_sleep_until(w->cfg->clk, now(w) + LOOK_NS);
	}
	return NULL;
}

/* ---- acting ---- */

/* A terminal that is stuck, or a pipe that nobody empties, costs the line, never time. What can't be opened anew (a socket,
 * another user's terminal) is written without waiting by everybody's description, for that moment. */
static void write_now(const struct guardian *w, const char *line, size_t len)
{
	const int flags = fcntl(STDERR_FILENO, F_GETFL);

	if (w->say_fd >= 0) {
		if (write(w->say_fd, line, len) != (ssize_t)len)
			errno = 0; /* it is lost */
		return;
	}
	if (flags < 0 || fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		return;
	if (write(STDERR_FILENO, line, len) != (ssize_t)len)
		errno = 0;
	(void)fcntl(STDERR_FILENO, F_SETFL, flags);
}

static void say(const struct guardian *w, const char *en, const char *fr, const char *more)
{
	char line[512];
	int len = snprintf(line, sizeof(line), "etalon: %s: %s%s%s\n",
			   tr(w->cfg->lang, "guardian", "gardien"), tr(w->cfg->lang, en, fr),
			   more[0] ? ": " : "", more);

	if (len >= (int)sizeof(line)) {
		len = sizeof(line) - 1;
		line[len - 1] = '\n';
	}
	write_now(w, line, (size_t)len);
}

static void note(struct guardian *w)
{
	struct fault f = { 0 };

	if (guardian_note_write(&w->note, &f) != ET_OK)
		say(w, "its note could not be written", "sa note n'a pas pu être écrite", f.text);
}

/* @return @p why, or what the end of the process itself says. */
static const struct reason *reason_of(const struct guardian *w, const struct reason *why)
{
	if (why)
		return why;
	return w->buried && WIFSIGNALED(w->status) ? &by_signal : &ended_itself;
}

/* @p form may have a place for the number of a signal. */
static void write_reason(const struct guardian *w, const char *form, char *out, size_t cap)
{
	const char *place = strstr(form, "%d");

	if (place)
		snprintf(out, cap, "%.*s%d", (int)(place - form), form, WTERMSIG(w->status));
	else
		snprintf(out, cap, "%s", form);
}

static void note_beginning(struct guardian *w, const struct reason *why)
{
	struct guardian_note *n = &w->note;

	n->noticed_mono_ns = now(w);
	n->last_beat_mono_ns = atomic_load(&w->g->beat_ns);
	n->event = "worker_lost";
	n->state = seq_state_word((enum seq_state)atomic_load(&w->g->state));
	n->source = seq_source_word((enum seq_source)atomic_load(&w->g->source));
	snprintf(n->session, sizeof(n->session), "%.47s",
		 atomic_load(&w->g->phase) == GUARD_STARTING ? "" : w->g->session);
	write_reason(w, why->en, n->reason, sizeof(n->reason));
}

/* Off on the bare link; a link that is gone is opened anew from its specification. */
static int try_off(struct guardian *w)
{
	struct fault f = { 0 };
	int err = w->cfg->source->off_bare(w->cfg->port, &f);

	if (err != ET_OK) {
		snprintf(w->note.fault, sizeof(w->note.fault), "%s", f.text);
		/* A connection that is half open only times out. */
		if ((err == ET_ERR_IO || err == ET_ERR_TIMEOUT) &&
		    port_reopen(w->cfg->port, &f) == ET_OK)
			err = w->cfg->source->off_bare(w->cfg->port, &f);
	}
	return err;
}

static bool switch_off(struct guardian *w)
{
	const int64_t give_up_ns = now(w) + (int64_t)(w->cfg->give_up_s * ET_NS_PER_S);
	const int stops = (int)n_stops;
	int64_t told_ns = INT64_MIN;

	w->note.off_sent_mono_ns = now(w);
	for (;;) {
		if (try_off(w) == ET_OK) {
			w->note.off_reported_mono_ns = now(w);
			w->note.fault[0] = '\0';
			return true;
		}
		if (now(w) - TELL_NS >= told_ns) {
			told_ns = now(w);
			say(w,
			    "ALARM: the source is NOT known to be off; trying on. Switch it off by "
			    "hand, "
			    "stay away from the bench\a",
			    "ALARME : la source n'est PAS réputée hors tension; nouvel essai. "
			    "Coupez-la à la "
			    "main, n'approchez pas du banc\a",
			    w->note.fault);
		}
		if (now(w) >= give_up_ns || (int)n_stops != stops)
			return false;
		clk_sleep_until(w->cfg->clk, now(w) + TRY_AGAIN_NS);
	}
}

/* The worker's last word on a source that another instrument saw energised stands against what the source says. */
static int act(struct guardian *w, const struct reason *why)
{
	char text[160];
	bool off;

	why = reason_of(w, why);
	note_beginning(w, why);
	off = switch_off(w); /* first of all; then words */
	write_reason(w, tr(w->cfg->lang, why->en, why->fr), text, sizeof(text));
	say(w, "the worker was lost", "le processus de travail a été perdu", text);
	if (off && atomic_load(&w->g->contradicted)) {
		say(w,
		    "ALARM: the source says off, but another instrument read voltage. Stay away "
		    "from the bench\a",
		    "ALARME : la source se dit hors tension, mais un autre instrument mesurait une "
		    "tension. "
		    "N'approchez pas du banc\a",
		    "");
		off = false;
	} else if (off) {
		say(w, "the source reports off; this is not proven: check before touching",
		    "la source se dit hors tension; ce n'est pas prouvé : vérifiez avant de "
		    "toucher",
		    "");
	}
	w->note.event = off ? "worker_lost" : "source_not_off";
	w->note.source = seq_source_word(off ? SEQ_SOURCE_OFF_REPORTED : SEQ_SOURCE_UNKNOWN);
	note(w);
	return off ? EXIT_BENCH : EXIT_ENERGISED;
}

/* Did it come to its end, with nothing left for us to do? */
static bool ended_well(const struct guardian *w, const struct reason *why)
{
	const int phase = atomic_load(&w->g->phase);

	if (phase == GUARD_OVER && is_source_known_off(w->g))
		return true; /* whatever happened to it then, the source is off */
	return !why && WIFEXITED(w->status) && phase == GUARD_STARTING;
}

static int guard_worker(struct guardian *w)
{
	const struct reason *why = watch(w);
	bool keep = false;
	int code;

	if (ended_well(w, why))
		code = w->buried && WIFEXITED(w->status) ? WEXITSTATUS(w->status) : EXIT_RECORD;
	else {
		code = act(w, why);
		keep = true;
	}
	guardian_note_close(&w->note, keep);
	return code;
}

/* ---- the beginning ---- */

static int make_note(struct guardian *w, struct fault *f)
{
	struct guardian_note *n = &w->note;

	n->event = "watching";
	n->started_mono_ns = now(w);
	n->started_utc_ns = clk_utc_ns(w->cfg->clk);
	snprintf(n->boot_id, sizeof(n->boot_id), "%s", clk_boot_id(w->cfg->clk));
	snprintf(n->program, sizeof(n->program), "%s", w->cfg->program);
	snprintf(n->id, sizeof(n->id), "%s-%d-%lld", n->boot_id, (int)getpid(),
		 (long long)n->started_mono_ns);
	return guardian_note_create(n, w->cfg->folder, f);
}

int guardian_run(const struct guardian_config *cfg, int (*worker)(void *arg, struct guard *g),
		 void *arg, struct fault *f)
{
	struct guardian w = { .cfg = cfg };
	const pid_t self = getpid();
	int code;

	w.g = mmap(NULL, sizeof(*w.g), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w.g == MAP_FAILED) {
		fault_set(f, ET_ERR_NOMEM, "out of memory");
		return EXIT_USAGE;
	}
	if (make_note(&w, f) != ET_OK) {
		code = EXIT_USAGE;
		goto unmap;
	}
	w.say_fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	catch_signals();
	fflush(NULL); /* what is buffered must not be written twice */
	w.worker = fork();
	if (w.worker == 0)
		become_worker(&w, self, worker, arg);
	if (w.worker < 0) {
		fault_set(f, ET_ERR_IO, "the worker cannot be started: %s", strerror(errno));
		guardian_note_close(&w.note, false);
		code = EXIT_USAGE;
		goto unmap;
	}
	w.note.worker_pid = (int)w.worker;
	code = guard_worker(&w);
	if (w.say_fd >= 0)
		close(w.say_fd);
unmap:
	(void)munmap(w.g, sizeof(*w.g));
	return code;
}
