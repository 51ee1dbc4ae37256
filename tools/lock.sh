#!/bin/sh
# Pins every version with hashes; no index address stands in the files.
set -eu
uv="$1/uv"
pin="$uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
$pin pyproject.toml --extra preview --output-file requirements/runtime.txt
printf 'hatchling\neditables\n' | $pin - --constraint requirements/runtime.txt --output-file requirements/build.txt
$pin pyproject.toml --group dev --extra postgres --extra images --extra preview --extra holidays \
    --extra imap --extra metrics \
    --constraint requirements/runtime.txt --constraint requirements/build.txt \
    --output-file requirements/dev.txt
$pin pyproject.toml --extra postgres --extra metrics --extra holidays --extra imap \
    --constraint requirements/dev.txt --output-file requirements/server.txt
