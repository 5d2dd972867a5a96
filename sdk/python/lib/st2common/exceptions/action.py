"""Exceptions around actions."""


class ParameterRenderingFailedException(Exception):
    pass


class InvalidActionReferencedException(Exception):
    pass


class InvalidActionParameterException(Exception):
    pass
