"""Standard logging under StackStorm's names."""

import logging
import os
import sys
from logging import *  # noqa: F401,F403

from gale_sdk.logs import AUDIT  # noqa: F401


def getLogger(name):
    """Also finds the module's name when given its file, as setup code does."""
    if name.endswith(".py"):
        name = os.path.splitext(os.path.basename(name))[0]
    logger = logging.getLogger(name)
    if not hasattr(logger, "audit"):
        logger.audit = lambda message, *args, **kwargs: logger.log(AUDIT, message, *args, **kwargs)
    return logger


def setup(*args, **kwargs):
    logging.basicConfig(stream=sys.stderr)
