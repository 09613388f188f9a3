#!/bin/sh
# check.sh NAME: whether the effect of the step is there; then it prints what the step would have.
set -eu
grep -q "^end $1 " effects
echo "$1 did it"
