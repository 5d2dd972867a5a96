# Gale. `make help` lists what can be made.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X github.com/galehq/gale.Version=$(VERSION)
DATA    ?=
FUZZTIME ?= 30s
# Packages that only compute; their tests are quick under the race detector too.
PURE = . ./py/ ./pyre/ ./yaml/ ./jsonpath/ ./jinja/ ./expr/ ./internal/schema/ ./internal/criteria/ ./internal/params/ \
       ./internal/rulematch/ ./internal/schedtime/ ./internal/secret/ ./internal/config/ ./internal/httpapi/ ./internal/bus/ ./client/
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build run test race lint fuzz bench conformance

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/gale
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/gale ./cmd/gale

run: build ## build, then start Gale with its demo pack (data in ./data)
	./bin/gale server --data-dir data

test: ## install what the tests need, then run them all
	@scripts/need.sh
	$(GO) vet ./...
	$(GO) test ./...
	$(GO) test -tags failpoint ./internal/store/ ./internal/actionrunner/
	CGO_ENABLED=1 $(GO) test -race $(PURE)

race: ## all tests under the race detector (needs a C compiler)
	@scripts/need.sh
	CGO_ENABLED=1 $(GO) test -race ./...

lint: ## formatting, vet, tidiness of the module
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

fuzz: ## run every fuzz target for FUZZTIME
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r f; do d=$$(dirname $$f); \
	  for t in $$(grep -ohE '^func Fuzz[A-Za-z0-9]+' $$f | cut -c6-); do \
	    echo "$$d $$t"; $(GO) test $$d -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) || exit 1; done; done

bench: build ## measure this machine and Gale on it
	./bin/gale bench

conformance: ## score against recorded behaviour: make conformance DATA=dir
	@test -n "$(DATA)" || { echo "usage: make conformance DATA=dir" >&2; exit 2; }
	@$(GO) run ./conformance $(DATA)
