from st2client.models.kinds import KeyValuePair  # noqa: F401
