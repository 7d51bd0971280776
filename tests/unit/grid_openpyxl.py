"""tests/unit/grid_openpyxl.py DRIVER - another program's workbooks read by ours, and ours by it. Exit 77: openpyxl is not installed."""
import datetime
import json
import os
import subprocess
import sys
import tempfile

try:
    import openpyxl
    import openpyxl.utils.datetime
except ImportError:
    print("1..0 # SKIP openpyxl is not installed")
    sys.exit(77)

try:                                    # since 3.1
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont
except ImportError:
    CellRichText = None

DRIVER = sys.argv[1]
count = failed = 0


def ok(what, got, want):
    global count, failed
    count += 1
    if got != want:
        failed += 1
        print(f"#  got {got!r}\n# want {want!r}")
    print(f"{'ok' if got == want else 'not ok'} {count} - {what}")


def read(path):
    out = subprocess.run([DRIVER, "read", path], capture_output=True, text=True, check=True, timeout=60).stdout
    return [json.loads(line) for line in out.splitlines()]


def theirs(folder, name, fill):
    path = os.path.join(folder, name + ".xlsx")
    book = openpyxl.Workbook()
    fill(book, book.active)
    book.save(path)
    return read(path)


def kinds(book, sheet):
    sheet.append(["a", "b", "c", "d", "e"])
    sheet.append(["茶", 12, 1.5, True, False])
    sheet.append([datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 13, 14, 15), datetime.time(6, 30), 0.1 + 0.2, "  x "])
    sheet.append(["123456789012345678", 123456789012345678])
    sheet.append([None, None, "only c"])
    sheet["A9"] = "far"
    sheet["A10"] = 0.25
    sheet["A10"].number_format = "0%"
    sheet["A11"] = datetime.datetime(2024, 1, 2)
    sheet["A11"].number_format = 'yyyy"年"m"月"d"日"'
    sheet["A12"] = datetime.timedelta(hours=27, minutes=5)
    sheet["A13"] = "a\nb"
    sheet.row_dimensions[9].hidden = True


KINDS = [
    [1, "a", "b", "c", "d", "e"], [2, "茶", "12", "1.5", "是", "否"],
    [3, "2024-02-29", "2024-02-29T13:14:15+08:00", "06:30:00", "0.3", "  x "],
    [5, "", "", "only c", "", ""], [9, "far", "", "", "", ""], [10, "0.25", "", "", "", ""], [11, "2024-01-02", "", "", "", ""],
    [12, "27:05:00", "", "", "", ""], [13, "a\nb", "", "", "", ""],
]


def rich(book, sheet):
    sheet["A1"] = CellRichText("plain ", TextBlock(InlineFont(b=True), "bold"), " tail") if CellRichText else "plain bold tail"
    sheet["B1"] = "two"
    sheet.merge_cells("A3:B4")
    sheet["A3"] = "merged"


def formulas(book, sheet):
    sheet["A1"] = 1
    sheet["A2"] = "=A1+1"
    sheet["A3"] = 3


def second(book, sheet):
    sheet["A1"] = "hidden"
    sheet.sheet_state = "hidden"
    book.create_sheet("seen")["A1"] = "seen"


def epoch(book, sheet):
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet["A1"] = datetime.date(2024, 2, 29)


def iso(book, sheet):
    book.iso_dates = True
    sheet["A1"] = datetime.date(2024, 2, 29)
    sheet["B1"] = datetime.datetime(2024, 2, 29, 1, 2, 3)


def write_only(path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for i in range(3000):
        sheet.append([f"r{i}", i, None, i / 4])
    book.save(path)


def read_theirs(folder):
    got = theirs(folder, "kinds", kinds)
    ok("every kind of cell", [r for r in got if r[0] != 4], KINDS)
    ok("a long number is refused, its column named", [[r[0], r[1]["column"], "15 digits" in r[1]["en"]] for r in got if r[0] == 4], [[4, 1, True]])
    ok("rich text and merged cells", theirs(folder, "rich", rich), [[1, "plain bold tail", "two"], [3, "merged", ""]])
    got = theirs(folder, "formulas", formulas)
    ok("a formula never computed is refused", [got[0], got[1][0], "formula" in got[1][1]["en"], got[2]], [[1, "1"], 2, True, [3, "3"]])
    ok("the first sheet to be seen", theirs(folder, "second", second), [[1, "seen"]])
    ok("dates from 1904", theirs(folder, "epoch", epoch), [[1, "2024-02-29"]])
    ok("dates in ISO 8601", theirs(folder, "iso", iso), [[1, "2024-02-29", "2024-02-29T01:02:03+08:00"]])
    path = os.path.join(folder, "long.xlsx")
    write_only(path)
    got = read(path)
    ok("many rows", (len(got), got[2999]), (3000, [3000, "r2999", "2999", "", "749.75"]))


def read_ours(folder):
    path = os.path.join(folder, "ours.xlsx")
    subprocess.run([DRIVER, "write", path], check=True, timeout=60)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    ok("sheets", book.sheetnames, ["产品", "选项"])
    ok("headings", [c.value for c in sheet[1]], ["品名", "追溯码", "重量", "等级", "类别"])
    ok("headings are bold, the required one stands out", [(c.font.b, c.fill.fgColor.rgb != sheet["B1"].fill.fgColor.rgb) for c in sheet[1]][:2],
       [(True, True), (True, False)])
    ok("notes", [c.comment.text if c.comment else None for c in sheet[1]], ["必填。见第三条。", None, None, None, "second note"])
    ok("the example", [(c.value, c.font.i) for c in sheet[2]][:3], [("龙井", True), ("690123456789012345", True), ("1.5", True)])
    ok("rows", [[c.value for c in row] for row in sheet.iter_rows(min_row=3)],
       [["茶 <&>\"'", "012345678901234567", -12.25, "甲", "a,b"], ["=1+1", "two\nlines", "0123", None, "e"],
        [" blanks ", "_x005F_x0041_", 0.1, "乙", "_x0001_"]])
    ok("text cells are text", sorted({c.number_format for row in sheet.iter_rows(min_row=3) for c in row if isinstance(c.value, str)}), ["@"])
    ok("what looks like a formula is none", sheet["A4"].data_type, "s")
    ok("choices", sorted((str(v.sqref), v.type, v.formula1) for v in sheet.data_validations.dataValidation),
       [("D2:D1048576", "list", '"甲,乙,丙"'), ("E2:E1048576", "list", "'选项'!$E$1:$E$3")])
    ok("the sheet of choices", [r[4].value for r in book["选项"].iter_rows()], ["a,b", 'c"d', "e"])
    ok("the heading stays", sheet.freeze_panes, "A2")
    ok("widths", sheet.column_dimensions["B"].width > 24, True)
    ok("no hour of writing", str(book.properties.created), "2020-01-01 00:00:00")
    ok("ours read by ours", read(path)[3:], [[4, "=1+1", "two\nlines", "0123", "", "e"], [5, " blanks ", "_x0041_", "0.1", "乙", "\x01"]])


with tempfile.TemporaryDirectory() as place:
    read_theirs(place)
    read_ours(place)
print(f"1..{count}")
sys.exit(1 if failed else 0)
