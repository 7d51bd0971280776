#!/bin/sh
# The library as an outside program meets it: installed into a temporary directory, found by pkg-config, linked both ways.
set -eu
build=$MESON_BUILD_ROOT source=$MESON_SOURCE_ROOT
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
meson install -C "$build" --no-rebuild --destdir "$work/root" --tags ident,devel >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
pc=$(find "$work/root" -name suyuan-ident.pc)
libdir=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$work/root" LD_LIBRARY_PATH="$libdir"

only_public() {
	if grep -v ' suyuan_ident[a-z_]*$' "$work/names"; then
		echo "not ok - $1 shows more than its functions"
		exit 1
	fi
}
nm -D --defined-only "$libdir/libsuyuan-ident.so" >"$work/names"
only_public 'the shared library'
nm --defined-only "$libdir/libsuyuan-ident.a" | grep ' [TDBRVW] ' >"$work/names"
only_public 'the static library'

cp "$source"/examples/ident/* "$work/"
make -s -C "$work" check CFLAGS='-std=c99 -Wall -Wextra -Wpedantic -Werror'
said=$("$work/check" --lenient ' ９111 0000-6000 37341l ' '3074257BF7194E4000001A85')
printf '%s\n' "$said" | grep -q '^uscc: 91110000600037341L$'
printf '%s\n' "$said" | grep -q '^  as a link: https://id.gs1.org/01/80614141123458/21/6789$'
"${CC:-cc}" -o "$work/alone" "$work/check.c" $(pkg-config --cflags suyuan-ident) "$libdir/libsuyuan-ident.a"
[ "$("$work/alone" XK06-001-00238 | head -1)" = 'xk_licence: XK06-001-00238' ]
if "$work/alone" 91110000600037341K >/dev/null; then exit 1; fi
if command -v "${CXX:-c++}" >/dev/null 2>&1; then
	"${CXX:-c++}" -std=c++11 -Wall -Wextra -Werror -o "$work/plain" "$source/tests/ident/plain.cpp" $(pkg-config --cflags --libs suyuan-ident)
	"$work/plain"
else
	echo 'skipped: the header in C++, no compiler'
fi
