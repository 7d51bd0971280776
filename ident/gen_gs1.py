#!/usr/bin/env python3
"""Turns data/gs1_ai.tsv into const tables: rows taken apart, an index by the digits of an AI, classes of characters.

An AI is numbered by its digits padded with zeros on the right to four: no AI is the beginning of another, so that
the numbers are unique and a pattern such as 310n is a range of them.
"""
import re
import sys

SIGNS82 = "!\"%&'()*+,-./:;<=>?_"
CLASSES = (("82", SIGNS82), ("39", "#-/"), ("64", "-_"), ("URI", "-._~:/?#[]@!$&'()*+,;=%"), ("DOMAIN", "-.:/[]"), ("PLAIN", "-._~"))


def span(ai):
    return int(ai.replace("n", "0").ljust(4, "0")), int(ai.replace("n", "9").ljust(4, "0"))


def empty(word):
    return "" if word == "-" else word


def component(word):
    m = re.fullmatch(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?((?:,\w+)*)", word)
    assert m, word
    rules = ["RULE_" + r for r in m[5].split(",")[1:]]
    assert len(rules) <= 3, word
    least = 1 if m[3] else int(m[4])
    return int(m[1] == "["), m[2], least, int(m[4]), rules


def sequences_of(text):
    rows = [[span(q)[0] for q in s.split(",")] for s in text.split("|")] if text else []
    assert len(rows) <= 2 and all(len(r) <= 3 for r in rows), text
    return ", ".join("{ %s }" % ", ".join(map(str, r)) for r in rows) or "{ 0 }"


def class_of(ch):
    small, letter = ch.isascii() and ch.isdigit(), ch.isascii() and ch.isalpha()
    bits = []
    for name, signs in CLASSES:
        alnum = small or (letter and (name != "39" or ch.isupper()))
        if alnum or ch in signs:
            bits.append("CLASS_" + name)
    return " | ".join(bits) or "0"


def read(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.startswith(("#", "first\t")):
                first, last, flags, spec, needs, excludes, sequences = map(empty, line.rstrip("\n").split("\t"))
                yield first, last, flags, spec.split(" "), needs, excludes, sequences


ranges, rows, at, digits = [], [], [0] * 10000, [0] * 100
for first, last, flags, spec, needs, excludes, sequences in read(sys.argv[1]):
    parts = [component(w) for w in spec]
    assert len(parts) <= 6 and (not rows or rows[-1][0] < first), first
    begin = len(ranges)
    for group in needs.split(",") if needs else []:
        members = group.split("+")
        for m in members:
            ranges.append(span(m) + (int(m is members[-1]),))
    middle = len(ranges)
    for pattern in excludes.split(",") if excludes else []:
        ranges.append(span(pattern) + (1,))
    rows.append((first, last, flags, parts, needs, sequences, begin, middle, len(ranges)))
    for code in range(span(first)[0], span(last)[0] + 1, 10 ** (4 - len(first))):
        at[code] = len(rows)
    for two in range(int(first[:2]), int(last[:2]) + 1):
        assert digits[two] in (0, len(first)), first
        digits[two] = len(first)
assert len(rows) < 256

with open(sys.argv[2], "w", encoding="utf-8") as f:
    f.write("/* made from data/gs1_ai.tsv */\nstatic const struct ai_range ai_ranges[] = {\n")
    for r in ranges:
        f.write("\t{ %d, %d, %d },\n" % r)
    f.write("};\nstatic const struct ai_row ai_rows[] = {\n")
    for first, last, flags, parts, needs, sequences, begin, middle, end in rows:
        bits = " | ".join(n for c, n in (("F", "AI_FIXED"), ("A", "AI_ATTR"), ("K", "AI_KEY")) if c in flags) or "0"
        least = sum(0 if p[0] else p[2] for p in parts)
        most = sum(p[3] for p in parts)
        f.write('\t{ "%s", "%s", "%s", %s, %d, %d, %d, %d, %d, %d, %d, { %s }, {\n' % (first, last, needs, bits, len(first), least, most,
            len(parts), begin, middle, end, sequences_of(sequences)))
        for optional, kind, low, high, rules in parts:
            f.write("\t\t{ '%s', %d, %d, %d, { %s } },\n" % (kind, optional, low, high, ", ".join(rules) or "0"))
        f.write("\t} },\n")
    f.write("};\n/* one more than the place in ai_rows; 0 = no such AI */\nstatic const unsigned char ai_row_at[10000] = {\n")
    for i in range(0, 10000, 50):
        f.write("\t%s,\n" % ",".join(map(str, at[i:i + 50])))
    f.write("};\n/* digits of the AIs that begin with these two */\nstatic const unsigned char ai_digits[100] = { %s };\n" %
        ", ".join(map(str, digits)))
    f.write("const unsigned char gs1_class[256] = {\n")
    for i in range(256):
        if i < 128 and class_of(chr(i)) != "0":
            f.write("\t[%d] = %s,\n" % (i, class_of(chr(i))))
    f.write("};\n")
