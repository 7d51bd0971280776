#!/usr/bin/env python3
"""The API as pages, and whether the OpenAPI document is true.    test_docs.py SUYUAN"""
import html
import json
import os
import re
import sys
import unittest
import urllib.parse

import kit

KINDS = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


def resolved(api, schema):
    while "$ref" in schema:
        at = api
        for word in schema["$ref"][2:].split("/"):
            at = at[word]
        schema = at
    return schema


def known_members(api, schema):
    schema = resolved(api, schema)
    known = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        known.update(known_members(api, part))
    return known


def untrue(api, schema, value, where="answer", whole=True):
    """What of the value the schema does not say: a list of sentences. Only what our schemas use."""
    schema = resolved(api, schema)
    out = [x for part in schema.get("allOf", []) for x in untrue(api, part, value, where, False)]
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, KINDS[t]) and not (t == "integer" and isinstance(value, bool)) for t in types):
        return out + ["%s is %r, not %s" % (where, value, types)]
    if "enum" in schema and value not in schema["enum"]:
        out.append("%s is %r, none of %s" % (where, value, schema["enum"]))
    if isinstance(value, list):
        out += [x for i, v in enumerate(value) for x in untrue(api, schema.get("items", {}), v, "%s[%d]" % (where, i))]
    if isinstance(value, dict):
        mine, all_known = schema.get("properties", {}), known_members(api, schema)
        out += ["%s lacks %s" % (where, n) for n in schema.get("required", []) if n not in value]
        out += [x for n, v in value.items() if n in mine for x in untrue(api, mine[n], v, where + "." + n)]
        if whole and all_known:
            out += ["%s has %s, which is not said" % (where, n) for n in value if n not in all_known]
    return out


def operations():
    for path, item in API["paths"].items():
        for method, op in item.items():
            yield path, method, op


class Document(unittest.TestCase):
    def test_answers_are_as_it_says(self):
        """Every list and what its first line names, as everybody who may ask."""
        seen = set()
        for path, method, op in operations():
            if method != "get" or "{" in path:
                continue
            for role in [None, *sorted(H.demo["tokens"])]:
                status, r, data = H.ask("GET", path, None, H.bearer(role) if role else {})
                media = r.getheader("Content-Type").split(";")[0]
                if status >= 400:
                    self.assertIn(str(status), op["responses"], (path, role))
                    self.assertEqual(untrue(API, {"$ref": "#/components/schemas/Problem"}, json.loads(data)), [], path)
                    continue
                content = op["responses"]["200"]["content"]
                self.assertIn(media, content, path)
                if media != "application/json":
                    continue
                answer = json.loads(data)
                self.assertEqual(untrue(API, content[media]["schema"], answer), [], (path, role))
                for item in answer.get("items", [])[:3]:
                    one = API["paths"].get(path + "/{id}", {}).get("get")
                    if one and "id" in item:
                        status, got = H.json(path + "/" + item["id"], role)
                        self.assertEqual(status, 200, (path, role))
                        self.assertEqual(untrue(API, one["responses"]["200"]["content"]["application/json"]["schema"], got), [], (path, role))
                        seen.add(one["operationId"])
        self.assertTrue({"product.get", "batch.get", "sale.get", "maker.get"} <= seen, seen)

    def test_members_of_the_path(self):
        batch, code, pack = H.demo["batches"][0], H.demo["codes"][0], H.json("/v1/packs", "maker")[1]["items"][0]["id"]
        for template, path in [("/c/{code}", "/c/" + code), ("/v1/codes/{code}/where", "/v1/codes/%s/where" % code), ("/v1/lists/{list}", "/v1/lists/code_scheme"),
                               ("/v1/receipts/{id}", "/v1/receipts/" + batch), ("/v1/templates/{what}", "/v1/templates/product"),
                               ("/v1/packs/{id}/codes", "/v1/packs/%s/codes?format=ndjson" % pack)]:
            status, r, data = H.ask("GET", path, None, H.bearer("maker"))
            media = r.getheader("Content-Type").split(";")[0]
            content = API["paths"][template]["get"]["responses"]["200"]["content"]
            self.assertEqual(status, 200, path)
            self.assertIn(media, content, path)
            if media == "application/json":
                self.assertEqual(untrue(API, content[media]["schema"], json.loads(data)), [], path)

    def test_what_it_requires_is_what_is_asked(self):
        """Nothing sent: the fields at fault are required ones; the examples fit their own schema."""
        for path, method, op in operations():
            body = op.get("requestBody", {}).get("content", {}).get("application/json")
            if not body or "{" in path:
                continue
            schema = API["components"]["schemas"][op["operationId"]]
            for name, field in schema["properties"].items():
                for example in field.get("examples", []):
                    self.assertEqual(untrue(API, field, example), [], (op["operationId"], name))
            for role in H.demo["tokens"]:
                status, r, data = H.ask("POST", path, "{}", H.bearer(role, **{"Content-Type": "application/json"}))
                if status != 400:
                    continue
                problem = json.loads(data)
                self.assertEqual(untrue(API, {"$ref": "#/components/schemas/Problem"}, problem), [], path)
                asked = {e["field"] for e in problem.get("errors", []) if e["field"]}
                self.assertLessEqual(set(schema.get("required", [])), asked, (op["operationId"], asked))

    def test_an_example_is_filed_and_answered_as_it_says(self):
        fields = API["components"]["schemas"]["product.create"]
        sent = {n: fields["properties"][n]["examples"][0] for n in fields["required"]}
        status, r, data = H.ask("POST", "/v1/products", json.dumps(sent), H.bearer("maker", **{"Content-Type": "application/json"}))
        self.assertEqual((status, untrue(API, API["paths"]["/v1/products"]["post"]["responses"]["201"]["content"]["application/json"]["schema"], json.loads(data))), (201, []), data)
        for path, sent, role in [("/v1/reports", {"what": "像是复制的"}, "maker"), ("/v1/tokens", {}, "maker"), ("/v1/packs", {"batch": H.demo["batches"][0], "grain": ["item"], "count": 2}, "maker")]:
            status, _, data = H.ask("POST", path, json.dumps(sent), H.bearer(role, **{"Content-Type": "application/json"}))
            self.assertEqual((status, untrue(API, API["paths"][path]["post"]["responses"]["201"]["content"]["application/json"]["schema"], json.loads(data))), (201, []))
            if path == "/v1/reports":
                ticket = H.json("/v1/tickets/" + json.loads(data)["ticket"])[1]
        self.assertEqual(untrue(API, API["paths"]["/v1/tickets/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"], ticket), [])
        body, head = kit.multipart([("open", "true"), ("upload", kit.PDF, "a.pdf")])
        status, _, data = H.ask("POST", "/v1/files", body, H.bearer("maker", **head))
        self.assertEqual((status, untrue(API, API["paths"]["/v1/files"]["post"]["responses"]["201"]["content"]["application/json"]["schema"], json.loads(data))), (201, []))
        body, head = kit.multipart([("what", "product"), ("upload", "产品名称,产品类型\n绳,没有\n", "a.csv")])
        status, _, data = H.ask("POST", "/v1/loads", body, H.bearer("maker", **head))
        load = json.loads(data)
        self.assertEqual((status, untrue(API, {"$ref": "#/components/schemas/Load"}, load)), (201, []))
        for _ in range(100):
            load = H.json("/v1/loads/" + load["id"], "maker")[1]
            self.assertEqual(untrue(API, {"$ref": "#/components/schemas/Load"}, load), [])
            if load["state"] != "checking":
                break


class Pages(unittest.TestCase):
    def test_the_index_leads_to_every_operation(self):
        for lang in ["zh", "en"]:
            status, page = H.page("/docs", None, lang)
            self.assertEqual(status, 200)
            self.assertIn('href="/openapi.json"', page)
            for path, method, op in operations():
                self.assertIn('href="/docs/%s"' % op["operationId"], page)
                self.assertIn(html.escape(path), page)
        self.assertIn("填报批次", H.page("/docs")[1])
        self.assertIn("File a batch", H.page("/docs", None, "en")[1])
        self.assertIn('href="/docs"', H.page("/")[1])

    def test_a_page_tells_all_of_its_operation(self):
        for path, method, op in operations():
            for lang in ["zh", "en"]:
                status, page = H.page("/docs/" + op["operationId"], None, lang)
                self.assertEqual(status, 200, op["operationId"])
                text = html.unescape(re.sub(r"<[^>]+>", " ", page))
                self.assertIn(op["x-" + lang].lower(), text.lower())
                self.assertIn(path, text)
                self.assertIn(op["x-clause"], text)
                self.assertIn("curl", text)
                self.assertNotIn("{{", page)
                schema = API["components"]["schemas"].get(op["operationId"], {"properties": {}})
                for name, field in schema["properties"].items():
                    self.assertIn("<code>%s</code>" % name, page, (op["operationId"], name))
                    self.assertIn(field["title"] if lang == "zh" else field["x-en"], text)
                for p in op.get("parameters", []):
                    if "$ref" not in p and "multipart/form-data" not in op.get("requestBody", {}).get("content", {}):
                        self.assertIn("<code>%s</code>" % p["name"], page)
        self.assertEqual(H.page("/docs/nothing")[0], 404)
        self.assertEqual(H.page("/docs/" + urllib.parse.quote("<script>"))[0], 404)

    def test_the_batch_page(self):
        page = H.page("/docs/batch.create")[1]
        for part in ["生产单位", "附2-1-2-10", "单位选择", "factory 出厂检验", "/v1/lists/code_scheme", "Idempotency-Key", "必填一种", "key-reused"]:
            self.assertIn(part, page)
        self.assertIn("text/csv", H.page("/docs/load.refused")[1])
        self.assertIn("X-File-Name", H.page("/docs/file.put")[1])
        self.assertIn("/ui/op/batch.create", H.page("/docs/batch.create", "maker")[1])
        self.assertNotIn("/ui/op/batch.create", H.page("/docs/batch.create", "seller")[1])

    def test_the_guide_explains_every_problem(self):
        page = H.page("/docs/guide")[1]
        for row in API["components"]["schemas"]["Problem"]["x-types"]:
            self.assertIn("<code>%s</code>" % row["type"], page)
            self.assertIn(row["zh"], page)
        for part in ["Authorization: Bearer", "Idempotency-Key", "On-Behalf-Of", "Retry-After", "65536"]:
            self.assertIn(part, page)


if __name__ == "__main__":
    H = kit.House(os.path.abspath(sys.argv.pop(1)))
    API = H.json("/openapi.json")[1]
    try:
        result = unittest.main(exit=False, verbosity=1).result
    finally:
        H.stop()
    sys.exit(0 if result.wasSuccessful() else 1)
