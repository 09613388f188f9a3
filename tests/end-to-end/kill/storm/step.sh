#!/bin/sh
# step.sh NAME SECONDS [FAILURES]: a line in effects/NAME when it begins, one when its effect is there, one when another
# attempt of the same step is alive. Fails as often as it is told to, then prints what it did.
set -eu
name=$1 seconds=$2 failures=${3:-0}
exec 9>>"locks/$name"
flock -n 9 || echo "beside $$" >>"effects/$name"
echo "begin $$" >>"effects/$name"
sleep "$seconds"
echo "end $$" >>"effects/$name"
[ "$(grep -c '^end' "effects/$name")" -gt "$failures" ] || exit 75
echo "$name did it"
