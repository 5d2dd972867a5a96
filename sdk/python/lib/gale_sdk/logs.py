"""Loggers of actions: to stderr, at the level the runner asks for."""

import logging

AUDIT = logging.CRITICAL + 10
logging.addLevelName(AUDIT, "AUDIT")

_loggers = {}


def action_logger(action_name, log_level="debug"):
    """The logger of an action class; the same one each time."""
    name = "actions.python.%s" % action_name
    if name not in _loggers:
        level = AUDIT if log_level.upper() == "AUDIT" else getattr(logging, log_level.upper(), logging.DEBUG)
        handler = logging.StreamHandler()
        handler.setLevel(level)
        handler.setFormatter(logging.Formatter("%(name)-12s: %(levelname)-8s %(message)s"))
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.audit = lambda message, *args, **kwargs: logger.log(AUDIT, message, *args, **kwargs)
        _loggers[name] = logger
    return _loggers[name]
