import json
import threading
import unittest
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import process

PAIRS = {}
SEEN = []


class Handler(BaseHTTPRequestHandler):
    """Enough of the API for the datastore and a few resources."""

    def log_message(self, *args):
        pass

    def answer(self, code, value=None):
        self.send_response(code)
        self.send_header("X-Total-Count", "7")
        self.end_headers()
        if value is not None:
            self.wfile.write(json.dumps(value).encode("utf-8"))

    def dispatch(self):
        url = urllib.parse.urlparse(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        length = int(self.headers.get("Content-Length") or 0)
        data = json.loads(self.rfile.read(length).decode("utf-8")) if length else None
        path = urllib.parse.unquote(url.path)
        SEEN.append((self.command, path, query, data, self.headers.get("X-Auth-Token")))
        if self.headers.get("X-Auth-Token") != "tok":
            return self.answer(401, {"faultstring": "Unauthorized"})
        if path == "/v1/user":
            return self.answer(200, {"username": "u"})
        if path == "/v1/keys":
            found = [p for n, p in sorted(PAIRS.items()) if n.startswith(query.get("prefix", ""))]
            return self.answer(200, found)
        if path.startswith("/v1/keys/"):
            return self.key(path[len("/v1/keys/") :].rstrip("/"), data)
        if path == "/v1/executions" and self.command == "POST":
            return self.answer(201, dict(data, id="e1", status="requested"))
        if path == "/v1/rules/":
            return self.answer(200, [{"name": query["name"], "id": "r1"}])
        self.answer(404, {"faultstring": "nothing at %s" % path})

    def key(self, name, data):
        if name.endswith("refused"):
            return self.answer(403, {"faultstring": "no"})
        if self.command == "PUT":
            PAIRS[name] = data
            return self.answer(200, data)
        if name not in PAIRS:
            return self.answer(404, {"faultstring": "not found"})
        if self.command == "DELETE":
            del PAIRS[name]
            return self.answer(204)
        self.answer(200, PAIRS[name])

    do_GET = do_PUT = do_POST = do_DELETE = dispatch


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.url = "http://127.0.0.1:%d/v1" % cls.server.server_port

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        PAIRS.clear()
        del SEEN[:]

    def run_body(self, text, token="tok"):
        source = (
            "from st2common.runners.base_action import Action\nclass Keeper(Action):\n    def run(self):\n"
            + "".join("        %s\n" % line for line in text.split("\n"))
        )
        env = {"ST2_ACTION_API_URL": self.url, "ST2_ACTION_AUTH_TOKEN": token, "ST2_API_URL": self.url, "ST2_AUTH_TOKEN": token}
        return process.run(source, env=env, log_level="ERROR")

    def test_values(self):
        outcome = self.run_body(
            "s = self.action_service\n"
            "out = [s.get_value('n'), s.set_value('n', 5, ttl=9, encrypt=True), s.get_value('n', decrypt=True)]\n"
            "s.set_value('a/b ü', 'g', local=False)\n"
            "out += [s.get_value('a/b ü', local=False), [p.name for p in s.list_values()], [p.value for p in s.list_values(local=False)]]\n"
            "out += [s.delete_value('n'), s.delete_value('n'), s.get_user_info()]\n"
            "return out"
        )
        self.assertEqual(
            outcome.sent["result"],
            [None, True, "5", "g", ["testpack.Keeper:n"], ["g", "5"], True, True, {"username": "u"}],
            outcome.err,
        )
        put = [s for s in SEEN if s[0] == "PUT"][0]
        self.assertEqual(put[1], "/v1/keys/testpack.Keeper:n")
        self.assertEqual(put[3], {"name": "testpack.Keeper:n", "value": "5", "scope": "system", "secret": True, "ttl": 9})
        got = [s for s in SEEN if s[0] == "GET"][1]
        self.assertEqual(got[2], {"decrypt": "true", "scope": "system"})

    def test_failures(self):
        outcome = self.run_body(
            "s = self.action_service\nout = [s.get_value('refused'), s.delete_value('refused')]\n"
            "try:\n    s.set_value('refused', 1)\nexcept Exception as e:\n    out.append([type(e).__name__, 'MESSAGE: no' in str(e), e.response.status_code])\n"
            "try:\n    s.get_value('x', scope='user')\nexcept ValueError as e:\n    out.append(str(e))\n"
            "return out"
        )
        self.assertEqual(outcome.sent["result"], [None, False, ["HTTPError", True, 403], "Scope user is unsupported."], outcome.err)
        self.assertIn("Exception retrieving value from datastore", outcome.err)

    def test_resources(self):
        outcome = self.run_body(
            "from st2client.client import Client\nfrom st2client.models.action import Execution, LiveAction\n"
            "from st2client.models import KeyValuePair\n"
            "c = Client(base_url='http://127.0.0.1', api_url='%s')\n"
            "e = c.executions.create(Execution(action='core.noop', parameters={}))\n"
            "out = [e.id, e.status, c.rules.get_by_name('r').id, c.managers['Rule'].query_with_count(name='r')[1]]\n"
            "c.keys.update(KeyValuePair(name='k', value='v'))\n"
            "out += [c.keys.get_by_name('k', decrypt=True).value, c.keys.get_by_name('none'), c.actions.get_by_ref_or_id('no.such')]\n"
            "out += [c.keys.delete(c.keys.get_by_id('k')), isinstance(LiveAction(), Execution)]\n"
            "return out" % self.url
        )
        self.assertEqual(outcome.sent["result"], ["e1", "requested", "r1", 7, "v", [], None, True, True], outcome.err)

    def test_errors_are_those_of_requests_for_who_uses_it(self):
        outcome = self.run_body(
            "import sys, types\nrequests = sys.modules['requests'] = types.ModuleType('requests')\n"
            "requests.exceptions = types.SimpleNamespace(HTTPError=type('HTTPError', (IOError,), {}))\n"
            "from st2client.client import Client\n"
            "try:\n    Client(api_url='%s', token='wrong').actions.get_all()\nexcept requests.exceptions.HTTPError as e:\n"
            "    return e.response.status_code" % self.url
        )
        self.assertEqual(outcome.sent["result"], 401, outcome.err)


if __name__ == "__main__":
    unittest.main()
