#!/bin/sh
# step.sh NAME SECONDS [FAILURES [MANNER]]: a line in `effects` when it begins, one when its effect is there, one when
# another attempt of the same step is alive. As often as FAILURES says it fails (or, in the manner of `poll`, says that it is
# not yet there); then it prints what it did. `slow` never ends the first time; `large` prints a lot.
set -eu
name=$1 seconds=$2 failures=${3:-0} manner=${4:-plain}
exec 9>>"locks/$name"
flock -n 9 || echo "beside $name $$" >>effects
echo "begin $name $$" >>effects
if [ "$manner" = slow ] && [ "$(grep -c "^begin $name " effects)" -le 1 ]; then sleep 60; fi
sleep "$seconds"
echo "$name" >"published/$name"
echo "end $name $$" >>effects
if [ "$(grep -c "^end $name " effects)" -le "$failures" ]; then
  [ "$manner" = poll ] || exit 75
  echo "not yet"
  exit 0
fi
[ "$manner" != large ] || printf '%080000d ' 0
echo "$name did it"
