/* SPDX-License-Identifier: Apache-2.0 */
/* tests/replay_main.c - every seed of a fuzzer's corpus through its target once, so that what was found stays found without
 * a fuzzer at hand. replay_NAME takes tests/corpus/NAME. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;
	int bad = 1;

	if (f && fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0)
		data = malloc(size ? (size_t)size
				   : 1); /* exactly so long: a read past it is seen */
	if (data && fread(data, 1, (size_t)size, f) == (size_t)size)
		bad = LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	if (f)
		fclose(f);
	if (bad)
		fprintf(stderr, "%s: failed\n", path);
	return bad;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct dirent **e = NULL;
	char folder[128];
	int n, taken = 0, bad = 0;

	(void)argc;
	name = name ? name + 1 : argv[0];
	snprintf(folder, sizeof(folder), "tests/corpus/%s", name + strlen("replay_"));
	n = scandir(folder, &e, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", folder, e[i]->d_name);
		if (e[i]->d_name[0] != '.') {
			bad += take(path) != 0;
			taken++;
		}
		free(e[i]);
	}
	free(e);
	printf("%s: %d seeds, %d failed\n", folder, taken, bad);
	return bad || taken == 0;
}
