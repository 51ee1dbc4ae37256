#!/bin/sh
# Installs the Debian packages that some tests need. Where this user may not, it says so and goes
# on: those tests are then skipped, loudly (with CI set, a skip is a failure).
set -eu
missing=""
[ -x /usr/sbin/smtp-sink ] || missing="$missing postfix"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -e /usr/share/perl5/Mail/DKIM/Verifier.pm ] || missing="$missing libmail-dkim-perl"
command -v spamassassin >/dev/null 2>&1 || missing="$missing spamassassin"
[ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
command -v ip >/dev/null 2>&1 || missing="$missing iproute2"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
else as_root="none"
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed:$missing; the tests that need them will be skipped"
    exit 0
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq >/dev/null
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing fonts-noto-cjk >/dev/null
