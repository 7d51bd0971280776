#!/usr/bin/env python3
"""The example clients against a real server, and the OpenAPI document against its own standard.    test_examples.py SUYUAN"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import kit

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALIDATOR = ROOT + "/web/assets/node_modules/@seriousme/openapi-schema-validator"


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = kit.House(PROGRAM)
        cls.dir = tempfile.TemporaryDirectory()
        cls.report = cls.dir.name + "/report.pdf"
        with open(cls.report, "wb") as f:
            f.write(kit.PDF)

    @classmethod
    def tearDownClass(cls):
        cls.house.stop()
        cls.dir.cleanup()

    def run_client(self, command, **env):
        receipt = self.dir.name + "/receipt.txt"
        base = "http://127.0.0.1:%d" % self.house.port
        r = subprocess.run([*command, base, self.report, receipt], capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ, no_proxy="127.0.0.1", **env))
        return r, receipt

    def files_once(self, command, number):
        answers = []
        for _ in range(2):
            r, receipt = self.run_client(command, SUYUAN_TOKEN=self.house.demo["tokens"]["maker"])
            self.assertEqual(r.returncode, 0, r.stderr)
            answers.append(dict(line.split(" ", 1) for line in r.stdout.strip().split("\n")))
        first, again = answers
        self.assertEqual(first["verdict"], "not_sold")
        self.assertEqual([first["product"], first["batch"], first["code"]], [again["product"], again["batch"], again["code"]])
        status, batch = self.house.json("/v1/batches/" + first["batch"], "maker")
        self.assertEqual((status, batch["values"]["factory_batch_or_serial_no"]), (200, number))
        with open(receipt, encoding="utf-8") as f:
            self.assertIn("c2sp.org/tlog-proof@v1", f.read())
        self.assertNotEqual(self.run_client(command, SUYUAN_TOKEN="sy_nonsense")[0].returncode, 0)

    def test_c(self):
        compiler = os.environ.get("CC", "cc").split()
        program = self.dir.name + "/file_batch"
        with open(ROOT + "/examples/c/file_batch.c", encoding="utf-8") as f:
            line = re.search(r"^ \*   cc (.*) -o file_batch file_batch.c (.*)$", f.read(), re.M)
        subprocess.run([*compiler, *line[1].split(), "-Werror", "-o", program, ROOT + "/examples/c/file_batch.c", *line[2].split()], check=True, timeout=120)
        self.files_once([program], "C-20261101")

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_node(self):
        self.files_once(["node", ROOT + "/examples/node/file_batch.mjs"], "N-20261101")
        r, _ = self.run_client(["node", ROOT + "/examples/node/file_batch.mjs"], SUYUAN_TOKEN="", SUYUAN_LOGIN="nobody", SUYUAN_PASSWORD="wrong wrong")
        self.assertEqual(r.returncode, 1)
        self.assertIn("/v1/sessions", r.stderr)

    @unittest.skipUnless(shutil.which("node") and os.path.isdir(VALIDATOR), "node or the validator is not installed")
    def test_openapi_is_openapi(self):
        path = self.dir.name + "/openapi.json"
        with open(path, "wb") as f:
            f.write(self.house.ask("GET", "/openapi.json")[2])
        script = 'import { Validator } from "%s/index.js"; import fs from "node:fs";' \
                 'const v = new Validator(); const r = await v.validate(JSON.parse(fs.readFileSync("%s", "utf8")));' \
                 'console.log(r.valid ? "valid " + v.version : JSON.stringify(r.errors, null, 1));' % (VALIDATOR, path)
        said = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(said.stdout.strip(), "valid 3.1", said.stderr)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
