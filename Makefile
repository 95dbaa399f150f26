# The front door. `make help` lists the targets.
#
# Two builds stand behind it: PGXS for the server extension (extension/Makefile) and CMake for the helper and the tests.
# Variables: PG_CONFIG (the PostgreSQL to build for), WERROR=1 (warnings are errors), JOBS, CMAKE_FLAGS, TESTS (a regular
# expression of the CTest names to run), MINUTES and FUZZ (of each fuzz target, and which), MATRIX (options of
# test/matrix), VALGRIND (tests of sql/).

PG_CONFIG ?= pg_config
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
BUILD ?= build/helper
SLOW_BUILD ?= build/sanitized
FUZZ_BUILD ?= build/fuzz
MINUTES ?= 10
TESTS ?= .
export PG_CONFIG WERROR

WERROR_FLAG = $(if $(WERROR),ON,OFF)
COMPILER_FLAG = $(if $(filter-out default,$(origin CXX)),-DCMAKE_CXX_COMPILER=$(CXX))
EXTENSION_MAKE = $(MAKE) -C extension PG_CONFIG=$(PG_CONFIG) $(if $(WERROR),WERROR=1)
CTEST = ctest --output-on-failure --no-tests=error -R '$(TESTS)'

.DEFAULT_GOAL := all
.PHONY: all extension helper tests docs install uninstall installcheck test test-unit test-e2e test-slow test-matrix valgrind fuzz demo bench lint analyze \
	format packages clean help

all: extension helper ## build the extension (for PG_CONFIG) and the helper (build/helper/pg_airlift)

extension: ## build the server extension only
	+$(EXTENSION_MAKE) all

helper: ## build the helper program only
	@cmake -S . -B $(BUILD) -DAIRLIFT_WERROR=$(WERROR_FLAG) -DAIRLIFT_TESTS=OFF $(COMPILER_FLAG) $(CMAKE_FLAGS)
	@cmake --build $(BUILD) --parallel $(JOBS)

tests: ## build the helper and the test programs
	@cmake -S . -B $(BUILD) -DAIRLIFT_WERROR=$(WERROR_FLAG) -DAIRLIFT_TESTS=ON $(COMPILER_FLAG) $(CMAKE_FLAGS)
	@cmake --build $(BUILD) --parallel $(JOBS)

install: all ## install both where pg_config says
	+$(EXTENSION_MAKE) install
	install -d '$(DESTDIR)$(shell $(PG_CONFIG) --bindir)'
	install -m 755 $(BUILD)/pg_airlift '$(DESTDIR)$(shell $(PG_CONFIG) --bindir)/pg_airlift'

uninstall: ## remove what install put there
	+$(EXTENSION_MAKE) uninstall
	rm -f '$(DESTDIR)$(shell $(PG_CONFIG) --bindir)/pg_airlift'

installcheck: extension ## run the extension's regression tests on a throw-away server
	test/regress

test: extension tests ## the one test command: unit, regression, end-to-end
	test/run $(BUILD) -LE slow -R '$(TESTS)'

test-unit: tests ## unit tests only (seconds)
	$(CTEST) --test-dir $(BUILD) -L unit

test-e2e: extension tests ## end-to-end tests only
	test/run $(BUILD) -L e2e -LE slow -R '$(TESTS)'

test-slow: extension ## the second tier: everything under AddressSanitizer and UBSan, bigger cases as well
	@cmake -S . -B $(SLOW_BUILD) -DAIRLIFT_SANITIZE=ON -DAIRLIFT_WERROR=$(WERROR_FLAG) $(COMPILER_FLAG) $(CMAKE_FLAGS)
	@cmake --build $(SLOW_BUILD) --parallel $(JOBS)
	PG_AIRLIFT_SLOW_TESTS=1 test/run $(SLOW_BUILD) -R '$(TESTS)'

test-matrix: ## the second tier: every supported pair of versions; sets up servers outside the repository first
	test/matrix $(MATRIX)

valgrind: extension ## the second tier: the extension's regression tests on a server under valgrind (VALGRIND=names of some)
	test/valgrind $(VALGRIND)

fuzz: ## the second tier: every fuzz target for MINUTES (10), FUZZ=name for some of them; needs clang
	@cmake -S . -B $(FUZZ_BUILD) -DCMAKE_CXX_COMPILER=clang++ -DAIRLIFT_FUZZ=ON -DAIRLIFT_TESTS=OFF $(CMAKE_FLAGS)
	@cmake --build $(FUZZ_BUILD) --parallel $(JOBS) --target fuzz_targets
	test/fuzz/run $(FUZZ_BUILD) $(MINUTES) $(FUZZ)

demo: ## install what is missing, build, and show a whole verified move on two throw-away servers
	@demo/run

bench: ## run the benchmarks (bench/*); each says what it measures
	@set -e; for script in $(sort $(wildcard bench/*)); do \
		if [ -f "$$script" ] && [ -x "$$script" ]; then echo "== $$script"; "$$script"; fi; done

docs: helper ## write docs/commands.md from the program's own help
	scripts/generate-docs $(BUILD)/pg_airlift >docs/commands.md

lint: ## check the formatting of all C++ sources, that no function of the extension leaves anything to clean up, and the rooms
	git ls-files '*.cpp' '*.h' | xargs -r clang-format --dry-run -Werror
	test/regimes
	test/rooms

analyze: ## the second tier: clang-tidy and cppcheck; what they leave out stands in .clang-tidy and test/analyze
	@cmake -S . -B $(BUILD) $(CMAKE_FLAGS)
	test/analyze $(BUILD)

format: ## format all C++ sources
	git ls-files '*.cpp' '*.h' | xargs -r clang-format -i

packages: ## install the Debian packages that building and testing need
	scripts/install-packages browser

clean: ## remove everything that was built
	-$(MAKE) -C extension clean
	rm -rf build results

help: ## list the targets
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'
