import datetime
import importlib
import os
import unittest

UTC = datetime.timezone.utc


class ShimTest(unittest.TestCase):
    def test_everything_that_packs_import_is_there(self):
        for name in (
            "st2common st2common.runners.base_action:Action st2common.runners.utils:get_logger_for_python_runner_action "
            "st2common.log:getLogger st2common.util.isotime:parse st2common.util.date:get_datetime_utc_now "
            "st2common.util.shell:run_command st2common.util.jinja:render_values st2common.util.schema:validate "
            "st2common.util.pack:get_pack_metadata st2common.content.utils:get_pack_base_path "
            "st2common.exceptions.action:InvalidActionParameterException st2common.util.monkey_patch:monkey_patch "
            "st2common.util.monkey_patch:use_select_poll_workaround st2common.constants.pack:SYSTEM_PACK_NAMES "
            "st2common.models.system.action:ShellScriptAction st2common.util.jsonify:json_encode "
            "st2common.services.datastore:BaseDatastoreService st2common.models.api.trace:TraceContext "
            "st2actions.runners.pythonrunner:Action st2client.client:Client st2client.models:KeyValuePair "
            "st2client.models.keyvalue:KeyValuePair st2client.models.action:Execution st2client.models.action:LiveAction "
            "st2client.models.action_alias:ActionAliasMatch st2client.models.aliasexecution:ActionAliasExecution "
            "st2client.commands.resource:ResourceNotFoundError oslo_config.cfg:CONF"
        ).split():
            module, _, attribute = name.partition(":")
            loaded = importlib.import_module(module)
            if attribute:
                self.assertTrue(hasattr(loaded, attribute), name)

    def test_isotime(self):
        from st2common.util import isotime

        moment = datetime.datetime(2024, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)
        self.assertEqual(isotime.parse("2024-01-02T03:04:05.006Z"), moment)
        self.assertEqual(isotime.parse("2024-01-02 03:04:05.006000+00:00"), moment)
        self.assertEqual(isotime.format(moment), "2024-01-02T03:04:05.006000+00:00")
        self.assertEqual(isotime.format(moment, usec=False, offset=False), "2024-01-02T03:04:05Z")
        self.assertEqual(isotime.format(0, usec=False), "1970-01-01T00:00:00+00:00")
        self.assertFalse(isotime.validate("yesterday", raise_exception=False))
        with self.assertRaises(ValueError):
            isotime.parse("2024-01-02T03:04:05+02:00")
        self.assertEqual(
            isotime.parse("2024-01-02T03:04:05+02:00", validate_value=False),
            datetime.datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC),
        )

    def test_shell(self):
        from st2common.models.system.action import ShellScriptAction
        from st2common.util.shell import quote_unix, run_command

        self.assertEqual(run_command(["sh", "-c", "printf o; printf e >&2; exit 3"]), (3, "o", "e"))
        self.assertEqual(quote_unix("it's"), "'it'\"'\"'s'")
        action = ShellScriptAction("n", "i", "/p/s.sh", {"--a": True, "--b": False, "--c": "x y"}, ["1"], user="u")
        self.assertEqual(
            action.get_full_command_string(), "sudo -E -H -u u -- bash -c '/p/s.sh --a --c='\"'\"'x y'\"'\"' 1'"
        )

    def test_content_paths(self):
        from st2common.content import utils

        os.environ["GALE_PACKS_PATH"] = "/x/packs:/y"
        self.addCleanup(os.environ.pop, "GALE_PACKS_PATH")
        self.assertEqual(utils.get_packs_base_paths(), ["/x/packs", "/y"])
        self.assertEqual(utils.get_pack_base_path("p", include_trailing_slash=True), "/x/packs/p/")
        with self.assertRaises(ValueError):
            utils.get_pack_file_abs_path("p", "../../etc/passwd")

    def test_schema_of_stackstorm(self):
        from st2common.util import schema

        draft = schema._draft4({"type": "object", "properties": {"a": {"type": "string", "required": True}, "b": {"required": False}}})
        self.assertEqual(draft, {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]})


if __name__ == "__main__":
    unittest.main()
