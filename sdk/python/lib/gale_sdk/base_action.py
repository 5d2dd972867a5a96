"""The class that actions inherit from."""

import abc

from gale_sdk.config import PackConfigDict


class _Logger(object):
    """An attribute that becomes the logger when it is first asked for:
    importing logging costs more than starting the interpreter, and most
    actions never log. Assigning to it works as for any attribute."""

    def __get__(self, action, owner=None):
        if action is None:
            return self
        from gale_sdk.logs import action_logger

        wrapper = getattr(getattr(action, "action_service", None), "_action_wrapper", None)
        level = getattr(wrapper, "_log_level", None) or "debug"
        action.__dict__["logger"] = logger = action_logger(type(action).__name__, level)
        return logger


class Action(abc.ABC):
    """Base of Python actions: self.config, self.logger, self.action_service."""

    description = None
    logger = _Logger()

    def __init__(self, config=None, action_service=None):
        self.action_service = action_service
        wrapper = getattr(action_service, "_action_wrapper", None) if action_service else None
        pack = getattr(wrapper, "_pack", None) or "unknown"
        self.config = PackConfigDict(pack, config or {})

    @abc.abstractmethod
    def run(self, **kwargs):
        pass
