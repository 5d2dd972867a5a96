from st2client.models.kinds import ActionAliasExecution  # noqa: F401
