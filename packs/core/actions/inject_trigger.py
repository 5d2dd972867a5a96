import json
import os
import urllib.request

from st2common.runners.base_action import Action


class InjectTriggerAction(Action):
    def run(self, trigger_name=None, trigger=None, payload=None, trace_tag=None):
        if bool(trigger_name) == bool(trigger):
            raise ValueError("give either trigger_name or trigger")
        request = urllib.request.Request(
            os.environ["ST2_ACTION_API_URL"] + "/webhooks/st2",
            data=json.dumps({"trigger": trigger_name or trigger, "payload": payload or {}}).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Auth-Token": os.environ.get("ST2_ACTION_AUTH_TOKEN", ""),
            },
        )
        if trace_tag:
            request.add_header("St2-Trace-Tag", trace_tag)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
