"""The client: endpoints and one manager per kind of resource."""

import os

from st2client import models
from st2client.models import core
from st2client.models.core import ResourceManager, add_auth_token_to_kwargs_from_env

DEFAULT_BASE_URL = "http://127.0.0.1"
DEFAULT_API_PORT = 9101
DEFAULT_AUTH_PORT = 9100
DEFAULT_STREAM_PORT = 9102
DEFAULT_API_VERSION = "v1"

_MANAGERS = {
    "Action": core.ActionManager,
    "ActionAlias": core.ActionAliasManager,
    "ActionAliasExecution": core.ActionAliasExecutionManager,
    "Config": core.ConfigManager,
    "Execution": core.ExecutionManager,
    "Inquiry": core.InquiryManager,
    "KeyValuePair": core.KeyValuePairManager,
    "Pack": core.PackManager,
    "TriggerInstance": core.TriggerInstanceManager,
    "Webhook": core.WebhookManager,
}

_KINDS = (
    "Action ActionAlias ActionAliasExecution ApiKey Config ConfigSchema Execution Inquiry KeyValuePair Pack "
    "Policy PolicyType Role Rule RuleEnforcement RunnerType Sensor Timer Trace Trigger TriggerInstance "
    "TriggerType UserRoleAssignment Webhook"
).split()


class Client(object):
    """Endpoints not given come from ST2_* variables, then from the defaults."""

    def __init__(
        self,
        base_url=None,
        auth_url=None,
        api_url=None,
        stream_url=None,
        api_version=None,
        cacert=None,
        debug=False,
        token=None,
        api_key=None,
        basic_auth=None,
    ):
        env = os.environ.get
        base = base_url or env("ST2_BASE_URL") or DEFAULT_BASE_URL
        version = api_version or env("ST2_API_VERSION") or DEFAULT_API_VERSION
        self.endpoints = {
            "base": base,
            "exp": "%s:%s/exp" % (base, DEFAULT_API_PORT),
            "api": api_url or env("ST2_API_URL") or "%s:%s/%s" % (base, DEFAULT_API_PORT, version),
            "auth": auth_url or env("ST2_AUTH_URL") or "%s:%s" % (base, DEFAULT_AUTH_PORT),
            "stream": stream_url or env("ST2_STREAM_URL") or "%s:%s/%s" % (base, DEFAULT_STREAM_PORT, version),
        }
        self.cacert = cacert if cacert is not None else env("ST2_CACERT")
        if self.cacert and isinstance(self.cacert, str) and not os.path.isfile(self.cacert):
            raise ValueError('CA cert file "%s" does not exist.' % self.cacert)
        self.debug = debug
        self.token = token
        self.api_key = api_key
        self.basic_auth = _basic_auth(basic_auth)
        # Managers look for credentials in the environment, as do programs
        # that the action starts.
        if token:
            os.environ["ST2_AUTH_TOKEN"] = token
        if api_key:
            os.environ["ST2_API_KEY"] = api_key
        self.managers = {name: self._manager(name, "api") for name in _KINDS}
        self.managers["Token"] = self._manager("Token", "auth")
        self.managers["LiveAction"] = self.managers["Execution"]

    def _manager(self, name, endpoint):
        cls = _MANAGERS.get(name, ResourceManager)
        return cls(
            getattr(models, name),
            self.endpoints[endpoint],
            cacert=self.cacert,
            debug=self.debug,
            basic_auth=self.basic_auth,
        )

    @add_auth_token_to_kwargs_from_env
    def get_user_info(self, **kwargs):
        manager = self.managers["Action"]
        return manager.check(manager.client.get("/user", **kwargs)).json()


def _basic_auth(text):
    if not text:
        return None
    user, colon, password = text.partition(":")
    if not colon:
        raise ValueError("basic_auth config options needs to be in the username:password notation")
    return user, password


def _short(kind):
    return property(lambda self: self.managers[kind])


for _name, _kind in {
    "actions": "Action",
    "actionaliases": "ActionAlias",
    "apikeys": "ApiKey",
    "configs": "Config",
    "executions": "Execution",
    "inquiries": "Inquiry",
    "keys": "KeyValuePair",
    "liveactions": "LiveAction",
    "packs": "Pack",
    "policies": "Policy",
    "policytypes": "PolicyType",
    "ruleenforcements": "RuleEnforcement",
    "rules": "Rule",
    "runners": "RunnerType",
    "sensors": "Sensor",
    "tokens": "Token",
    "trace": "Trace",
    "triggerinstances": "TriggerInstance",
    "triggers": "Trigger",
    "triggertypes": "TriggerType",
    "webhooks": "Webhook",
}.items():
    setattr(Client, _name, _short(_kind))
