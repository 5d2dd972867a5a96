from st2client.models.kinds import Inquiry  # noqa: F401
