#!/bin/sh
# debian-bin.sh SUITE DEST PACKAGE...
#
# Unpacks programs of a Debian suite into DEST. Installs nothing: apt runs on lists and a cache of its own, the archive's
# signatures are checked with the system's keys, and dpkg only unpacks. For the system's own suite the libraries that the
# system lacks come along; for another suite only the packages named, which must do with the libraries that are here.
set -eu

suite=$1 dest=$2
shift 2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$dest"

mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' | grep -E '/debian/?$' | head -n 1)
echo "deb ${mirror:-http://deb.debian.org/debian} $suite main" > "$work/sources.list"

# Check-Valid-Until: mirrors of testing suites are often a few days behind, and the signature still holds.
run_apt() {
  apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- \
    -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o Debug::NoLocking=true -o APT::Sandbox::User=root \
    -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=20 "$@"
}

run_apt update
own_suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if [ "$suite" = "$own_suite" ]; then
  run_apt --yes --no-install-recommends --reinstall --download-only install "$@"
  mv "$work"/cache/archives/*.deb "$work"
else
  (cd "$work" && run_apt -o Dir::State::status=/dev/null download "$@")
fi

# What was unpacked is told where scanners of images look for it.
mkdir -p "$dest/var/lib/dpkg/status.d"
for package in "$work"/*.deb; do
  dpkg-deb -x "$package" "$dest"
  dpkg-deb -f "$package" > "$dest/var/lib/dpkg/status.d/$(dpkg-deb -f "$package" Package)"
done
