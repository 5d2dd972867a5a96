"""The part of StackStorm's st2common that packs import, over gale_sdk."""

__version__ = "3.9.0"
