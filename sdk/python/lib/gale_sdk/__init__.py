"""Gale's Python side: what runs inside the process of an action.

Starting an interpreter is most of the cost of a short action, so nothing here
imports more than it needs at once: logging, HTTP and JSON come in when they
are first used.
"""

__version__ = "1.0.0"
