#!/bin/sh
# one_object.sh OUT.a OBJECT... - a static library of one object in which only the public functions are left to be seen,
# so that its inner names meet none of the program it is linked into.
set -eu
out=$1
shift
"${LD:-ld}" -r -o "$out.o" "$@"
"${OBJCOPY:-objcopy}" --localize-hidden "$out.o"
rm -f "$out"
"${AR:-ar}" rcs "$out" "$out.o"
rm -f "$out.o"
