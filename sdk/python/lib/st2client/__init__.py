"""A client of the API with the names of StackStorm's st2client, over the
standard library. A pack that installs the real one gets the real one."""

__version__ = "3.9.0"
