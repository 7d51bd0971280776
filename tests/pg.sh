#!/bin/sh
# A throwaway PostgreSQL cluster for the tests: a temporary directory, a unix socket in it, no TCP, no fsync.
#
#   url=$(tests/pg.sh start)              prints the URL, for SUYUAN_TEST_PG
#   tests/pg.sh stop "$url"               or the directory that the URL names after host=
#
# Root may not run a server: then it is run as PGUSER_OS (postgres). PG_BIN names another directory of server programs.
set -eu

bin=${PG_BIN:-}
if [ -z "$bin" ]; then
	for d in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/bin; do
		[ -x "$d/initdb" ] && bin=$d && break
	done
fi
[ -n "$bin" ] || { echo "pg.sh: no initdb found" >&2; exit 77; }

os_user=${PGUSER_OS:-postgres}
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u "$os_user" -- "$@"
	else
		"$@"
	fi
}

start() {
	cd /
	dir=$(as_owner mktemp -d "${TMPDIR:-/tmp}/suyuan-pg.XXXXXX")
	said=$(mktemp)
	if ! {
		as_owner "$bin/initdb" -D "$dir/data" -U suyuan -A trust -E UTF8 --locale=C.UTF-8 --no-sync &&
		as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 \
			-o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c max_connections=50" start &&
		as_owner "$bin/createdb" -h "$dir" -U suyuan suyuan
	} >"$said" 2>&1 </dev/null; then
		cat "$said" >&2
		rm -f "$said"
		stop "$dir"
		exit 1
	fi
	rm -f "$said"
	echo "postgresql:///suyuan?host=$dir&user=suyuan"
}

stop() {
	dir=${1#*host=}
	dir=${dir%%&*}
	cd /
	case $dir in
	*/suyuan-pg.??????) ;;
	*) echo "pg.sh: not one of mine: $dir" >&2; exit 2 ;;
	esac
	[ ! -d "$dir/data" ] || as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}

case ${1:-} in
start) start ;;
stop) [ $# = 2 ] || { echo "usage: pg.sh stop DIR|URL" >&2; exit 2; }; stop "$2" ;;
*) echo "usage: pg.sh start | stop DIR|URL" >&2; exit 2 ;;
esac
