from st2client.models import core  # noqa: F401
from st2client.models.core import Resource, ResourceManager  # noqa: F401
from st2client.models.kinds import *  # noqa: F401,F403
