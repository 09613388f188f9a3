#!/bin/sh
# served.sh SERVICE NAME SECONDS: a step that finds the service alive before and after.
set -eu
kill -0 "$(cat "locks/$1.pid")"
sh step.sh "$2" "$3"
kill -0 "$(cat "locks/$1.pid")"
