/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/queue.h"
#include "io/transcript.h"
#include "io/worker.h"

/* A reader takes twice as much (io/transcript.h). */
enum { FILE_BYTES_MAX = TRANSCRIPT_FILE_MAX / 2 };
enum { ROOM = 4 << 20, ENOUGH = 1 << 16, STATE_BYTES = 120, LINE_CAP = 512 };
#define FLUSH_NS ((int64_t)ET_NS_PER_S / 4)
#define CLOSE_NS \
	((int64_t)2 * ET_NS_PER_S) /* the guardian gives a worker that is over 5 s to leave */
#define CLOSE_LOOK_NS ((int64_t)ET_NS_PER_S / 100)

struct buffer {
	char *data; /* ROOM bytes, of which the kernel gives those that are used */
	size_t n;
};
struct tape {
	struct tapes *set;
	int fd;
	off_t end; /* of what is in the file, whole lines */
	pthread_mutex_t lock; /* of what comes in */
	struct buffer in, out; /* out: of whoever flushes */
};
struct tapes {
	struct clk *clk;
	struct tape *tape[TAPES_MAX];
	size_t n;
	struct queue *stop; /* real clock: a message ends the worker */
	struct worker *worker;
	atomic_flag claimed; /* by who ends them */
	atomic_bool ended; /* what is in why stays */
	atomic_bool closed; /* by the worker: it needs nothing of this any more */
	char why[TAPES_WHY_MAX];
};

void tapes_end(struct tapes *s, const char *why)
{
	if (atomic_flag_test_and_set(&s->claimed))
		return;
	snprintf(s->why, sizeof(s->why), "%s", why);
	atomic_store(&s->ended, true);
}

static bool write_all(int fd, const char *data, size_t len, off_t at)
{
	while (len > 0) {
		const ssize_t n = pwrite(fd, data, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? ENOSPC : errno;
			return false;
		}
		data += n;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* In the place of the first line, so that it goes onto a disk that has no room for a byte more. */
static void write_state(struct tape *t, const char *state)
{
	char line[STATE_BYTES];
	const int n = snprintf(line, sizeof(line), "# State: %s", state);

	memset(line + n, ' ', sizeof(line) - (size_t)n);
	line[STATE_BYTES - 1] = '\n';
	(void)!write_all(t->fd, line, sizeof(line), 0);
}

static void take_out(struct tape *t)
{
	const struct buffer empty = t->out;

	pthread_mutex_lock(&t->lock);
	t->out = t->in;
	t->in = empty;
	pthread_mutex_unlock(&t->lock);
}

/* Half a line is not left behind. */
static void write_out(struct tape *t)
{
	struct tapes *s = t->set;
	const size_t n = t->out.n;

	t->out.n = 0;
	if (n == 0 || atomic_load(&s->ended))
		return;
	if (t->end + (off_t)n > FILE_BYTES_MAX) {
		tapes_end(s, "a file is as long as can be read again");
		return;
	}
	if (write_all(t->fd, t->out.data, n, t->end)) {
		t->end += (off_t)n;
		return;
	}
	tapes_end(s, strerror(errno));
	(void)!ftruncate(t->fd, t->end);
}

/* The first one is taken first and written last, so that it never tells of what the others do not have yet. */
static void flush_all(struct tapes *s)
{
	for (size_t i = 0; i < s->n; i++)
		take_out(s->tape[i]);
	for (size_t i = s->n; i-- > 0;)
		write_out(s->tape[i]);
}

/* Nothing is called complete that is not on the disk. */
static void close_all(struct tapes *s)
{
	char state[STATE_BYTES] = "complete";

	flush_all(s);
	for (size_t i = 0; i < s->n; i++)
		if (fdatasync(s->tape[i]->fd) != 0)
			tapes_end(s, strerror(errno));
	if (atomic_load(&s->ended))
		snprintf(state, sizeof(state), "ended before its time: %s", s->why);
	for (size_t i = 0; i < s->n; i++) {
		write_state(s->tape[i], state);
		if (close(s->tape[i]->fd) != 0)
			tapes_end(s, strerror(errno));
		s->tape[i]->fd = -1;
	}
}

static void run(void *arg)
{
	struct tapes *s = arg;
	char message;

	while (!atomic_load(&s->ended) &&
	       queue_get(s->stop, &message, clk_now_ns(s->clk) + FLUSH_NS) != ET_OK)
		flush_all(s);
	close_all(s);
	atomic_store(&s->closed, true);
}

int tapes_new(struct clk *c, struct tapes **out)
{
	struct tapes *s = calloc(1, sizeof(*s));

	if (!s)
		return ET_ERR_NOMEM;
	s->clk = c;
	atomic_flag_clear(&s->claimed);
	atomic_init(&s->ended, false);
	atomic_init(&s->closed, false);
	*out = s;
	return ET_OK;
}

int tapes_start(struct tapes *s)
{
	int err = ET_OK;

	if (clk_is_virtual(s->clk))
		return ET_OK;
	s->stop = queue_new(s->clk, 1, 1);
	if (!s->stop)
		return ET_ERR_NOMEM;
	err = worker_start(s->clk, "tapes", run, s, &s->worker);
	if (err != ET_OK) {
		queue_free(s->stop);
		s->stop = NULL;
	}
	return err;
}

static void free_tape(struct tape *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->in.data);
	free(t->out.data);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

int tapes_open(struct tapes *s, const char *path, struct tape **out, struct fault *f)
{
	struct tape *t;

	if (s->n == TAPES_MAX)
		return fault_set(f, ET_ERR_STATE, "%s: too many files", path);
	t = calloc(1, sizeof(*t));
	if (!t)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", path);
	pthread_mutex_init(&t->lock, NULL);
	t->fd = -1;
	t->set = s;
	t->in.data = malloc(ROOM);
	t->out.data = malloc(ROOM);
	if (!t->in.data || !t->out.data) {
		free_tape(t);
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", path);
	}
	t->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (t->fd < 0) {
		const int err = fault_set(f, ET_ERR_IO, "%s: %s", path, strerror(errno));

		free_tape(t);
		return err;
	}
	write_state(t, "cut: the program did not come to its end");
	t->end = STATE_BYTES;
	s->tape[s->n++] = t;
	*out = t;
	return ET_OK;
}

void tape_put(struct tape *t, const char *text, size_t len)
{
	size_t n;

	if (atomic_load(&t->set->ended))
		return;
	pthread_mutex_lock(&t->lock);
	if (len <= ROOM - t->in.n) {
		memcpy(t->in.data + t->in.n, text, len);
		t->in.n += len;
		n = t->in.n;
	} else {
		n = 0;
		tapes_end(t->set, "the disk does not keep up");
	}
	pthread_mutex_unlock(&t->lock);
	if (n >= ENOUGH && !t->set->worker)
		flush_all(t->set);
}

void tape_printf(struct tape *t, const char *fmt, ...)
{
	char line[LINE_CAP];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0)
		tape_put(t, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* Its disk may never answer. @return false: it is left behind, with all that it may still use. */
static bool end_worker(struct tapes *s)
{
	/* where a search for leaks finds it */
	__attribute__((unused)) static struct tapes *volatile left_behind;
	const int64_t until_ns = clk_now_ns(s->clk) + CLOSE_NS;
	const int err = queue_put(s->stop, "");

	(void)err; /* its only message */
	while (!atomic_load(&s->closed) && clk_now_ns(s->clk) < until_ns)
		clk_sleep_until(s->clk, clk_now_ns(s->clk) + CLOSE_LOOK_NS);
	if (!atomic_load(&s->closed)) {
		tapes_end(s, "the disk does not answer");
		left_behind = s;
		return false;
	}
	worker_join(s->worker);
	queue_free(s->stop);
	return true;
}

bool tapes_close(struct tapes *s, char why[TAPES_WHY_MAX])
{
	bool complete, mine;

	if (!s)
		return true;
	mine = !s->worker || end_worker(s);
	if (!s->worker)
		close_all(s);
	complete = !atomic_load(&s->ended);
	if (why)
		snprintf(why, TAPES_WHY_MAX, "%s", complete ? "" : s->why);
	if (!mine)
		return complete;
	for (size_t i = 0; i < s->n; i++)
		free_tape(s->tape[i]);
	free(s);
	return complete;
}
