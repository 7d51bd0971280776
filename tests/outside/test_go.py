#!/usr/bin/env python3
"""Our log checked by golang.org/x/mod/sumdb: at many sizes, before and after a restart, every tile, entry and proof; and every byte turned.

test_go.py SUYUAN LOG_DRIVER CACHE sparse|short|long
"""
import shutil
import unittest

import kit_outside as kit


class Go(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        kit.build_checker(kit.CACHE)

    def house(self, name, suite="std"):
        home = kit.fresh(name) + "/home"
        driver = kit.Driver(kit.DRIVER, home, suite)
        driver.open()
        checker = kit.Checker(kit.CACHE, kit.vkey(driver.url))
        self.addCleanup(checker.close)
        return home, driver, checker

    def good(self, checker, order):
        said, _ = checker.check(order)
        self.assertTrue(said.startswith("ok"), "%s: %s" % (order[:80], said))
        return said

    def at_size(self, home, driver, checker, n, *more):
        """The log at n entries from the process that filed them, then from the real program started over the same home."""
        driver.to(n)
        before = self.good(checker, "check " + driver.url)
        note = kit.get(driver.url + "/log/checkpoint")
        driver.shut()
        program = kit.Program(kit.SUYUAN, home)
        try:
            after = self.good(checker, "check " + program.url)
            self.assertEqual(before.split()[:3], after.split()[:3])
            self.assertEqual(int(after.split()[1]), n)
            again = kit.get(program.url + "/log/checkpoint")
            # body and Ed25519 line: an SM2 signature is made with chance and is another each time
            self.assertEqual(note.split(b"\n")[:5], again.split(b"\n")[:5], "a restart signs the same head with the same bytes")
            if note.count(b"\n") == 5:
                self.assertEqual(note, again)
            for order in more:
                self.good(checker, order % program.url)
        finally:
            program.stop()
        self.assertEqual(driver.open(), n)

    def receipts(self, driver, step):
        return "receipts %s " + " ".join(driver.ids()[::step])

    def test_every_size_up_to_300_before_and_after_a_restart(self):
        home, driver, checker = self.house("go")
        sizes = list(range(0, 301)) if kit.HOW != "sparse" else [0, 1, 2, 3, 7, 8, 64, 127, 128, 255, 256, 257, 300]
        for n in sizes:
            more = ["partials %s"] if n in (1, 37, 255, 256, 300) else []
            self.at_size(home, driver, checker, n, *more)
        self.good(checker, self.receipts(driver, 1) % driver.url)
        self.at_size(home, driver, checker, 520)
        self.good(checker, self.receipts(driver, 1) % driver.url)
        driver.shut()
        self.assertEqual(driver.close(), 0)

    def test_large_sizes_before_and_after_a_restart(self):
        home, driver, checker = self.house("go-large")
        for n in (65537, 66000, 70000) if kit.HOW != "sparse" else (5000,):
            self.at_size(home, driver, checker, n)
        self.good(checker, self.receipts(driver, 1 if kit.HOW == "long" else 97) % driver.url)
        driver.shut()
        self.assertEqual(driver.close(), 0)

    def test_each_byte_turned_is_found(self):
        _, driver, checker = self.house("go-flip")
        driver.to(40)
        said, missed = checker.check("flips " + driver.url + (" all" if kit.HOW == "long" else ""))
        self.assertRegex(said, r"^ok \d+ missed 0$", "\n".join(missed[:20]))
        self.assertGreater(int(said.split()[1]), 10000)
        driver.shut()
        self.assertEqual(driver.close(), 0)

    def test_a_gm_home_is_read_by_tools_that_know_no_sm2(self):
        home, driver, checker = self.house("go-gm", "gm")
        for n in (0, 1, 2, 257, 300):
            self.at_size(home, driver, checker, n)
        self.good(checker, self.receipts(driver, 1) % driver.url)
        driver.shut()
        self.assertEqual(driver.close(), 0)

    def test_the_checker_finds_a_second_history(self):
        """A copy of the home that goes on by itself (its guard taken away) is no extension; another home's key opens nothing."""
        home, driver, checker = self.house("go-fork")
        driver.to(20)
        driver.shut()
        shutil.copytree(home, home + "2")
        shutil.rmtree(home + "2/guard")
        driver.open()
        driver.to(23)
        self.good(checker, "check " + driver.url)
        second = kit.Driver(kit.DRIVER, home + "2")
        self.assertEqual(second.open(), 20)
        for n, why in ((22, "shrank"), (23, "not an extension"), (25, "not an extension")):
            second.to(n)
            said, _ = checker.check("check " + second.url)
            self.assertTrue(said.startswith("bad ") and why in said, said)
        _, other, stranger = self.house("go-other")
        said, _ = stranger.check("check " + second.url)
        self.assertTrue(said.startswith("bad "), said)
        for d in (driver, second, other):
            d.shut()
            self.assertEqual(d.close(), 0)


if __name__ == "__main__":
    kit.arguments()
    unittest.main(verbosity=2)
