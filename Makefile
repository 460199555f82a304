# descentd: gradient descent as a service.
#
#   make demo     install what is missing (apt), build, train a first model and show it
#   make run      build and serve on 127.0.0.1:8080 until Ctrl-C
#   make test     install what is missing, build and run all tests
#   make help     every other target
#
# Output goes to build/ (build/asan and build/tsan for the sanitizers); nothing else is written.

CC      ?= cc
BUILD   ?= build
PREFIX  ?= /usr/local
WERROR  ?= -Werror
DATA    ?= data
LISTEN  ?= 127.0.0.1:8080
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)

# What apt must have installed, by purpose.
PACKAGES_BUILD := gcc libc6-dev pkg-config libmicrohttpd-dev libgnutls28-dev libcjson-dev libsqlite3-dev nettle-dev zlib1g-dev \
    libjs-chart.js esbuild zopfli
PACKAGES_DEMO  := curl jq ca-certificates
PACKAGES_TEST  := libcriterion-dev libcurl4-openssl-dev openssl
PACKAGES_BROWSER := chromium chromium-driver fonts-inter
PACKAGES_SANITIZE := libasan8 libubsan1 libtsan2
PACKAGES_LINT  := clang clang-format git
PACKAGES_MEMCHECK := valgrind
PACKAGES_FUZZ  := clang libclang-rt-dev

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 $(WERROR)
# Errors of floating point must stay visible: no option that lets the compiler assume finite numbers.
FLOATING := -ffp-contract=off -fno-math-errno -fno-trapping-math
OBJCOPY  ?= objcopy
OPTIMISE ?= -O2
CORE_OPTIMISE ?= -O3
# valgrind is slower still: limits of time are multiplied, and the longest trainings shortened.
ifdef MEMCHECK
HARDEN   := -DSERVICE_PATIENCE=20 -DTESTS_SHORT
else ifdef SANITIZE
HARDEN   := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer $(if $(findstring fuzzer,$(SANITIZE)),-DGDI_SMALL_BUFFERS)
else
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
endif
CFLAGS   ?= -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -fPIE -pthread $(OPTIMISE) $(WARNINGS) $(FLOATING) $(HARDEN) $(CFLAGS) -MMD -MP
LINK     = $(CC) -pthread $(HARDEN) $(LDFLAGS) -pie -Wl,-z,relro,-z,now

LIBRARIES_SERVER = -lmicrohttpd -lgnutls -lcjson -lsqlite3 -lnettle -lz -lm
# Under sanitizers and valgrind tests/support/plain takes Criterion's place: its sandbox cannot run under that of threads,
# and it calls a test passed that leaked.
ifneq ($(SANITIZE)$(MEMCHECK),)
PLAIN_TESTS    := tests/support/plain
LIBRARIES_TEST  = -lcurl
else
LIBRARIES_TEST  = -lcriterion -lcurl
endif

# $(call run,what,command): a line a file; with V=1 the whole command.
run = $(if $(V),,@echo "  $(1)" && )$(2)

INCLUDE_CORE   := -Icore/include -Icore/src
INCLUDE_SERVER := -Icore/include -Iserver
INCLUDE_TESTS  := $(PLAIN_TESTS:%=-I%) -Icore/include -Icore/src -Iserver -Itests

# Formulas train in double: of the library compiled a second time wide.o holds what they need, and shows one name.
WIDE_SOURCE    := core/src/train/wide.c
CORE_SOURCES   := $(filter-out $(WIDE_SOURCE),$(wildcard core/src/*/*.c))
SERVER_SOURCES := $(wildcard server/*/*.c server/*.c)
MIGRATIONS     := $(sort $(wildcard migrations/*.sql))
DASHBOARD      := $(wildcard $(foreach ending,html css js svg,server/dashboard/*.$(ending) server/dashboard/*/*.$(ending)))
CHART_JS       ?= /usr/share/javascript/chart.js/chart.mjs

CORE_OBJECTS   := $(CORE_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/wide.o
DOUBLE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/double/%.o) $(WIDE_SOURCE:%.c=$(BUILD)/double/%.o)
GENERATED      := migrations openapi dashboard
SERVER_OBJECTS := $(SERVER_SOURCES:%.c=$(BUILD)/%.o) $(GENERATED:%=$(BUILD)/generated/%.o)
SERVER_LIBRARY_OBJECTS := $(filter-out $(BUILD)/server/main.o,$(SERVER_OBJECTS))

CORE_FOLDERS   := base math data nn loss optim formula train export
SERVER_FOLDERS := http json spec store jobs api access config log
tests_in        = $(foreach folder,$(1),$(wildcard tests/unit/$(folder)/*.c))
SUPPORT_SOURCES := $(wildcard tests/support/*.c $(PLAIN_TESTS:%=%/*.c))
CORE_TESTS     := $(call tests_in,$(CORE_FOLDERS) bench)
SERVER_TESTS   := $(call tests_in,$(SERVER_FOLDERS))
API_TESTS      := $(wildcard tests/api/*.c)
ACCEPT_TESTS   := $(wildcard tests/accept/*.c)
LOAD_TESTS     := $(wildcard tests/load/*.c)
BROWSER_TESTS  := $(wildcard tests/browser/*.c)
FUZZ_SOURCES   := $(filter-out tests/fuzz/fuzzer.c tests/fuzz/test_corpus.c,$(wildcard tests/fuzz/*.c))
FUZZ_REPLAY    := $(FUZZ_SOURCES) tests/fuzz/test_corpus.c
FUZZ_FUZZER    := $(FUZZ_SOURCES) tests/fuzz/fuzzer.c tests/support/safetensors.c
SUPPORT_OBJECTS := $(SUPPORT_SOURCES:%.c=$(BUILD)/objects/%.o)
TEST_PROGRAMS  := $(BUILD)/tests/core $(BUILD)/tests/core_double $(BUILD)/tests/server $(BUILD)/tests/fuzz $(BUILD)/tests/api
# A browser is slow enough without a sanitizer, and what it looks at is not C. DESCENTD_NO_BROWSER=1 leaves it out, and its
# packages of several hundred megabytes.
BROWSER_PROGRAM := $(if $(SANITIZE)$(DESCENTD_NO_BROWSER),,$(BUILD)/tests/browser)

.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/descentd $(BUILD)/libdescent.a

# --- Building ------------------------------------------------------------------------------

$(BUILD)/descentd: $(SERVER_OBJECTS) $(BUILD)/libdescent.a
	$(call run,link $@,$(LINK) -o $@ $(SERVER_OBJECTS) $(BUILD)/libdescent.a $(LIBRARIES_SERVER))

$(BUILD)/libdescent.a: $(CORE_OBJECTS)
	@rm -f $@
	$(call run,archive $@,ar rcs $@ $^)

$(BUILD)/double/libdescent.a: $(DOUBLE_OBJECTS)
	@rm -f $@
	$(call run,archive $@,ar rcs $@ $^)

$(BUILD)/wide.o: $(BUILD)/double/libdescent.a
	$(call run,link $@,$(LD) -r --force-group-allocation -u gdi_wide -o $@.all $<)
	@$(OBJCOPY) --keep-global-symbol=gdi_wide $@.all $@
	@rm -f $@.all

# The kernels alone are built once for each instruction set; they fuse multiply and add by name.
# Written in vectors already, they gain nothing from a search for more of them in straight code, and gcc 14.2 gets sums of
# squared differences wrong by it (AVX-512, -O3): it is off.
# clang takes many minutes over them with sanitizers, and a fuzzer's bytes never come as far.
KERNELS_ALL    = $(CORE_OPTIMISE) -fno-tree-slp-vectorize $(if $(findstring fuzzer,$(SANITIZE)),-fno-sanitize=all)
KERNELS_AVX2   := -mavx2 -mfma
KERNELS_AVX512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512
ifneq ($(filter x86_64 amd64,$(shell uname -m)),)
%/kernels_avx2.o:   KERNEL_FLAGS = $(KERNELS_ALL) $(KERNELS_AVX2)
%/kernels_avx512.o: KERNEL_FLAGS = $(KERNELS_ALL) $(KERNELS_AVX512)
endif
%/kernels_baseline.o: KERNEL_FLAGS = $(KERNELS_ALL)

$(BUILD)/double/core/src/%.o: core/src/%.c
	@mkdir -p $(@D)
	$(call run,compile $< (double),$(CC) $(ALL_CFLAGS) $(CORE_OPTIMISE) $(INCLUDE_CORE) -DGD_REAL_DOUBLE $(KERNEL_FLAGS) -c -o $@ $<)

$(BUILD)/core/src/%.o: core/src/%.c
	@mkdir -p $(@D)
	$(call run,compile $<,$(CC) $(ALL_CFLAGS) $(CORE_OPTIMISE) $(INCLUDE_CORE) $(KERNEL_FLAGS) -c -o $@ $<)

$(BUILD)/server/%.o: server/%.c
	@mkdir -p $(@D)
	$(call run,compile $<,$(CC) $(ALL_CFLAGS) $(INCLUDE_SERVER) -c -o $@ $<)

$(BUILD)/generated/%.o: $(BUILD)/generated/%.c
	$(call run,compile $<,$(CC) $(ALL_CFLAGS) $(INCLUDE_SERVER) -c -o $@ $<)

$(BUILD)/generated/migrations.c: server/store/embed_migrations.sh $(MIGRATIONS)
	@mkdir -p $(@D)
	sh server/store/embed_migrations.sh $(MIGRATIONS) > $@.new
	@mv $@.new $@

$(BUILD)/generated/openapi.c: server/api/embed_openapi.sh server/api/openapi.json
	@mkdir -p $(@D)
	sh server/api/embed_openapi.sh server/api/openapi.json > $@.new
	@mv $@.new $@

$(BUILD)/generated/dashboard.c: server/dashboard/embed.sh $(DASHBOARD) $(CHART_JS)
	@mkdir -p $(@D)
	sh server/dashboard/embed.sh server/dashboard $(CHART_JS) > $@.new
	@mv $@.new $@

.PHONY: install
install: all
	install -D -m 755 $(BUILD)/descentd $(DESTDIR)$(PREFIX)/bin/descentd
	install -D -m 644 $(BUILD)/libdescent.a $(DESTDIR)$(PREFIX)/lib/libdescent.a
	install -d $(DESTDIR)$(PREFIX)/include/descent
	install -m 644 core/include/descent/*.h $(DESTDIR)$(PREFIX)/include/descent

.PHONY: clean
clean:
	rm -rf $(BUILD)

# --- Packages ------------------------------------------------------------------------------

# $(call apt,packages): installs those that dpkg does not know, saying so. Where there is no apt, the compiler will
# say what is missing.
define apt
@missing=; command -v apt-get >/dev/null 2>&1 && for package in $(1); do \
    dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
    echo "Installing with $${sudo:+$$sudo }apt-get:$$missing"; \
    $$sudo apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null || \
    { echo "apt-get could not install:$$missing" >&2; exit 1; }; \
fi
endef

.PHONY: deps deps-demo deps-test deps-sanitize deps-lint
deps:
	$(call apt,$(PACKAGES_BUILD))
deps-demo: deps
	$(call apt,$(PACKAGES_DEMO))
deps-test: deps
	$(call apt,$(PACKAGES_TEST) $(PACKAGES_DEMO))
deps-sanitize: deps-test
	$(call apt,$(PACKAGES_SANITIZE))
deps-lint: deps-test
	$(call apt,$(PACKAGES_LINT))

# --- Running -------------------------------------------------------------------------------

.PHONY: demo run
demo: deps-demo
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@sh docs/demo/demo.sh $(BUILD)/descentd

run: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@mkdir -p $(DATA)
	@exec $(BUILD)/descentd serve --listen $(LISTEN) --data-dir $(DATA)

# --- Tests ---------------------------------------------------------------------------------

# Objects lie apart, for build/tests/api is a program.
$(BUILD)/objects/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call run,compile $<,$(CC) $(ALL_CFLAGS) $(INCLUDE_TESTS) -c -o $@ $<)

$(BUILD)/objects/double/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(call run,compile $< (double),$(CC) $(ALL_CFLAGS) $(INCLUDE_TESTS) -DGD_REAL_DOUBLE -c -o $@ $<)

$(BUILD)/tests/core: $(CORE_TESTS:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(BUILD)/objects/tests/bench/figures.o $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) -lcjson -lsqlite3 -lnettle -lz -lm)

$(BUILD)/tests/core_double: $(CORE_TESTS:%.c=$(BUILD)/objects/double/%.o) $(SUPPORT_SOURCES:%.c=$(BUILD)/objects/double/%.o) $(BUILD)/objects/tests/bench/figures.o $(BUILD)/double/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) -lcjson -lsqlite3 -lnettle -lz -lm)

# Calls of our own objects that tests/unit/jobs/allocation_faults.c makes fail.
WRAPPED := malloc calloc realloc aligned_alloc strdup

$(BUILD)/tests/server: $(SERVER_TESTS:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(SERVER_LIBRARY_OBJECTS) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LIBRARIES_TEST) $(LIBRARIES_SERVER))

$(BUILD)/tests/api: $(API_TESTS:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(BUILD)/generated/dashboard.o $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) $(LIBRARIES_SERVER))

# Replays tests/fuzz/corpus; the same functions under a fuzzer are $(BUILD)/tests/fuzzer, which needs clang.
$(BUILD)/tests/fuzz: $(FUZZ_REPLAY:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(SERVER_LIBRARY_OBJECTS) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) $(LIBRARIES_SERVER))

$(BUILD)/tests/fuzzer: $(FUZZ_FUZZER:%.c=$(BUILD)/objects/%.o) $(SERVER_LIBRARY_OBJECTS) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBRARIES_SERVER))

# Stands in front of the C library of a program under test and makes calls fail.
$(BUILD)/tests/fault.so: tests/fault/preload.c tests/fault/control.h
	@mkdir -p $(@D)
	$(call run,link $@,$(CC) -std=c11 -D_GNU_SOURCE -Itests -fPIC -O1 -fno-builtin $(filter-out -Wconversion,$(WARNINGS)) -Wno-nonnull \
	    -Wno-missing-prototypes -shared -o $@ $< -ldl)

$(BUILD)/tests/accept: $(ACCEPT_TESTS:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) $(LIBRARIES_SERVER))

$(BUILD)/tests/load: $(LOAD_TESTS:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) $(LIBRARIES_SERVER))

$(BUILD)/tests/browser: $(BROWSER_TESTS:%.c=$(BUILD)/objects/%.o) $(SUPPORT_OBJECTS) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ $(LIBRARIES_TEST) -lcjson -lsqlite3 -lnettle -lz -lm)

$(BUILD)/tests/example: docs/examples/train.c $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(CC) $(ALL_CFLAGS) -Icore/include $< $(BUILD)/libdescent.a -lm -o $@ $(LDFLAGS) -pie)

.PHONY: test check-build run-tests
test: $(if $(BROWSER_PROGRAM),deps-browser,deps-test)
	@$(MAKE) --no-print-directory -j$(JOBS) check-build
	@$(MAKE) --no-print-directory run-tests

check-build: all $(TEST_PROGRAMS) $(BUILD)/tests/fault.so $(BUILD)/tests/accept $(BUILD)/tests/load $(BROWSER_PROGRAM) $(BUILD)/tests/example

# What runs tests does so in a folder of its own, which goes with it.
IN_FOLDER = sh tests/support/in_folder.sh
TEST_ENVIRONMENT = DESCENTD=$(BUILD)/descentd FAULT_LIBRARY=$(BUILD)/tests/fault.so

run-tests:
	@status=0; \
	$(BUILD)/tests/example || { echo "the example of docs/examples failed" >&2; status=1; }; \
	for program in $(TEST_PROGRAMS); do \
	    echo "$$program"; \
	    $(TEST_ENVIRONMENT) $(IN_FOLDER) $$program $(TEST_FLAGS) || status=1; \
	done; \
	if [ -n "$(BROWSER_PROGRAM)" ]; then \
	    echo "$(BROWSER_PROGRAM)"; \
	    $(BROWSER_RUN) $(IN_FOLDER) $(BROWSER_PROGRAM) -j1 $(TEST_FLAGS) || status=1; \
	else \
	    echo "the browser's tests are left out$(if $(DESCENTD_NO_BROWSER), by DESCENTD_NO_BROWSER)"; \
	fi; exit $$status

# One browser at a time: several would take the processor from each other.
BROWSER_RUN = DESCENTD=$(BUILD)/descentd SCREENSHOTS=$(BUILD)/screenshots

.PHONY: deps-browser test-browser
deps-browser: deps-test
	$(call apt,$(PACKAGES_BROWSER))
test-browser: deps-browser
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/browser
	@$(BROWSER_RUN) $(IN_FOLDER) $(BUILD)/tests/browser -j1 $(TEST_FLAGS)

# One program alone: make test-core, test-core_double, test-server, test-api
.PHONY: test-%
test-%: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/fault.so $(BUILD)/tests/$*
	@$(TEST_ENVIRONMENT) $(IN_FOLDER) $(BUILD)/tests/$* $(TEST_FLAGS)

# Real data at full length against the figures it must reach; some minutes. One test after the other, for the table.
.PHONY: accept
accept: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/accept
	@echo "data and model               mean   threshold  (PyTorch)         three seeds             time"
	@DESCENTD=$(BUILD)/descentd $(IN_FOLDER) $(BUILD)/tests/accept -j1 $(TEST_FLAGS)

# The whole suite but the browser's, with the program under test built alike. What a sanitizer reports, in a test or in a
# program that a test started, lands in a file of $(BUILD)/reports, and one such file fails the run.
# The kernels are instrumented too. With -O3 gcc takes 4 to 8 minutes over each of them, with -O1 one minute (threads: 10 s).
SANITIZERS_asan := address,undefined
SANITIZERS_tsan := thread
REPORTS_PATH = log_path='$(CURDIR)/build/$@/reports/report'
.PHONY: asan tsan
asan tsan: deps-sanitize
	@rm -rf build/$@/reports && mkdir -p build/$@/reports
	@ASAN_OPTIONS=detect_leaks=1:$(REPORTS_PATH) UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:$(REPORTS_PATH) \
	TSAN_OPTIONS=halt_on_error=1:$(REPORTS_PATH) \
	$(MAKE) --no-print-directory test BUILD=build/$@ SANITIZE=$(SANITIZERS_$@) OPTIMISE=-O1 CORE_OPTIMISE=-O1; status=$$?; \
	for report in build/$@/reports/*; do \
	    [ ! -e "$$report" ] || { echo "$$report:" >&2; head -n 30 "$$report" >&2; status=1; }; \
	done; exit $$status

# 50 pollers and a stream of submits before a queue of SOAK_QUEUED for SOAK_SECONDS: memory, descriptors and log must not
# grow, replies not become slower. And too many of everything at once: a queue of QUEUE_JOBS, slow connections, more connections and descriptors than there may be.
SOAK_SECONDS ?= 3600
SOAK_QUEUED  ?= 10000
QUEUE_JOBS   ?= 100000
# A reader of the database held for READER_SECONDS beside submits, and the time that refusals take.
READER_SECONDS ?= 600
TIMING_ROUNDS  ?= 5000
.PHONY: soak overload reader timing
soak overload reader timing: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/load
	@DESCENTD=$(BUILD)/descentd SOAK_SECONDS=$(SOAK_SECONDS) SOAK_QUEUED=$(SOAK_QUEUED) QUEUE_JOBS=$(QUEUE_JOBS) \
	    READER_SECONDS=$(READER_SECONDS) TIMING_ROUNDS=$(TIMING_ROUNDS) \
	    $(IN_FOLDER) $(BUILD)/tests/load -j1 --filter 'load_$@/*' $(TEST_FLAGS)

# SIGKILL under load, KILLS times at moments that follow from KILL_SEED; what is lost or ends twice fails it.
KILLS     ?= 1000
KILL_SEED ?= 1
.PHONY: kill
kill: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/api
	@KILLS=$(KILLS) KILL_SEED=$(KILL_SEED) DESCENTD=$(BUILD)/descentd $(IN_FOLDER) $(BUILD)/tests/api --verbose \
	    --filter 'checks/n28_many_kills' > $(BUILD)/kill.log 2>&1; \
	    status=$$?; grep -E '^.(----|FAIL|PASS).|Synthesis|n28_many_kills:' $(BUILD)/kill.log; exit $$status

# Every allocation, read, write and sync fails once, one after the other (make test leaves most of them out).
.PHONY: faults
faults: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/tests/fault.so $(BUILD)/tests/api
	@FAULTS_ALL=1 $(TEST_ENVIRONMENT) $(IN_FOLDER) $(BUILD)/tests/api --verbose --filter 'faults/*' > $(BUILD)/faults.log 2>&1; \
	    status=$$?; grep -E '^.(----|FAIL|PASS).|Synthesis' $(BUILD)/faults.log; exit $$status

# Any bytes into everything that reads bytes, by clang's fuzzer; `make test` replays what is kept in tests/fuzz/corpus.
# Buffers are small in that build (core/src/base/memory.h).
FUZZ_SECONDS ?= 60
FUZZ_TARGET  ?=
FUZZ_CC      ?= clang
.PHONY: fuzz deps-fuzz
deps-fuzz: deps-test
	$(call apt,$(PACKAGES_FUZZ))
fuzz: deps-fuzz
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/fuzz CC="$(FUZZ_CC)" OPTIMISE=-O1 CORE_OPTIMISE=-O1 \
	    SANITIZE=fuzzer-no-link,address,undefined build/fuzz/tests/fuzzer
	@sh tests/fuzz/run.sh build/fuzz/tests/fuzzer $(FUZZ_SECONDS) build/fuzz $(FUZZ_TARGET)

# --- Speed ---------------------------------------------------------------------------------

# Peers are measured where they are found: python3-torch and python3-sklearn of Debian, OpenBLAS (OPENBLAS=folder where
# it is not where the system looks), KANN where KANN=folder names a checkout. OpenBLAS takes its slowest kernels on
# processors it does not know, so it is told which to take.
BENCH        ?= training service
BENCH_FLAGS  ?=
PYTHON       ?= /usr/bin/python3
OPENBLAS     ?= $(firstword $(dir $(wildcard /usr/lib/*/openblas-*/libopenblas.so.0 /usr/lib/*/libopenblas.so.0)))
CORE_TYPE    ?= $(shell grep -qw avx512vl /proc/cpuinfo 2>/dev/null && echo SkylakeX || echo Haswell)
# Without these glibc gives tensors of a batch back to the system, step by step, and PyTorch pays for the pages.
MALLOC       := MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=4000000000
PEER         := OPENBLAS_CORETYPE=$(CORE_TYPE) OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(OPENBLAS:%=LD_LIBRARY_PATH=%)
BENCH_OBJECTS = $(patsubst %.c,$(BUILD)/objects/%.o,$(filter-out %_peer.c %/workloads.c,$(wildcard tests/bench/*.c)))
BENCH_PEER_SOURCES := tests/bench/descent_peer.c tests/bench/workloads.c tests/bench/protocol.c
BENCH_PROGRAMS := $(BUILD)/bench/bench $(BUILD)/bench/descent_peer $(BUILD)/bench/blas_peer $(KANN:%=$(BUILD)/bench/kann_peer)
BENCH_RUN     = DESCENTD=$(BUILD)/descentd BENCH_DESCENT=$(BUILD)/bench/descent_peer \
    BENCH_TORCH="$(PEER) $(PYTHON) tests/bench/peers/torch_peer.py" \
    BENCH_TORCH_TUNED="$(MALLOC) $(PEER) $(PYTHON) tests/bench/peers/torch_peer.py --channels-last" \
    BENCH_SKLEARN="$(PEER) $(PYTHON) tests/bench/peers/sklearn_peer.py" \
    BENCH_KANN="$(KANN:%=$(PEER) $(BUILD)/bench/kann_peer)" BENCH_BLAS="$(PEER) $(BUILD)/bench/blas_peer"

$(BUILD)/bench/bench: $(BENCH_OBJECTS) $(BUILD)/objects/tests/bench/workloads.o $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ -lmicrohttpd -lsqlite3 -lm)

$(BUILD)/bench/descent_peer: $(BENCH_PEER_SOURCES:%.c=$(BUILD)/objects/%.o) $(BUILD)/libdescent.a
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ -lm)

$(BUILD)/bench/blas_peer: $(BUILD)/objects/tests/bench/blas_peer.o $(BUILD)/objects/tests/bench/protocol.o
	@mkdir -p $(@D)
	$(call run,link $@,$(LINK) -o $@ $^ -ldl)

# Not our code: without our warnings.
KANN_FLAGS ?= -mavx2 -mfma
$(BUILD)/bench/kann_peer: tests/bench/peers/kann_peer.c tests/bench/protocol.c
	@mkdir -p $(@D)
	$(call run,link $@,$(CC) -std=gnu99 -D_GNU_SOURCE -O3 $(KANN_FLAGS) -w -DHAVE_CBLAS -I$(KANN) -Itests -o $@ $^ \
	    $(KANN)/kann.c $(KANN)/kautodiff.c $(OPENBLAS)libopenblas.so.0 -lm -lpthread)

# make bench KANN=folder BENCH="training service" BENCH_FLAGS="--only linear --rounds 9 --lines figures.jsonl"
.PHONY: bench bench-compare
bench: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) all $(BENCH_PROGRAMS)
	@for part in $(BENCH); do $(BENCH_RUN) $(BUILD)/bench/bench $(BENCH_FLAGS) $$part || exit 1; done

# make bench-compare BASE=commit: this tree against that one, both trained and multiplied by turns in one run.
bench-compare: deps-test
	@[ -n "$(BASE)" ] || { echo "make bench-compare BASE=commit" >&2; exit 2; }
	@$(MAKE) --no-print-directory -j$(JOBS) $(BENCH_PROGRAMS)
	@sh tests/bench/build_base.sh $(BASE) $(BUILD)/bench/base
	@$(BENCH_RUN) BENCH_BASE=$(BUILD)/bench/base/descent_peer $(BUILD)/bench/bench $(BENCH_FLAGS) compare

# make bench-csv: an upload from the socket to 201 against pandas.read_csv of the same file (python3-pandas).
.PHONY: bench-csv
bench-csv: all
	@$(PYTHON) tests/bench/csv_upload.py $(BUILD)/descentd

# The units under valgrind; MEMCHECK_FILTER picks some. Slow: a test has 30 times its limit. Threads that wait for each
# other by looking again and again take hours where valgrind lets one run at a time; the other sanitizers see those tests.
MEMCHECK_FILTER ?= *
MEMCHECK_EXCEPT := --except 'train_threads/*' --except 'math_parallel/*'
MEMCHECK_RUN = valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
    --error-exitcode=99
.PHONY: memcheck deps-memcheck run-memcheck
deps-memcheck: deps-test
	$(call apt,$(PACKAGES_MEMCHECK))
memcheck: deps-memcheck
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build/memcheck MEMCHECK=1 build/memcheck/tests/core build/memcheck/tests/server
	@$(MAKE) --no-print-directory BUILD=build/memcheck MEMCHECK=1 run-memcheck
run-memcheck:
	@status=0; for program in core server; do \
	    echo "$(BUILD)/tests/$$program under valgrind"; \
	    $(IN_FOLDER) $(MEMCHECK_RUN) $(BUILD)/tests/$$program --filter '$(MEMCHECK_FILTER)' $(MEMCHECK_EXCEPT) || status=1; \
	done; exit $$status

# --- Checks --------------------------------------------------------------------------------

FORMATTED = $(shell git ls-files '*.c' '*.h' '*.inc')

.PHONY: lint format
lint: deps-lint
	@sh tests/lint/lint.sh
format: deps-lint
	clang-format -i $(FORMATTED)

# --- Container -----------------------------------------------------------------------------

.PHONY: docker-test
docker-test:
	@sh docker/test.sh

.PHONY: help
help:
	@sed -n 's/^#   make /make /p' Makefile
	@echo "make all | install | clean | deps            build, install under PREFIX, remove build/, packages"
	@echo "make test-core | test-core_double | test-server | test-api | test-browser   one test program"
	@echo "make accept                                  real data at full length, thresholds and figures"
	@echo "make asan | tsan | memcheck                  the suite under sanitizers, the units under valgrind"
	@echo "make soak [SOAK_SECONDS=3600] | overload      pollers and submits for long; too many of everything"
	@echo "make reader [READER_SECONDS=600] | timing    a reader held open beside submits; refusals take equally long"
	@echo "make kill [KILLS=1000] [KILL_SEED=1]         SIGKILL under load, again and again"
	@echo "make faults                                  each allocation, read, write and sync fails once"
	@echo "make fuzz [FUZZ_SECONDS=60] [FUZZ_TARGET=csv] each fuzz target, or one, for so long (clang)"
	@echo "make bench-csv                              reading CSV against pandas"
	@echo "make bench | bench-compare BASE=commit       speed: the table against peers, and against another commit"
	@echo "make lint | format                           rules of the tree, clang-format"
	@echo "make docker-test                             build the image and run a job through it"
	@echo "V=1 shows whole commands, JOBS=n compiles n files at once, BUILD=folder builds elsewhere"

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
