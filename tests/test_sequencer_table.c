/* SPDX-License-Identifier: Apache-2.0 */
/* tests/test_sequencer_table.c - every event in every state of the sequencer. */
#include "tests/support/fake_bench.h"

static struct fake_bench b;

/* ---- ways into each state ---- */
static void reach(enum seq_state state)
{
	seq_free(b.seq);
	fb_init(&b);
	if (state == SEQ_IDLE) {
		assert_int_equal(seq_new(&b.cfg, &b.seq), ET_OK);
		return;
	}
	fb_start(&b);
	if (state == SEQ_RECOVERING) {
		fb_until(&b, SEQ_MEASURING);
		fb_stream_fails(&b, TO_READER, ET_ERR_LOST);
	} else if (state == SEQ_SAFE_OFF || state == SEQ_SAFE_PROVE || state == SEQ_SAFE_STORE) {
		fb_until(&b, SEQ_MEASURING);
		fb_event(&b, EV_ABORT, TO_STATION);
	} else if (state == SEQ_SWITCHING_OFF || state == SEQ_PROVE_OFF) {
		fb_until(
			&b,
			SEQ_STORING); /* the ones at the end; those at the start differ in what follows */
	}
	fb_until(&b, state);
}

enum stimulus {
	DO_START,
	DO_ABORT,
	SAYS_ON,
	SAYS_BAD,
	SAYS_OFF,
	SOURCE_FAILS,
	REFERENCE_FAILS,
	READER_FAILS,
	ANSWER,
	FAIL_IO,
	FAIL_ARG,
	STIMULI
};

static int oldest_request(void)
{
	for (int i = 0; i < b.n_open; i++)
		if (b.open[i].kind != REQ_TIMER && b.open[i].kind != REQ_COMMIT)
			return i;
	for (int i = 0; i < b.n_open; i++)
		if (b.open[i].kind == REQ_COMMIT && b.open[i].commit != COMMIT_SOURCE_STATE)
			return i;
	for (int i = 0; i < b.n_open; i++)
		if (b.open[i].kind == REQ_COMMIT)
			return i;
	return -1;
}

/* @return false: the state has nothing of the kind. */
static bool apply(enum stimulus what)
{
	const int i = oldest_request();

	switch (what) {
	case DO_START:
		fb_event(&b, EV_START, TO_STATION);
		break;
	case DO_ABORT:
		fb_event(&b, EV_ABORT, TO_STATION);
		break;
	case SAYS_ON:
		fb_source_says(&b, SOURCE_ON, true);
		break;
	case SAYS_BAD:
		fb_source_says(&b, SOURCE_UNKNOWN, false);
		break;
	case SAYS_OFF:
		fb_source_says(&b, SOURCE_OFF, true);
		break;
	case SOURCE_FAILS:
		fb_stream_fails(&b, TO_SOURCE, ET_ERR_IO);
		break;
	case REFERENCE_FAILS:
		fb_stream_fails(&b, TO_REFERENCE, ET_ERR_LOST);
		break;
	case READER_FAILS:
		fb_stream_fails(&b, TO_READER, ET_ERR_LOST);
		break;
	case ANSWER:
		if (i < 0)
			return false;
		fb_answer_at(&b, i);
		break;
	case FAIL_IO:
	case FAIL_ARG:
		if (i < 0)
			return false;
		fb_fail_at(&b, i, what == FAIL_IO ? ET_ERR_IO : ET_ERR_ARG);
		break;
	case STIMULI:
		return false;
	}
	return true;
}

static void outcome(char *text, size_t cap, enum seq_state from, enum stimulus what)
{
	int64_t misplaced;

	reach(from);
	misplaced = seq_misplaced(b.seq);
	if (!apply(what))
		snprintf(text, cap, "none");
	else if (seq_misplaced(b.seq) > misplaced)
		snprintf(text, cap, "misplaced%s%s", *fb_last(&b) ? "!" : "",
			 seq_state(b.seq) != from ? "!" : "");
	else if (seq_state(b.seq) == from && !*fb_last(&b))
		snprintf(text, cap, "-");
	else
		snprintf(text, cap, "%s: %s", seq_state_word(seq_state(b.seq)), fb_last(&b));
}

#define IGN "misplaced" /* ignored, and counted */
#define ACC "-" /* has its place, changes nothing to be seen */
#define NON "none" /* nothing is pending that it could answer */
#define OFF "safe_off: off>source"
#define OFD "safe_off: off>source disarm>reader disarm>reference"
#define DIS "disarming: disarm>reader disarm>reference read>reference"
#define STO "storing: commit:attempt"
#define FIN "finished: finish"

/* clang-format off */
static const char *const want[SEQ_STATES][STIMULI] = {
/*                 start abort says_on says_bad says_off source reference reader answer fail hopeless */
[SEQ_IDLE] =     { "identify: identify>source identify>reference identify>reader",
		        OFF, IGN, IGN, IGN, IGN, IGN, IGN, NON, NON, NON },
[SEQ_IDENTIFY] = { IGN, OFF, ACC, ACC, ACC, OFF, IGN, IGN, ACC, OFF, OFF },
[SEQ_SWITCHING_OFF] =
		 { IGN, OFF, ACC, ACC, ACC, OFF, IGN, IGN, "prove_off: read>reference", OFF, OFF },
[SEQ_PROVE_OFF] ={ IGN, OFF, OFF, OFF, ACC, OFF, IGN, IGN, "closing: commit:source commit:closed", OFF, OFF },
[SEQ_PROMPT_MOUNT] =
		 { IGN, OFF, OFF, OFF, ACC, OFF, IGN, IGN, "opening: commit:opened", OFF, OFF },
[SEQ_OPENING] =  { IGN, OFF, OFF, OFF, ACC, OFF, IGN, IGN, "setting: prepare>reference", OFF, OFF },
[SEQ_SETTING] =  { IGN, OFF, ACC, ACC, ACC, OFF, IGN, IGN, "setting: commit:source set>source", STO, OFF },
[SEQ_SETTLING] = { IGN, OFF, ACC, STO, STO, OFF, IGN, IGN, NON, NON, NON },
[SEQ_CHECKING] = { IGN, OFF, ACC, STO, STO, OFF, IGN, IGN, "arming: arm>reader arm>reference", STO, OFF },
[SEQ_ARMING] =   { IGN, OFD, ACC, DIS, DIS, OFD, DIS, DIS, ACC, DIS, OFD },
[SEQ_MEASURING] ={ IGN, OFD, ACC, DIS, DIS, OFD, DIS, DIS, NON, NON, NON },
[SEQ_DISARMING] ={ IGN, OFF, ACC, ACC, ACC, OFF, ACC, ACC, ACC, ACC, ACC },
[SEQ_STORING] =  { IGN, OFF, ACC, ACC, ACC, OFF, IGN, IGN, "setting: show set>source", OFF, OFF },
[SEQ_RECOVERING]={ IGN, OFF, ACC, ACC, ACC, OFF, IGN, IGN, "setting: prepare>reference", OFF, OFF },
[SEQ_CLOSING] =  { IGN, OFF, OFF, OFF, ACC, OFF, IGN, IGN, ACC, OFF, OFF },
[SEQ_SAFE_OFF] = { IGN, IGN, ACC, ACC, ACC, IGN, IGN, IGN, "safe_prove: read>reference", OFF, OFF },
[SEQ_SAFE_PROVE]={ IGN, IGN, OFF, OFF, ACC, IGN, IGN, IGN, ACC, ACC, ACC },
[SEQ_SAFE_STORE]={ IGN, IGN, OFF, OFF, ACC, IGN, IGN, IGN, "safe_store: show", FIN, FIN },
[SEQ_FINISHED] = { IGN, IGN, IGN, IGN, IGN, IGN, IGN, IGN, NON, NON, NON },
};
/* clang-format on */

static void every_event_in_every_state(void **state)
{
	char got[600];
	int wrong = 0;

	(void)state;
	for (enum seq_state from = 0; from < SEQ_STATES; from++) {
		for (enum stimulus k = 0; k < STIMULI; k++) {
			outcome(got, sizeof(got), from, k);
			if (strcmp(got, want[from][k]) == 0)
				continue;
			print_error("%s, stimulus %d: \"%s\", not \"%s\"\n", seq_state_word(from),
				    (int)k, got, want[from][k]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static const enum event_kind answers[] = { EV_IDENTITY,	 EV_STATUS, EV_READING,
					   EV_REGISTER,	 EV_DONE,   EV_ANSWER,
					   EV_COMMITTED, EV_TIMER,  EV_FAILED };
enum { N_ANSWERS = sizeof(answers) / sizeof(answers[0]) };

static struct event made_up(enum event_kind kind, uint32_t id, enum request_target from)
{
	struct event ev = { .kind = kind, .id = id, .from = from, .t_ns = b.now_ns };

	if (kind == EV_FAILED)
		fault_set(&ev.fault, ET_ERR_IO, "late");
	return ev;
}

/* Nobody asked, or it is no longer pending: nothing happens, and it is counted. */
static void stale_answers_change_nothing_in_any_state(void **state)
{
	(void)state;
	for (enum seq_state from = 0; from < SEQ_STATES; from++) {
		reach(from);
		for (int k = 0; k < N_ANSWERS; k++) {
			struct event ev = made_up(answers[k], 999999, TO_SOURCE);
			const int64_t stale = seq_stale(b.seq);

			fb_feed(&b, &ev);
			assert_int_equal(seq_state(b.seq), from);
			assert_string_equal(fb_last(&b), "");
			assert_int_equal(seq_stale(b.seq), stale + 1);
		}
	}
}

static bool is_right_kind(const struct request *r, enum event_kind kind)
{
	static const enum event_kind right[REQ_KINDS] = {
		[REQ_IDENTIFY] = EV_IDENTITY, [REQ_SET] = EV_STATUS,   [REQ_OFF] = EV_STATUS,
		[REQ_PREPARE] = EV_DONE,      [REQ_READ] = EV_READING, [REQ_PROMPT] = EV_ANSWER,
		[REQ_COMMIT] = EV_COMMITTED,
	};

	if (r->kind == REQ_ARM || r->kind == REQ_DISARM)
		return kind == (r->target == TO_READER ? EV_DONE : EV_REGISTER);
	return right[r->kind] == kind;
}

/* The wrong kind, or the right kind from somebody else: counted, and the right one may still come. */
static void wrong_answers_change_nothing_in_any_state(void **state)
{
	int tried = 0;

	(void)state;
	for (enum seq_state from = 0; from < SEQ_STATES; from++) {
		struct request r;

		reach(from);
		if (oldest_request() < 0)
			continue;
		r = b.open[oldest_request()];
		for (int k = 0; k < N_ANSWERS; k++) {
			const bool right = is_right_kind(&r, answers[k]);
			const enum request_target who =
				right ? (enum request_target)((r.target + 1) % 4) : r.target;
			struct event ev = made_up(answers[k], r.id, who);
			const int64_t counted = seq_misplaced(b.seq) + seq_stale(b.seq);

			if (answers[k] == EV_FAILED)
				continue;
			fb_feed(&b, &ev);
			assert_int_equal(seq_state(b.seq), from);
			assert_string_equal(fb_last(&b), "");
			assert_int_equal(seq_misplaced(b.seq) + seq_stale(b.seq), counted + 1);
			tried++;
		}
		fb_answer_at(&b, oldest_request());
	}
	assert_int_equal(tried, 8 * 15); /* 4 states wait for nobody */
}

static void data_count_only_while_an_attempt_is_open(void **state)
{
	(void)state;
	for (enum seq_state from = 0; from < SEQ_STATES; from++) {
		const bool takes = from == SEQ_ARMING || from == SEQ_MEASURING ||
				   from == SEQ_DISARMING || from == SEQ_SAFE_OFF ||
				   from == SEQ_SAFE_PROVE;
		int64_t misplaced;

		reach(from);
		b.armed = 7;
		misplaced = seq_misplaced(b.seq);
		fb_data(&b);
		assert_int_equal(seq_state(b.seq), from);
		assert_int_equal(seq_misplaced(b.seq) - misplaced, takes ? 0 : 3);
		fb_event(&b, EV_EDGES, TO_REFERENCE); /* not its business */
		fb_event(&b, EV_REF_SAMPLES, TO_READER);
		assert_int_equal(seq_misplaced(b.seq) - misplaced, takes ? 2 : 5);
	}
}

/* Nobody answers any more, only time passes: the run ends all the same, and does not claim to know. */
static void silence_ends_every_state(void **state)
{
	(void)state;
	for (enum seq_state from = SEQ_IDENTIFY; from < SEQ_FINISHED; from++) {
		const bool off_was_told = from == SEQ_SAFE_PROVE || from == SEQ_SAFE_STORE;

		reach(from);
		for (int i = 0; i < 200 && !b.n_finish; i++) {
			const int timer = fb_first_timer(&b);

			if (seq_state(b.seq) == SEQ_MEASURING)
				fb_data(&b);
			fb_answer_at(&b, timer);
		}
		assert_int_equal(b.n_finish, 1);
		assert_int_equal(b.code, off_was_told ? SEQ_EXIT_RECORD : SEQ_EXIT_NOT_OFF);
		assert_false(b.set_after_off);
		/* the first one is kept: RECOVERING has one of its own */
		assert_int_equal(seq_fault(b.seq)->code,
				 from == SEQ_RECOVERING ? ET_ERR_LOST : ET_ERR_TIMEOUT);
	}
}

static void bad_events_are_refused(void **state)
{
	struct request out[SEQ_REQUESTS_MAX];
	struct event ev = { .kind = EV_EDGES };
	size_t n = 77;

	(void)state;
	reach(SEQ_MEASURING);
	ev.edges.n = EV_EDGES_MAX + 1;
	assert_int_equal(seq_step(b.seq, &ev, out, SEQ_REQUESTS_MAX, &n), ET_ERR_ARG);
	ev.kind = EV_REF_SAMPLES;
	ev.samples.n = EV_REF_SAMPLES_MAX + 1;
	assert_int_equal(seq_step(b.seq, &ev, out, SEQ_REQUESTS_MAX, &n), ET_ERR_ARG);
	ev.kind = EV_KINDS;
	assert_int_equal(seq_step(b.seq, &ev, out, SEQ_REQUESTS_MAX, &n), ET_ERR_ARG);
	ev.kind = EV_NONE;
	assert_int_equal(seq_step(b.seq, &ev, out, SEQ_REQUESTS_MAX, &n), ET_ERR_ARG);
	ev = (struct event){ .kind = EV_FAILED };
	assert_int_equal(seq_step(b.seq, &ev, out, SEQ_REQUESTS_MAX, &n), ET_ERR_ARG);
	ev.kind = EV_ABORT;
	assert_int_equal(seq_step(b.seq, &ev, out, SEQ_REQUESTS_MAX - 1, &n), ET_ERR_ARG);
	assert_int_equal(n, 77);
	assert_int_equal(seq_state(b.seq), SEQ_MEASURING);
}

static int tear_down(void **state)
{
	(void)state;
	seq_free(b.seq);
	b.seq = NULL;
	return 0;
}

#define T(f) cmocka_unit_test_teardown(f, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_event_in_every_state),
		T(stale_answers_change_nothing_in_any_state),
		T(wrong_answers_change_nothing_in_any_state),
		T(data_count_only_while_an_attempt_is_open),
		T(silence_ends_every_state),
		T(bad_events_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
