#!/usr/bin/env python3
"""Look-ups of certificates at a service that answers, lies, dawdles or is away: nothing is lost, nobody waits.    test_certificates.py SUYUAN"""
import http.server
import json
import socket
import sys
import time
import unittest
import urllib.parse

import kit

PROGRAM = sys.argv.pop(1)
SOURCE = "名录查询服务（试验）"
HOLDER = "某燃具有限公司"


class Service(http.server.BaseHTTPRequestHandler):
    """What it does with a number is written in its last digits."""
    protocol_version = "HTTP/1.1"

    def answer(self, number, state="有效", **more):
        return {"code": 0, "data": {"list": [{"certNo": number, "status": state, "holder": HOLDER, "to": "2035-12-31", **more}]}}

    def say(self, body, status=200, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers.items():
            self.send_header(k, v)
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass

    def do_GET(self):
        number = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["no"][0]
        self.server.got.append(number)
        case = self.server.cases.get(number, "good")
        if case == "good":
            self.say(self.answer(number, self.server.states.get(number, "有效")))
        elif case == "lying":
            self.say(self.answer("2022011606999999"))
        elif case == "no json":
            self.say(b"<html>login</html>")
        elif case == "wrong type":
            self.say(self.answer(number, {"is": "valid"}))
        elif case == "unknown state":
            self.say(self.answer(number, "待定"))
        elif case == "bad date":
            self.say(self.answer(number, to="2035-19-31"))
        elif case == "elsewhere":
            self.say(b"", 302, Location="http://127.0.0.1:%d/q?no=%s" % (self.server.other, number))
        elif case == "broken":
            self.say(b"oops", 500)
        elif case == "absent":
            self.say({}, 404)
        elif case == "deep":
            self.say(b"[" * 100000)
        elif case == "huge":
            self.send_response(200)              # no length told: the reader has to stop by itself
            self.end_headers()
            self.close_connection = True
            try:
                for _ in range(160):
                    self.wfile.write(b" " * 65536)
            except OSError:
                self.server.cut.append(number)
        elif case == "slow":
            self.server.slow += 1
            time.sleep(25)
        else:
            raise AssertionError(case)

    def log_message(self, *_):
        pass


def service(port=0):
    s = kit.listen(http.server.ThreadingHTTPServer, Service, port)
    s.cases, s.states, s.other, s.cut, s.slow = {}, {}, 0, [], 0
    s.daemon_threads = True
    return s


def number(n):
    return "202201160%07d" % n


def setting(port, host="http://127.0.0.1", kinds=("ccc",)):
    at = "/data/list/0/"
    return [{"kind": kind, "url": "%s:%d/q?no={number}&key=secret" % (host, port), "source": SOURCE, "fresh_days": 7,
             "map": {"number": at + "certNo", "state": at + "status", "holder": at + "holder", "valid_to": at + "to"},
             "states": {"有效": "valid", "暂停": "suspended", "撤销": "withdrawn", "注销": "cancelled"}} for kind in kinds]


class Certificates(unittest.TestCase):
    def home(self, server, hosts=("127.0.0.1",), **more):
        home = kit.Home(PROGRAM, certificate_lookup=setting(server.server_address[1], **more), fetch_hosts=list(hosts))
        home.serve()
        self.addCleanup(home.stop)
        return home

    def product(self, home, n, **more):
        body = {"product_name": "家用燃气灶", "product_type": "outside", "outside_ground": ["ccc"], "specification_model": "JZT-1", "warranty_period": "不涉及",
                "mandatory_national_standard": ["无适用的强制性国家标准"], "standard_applied": ["GB/T 20118-2017"],
                "licence_or_ccc_certificate_no": n, "manual_or_warning": "不涉及", **more}
        began = time.monotonic()
        status, out = home.post("/v1/products", body, home.demo["tokens"]["maker"])
        self.assertLess(time.monotonic() - began, 3, "nobody waits for another house")
        self.assertEqual(status, 201, out)
        return out

    def statements(self, home, n):
        return home.get("/v1/certificates?" + urllib.parse.urlencode({"field": "number", "value": n}))[1]["items"]

    def job(self, home, n):
        items = home.get("/v1/certificate_lookups", home.demo["tokens"]["operator"])[1]["items"]
        return next(i for i in items if i["what"] == n)

    def look_up(self, home, n):
        status, out = home.post("/v1/certificate_lookups", {"number": n}, home.demo["tokens"]["operator"])
        self.assertEqual(status, 201, out)

    def test_a_filed_number_is_looked_up_and_a_later_answer_shows(self):
        s = service()
        home = self.home(s)
        out = self.product(home, number(1))
        self.assertEqual(out["permit_check"]["state"], "not_listed")
        self.assertTrue(kit.wait_for(lambda: self.statements(home, number(1))))
        said = self.statements(home, number(1))[0]["values"]
        self.assertEqual((said["listed_state"], said["source"], said["holder"], said["valid_to"]), (["valid"], SOURCE, HOLDER, "2035-12-31"))
        again = self.product(home, number(1))
        self.assertEqual(again["permit_check"]["state"], "listed_valid")
        time.sleep(1)
        self.assertEqual(s.got, [number(1)], "a fresh statement is not asked for again")
        status, pack = home.post("/v1/packs", {"grain": ["product"], "product": out["id"]}, home.demo["tokens"]["maker"])
        self.assertEqual(status, 201, pack)
        scan = home.get("/c/" + pack["first"])[1]["product"]["permit_check"]
        self.assertEqual((scan["state"], scan["source"]), ("listed_valid", SOURCE))
        s.states[number(1)] = "撤销"
        self.look_up(home, number(1))
        self.assertTrue(kit.wait_for(lambda: home.get("/c/" + pack["first"])[1]["product"]["permit_check"]["state"] == "listed_invalid"))
        self.assertEqual(len(self.statements(home, number(1))), 2)
        self.assertTrue(any(number(1) in n["zh"] for n in home.get("/v1/notices", home.demo["tokens"]["maker"])[1]["items"]))
        self.assertEqual(home.post("/v1/certificate_lookups", {"number": number(1)}, home.demo["tokens"]["maker"])[0], 403)

    def test_answers_that_are_none_leave_nothing(self):
        s, other = service(), service()
        s.other = other.server_address[1]
        cases = ["lying", "no json", "wrong type", "elsewhere", "good", "huge", "broken", "unknown state", "deep", "good", "bad date", "absent"]
        numbers = [number(100 + i) for i in range(len(cases))]
        s.cases = dict(zip(numbers, cases))
        home = self.home(s)
        for n in numbers:
            self.look_up(home, n)
        self.assertTrue(kit.wait_for(lambda: set(numbers) <= set(s.got) and self.job(home, numbers[-1])["state"] == "not_found"), s.got)
        for n in numbers:
            self.assertEqual(len(self.statements(home, n)), int(s.cases[n] == "good"), s.cases[n])
            job = self.job(home, n)
            if s.cases[n] == "good":
                self.assertEqual(job["state"], "done")
            elif s.cases[n] != "absent":
                self.assertEqual((job["state"], job["tries"] > 0, bool(job["why_zh"] and job["why_en"])), ("waiting", True, True), s.cases[n])
        self.assertEqual(other.got, [], "a redirect is not followed")
        self.assertTrue(kit.wait_for(lambda: s.cut), "ten megabytes are not read to their end")
        self.assertNotIn("secret", json.dumps(home.get("/v1/certificate_lookups", home.demo["tokens"]["operator"])[1]))
        told = json.loads(self.verified(home))
        self.assertTrue(told["ok"], told)

    def verified(self, home):
        return home.run("verify", "--json")

    def test_a_slow_service_holds_nobody_up_and_a_stop_loses_nothing(self):
        s = service()
        s.cases = {number(1): "slow"}
        home = self.home(s)
        self.product(home, number(1))
        self.assertTrue(kit.wait_for(lambda: s.slow))
        for i in range(5):
            self.product(home, number(1), product_name="灶 %d" % i)
        began = time.monotonic()
        home.stop()
        self.assertLess(time.monotonic() - began, 6, "a stop does not wait for the answer")
        s.cases = {}
        home.serve()
        self.assertTrue(kit.wait_for(lambda: self.statements(home, number(1))), "taken up at the next start")

    def test_a_service_that_is_away_is_asked_again(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        away = service()
        home = self.home(away)
        home.stop()
        home.set(certificate_lookup=setting(port))
        home.serve()
        self.product(home, number(1))
        self.assertTrue(kit.wait_for(lambda: self.job(home, number(1))["tries"] == 1))
        service(port)
        self.assertTrue(kit.wait_for(lambda: self.statements(home, number(1)), 15))
        self.assertEqual(self.job(home, number(1))["state"], "done")

    def test_a_host_that_fails_again_and_again_is_left_alone(self):
        s = service()
        s.cases = {number(i): "broken" for i in range(9)}
        home = self.home(s)
        for i in range(9):
            self.look_up(home, number(i))
        self.assertTrue(kit.wait_for(lambda: "several times in a row" in self.job(home, number(8)).get("why_en", "")))
        time.sleep(5)
        self.assertEqual(len(s.got), 5)
        self.assertEqual(self.job(home, number(8))["tries"], 0)

    def test_only_hosts_that_are_named_are_asked(self):
        s = service()
        port = s.server_address[1]
        home = self.home(s, hosts=[])
        tries = (([], "http://127.0.0.1", "not among"), (["localhost"], "http://localhost", "not among"),
                 (["localhost"], "https://localhost", "no answer"), (["127.0.0.1"], "http://user@127.0.0.1", "not among"),
                 (["127.0.0.1"], "file:///etc/passwd#", "not among"), (["example.org"], "http://example.org", "not among"))
        for i, (hosts, host, why) in enumerate(tries):
            home.stop()
            home.set(fetch_hosts=hosts, certificate_lookup=setting(port, host))
            home.serve()
            n = number(i)
            self.look_up(home, n)
            self.assertTrue(kit.wait_for(lambda: why in self.job(home, n).get("why_en", "")), (hosts, host, self.job(home, n)))
            self.assertEqual(s.got, [])

    def test_production_licences_go_the_same_way(self):
        s = service()
        home = self.home(s, kinds=("ccc", "licence"))
        self.product(home, "（苏）XK05-005-00077", product_type="steel_wire_ropes_01", outside_ground=None)
        self.assertTrue(kit.wait_for(lambda: self.statements(home, "(苏)XK05-005-00077")))
        self.assertEqual(s.got, ["(苏)XK05-005-00077"])
        page = home.run("certificate.list", "--field", "number", "--value", "(苏)XK05-005-00077", "--json")
        self.assertIn(SOURCE, page)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
