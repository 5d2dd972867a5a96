#!/bin/sh
# Makes sure that the tests find what they run beside Gale: PostgreSQL, Python 3
# with venv, git, curl, and a C compiler for the race detector. As root on
# Debian or Ubuntu it installs what is missing; elsewhere it names it and stops.
# Nothing is skipped silently.
set -eu

missing=
need() { # need PACKAGE COMMAND...: PACKAGE provides what the command checks
  package=$1
  shift
  "$@" >/dev/null 2>&1 || missing="$missing $package"
}
have_postgresql() { ls /usr/lib/postgresql/*/bin/initdb || command -v initdb; }

need postgresql have_postgresql
need python3 python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))'
need python3-venv python3 -c 'import venv, ensurepip'
need git git --version
need curl curl --version
need procps ps --version
need gcc gcc --version
need libc6-dev test -e /usr/include/stdio.h
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "The tests need:$missing. Install them (Debian: apt-get install$missing) and run again." >&2
  exit 1
fi
echo "Installing what the tests need:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The tests start servers of their own; the package shall not start one.
apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
# shellcheck disable=SC2086 # a list of package names
apt-get install -y -qq --no-install-recommends $missing >/dev/null
