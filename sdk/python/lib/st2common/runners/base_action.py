from gale_sdk.base_action import Action  # noqa: F401

__all__ = ["Action"]
