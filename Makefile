# The front door. Meson and Ninja do the work; this knows in which folders and
# with which options. `make help` lists what there is.

BUILD     := build
SANITIZED := build-asan
FUZZING   := build-fuzz
PACKAGED  := build-deb
COVERED   := build-coverage
RESULTS   := $(BUILD)/test-results

PREFIX       ?= /usr/local
WERROR       ?= false
FUZZ_SECONDS ?= 60
BENCHES      ?= run export check search watch
SOAK_SECONDS ?= 600
ORACLE_SEED  ?= $(shell date +%j)
ORACLE_CASES ?= 1000

# Ninja's own choice (two more than there are processors) starves small machines.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2); [ $$n -le 8 ] || n=8; echo $$n)

NINJA := ninja -j $(JOBS)
MESON_SETUP := meson setup --prefix=$(PREFIX) -Dwerror=$(WERROR)

.NOTPARALLEL:
.PHONY: all run test lint format bench bench-count fuzz soak faults oracle coverage screen e2e-day e2e-verdicts e2e-agents install deb clean help build-sanitized build-fuzzing

# The program alone: without a target, Ninja would build the tests as well.
all: $(BUILD)/build.ninja
	@$(NINJA) -C $(BUILD) session-rescue

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { \
	    echo "Meson is not installed: 'make run' installs what is missing, as does tools/install-deps build" >&2; exit 1; }
	@$(MESON_SETUP) $(BUILD)

run:
	@tools/install-deps build
	@$(MAKE) --no-print-directory all
	@# 1 says that something hung was found: the program has done its work.
	@$(BUILD)/session-rescue --status || [ $$? -eq 1 ]

# The program as it ships, and a second one in which ASan and UBSan watch. The
# second is built by clang, so that both compilers have seen every line.
test:
	@tools/install-deps test
	@$(MAKE) --no-print-directory $(BUILD)/.with-tests all build-sanitized
	@JOBS=$(JOBS) tools/run-tests $(BUILD) $(SANITIZED) $(RESULTS)

# Configured before cmocka was there, it would have no unit tests.
$(BUILD)/.with-tests: | $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dtests=enabled
	@touch $@

build-sanitized: $(SANITIZED)/build.ninja
	@$(NINJA) -C $(SANITIZED)

$(SANITIZED)/build.ninja:
	@CC=clang $(MESON_SETUP) -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dc_args=-fno-sanitize-recover=all -Dtests=enabled $(SANITIZED)

lint:
	@tools/install-deps lint
	@rm -rf $(RESULTS)/lint
	@a=0; tools/run-tap $(RESULTS)/lint/lint.tap tests/lint/run || a=1; \
	    BATS_TEST_TIMEOUT=120 tools/run-tap $(RESULTS)/lint/self-test.tap bats --tap tests/lint || a=1; exit $$a

# A file that another version of clang-format has been over fails the lint.
format:
	@git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | \
	    xargs -0 $$(command -v clang-format-14 || echo clang-format) -i

bench:
	@tools/install-deps bench
	@$(MAKE) --no-print-directory all
	@rm -f $(BUILD)/bench-rows.tsv
	@set -e; export BENCH_ROWS=$(CURDIR)/$(BUILD)/bench-rows.tsv; \
	    for bench in $(BENCHES); do tests/bench/$$bench $(BUILD)/session-rescue; done
	@tests/bench/table $(BUILD)/bench-rows.tsv doc/benchmarks.md

bench-count:
	@tools/install-deps bench
	@$(MAKE) --no-print-directory all
	@tests/bench/count $(BUILD)/session-rescue

fuzz:
	@tools/install-deps fuzz
	@$(MAKE) --no-print-directory build-fuzzing
	@tools/run-fuzz $(FUZZING) $(FUZZ_SECONDS)

# All modes at once, on agents that start, hang, are resumed and die at random.
soak:
	@tools/install-deps test
	@$(MAKE) --no-print-directory $(BUILD)/.with-tests all
	@$(NINJA) -C $(BUILD) tests/fake-agent tests/witness
	@tests/soak/run $(BUILD) $(SOAK_SECONDS)

# Every system call of every mode that acts, each way: hours. make test meets one of each name.
# FAULT_SCENES="export kill" are met alone; a number in SR_FAULTS: so many of each name.
faults:
	@tools/install-deps test
	@$(MAKE) --no-print-directory $(BUILD)/.with-tests all
	@$(NINJA) -C $(BUILD) tests/fake-agent tests/fault
	@SR_FAULTS=$${SR_FAULTS:-all} SR_FAULTS_TABLE=$(BUILD)/faults.md JOBS=$(JOBS) tests/faults/run \
	    $(BUILD)/tests/fault $(BUILD)/session-rescue $(BUILD)/tests/fake-agent $(FAULT_SCENES)

# What a resume loads: the real clients judge the model.
oracle:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@SESSION_RESCUE=$(CURDIR)/$(BUILD)/session-rescue tests/oracle/run --seed $(ORACLE_SEED) --cases $(ORACLE_CASES) --keep $(CURDIR)/$(BUILD)/oracle

# Every pinned client in every setup and state, looked at ten times: some ten minutes.
e2e-verdicts:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@SESSION_RESCUE=$(CURDIR)/$(BUILD)/session-rescue tests/e2e/run --matrix

# Codex, Qwen Code, Copilot, Kimi and opencode, the real clients: every state, looked at ten times, and every mode that
# acts; the table at the end. Some half an hour. E2E_AGENTS="--agents qwen --states idle,stalled" are met alone.
e2e-agents:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@SESSION_RESCUE=$(CURDIR)/$(BUILD)/session-rescue tests/e2e/run --agents $(E2E_AGENTS)

# The listing that README.md shows, from a run beside real clients.
screen:
	@tools/install-deps test
	@$(MAKE) --no-print-directory all
	@SESSION_RESCUE=$(CURDIR)/$(BUILD)/session-rescue node tests/e2e/record-screen.mjs

# A day of SR_DAY_MINUTES (60) beside --watch, played by real clients; every line is judged.
e2e-day:
	@tools/install-deps test
	@$(MAKE) --no-print-directory $(BUILD)/.with-tests all
	@$(NINJA) -C $(BUILD) tests/step-clock.so
	@SESSION_RESCUE=$(CURDIR)/$(BUILD)/session-rescue node tests/e2e/watch-day.mjs

coverage:
	@tools/install-deps test
	@tools/install-deps coverage
	@[ -e $(COVERED)/build.ninja ] || $(MESON_SETUP) -Db_coverage=true -Dbuildtype=debug -Dtests=enabled $(COVERED)
	@$(NINJA) -C $(COVERED)
	@tools/coverage $(COVERED)

build-fuzzing: $(FUZZING)/build.ninja
	@$(NINJA) -C $(FUZZING)

$(FUZZING)/build.ninja:
	@CC=clang $(MESON_SETUP) -Dfuzz=true -Dtests=disabled -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=all' $(FUZZING)

# PREFIX is not compiled in, so that a changed one costs no new build.
install: $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@$(NINJA) -C $(BUILD) session-rescue libsession_rescue.a
	@meson install --no-rebuild -C $(BUILD)

# A build of its own: with the flags of the distribution, and its shared libraries,
# so that their security updates reach the program.
deb:
	@tools/install-deps build
	@tools/install-deps deb
	@$(MAKE) --no-print-directory $(PACKAGED)/build.ninja
	@$(NINJA) -C $(PACKAGED) session-rescue
	@tools/make-deb $(PACKAGED) $(PACKAGED)

$(PACKAGED)/build.ninja:
	@export DEB_BUILD_MAINT_OPTIONS=hardening=+all; \
	    CFLAGS="$$(dpkg-buildflags --get CFLAGS) $$(dpkg-buildflags --get CPPFLAGS)" \
	    LDFLAGS="$$(dpkg-buildflags --get LDFLAGS)" \
	    meson setup --prefix=/usr --buildtype=plain -Dwerror=$(WERROR) -Dprefer_static=false -Dtests=disabled \
	    -Dzsh_completions=zsh/vendor-completions $(PACKAGED)

clean:
	@rm -rf $(BUILD) $(SANITIZED) $(FUZZING) $(PACKAGED) $(COVERED)

help:
	@echo "make           build $(BUILD)/session-rescue"
	@echo "make run       install what is missing, build, and show every session found"
	@echo "make test      install what the tests need, and run them all"
	@echo "make lint      formatting, layers, static analysis, manual page, scripts"
	@echo "make format    write the sources as the lint wants them"
	@echo "make bench     measure against the other ways to the same answer"
	@echo "make bench-count   count instructions, beside those of before"
	@echo "make fuzz      each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make soak      all modes at once on agents that live and die at random, SOAK_SECONDS=$(SOAK_SECONDS)"
	@echo "make faults    every system call made to fail, by every mode that acts; the table in $(BUILD)/faults.md"
	@echo "make e2e-day   a day beside --watch played by real clients, SR_DAY_MINUTES=60"
	@echo "make oracle    what a resume loads, judged by the real clients on ORACLE_CASES=$(ORACLE_CASES) variations each"
	@echo "make e2e-verdicts  every client in every setup and state: false alarms, misses, flaps"
	@echo "make e2e-agents  the other agents' real clients in every state and every mode that acts, as a table"
	@echo "make coverage  which lines the tests run"
	@echo "make screen    records the listing that README.md shows"
	@echo "make install   into PREFIX=$(PREFIX), below DESTDIR"
	@echo "make deb       a Debian package in $(PACKAGED)/"
	@echo "make clean     remove everything that was built"
	@echo
	@echo "JOBS=$(JOBS) bounds what runs at once; WERROR=true turns compiler warnings into errors."
