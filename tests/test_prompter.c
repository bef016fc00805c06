/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a person, and progress on a terminal that is stuck: nothing else waits for either. */
#include "bench/prompter.h"

#include <fcntl.h>
#include <unistd.h>

#include "bench/progress.h"
#include "tests/support/near.h"

static bool says_yes(void *arg, int prompt, enum touch touch, const atomic_bool *cancelled)
{
	(void)arg;
	(void)cancelled;
	return prompt == 7 && touch == TOUCH_DEAD;
}

static bool never_says(void *arg, int prompt, enum touch touch, const atomic_bool *cancelled)
{
	(void)prompt;
	(void)touch;
	while (!atomic_load(cancelled))
		clk_sleep_until(arg, clk_now_ns(arg) + 1000000);
	return true;
}

static const struct request question = {
	.id = 5, .kind = REQ_PROMPT, .prompt = 7, .touch = TOUCH_DEAD
};

static void the_answer_is_an_event(void **state)
{
	struct clk *c = clk_real_new();
	struct queue *q = queue_new(c, sizeof(struct event), 4);
	struct prompter *p = prompter_new(c, q, says_yes, NULL);
	struct event ev;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(prompter_ask(p, &question), ET_OK);
		assert_int_equal(queue_get(q, &ev, ET_NEVER_NS), ET_OK);
		assert_int_equal(ev.kind, EV_ANSWER);
		assert_int_equal(ev.id, 5);
		assert_int_equal(ev.from, TO_STATION);
		assert_true(ev.answer.yes);
	}
	prompter_free(p);
	queue_free(q);
	clk_free(c);
}

static void nobody_waits_for_a_person(void **state)
{
	struct clk *c = clk_real_new();
	struct queue *q = queue_new(c, sizeof(struct event), 4);
	struct prompter *p = prompter_new(c, q, never_says, c);
	struct event ev;

	(void)state;
	assert_int_equal(prompter_ask(p, &question), ET_OK);
	assert_int_equal(prompter_ask(p, &question), ET_OK); /* the first is given up */
	prompter_free(p);
	while (queue_get(q, &ev, INT64_MIN) == ET_OK)
		assert_int_equal(ev.id, 5);
	queue_free(q);
	clk_free(c);
}

static void a_stuck_terminal_costs_lines_only(void **state)
{
	struct run_input in = { .clk = clk_real_new() };
	const int before = dup(STDERR_FILENO);
	struct progress pr;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], "", 1) == 1)
		continue; /* full, and nobody reads */
	fcntl(ends[1], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
	progress_start(&pr, LANG_FR, &in);
	for (int i = 0; i < 2000; i++)
		progress_ask(&pr, "Placez les compteurs et les capteurs; l'absence de tension est "
				  "prouvée. Continuer?");
	progress_stop(&pr);
	dup2(before, STDERR_FILENO);
	close(before);
	close(ends[0]);
	close(ends[1]);
	clk_free(in.clk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_an_event),
		cmocka_unit_test(nobody_waits_for_a_person),
		cmocka_unit_test(a_stuck_terminal_costs_lines_only),
	};

	alarm(300); /* what would wait for ever is a failure */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
