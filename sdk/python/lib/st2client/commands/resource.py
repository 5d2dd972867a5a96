"""Exceptions that packs import from here; there are no commands."""


class ResourceNotFoundError(Exception):
    def __init__(self, message=None, *args):
        self.message = message
        super(ResourceNotFoundError, self).__init__(message, *args)
