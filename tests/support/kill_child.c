/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/kill_child.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 120000 };

/* ---- in the child: one run, told through the pipe ---- */

static struct child {
	const struct kill_run *k;
	int to_parent, from_parent;
	int64_t ordinal;
	int state, n_states;
	struct kill_msg ended;
	struct torn torn;
} child;

static volatile sig_atomic_t stop_signal;

static void tell(const struct kill_msg *m)
{
	if (write(child.to_parent, m, sizeof(*m)) != (ssize_t)sizeof(*m))
		_exit(120);
}

/* Here it dies: nothing of this process runs any more once the parent has heard. */
static void stop_here(struct kill_msg m)
{
	char c;

	if (child.k->loss == KILL_TEARS)
		torn_crash(&child.torn, child.k->seed + (uint64_t)m.ordinal);
	m.type = KILL_MSG_STRUCK;
	tell(&m);
	for (;;)
		if (read(child.from_parent, &c, 1) == 0)
			_exit(121); /* the parent is gone */
}

static void pass(struct kill_msg m)
{
	m.type = KILL_MSG_MOMENT;
	m.ordinal = ++child.ordinal;
	m.state = child.state;
	if (child.k->at == m.ordinal)
		stop_here(m);
	if (!child.k->at)
		tell(&m);
}

static void on_disk(void *arg, enum torn_moment moment, const char *file)
{
	const size_t n = strlen(file);

	(void)arg;
	if (!child.torn.crashed)
		pass((struct kill_msg){ .kind = KILL_MSG_VFS + (int)moment,
					.wal = n > 4 && strcmp(file + n - 4, "-wal") == 0 });
}

static void acknowledge(const struct station_notice *n)
{
	const struct seq_attempt *at = seq_attempt(n->seq);
	struct kill_msg m = { .type = KILL_MSG_ACK, .step = at->step };

	snprintf(m.attempt, sizeof(m.attempt), "%s", n->new_id);
	for (int p = 0; p < ET_POSITIONS_MAX; p++)
		m.verdict[p] = at->positions >> p & 1 ? (signed char)at->pos[p].verdict : -1;
	tell(&m);
}

static void on_notice(void *arg, const struct station_notice *n)
{
	const struct kill_run *k = child.k;

	(void)arg;
	child.state = (int)seq_state(n->seq);
	if (n->kind == NOTICE_COMMITTED && n->commit == COMMIT_ATTEMPT)
		acknowledge(n);
	if (n->kind == NOTICE_STATE && k->signal_nth && child.state == k->signal_at_state &&
	    ++child.n_states == k->signal_nth)
		stop_signal = k->signo;
	pass((struct kill_msg){ .kind = (int)n->kind, .commit = (int)n->commit });
}

static void look_at_terminals(void *arg, struct sim *sim)
{
	struct setpoint sp;

	(void)arg;
	sim_terminals(sim, &sp);
	for (int i = 0; i < ET_PHASES; i++) {
		child.ended.volt_v = fmax(child.ended.volt_v, sp.ph[i].volt_v);
		child.ended.curr_a = fmax(child.ended.curr_a, sp.ph[i].curr_a);
	}
}

/* ---- courses ---- */

static struct scenario_event events[2];

static void add_event(struct sim_bench *b, enum sim_event_kind kind, double at_s, int position)
{
	struct scenario_event *e = &events[b->scenario.events.n++];

	scenario_event_init(e);
	e->kind = (int)kind;
	e->at_s = at_s;
	e->position = position;
	b->scenario.events.items = events;
}

static void make_all_good(struct sim_bench *b)
{
	struct scenario_meter *m = (struct scenario_meter *)b->scenario.meters.items;
	struct meter_card *c = (struct meter_card *)b->batch.meters.items;

	for (size_t i = 0; i < b->scenario.meters.n; i++)
		m[i].gain_pct = 0.05;
	for (size_t i = 0; i < b->batch.meters.n; i++)
		c[i].kh_wh = 1.0;
}

static void take_course(struct sim_bench *b, struct kill_run *k)
{
	b->plan.settle_s = 2;
	b->plan.floor_a_pct =
		0.5; /* sooner done: the verdicts of this batch are far from the limits */
	b->scenario.events.n = 0;
	if (k->course == KILL_ABORTED && !k->resume) {
		k->signal_at_state = SEQ_MEASURING;
		k->signal_nth = 2;
		k->signo = SIGTERM;
	} else if (k->course == KILL_RESET) {
		add_event(b, SIM_READER_RESET, 60, 0);
	} else if (k->course == KILL_DEAD) {
		((struct scenario_meter *)b->scenario.meters.items)[1].led = 1;
		b->plan.cap_s = 60;
	} else if (k->course == KILL_DARK) {
		make_all_good(b);
		b->approval.sealing.seals =
			INT64_MIN; /* nothing is left open for the time of sealing */
		b->approval.conditions.n = 0;
		b->plan.cap_s = 60;
		add_event(b, SIM_LED_DEAD, 1, 2);
		add_event(b, SIM_LED_ALIVE, 30, 2);
	}
}

static void run_child(const struct kill_run *how)
{
	struct kill_run k = *how;
	struct sim_bench b = *how->bench;
	struct sim_bench_run r = { .seed = k.seed,
				   .resume = k.resume,
				   .prompts = true,
				   .notice = on_notice,
				   .finished = look_at_terminals,
				   .stop_signal = &stop_signal,
				   .resume_at_ns = k.resume_at_ns };
	struct run_result *res = malloc(sizeof(*res));
	struct fault f = { 0 };

	take_course(&b, &k);
	child.k = &k;
	child.torn = (struct torn){ .pass_through = k.loss == KILL_KEEPS,
				    .ignore_sync = k.loss == KILL_LIES,
				    .hook = on_disk };
	torn_register(&child.torn, "torn");
	child.ended.type = KILL_MSG_ENDED;
	child.ended.err = db_open(k.path, DB_WRITE, "torn", &r.db, &f);
	if (child.ended.err == ET_OK) {
		child.ended.err = sim_bench_run(&b, &r, res, &f);
		child.ended.exit_code = res->exit_code;
		db_close(r.db);
	}
	snprintf(child.ended.text, sizeof(child.ended.text), "%.150s",
		 f.code ? f.text : res->fault.text);
	tell(&child.ended);
	torn_unregister(&child.torn);
	free(res);
	_exit(0);
}

/* ---- in the parent ---- */

/* @return 1: a message; 0: the end; -1: nothing for too long. */
static int hear(int fd, struct kill_msg *m)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char *to = (char *)m;
	size_t have = 0;

	while (have < sizeof(*m)) {
		ssize_t n;

		if (poll(&p, 1, PATIENCE_MS) != 1)
			return -1;
		n = read(fd, to + have, sizeof(*m) - have);
		if (n <= 0)
			return n == 0 && have == 0 ? 0 : -1;
		have += (size_t)n;
	}
	return 1;
}

static int listen_to(int fd, struct kill_report *out)
{
	struct kill_msg m;
	int heard;

	while ((heard = hear(fd, &m)) == 1) {
		if (m.type == KILL_MSG_MOMENT && out->n_moments < KILL_MOMENTS_MAX)
			out->moments[out->n_moments++] = m;
		if (m.type == KILL_MSG_ACK && out->n_acks < KILL_ACKS_MAX)
			out->acks[out->n_acks++] = m;
		out->last = m;
		if (m.type == KILL_MSG_STRUCK || m.type == KILL_MSG_ENDED)
			return 0;
	}
	fprintf(stderr, "kill_child: the child %s\n", heard ? "hangs" : "ended without a word");
	return -1;
}

int kill_child(const struct kill_run *k, struct kill_report *out)
{
	int up[2], down[2], status = 0, err;
	pid_t pid;

	out->n_moments = out->n_acks = 0;
	out->struck = false;
	if (pipe(up) != 0 || pipe(down) != 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(up[0]);
		close(down[1]);
		child = (struct child){ .to_parent = up[1], .from_parent = down[0] };
		run_child(k);
	}
	close(up[1]);
	close(down[0]);
	err = pid < 0 ? -1 : listen_to(up[0], out);
	if (pid > 0 && (err != 0 || out->last.type == KILL_MSG_STRUCK))
		kill(pid, SIGKILL);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err = -1;
	close(up[0]);
	close(down[1]);
	out->struck = out->last.type == KILL_MSG_STRUCK && WIFSIGNALED(status) &&
		      WTERMSIG(status) == SIGKILL;
	if (err == 0 && !out->struck && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
		fprintf(stderr, "kill_child: the child ended with status %d\n", status);
		err = -1;
	}
	return err;
}

/* ---- names ---- */

const char *kill_moment_name(const struct kill_msg *m, char out[64])
{
	static const char *const commits[] = { [COMMIT_NONE] = "nothing",
					       [COMMIT_BATCH_OPENED] = "batch opened",
					       [COMMIT_INTERRUPTED] = "interruption",
					       [COMMIT_ATTEMPT] = "attempt",
					       [COMMIT_BATCH_CLOSED] = "batch closed",
					       [COMMIT_SOURCE_STATE] = "source state" };
	static const char *const notices[] = { [NOTICE_STATE] = "entered",
					       [NOTICE_LOOK] = "look",
					       [NOTICE_COMMITTING] = "committing",
					       [NOTICE_COMMITTED] = "committed",
					       [NOTICE_SHOW] = "show",
					       [NOTICE_FINISHED] = "finished" };
	static const char *const disk[] = { "before write", "after write", "before sync",
					    "after sync" };
	const char *state = seq_state_word((enum seq_state)m->state);

	if (m->kind >= KILL_MSG_VFS)
		snprintf(out, 64, "%s: %s to the %s", state, disk[m->kind - KILL_MSG_VFS],
			 m->wal ? "WAL" : "file");
	else if (m->commit != COMMIT_NONE)
		snprintf(out, 64, "%s: %s %s", state, notices[m->kind], commits[m->commit]);
	else
		snprintf(out, 64, "%s: %s", state, notices[m->kind]);
	return out;
}

/* Writes and syncs: of the file or the WAL, in whatever state. */
int kill_moment_class(const struct kill_msg *m)
{
	if (m->kind >= KILL_MSG_VFS)
		return 2 * (m->kind - KILL_MSG_VFS) + m->wal;
	if (m->commit != COMMIT_NONE)
		return 8 + 16 * m->kind + m->commit;
	return 8 + 16 * (NOTICE_FINISHED + 1) + 32 * m->kind + m->state;
}
