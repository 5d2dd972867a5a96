from st2client.models.kinds import ActionAlias, ActionAliasMatch  # noqa: F401
