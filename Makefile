# PayStream Workbench. `make` alone prints the help.
#
# Each target that needs the environment makes it: the virtual environment from the hashed lock,
# the jars through pom.xml. Behind each target stands the command `paystream`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
ENV := $(VENV)/.installed
JARS := .local/jars/.installed
PROFILES := kafka flink-connector flink-s3 monitoring
# Of the same pom.xml, fetched only where they are asked for.
MORE_PROFILES := elasticsearch flink-operator
ELASTICSEARCH := .local/jars/elasticsearch/.installed
# For the tests of k8s/: kustomize, and the check that Flink's operator makes of a deployment.
KUSTOMIZE := .local/bin/kustomize
OPERATOR := .local/kubernetes/.installed
PROMETHEUS := .local/prometheus/.installed
# What the checks of everything around the job need.
CHECKERS := $(KUSTOMIZE) $(OPERATOR) $(PROMETHEUS)
AUTOSCALER := .local/jars/autoscaler/.installed
AUTOSCALER_SOURCES := $(shell find stack/autoscaler/java/src -type f)
JAVA_SOURCES := $(shell find job/java/src stack/java/src -type f)

# Settings of a run, e.g. `make simulate scenario=geo_jump rate=100000`.
SETTINGS := scenario difficulty rate duration warm_up seed speedup load incidents rules thresholds
RUN_SETTINGS := workers fault fault_seed parallelism checkpoint_interval_ms state_backend sink_guarantee transaction_naming windows stack jit
EXAM_SETTINGS := split seed shards cards days incidents rules workers
# Of a job that runs elsewhere: docs/own-job.md.
RUN_SETTINGS += event_time_start job bootstrap topic_prefix group writes kafka_config still_s
# Of the local stack: two JobManagers and ZooKeeper; checkpoints in a local S3 store.
stack_options = $(if $(ha),--ha) $(if $(s3),--s3)
own_job = $(if $(create_topics),--create-topics) $(if $(expect_rules),--expect-rules)
option = $(if $($(1)),--$(subst _,-,$(1)) '$($(1))')
options = $(strip $(foreach name,$(1),$(call option,$(name))) $(if $(undisturbed),--undisturbed))

# A recipe's exit code becomes make's own 2: CI calls `paystream` itself.

.PHONY: help
help:  ## This help
	@echo "PayStream Workbench: is the fraud job fast enough, does it catch what it should, does it lose nothing?"
	@echo
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 } /^## / { printf "\n%s\n", substr($$0, 4) }' $(MAKEFILE_LIST)
	@echo
	@echo "Settings: scenario=geo_jump difficulty=easy|medium|hard rate=100000 (a minute) duration=60 (s)"
	@echo "          warm_up=10 (s) seed=1 speedup=1 load=constant|daily_rhythm|bursts|peak incidents=N undisturbed=1"
	@echo "          rules=FILE thresholds=FILE (what differs from evaluation/thresholds.toml)"
	@echo "          workers=1 parallelism=1 checkpoint_interval_ms=100 state_backend=rocksdb|hashmap"
	@echo "          sink_guarantee=exactly-once|at-least-once fault=taskmanager_kill keep_stack=1"
	@echo "          ha=1 (two JobManagers, ZooKeeper) s3=1 (checkpoints in S3): docs/stack.md"
	@echo "          jit=quick|full (full: faster after minutes, docs/tuning.md; a stack that runs otherwise starts anew)"
	@echo "          stack=compose (the containers of docker-compose.flink.yml): docs/compose.md"
	@echo "          windows=merchant_minute,bin_minute,card_hour,card_session|none"
	@echo "          job=external bootstrap=HOST:PORT topic_prefix=... (a job of yours: docs/own-job.md)"
	@echo "More:     $(BIN)/paystream --help"

## Run
.PHONY: simulate contract-check local evaluate ab gates chaos soak state autoscale controls realism replay runs compare dashboard scenarios rules
simulate: $(ENV) $(if $(filter external,$(job))$(filter compose,$(stack)),,$(JARS))  ## Replay a scenario into the real job on real Kafka and Flink, and judge it
	@$(BIN)/paystream simulate $(call options,$(SETTINGS) $(RUN_SETTINGS)) $(own_job) $(stack_options) $(if $(keep_stack),--keep-stack)

contract-check: $(ENV)  ## Do a topic's records keep the contract? topic=NAME bootstrap=HOST:PORT [limit=N] [as=decisions]
	@$(BIN)/paystream contract-check $(call options,topic bootstrap limit as kafka_config)

local: $(ENV)  ## The same through the engine alone: no Java, under a minute
	@$(BIN)/paystream local $(call options,$(filter-out warm_up load,$(SETTINGS)))

evaluate: $(ENV)  ## Detection over months of event time: split=tuning|validation|exam seed=1 incidents=100
	@$(BIN)/paystream evaluate $(call options,$(EXAM_SETTINGS))

ab: $(ENV)  ## The working tree's job against another commit's: base=REF
	@$(BIN)/paystream ab $(call option,base) $(call options,$(EXAM_SETTINGS) rules_before live scenario)

gates: $(ENV) $(JARS)  ## May this change go in? profile=laptop|ci|release [store_baseline=1] [only=engine]
	@$(BIN)/paystream gates $(call option,profile) $(call option,thresholds) $(call option,only) $(call option,repeat) $(if $(store_baseline),--store-baseline) $(if $(sit_exam),--evaluate)

# Judging your own data live needs the jars; the rest does not.
replay: $(ENV) $(if $(live),$(JARS))  ## Your own recorded data, judged: data=FILE mapping=FILE [live=1]; else only make a replay
	@$(BIN)/paystream replay $(call options,$(filter-out $(if $(data),,rules thresholds),$(SETTINGS)) data mapping bad_rows $(if $(live),workers)) $(if $(live),--live) $(if $(and $(live),$(keep_stack)),--keep-stack)

realism: $(ENV)  ## Is the traffic like life, and does nothing give attacks away? seed=1 swipes=300000
	@$(BIN)/paystream realism $(call options,seed swipes)

chaos: $(ENV) $(JARS)  ## What do faults do to the job? fault=all|taskmanager_kill|random|... seed=N times=N docs=FILE
	@$(BIN)/paystream chaos $(call options,fault scenario rate duration warm_up checkpoint_interval_ms taskmanagers seed times base docs jit) $(if $(ha),--ha) $(if $(s3),--s3)

soak: $(ENV) $(JARS)  ## One long run while one thing after the other breaks: minutes=30 fault_every=60 (s) seed=N [ha=1] [s3=1]
	@$(BIN)/paystream soak $(call options,minutes fault_every seed scenario rate warm_up checkpoint_interval_ms taskmanagers jit) $(stack_options)

state: $(ENV) $(JARS)  ## What does a large state cost, and how fast is it back? gb=10 [sizes=0.1,1,10] [only=local] [docs=FILE]
	@$(BIN)/paystream state $(call options,gb sizes rate duration swipes_per_card checkpoint_interval_ms only docs)

autoscale: $(ENV) $(JARS) $(AUTOSCALER)  ## Load triples midway: the operator's autoscaler scales the job up and down: rate=N (default: by how fast this machine is) duration=400 taskmanagers=2
	@$(BIN)/paystream autoscale $(call options,scenario rate warm_up duration taskmanagers target_utilization boundary seed checkpoint_interval_ms) $(if $(s3),--s3)

controls: $(ENV) $(if $(full),$(JARS))  ## Does the harness notice what is broken on purpose? full=1 (on the real stack, too) run=RUN
	@$(BIN)/paystream controls $(if $(full),--full) $(call option,run) $(call option,only)

runs: $(ENV)  ## All runs with their verdicts
	@$(BIN)/paystream runs

compare: $(ENV)  ## Two runs side by side: a=RUN b=RUN
	@$(BIN)/paystream compare '$(a)' '$(b)'

dashboard: $(ENV)  ## All of it in a browser, on loopback: port=8501
	@$(BIN)/paystream dashboard $(call options,port)

scenarios: $(ENV)  ## What can be replayed
	@$(BIN)/paystream scenarios

rules: $(ENV)  ## What the job looks for
	@$(BIN)/paystream rules

## The local stack
.PHONY: stack-up stack-down stack-status
stack-up: $(ENV) $(JARS) $(if $(elasticsearch),$(ELASTICSEARCH)) $(if $(monitoring),$(PROMETHEUS))  ## Start Kafka and Flink and leave them running: ha=1 s3=1 taskmanagers=2 jit=full monitoring=1 elasticsearch=1 postgres=1 secured=1
	@$(BIN)/paystream stack up $(call option,taskmanagers) $(call option,jit) $(stack_options) $(if $(elasticsearch),--elasticsearch) $(if $(postgres),--postgres) $(if $(monitoring),--monitoring) $(if $(secured),--secured)

stack-down: $(ENV)  ## Stop them; while a run uses them with force=1 alone
	@$(BIN)/paystream stack down $(if $(force),--force)

stack-status: $(ENV)  ## Addresses and log files
	@$(BIN)/paystream stack status

## This machine
.PHONY: doctor bootstrap install install-elasticsearch install-kubernetes install-prometheus install-autoscaler clean clean-replays
doctor:  ## Check what this machine has, and say what to install
	@$$(command -v $(PYTHON) || command -v python3) -m stack.doctor

bootstrap:  ## Install what is missing with apt, where that is possible
	@bash tools/bootstrap.sh

install: $(ENV) $(JARS)  ## Virtual environment and jars

# 107 MB that no run needs.
install-elasticsearch: $(ELASTICSEARCH)  ## The archive of Elasticsearch, to search alerts in

install-kubernetes: $(KUSTOMIZE) $(OPERATOR)  ## What checks the manifests in k8s/: kustomize (needs Go), Flink's operator

install-prometheus: $(PROMETHEUS)  ## Prometheus and promtool, unpacked and not installed

# 31 MB that only `make autoscale` needs: the operator's library and a client of Flink 1.x.
install-autoscaler: $(AUTOSCALER)  ## The operator's autoscaler, to scale the local job

# Runs refer to their replays: without its labels a run cannot be judged again.
clean:  ## Remove the environment, jars, stack data (runs and their replays are kept)
	@! test -x $(BIN)/paystream || $(BIN)/paystream stack down
	rm -rf $(VENV) .local build *.egg-info

clean-replays:  ## Remove all replays (runs are kept, but lose their labels)
	@test ! -d replays || find replays -mindepth 1 -maxdepth 1 ! -name .gitkeep -exec rm -rf {} +

## Checks
.PHONY: test test-full check bench sbom audit jars-lock docs
test: $(ENV) $(JARS) $(CHECKERS)  ## All checks and tests, under 20 minutes on two cores
	@bash tools/test.sh quick

test-full: $(ENV) $(JARS) $(ELASTICSEARCH) $(AUTOSCALER) $(CHECKERS)  ## The same, and what takes longer
	@bash tools/test.sh full

check: $(ENV)  ## Formatting, lint, types, import directions
	@bash tools/check.sh

bench: $(ENV)  ## Speed of engine and rendering (pytest-benchmark); measure while nothing else runs
	@$(BIN)/python -m pytest tests/bench --override-ini 'python_files=bench_*.py' --override-ini 'python_functions=bench_*' --override-ini 'testpaths=' --benchmark-only --benchmark-columns=min,median,max,rounds --benchmark-sort=name $(bench_options)

# Maven fetches what it lists: Elasticsearch's 107 MB, too.
sbom: $(ENV)  ## Write build/sbom.json, what all is made of (CycloneDX), and docs/licences.md
	@$(BIN)/python -m tools.sbom $(PROFILES) $(MORE_PROFILES) stack/autoscaler/java/pom.xml
	@$(BIN)/python -m tools.licences

audit: sbom  ## Is a known vulnerability in any of it? Asks OSV; 3 where that cannot be reached
	@$(BIN)/python -m tools.audit

jars-lock: $(ENV)  ## After a version in a pom.xml has changed: note the jars that came as those wanted
	@bash tools/verify_jars.sh --write $(PROFILES) $(notdir $(wildcard .local/jars/elasticsearch .local/jars/autoscaler))
	@! test -d .local/kubernetes/flink-operator || bash tools/verify_jars.sh --write --below .local/kubernetes flink-operator

docs: $(ENV)  ## Write the generated pages: rules, schemas, metrics; and the boards of Grafana
	@$(BIN)/paystream docs
	@$(BIN)/python -m monitoring.generate

# An interrupted `venv` leaves a python without pip: that one is made anew.
$(ENV): requirements.lock requirements-uv.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: run 'make doctor'"; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "making the virtual environment"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "installing the locked packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(JARS): pom.xml job/java/pom.xml stack/java/pom.xml $(JAVA_SOURCES)
	@command -v mvn >/dev/null || { echo "mvn is missing: run 'make doctor'"; exit 2; }
	@for profile in $(PROFILES); do \
		echo "fetching jars: $$profile"; \
		rm -rf .local/jars/$$profile; \
		mvn --quiet --batch-mode --activate-profiles $$profile dependency:copy-dependencies \
			-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.local/jars/$$profile; \
	done
	@echo "building the job's jar"
	@mvn --quiet --batch-mode --file job/java/pom.xml -DbuildDirectory=$(CURDIR)/build/java package
	@rm -rf .local/jars/job && mkdir -p .local/jars/job && cp build/java/paystream-flink-*.jar .local/jars/job/
	@echo "building the stack's jar"
	@mvn --quiet --batch-mode --file stack/java/pom.xml -DbuildDirectory=$(CURDIR)/build/stack-java package
	@rm -rf .local/jars/stack && mkdir -p .local/jars/stack && cp build/stack-java/paystream-stack-*.jar .local/jars/stack/
	@bash tools/verify_jars.sh $(PROFILES)
	@touch $@

$(PROMETHEUS): tools/prometheus.sh
	@bash tools/prometheus.sh .local/prometheus
	@touch $@

$(ELASTICSEARCH): pom.xml
	@command -v mvn >/dev/null || { echo "mvn is missing: run 'make doctor'"; exit 2; }
	@echo "fetching Elasticsearch, 107 MB"
	@rm -rf .local/jars/elasticsearch
	@mvn --quiet --batch-mode --activate-profiles elasticsearch dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.local/jars/elasticsearch
	@bash tools/verify_jars.sh elasticsearch
	@touch $@

$(KUSTOMIZE): tools/kustomize.sh
	@bash tools/kustomize.sh $@

$(OPERATOR): pom.xml
	@command -v mvn >/dev/null || { echo "mvn is missing: run 'make doctor'"; exit 2; }
	@echo "fetching jars: flink-operator"
	@rm -rf .local/kubernetes/flink-operator
	@mvn --quiet --batch-mode --activate-profiles flink-operator dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.local/kubernetes/flink-operator
	@bash tools/verify_jars.sh --below .local/kubernetes flink-operator
	@touch $@

$(AUTOSCALER): stack/autoscaler/java/pom.xml $(AUTOSCALER_SOURCES)
	@command -v mvn >/dev/null || { echo "mvn is missing: run 'make doctor'"; exit 2; }
	@echo "building the autoscaler, and fetching what it runs on"
	@rm -rf .local/jars/autoscaler
	@mvn --quiet --batch-mode --file stack/autoscaler/java/pom.xml \
		-DbuildDirectory=$(CURDIR)/build/autoscaler package dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.local/jars/autoscaler
	@bash tools/verify_jars.sh autoscaler
	@cp build/autoscaler/paystream-autoscaler-*.jar .local/jars/autoscaler/
	@touch $@
