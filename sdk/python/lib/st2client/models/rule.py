from st2client.models.kinds import Rule  # noqa: F401
