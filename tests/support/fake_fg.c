/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fake_fg.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALL_OFF "UIAAAAAAAAA"

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int listen_on(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons((uint16_t)port) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0)
		return -1;
	return fd;
}

/* UI and nine letters: three voltages E or A, three currents P or A, three more. */
static bool is_switch(const char *line)
{
	bool good = strlen(line) == strlen(ALL_OFF) && strncmp(line, "UI", 2) == 0;

	for (int i = 2; good && line[i]; i++)
		good = strchr(i < 5 ? "EA" : i < 8 ? "PA" : "EPA", line[i]) != NULL;
	return good;
}

static const char *answer_to(struct fake_fg *fg, const char *line)
{
	if (!strcmp(line, "TS"))
		return "TSFG301   V299\r";
	if (!strcmp(line, "SM"))
		return "SM0000000000\r";
	if (!strcmp(line, ALL_OFF)) {
		if (fg->refuse_off)
			return "UINAK\r";
		fg->on = false;
		return "OKUI\r";
	}
	if (is_switch(line)) {
		fg->on = true;
		fg->n_switched_on++;
		return "OKUI\r";
	}
	return "";
}

static void take_line(struct fake_fg *fg, int client, const char *line)
{
	const int n = fg->n_lines;
	const char *answer;

	if (!line[0])
		return;
	if (n < FAKE_FG_LINES) {
		fg->line[n].t_ns = now_ns();
		snprintf(fg->line[n].text, sizeof(fg->line[n].text), "%s", line);
		fg->n_lines = n + 1;
	}
	if (fg->silent)
		return;
	answer = answer_to(fg, line);
	(void)!send(client, answer, strlen(answer), MSG_NOSIGNAL);
}

/* One client, until it hangs up or is hung up on. A line that it left by half stays. */
static void serve(struct fake_fg *fg, int client, char line[64], size_t *len)
{
	while (!fg->unplug_ms) {
		struct pollfd p = { .fd = client, .events = POLLIN };
		char c;

		if (poll(&p, 1, 5) <= 0)
			continue;
		if (recv(client, &c, 1, 0) <= 0)
			return;
		if (c == '\r') {
			line[*len] = '\0';
			*len = 0;
			take_line(fg, client, line);
		} else if (*len < 63) {
			line[(*len)++] = c;
		}
	}
}

static void run(struct fake_fg *fg, int listening)
{
	char line[64];
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = listening, .events = POLLIN };

		if (fg->unplug_ms) {
			close(listening);
			usleep((useconds_t)fg->unplug_ms * 1000);
			fg->unplug_ms = 0;
			listening = listen_on(fg->tcp_port);
		} else if (poll(&p, 1, 5) > 0) {
			const int client = accept(listening, NULL, NULL);

			serve(fg, client, line, &len);
			close(client);
		}
	}
}

struct fake_fg *fake_fg_start(void)
{
	struct fake_fg *fg =
		mmap(NULL, sizeof(*fg), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in a;
	socklen_t size = sizeof(a);
	const int listening = listen_on(0);
	pid_t pid;

	if (fg == MAP_FAILED || listening < 0 ||
	    getsockname(listening, (struct sockaddr *)&a, &size) < 0)
		return NULL;
	fg->tcp_port = ntohs(a.sin_port);
	fg->on = true;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(fg, listening);
		_exit(0);
	}
	fg->pid = pid; /* by us alone: the page is shared */
	close(listening);
	return fg;
}

void fake_fg_stop(struct fake_fg *fg)
{
	kill(fg->pid, SIGKILL);
	waitpid(fg->pid, NULL, 0);
	munmap(fg, sizeof(*fg));
}

int fake_fg_find(const struct fake_fg *fg, const char *text, int from)
{
	for (int i = from; i < fg->n_lines; i++)
		if (!strcmp(fg->line[i].text, text))
			return i;
	return -1;
}
