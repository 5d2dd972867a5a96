from gale_sdk.action import make as _make
from gale_sdk.config import PackConfigDict  # noqa: F401
from gale_sdk.logs import action_logger

__all__ = ["PackConfigDict", "get_logger_for_python_runner_action", "get_action_class_instance"]


def get_logger_for_python_runner_action(action_name, log_level="debug"):
    return action_logger(action_name, log_level)


def get_action_class_instance(action_cls, config=None, action_service=None):
    return _make(action_cls, config, action_service)
