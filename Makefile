# Each verb is a line or two over a native command, which README shows as well; `make help` lists the verbs.
# STACK=name chooses another stack than `lab`; ARGS=... is passed on to the command of a verb.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
STACK ?= lab
INVENTORY ?= inventories/lab
ARGS ?=

activate := source tools/activate &&
pulumi := $(activate) python tools/unlock.py && pulumi --cwd pulumi_stack

.PHONY: help
help: ## list the verbs
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r verb text; do printf '  %-14s %s\n' "$$verb" "$$text"; done

.PHONY: bootstrap build-engine
bootstrap: ## install what this machine lacks and make the Python environment
	@tools/bootstrap
build-engine: bootstrap ## find Pulumi's engine, or build it once
	@tools/engine/build

.PHONY: for-pdf for-tests
for-pdf: ## install what `make handout` needs for a PDF: Pango, and fonts for Chinese
	@tools/bootstrap pdf
for-tests: ## install what tests alone need: a browser, disks that forget, and what a PDF needs
	@tools/bootstrap tests

.PHONY: up describe verify mailboxes mailbox publish dkim certificates health upgrade take-back drain backup restore down
up: build-engine ## bring up the hosts, configure them, and say what they offer
	@$(pulumi) stack select --create $(STACK)
	@$(pulumi) up --yes --skip-preview --suppress-outputs --stack $(STACK) $(ARGS)
	@$(activate) python tools/describe.py --stack $(STACK)
describe: ## say what the pair offers, as JSON
	@tools/bootstrap && $(activate) python tools/describe.py --stack $(STACK) --json
verify: ## sign in to each service, send a message and read it back
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/verify.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
mailboxes: ## bring mailboxes.yml and passwords to the hosts, and nothing else
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/mailboxes.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
mailbox: ## bring one mailbox of mailboxes.yml and its password to the hosts at once; MAILBOX=carol@contoso.test names it
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/mailbox.yml -i inventories/lab/pulumi_stack.yml -e mailbox=$(MAILBOX) $(ARGS)
publish: ## bring what mail programs are told to the front ends, and nothing else
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/publish.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
dkim: ## print the records that DNS needs for the signatures of outgoing mail
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/dkim.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
certificates: ## say which certificates are served where, until when, and whether disk and wire agree
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/certificates.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
health: ## say which health sets of which server are unhealthy, and what to do
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/health.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
upgrade: ## take newer packages, one server after another, and go back where the site does not work with them
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/upgrade.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
take-back: ## bring back the packages from before the last upgrade; ARGS="--limit front1" names a server
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/take_back.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
drain: ## empty a front end before it goes; ARGS="--limit front2" names it
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/drain.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
backup: ## back mailboxes up now, without waiting for the timer
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/backup.yml -i inventories/lab/pulumi_stack.yml $(ARGS)
restore: ## bring the newest backup back onto an empty back end; HOST=back1 names it
	@tools/bootstrap && $(activate) PULUMI_STACK=$(STACK) ansible-playbook playbooks/restore.yml -i inventories/lab/pulumi_stack.yml -e host=$(HOST) $(ARGS)
down: build-engine ## remove the hosts and every trace of the stack
	@$(activate) tools/down $(STACK)

.PHONY: test lint types unit stack molecule e2e e2e-1 e2e-2 e2e-3 test-security test-faults bench
# Three at a time, since tests of hosts wait a lot; the part of e2e that comes last is the smallest.
side-by-side := $(MAKE) --no-print-directory --jobs=3 --keep-going --output-sync=target
test: lint types ## everything below
	@$(side-by-side) stack unit molecule e2e-2 e2e-3 e2e-1
lint: bootstrap ## check the form of Python, YAML, shell and roles, and that arrows point down
	@$(activate) ruff check . && ruff format --check . && lint-imports && yamllint . && shellcheck -x tools/bootstrap tools/activate tools/paths tools/down tools/lock tools/sslyze tools/uv tools/engine/build tools/engine/pulumi-language-python .ci/run && ansible-lint
types: bootstrap ## check the types
	@$(activate) mypy
unit: for-tests build-engine ## run the tests that need no hosts
	@$(activate) pytest tests --ignore tests/e2e -m 'not machines' $(ARGS)
stack: build-engine ## run the tests that make, break and mend machines through Pulumi
	@$(activate) pytest tests/stack -m machines $(ARGS)
molecule: build-engine ## run the Molecule scenario with hosts of its own
	@$(activate) molecule test $(ARGS)
e2e: for-tests build-engine ## make pairs of the tests' own, and use them as clients do
	@$(if $(ARGS),$(activate) pytest tests/verbs tests/e2e $(ARGS),$(side-by-side) e2e-1 e2e-2 e2e-3)
subnet-1 := 10.215.0.0/24
subnet-2 := 10.220.0.0/24
subnet-3 := 10.225.0.0/24
e2e-1 e2e-2 e2e-3: e2e-%: for-tests build-engine
	@$(activate) MAILPAIR_E2E_STACK=e2e-$* MAILPAIR_E2E_SUBNET=$(subnet-$*) MAILPAIR_E2E_PART=$* pytest tests/verbs tests/e2e --durations=40
test-security: for-tests build-engine ## attack a pair of the tests' own; a part of e2e
	@$(activate) pytest tests/e2e/security $(ARGS)
test-faults: for-tests build-engine ## kill and hinder servers of the tests' own under load, 200 times, with 1,000 clients, a part of e2e with fewer; and 40 times their power, which e2e does not
	@$(activate) MAILPAIR_KILLS=$${MAILPAIR_KILLS:-200} MAILPAIR_CLIENTS=$${MAILPAIR_CLIENTS:-1000} MAILPAIR_SEED=$${MAILPAIR_SEED:-$$RANDOM} MAILPAIR_POWER_FAILURES=$${MAILPAIR_POWER_FAILURES:-10} pytest tests/e2e/several/faults tests/e2e/test_power.py $(ARGS)
bench: build-engine ## measure a pair of the benchmark's own
	@$(activate) python -m bench $(ARGS)

.PHONY: check-site settings handout dns-records dns-check
check-site: bootstrap ## say what is wrong with the documents of INVENTORY, or what a run would change; touches no host
	@$(activate) python -m mailpair check --site $(INVENTORY) $(ARGS)

settings: bootstrap ## say what the owner of MAILBOX enters in a mail program; ARGS=--json says it to a script
	@$(activate) python -m mailpair settings --site $(INVENTORY) $(MAILBOX) $(ARGS)
handout: bootstrap ## write a page for the owner of MAILBOX, as HTML; ARGS="--language zh-TW --pdf FILE" chooses its language, or PDF
	@$(activate) python -m mailpair handout --site $(INVENTORY) $(MAILBOX) $(ARGS)
dns-records: bootstrap ## print all records that DNS needs for INVENTORY, as lines of a zone file
	@$(activate) python -m mailpair dns --site $(INVENTORY) $(ARGS)
dns-check: bootstrap ## compare DNS with what INVENTORY needs; ARGS="--server 192.0.2.1" asks that server
	@$(activate) python -m mailpair dns --check --site $(INVENTORY) $(ARGS)

.PHONY: docs format lock collection
docs: bootstrap ## write the pages and schemas that are made from the settings' records
	@$(activate) python -m mailpair document .
format: bootstrap ## bring Python into its form
	@$(activate) ruff check --fix . && ruff format .
lock: bootstrap ## resolve the dependencies of pyproject.toml anew
	@$(activate) tools/lock
collection: bootstrap ## build the archive of the Ansible collection into dist/
	@$(activate) ansible-galaxy collection build --force --output-path dist
