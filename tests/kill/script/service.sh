#!/bin/sh
# service.sh NAME: the same trace; its process number lies in locks/NAME.pid while it serves.
set -eu
name=$1
exec 9>>"locks/$name"
flock -n 9 || echo "beside $name $$" >>effects
echo "begin $name $$" >>effects
echo "$$" >"locks/$name.pid"
echo ready
exec sleep 600
