import collections
import datetime
import enum
import json
import unittest
import uuid

from gale_sdk import wire


class Colour(enum.Enum):
    RED = "red"


class Text(str):
    pass


class Odd(object):
    pass


class WireTest(unittest.TestCase):
    def test_values_with_a_form(self):
        moment = datetime.datetime(2024, 1, 2, 3, 4, 5, 600, tzinfo=datetime.timezone.utc)
        ident = uuid.UUID(int=5)
        for value, want in [
            (None, None),
            (True, True),
            (1 << 70, 1 << 70),
            (1.5, 1.5),
            (float("nan"), None),
            (float("-inf"), None),
            ("é☠\n\x00", "é☠\n\x00"),
            ((1, (2,)), [1, [2]]),
            (Text("x"), "x"),
            (Colour.RED, "red"),
            (moment, "2024-01-02T03:04:05.000600+00:00"),
            (moment.date(), "2024-01-02"),
            (moment.time(), "03:04:05.000600"),
            (ident, str(ident)),
            (collections.OrderedDict([("b", 1), ("a", [])]), {"b": 1, "a": []}),
        ]:
            self.assertEqual(json.loads(wire.dumps(value).decode("utf-8")), want, value)

    def test_text_is_compact_ordered_and_not_escaped(self):
        self.assertEqual(wire.dumps({"b": [1, "é"], "a": {}}).decode("utf-8"), '{"b":[1,"é"],"a":{}}')

    def test_values_without_a_form(self):
        deep = []
        for _ in range(300):
            deep = [deep]
        loop = []
        loop.append(loop)
        for value in [{1: 2}, {None: 1}, {1, 2}, b"x", Odd(), deep, loop, "\ud800", [{"a": object}], 1j]:
            with self.assertRaises((wire.Unencodable, RecursionError), msg=repr(value)[:50]):
                wire.dumps(value)

    def test_decoding(self):
        text = '{"a": [1, 2.5, -3e2, null, true, "\\u00e9"], "n": 123456789012345678901234567890}'
        self.assertEqual(wire.loads(text), json.loads(text))
        for bad in ["", "{", "[1,]", "nul", "1 2", '"a']:
            with self.assertRaises(ValueError, msg=bad):
                wire.loads(bad)

    def test_no_expensive_module_is_needed(self):
        import process

        outcome = process.run(
            "import sys\n"
            "from st2common.runners.base_action import Action\n"
            "class A(Action):\n"
            "    def run(self):\n"
            "        return [m for m in ('json', 're', 'logging', 'inspect', 'argparse', 'traceback', 'site') if m in sys.modules]\n"
        )
        self.assertEqual(outcome.sent, {"result": [], "status": None}, outcome.err)


if __name__ == "__main__":
    unittest.main()
