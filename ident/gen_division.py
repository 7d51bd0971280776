#!/usr/bin/env python3
"""Turns data/admin_division.csv into a const table: one pool of names and one row a code and period."""
import sys

rows, names, pool = [], {}, []
at = 0
with open(sys.argv[1], encoding="utf-8") as f:
    for line in f:
        if line.startswith("#") or line.startswith("code,"):
            continue
        code, name, since, until = line.rstrip("\n").split(",")
        if name not in names:
            names[name] = at
            pool.append(name)
            at += len(name.encode()) + 1
        rows.append((int(code), int(since or 0), int(until or 0), names[name]))
assert rows == sorted(rows, key=lambda r: (r[0], r[1])), "rows must be in order"
with open(sys.argv[2], "w", encoding="utf-8") as f:
    f.write("/* made from data/admin_division.csv */\nstatic const char division_names[] =\n")
    for name in pool:
        f.write('\t"%s\\0"\n' % name)
    f.write("\t\"\";\nstatic const struct division divisions[] = {\n")
    for r in rows:
        f.write("\t{ %d, %d, %d, %d },\n" % r)
    f.write("};\n")
