"""The kinds of resources."""

from st2client.models.core import Resource


def _kind(name, plural=None, url=None, alias=None, shown=()):
    body = {"_plural": plural or name + "s", "_url_path": url, "_alias": alias, "_repr_attributes": list(shown)}
    return type(name, (Resource,), dict(body, __module__=__name__))


Action = _kind("Action", shown=("name", "pack", "enabled", "runner_type"))
ActionAlias = _kind("ActionAlias", "ActionAliases", alias="Action-Alias", shown=("name", "pack", "action_ref"))
ActionAliasExecution = _kind("ActionAliasExecution", url="aliasexecution")
ActionAliasMatch = _kind("ActionAliasMatch", "ActionAliasMatches", url="actionalias")
ApiKey = _kind("ApiKey", url="apikeys", shown=("id", "uid", "metadata", "user"))
Config = _kind("Config", url="configs", shown=("pack", "values"))
ConfigSchema = _kind("ConfigSchema", url="config_schemas", shown=("pack",))
Execution = _kind("Execution", url="executions", shown=("status", "action", "start_timestamp", "end_timestamp"))
Inquiry = _kind("Inquiry", "Inquiries", url="inquiries")
Pack = _kind("Pack", shown=("name", "description", "version", "author"))
Policy = _kind("Policy", "Policies", shown=("name", "pack", "enabled", "policy_type", "resource_ref"))
PolicyType = _kind("PolicyType", url="policytypes")
Role = _kind("Role", url="rbac/roles")
Rule = _kind("Rule", shown=("name", "pack", "trigger", "criteria", "enabled"))
RuleEnforcement = _kind("RuleEnforcement", url="ruleenforcements")
RunnerType = _kind("RunnerType", alias="Runner", url="runnertypes", shown=("name", "enabled", "description"))
Sensor = _kind("Sensor", url="sensortypes", shown=("name", "pack"))
Timer = _kind("Timer", url="timers")
Token = _kind("Token", shown=("user", "expiry"))
Trace = _kind("Trace", url="traces")
Trigger = _kind("Trigger", shown=("name", "pack"))
TriggerInstance = _kind("TriggerInstance", url="triggerinstances", shown=("id", "occurrence_time", "payload", "trigger", "status"))
TriggerType = _kind("TriggerType", alias="Trigger", url="triggertypes", shown=("name", "pack"))
UserRoleAssignment = _kind("UserRoleAssignment", url="rbac/role_assignments")
Webhook = _kind("Webhook", url="webhooks")


class LiveAction(Execution):
    _alias = "LiveAction"


class KeyValuePair(Resource):
    """A datastore item; its id is its name."""

    _alias = "Key"
    _display_name = "Key Value Pair"
    _plural = "Keys"
    _plural_display_name = "Key Value Pairs"
    _repr_attributes = ["name", "value"]

    @property
    def id(self):
        return getattr(self, "name", None)

    @id.setter
    def id(self, value):
        pass
