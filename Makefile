# SPDX-License-Identifier: Apache-2.0
# One graph for everything. VARIANT=release|asan|tsan|cov|fuzz: one build directory each.
#   make demo      install what is missing, build, verify a simulated batch
#   make check     the same, then run the tests (under 5 minutes)
VARIANT ?= release
B       := build/$(VARIANT)
PREFIX  ?= /usr/local
FUZZ_S  ?= 30
PKGS    := libfyaml jansson libsodium libzstd sqlite3 libserialport libmodbus
DEBS    := pkg-config libfyaml-dev libjansson-dev libsodium-dev libzstd-dev libsqlite3-dev \
           libserialport-dev libmodbus-dev libcmocka-dev

V_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
V_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
V_tsan    := -O1 -g -fsanitize=thread
V_cov     := -O0 -g --coverage
V_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined
WARN := -std=c11 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wswitch-enum $(if $(CI),-Werror)
# Asked for when a rule runs, because `deps` may have to install pkg-config first. Floating point: no
# contraction and no extended precision, so that every compiler computes the same figures.
PKG_CFLAGS = $$(pkg-config --cflags $(PKGS))
PKG_LIBS   = $$(pkg-config --libs $(PKGS))
COMPILE = $(CC) -I. -D_GNU_SOURCE -ffp-contract=off $(WARN) $(V_$(VARIANT)) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LINK    = $(call say,LD) $(CC) $(V_$(VARIANT)) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm -pthread

# One short line a file; V=1 shows the commands.
say = $(if $(V),,@echo '  $(1) $@';)

ROOMS := base io metrology drivers procedures db reports simulator bench
SRC   := $(wildcard $(addsuffix /*.c,$(ROOMS)) drivers/*/*.c)
OBJ   := $(patsubst %.c,$(B)/%.o,$(filter-out bench/main.c,$(SRC))) $(B)/builtin.o
# Files that come inside the program: bench/builtin.h.
DATA  := $(sort $(wildcard procedures/approvals/*.yaml procedures/plans/*.yaml drivers/*/registers/*.yaml examples/*/*.yaml examples/*/*/*.yaml))
TSUP  := $(B)/libtests.a
prog   = $(patsubst tests/%.c,$(B)/%,$(wildcard tests/$(1)_*.c))
TESTS := $(call prog,test) $(patsubst tests/fuzz_%.c,$(B)/replay_%,$(wildcard tests/fuzz_*.c))
LIB   := $(B)/libetalon.a

# Unless make was told how many jobs to run at once: one for each processor.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

all: deps
	@$(MAKE) $(JOBS) --no-print-directory $(B)/etalon
$(B)/etalon: $(B)/bench/main.o $(LIB)
	$(LINK)
# An archive: a program gets only what it uses, so that a test may put a stand-in in the place of a part.
$(TSUP): $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))
$(LIB): $(OBJ)
$(LIB) $(TSUP):
	@rm -f $@
	$(call say,AR) $(AR) rcs $@ $^
$(B)/test_%: $(B)/tests/test_%.o $(TSUP) $(LIB)
	$(LINK) -lcmocka
$(B)/replay_%: $(B)/tests/fuzz_%.o $(B)/tests/replay_main.o $(TSUP) $(LIB)
	$(LINK)
$(B)/bench_%: $(B)/tests/bench_%.o $(TSUP) $(LIB)
	$(LINK)
$(B)/campaign_%: $(B)/tests/campaign_%.o $(TSUP) $(LIB)
	$(LINK)
$(B)/live_%: $(B)/tests/live_%.o $(TSUP) $(LIB) $(B)/etalon
	$(call say,LD) $(CC) $(V_$(VARIANT)) $(LDFLAGS) -o $@ $(filter-out %/etalon,$^) $(PKG_LIBS) -lm -pthread
$(B)/vfs_torn.so: tests/vfs_preload.c tests/support/vfs_torn.c
	$(call say,LD) $(COMPILE) -shared -fPIC -o $@ $^ $(PKG_LIBS)
$(B)/modbus_ask: $(B)/tests/modbus_ask.o $(LIB)
	$(LINK)
$(B)/fuzz_%: $(B)/tests/fuzz_%.o $(TSUP) $(LIB)
	$(LINK) -fsanitize=fuzzer
$(B)/builtin.c: tools/builtin.sh $(DATA) $(B)/flags
	@sh tools/builtin.sh $(DATA) >$@
$(B)/builtin.o: $(B)/builtin.c
	$(call say,CC) $(COMPILE) -c -o $@ $<
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC) $(COMPILE) -MMD -MP -c -o $@ $<
$(B)/flags: FORCE           # other flags than last time: build everything again
	@mkdir -p $(B); echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' >$@
-include $(patsubst %.c,$(B)/%.d,$(SRC) $(wildcard tests/*.c tests/support/*.c))

deps:                       # only what is missing is installed, and only then is root needed
	@sh tools/deps.sh $(DEBS)

check: all
	@$(MAKE) $(JOBS) --no-print-directory $(TESTS)
	@p=0; f=0; for t in $(TESTS); do \
	    if $(WRAP) $$t >$$t.log 2>&1; then p=$$((p+1)); else f=$$((f+1)); cat $$t.log; echo "FAILED: $$t"; fi; done; \
	    echo "check: $$p passed, $$f failed"; [ $$f = 0 ]

fuzz:                       # seeds in tests/corpus/NAME; a crash becomes a new seed
	$(MAKE) VARIANT=fuzz CC=clang fuzz-run
fuzz-run: $(call prog,fuzz)
	@for f in $^; do n=$${f##*/fuzz_}; mkdir -p $(B)/corpus/$$n tests/corpus/$$n; \
	    $$f -max_total_time=$(FUZZ_S) $(B)/corpus/$$n tests/corpus/$$n || exit 1; done

demo: all                   # three simulated batches, ten meters: table, report, truth
	@sh tools/demo.sh $(B)/etalon demo 1

check-all:                  # everything that a release must survive, without the hours of campaign and fuzz
	$(MAKE) check CI=1
	$(MAKE) check CI=1 VARIANT=asan
	$(MAKE) check CI=1 VARIANT=tsan
	$(MAKE) check CI=1 CC=clang B=build/clang
	$(MAKE) check CI=1 WRAP="env LOSS_PART=12 valgrind -q --error-exitcode=9 --leak-check=full --child-silent-after-fork=yes"
	$(MAKE) foreign
	$(MAKE) live
	$(MAKE) live-40
	sh tools/lint.sh

# Real time, real processes, real signals: 200 kills of the worker, a source that refuses, lies or is unplugged, and 100 kills of
# worker and guardian together, half of them on a disk that loses what was not synced.
live: all
	@$(MAKE) --no-print-directory $(B)/live_guardian $(B)/live_resume $(B)/vfs_torn.so $(B)/test_live_guardian
	$(B)/live_guardian 200
	$(B)/test_live_guardian slow
	$(B)/live_resume 50 1 5
	$(B)/live_resume 50 2 5 $(CURDIR)/$(B)/vfs_torn.so
	@if TORN_LIES=1 $(B)/live_resume 10 3 2 $(CURDIR)/$(B)/vfs_torn.so >/dev/null; then \
	    echo "live_resume did not find out a disk that lies"; exit 1; else echo "a disk that lies is found out"; fi

foreign: all                # clients and servers that we did not write, against our instruments and drivers, in real time
	@$(MAKE) --no-print-directory $(B)/modbus_ask
	@sh tools/foreign.sh $(B)/etalon $(B)/modbus_ask

live-40: all                # forty positions over real lines for two minutes: pulses, figures, CPU, memory
	@$(MAKE) --no-print-directory $(B)/live_forty
	@$(B)/live_forty

determinism: all            # ten demonstrations, idle and loaded, of three builds: one journal
	$(MAKE) VARIANT=tsan build/tsan/etalon
	$(MAKE) CC=clang B=build/clang build/clang/etalon
	sh tools/determinism.sh $(B)/etalon build/tsan/etalon build/clang/etalon

bench: all                  # ratios and virtual time against the targets
	@$(MAKE) --no-print-directory $(call prog,bench)
	@for b in $(call prog,bench); do $$b || exit 1; done

# Some 25 minutes on two cores, parallel processes. All run, targets missed or not; then docs/campaign.md is written.
CAMPAIGN := coverage decisions disturbed stops loss
campaign: all
	@$(MAKE) --no-print-directory $(CAMPAIGN:%=$(B)/campaign_%)
	@mkdir -p $(B)/campaign; f=0; for c in $(CAMPAIGN); do echo "campaign: $$c"; \
	    $(B)/campaign_$$c >$(B)/campaign/$$c.md || { f=1; echo "campaign: $$c missed a target"; }; \
	    git describe --always --dirty >$(B)/campaign/$$c.revision 2>/dev/null || echo unknown >$(B)/campaign/$$c.revision; done; \
	    $(MAKE) --no-print-directory campaign-report; exit $$f
campaign-report:            # what the campaigns wrote, as one page; each part with the revision that it ran on
	@{ printf '# Results of the campaigns\n\nWritten by `make campaign` with %s processes. ' "$$(nproc)"; \
	    printf 'What the words mean, and how to run\none cell or one run again: [campaign-howto.md](campaign-howto.md).\n'; \
	    for c in $(CAMPAIGN); do echo; \
	        [ $$c != loss ] || printf '## Loss loops\n\n```\n'; cat $(B)/campaign/$$c.md; [ $$c != loss ] || echo '```'; \
	        printf '\nRevision %s.\n' "$$(cat $(B)/campaign/$$c.revision)"; done; } >docs/campaign.md

install: all
	install -D -m 755 $(B)/etalon $(DESTDIR)$(PREFIX)/bin/etalon
clean:
	rm -rf build
FORCE:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all deps demo check check-all live live-40 determinism bench campaign campaign-report foreign fuzz fuzz-run install \
        clean FORCE
