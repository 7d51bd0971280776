#!/bin/sh
# Does the worked example of docs/adding-a-module.md compile as it stands?
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/mod/visit"
awk -v dir="$dir" '
	/^```c$/ { open = 1; first = 1; next }
	/^```$/ { open = 0; next }
	open && first { first = 0; match($0, /mod\/visit\/[a-z.]+/); file = dir "/" substr($0, RSTART, RLENGTH) }
	open { print > file }' docs/adding-a-module.md
if ${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-missing-field-initializers -fsyntax-only -I "$dir" -I . "$dir/mod/visit/visit.c"; then
	echo "ok - the module of the page compiles"
else
	echo "not ok - the module of the page compiles"
	exit 1
fi
