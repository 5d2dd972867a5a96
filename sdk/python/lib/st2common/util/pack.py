"""Metadata of packs."""

import os
import re

from st2common.constants.pack import MANIFEST_FILE_NAME, PACK_REF_WHITELIST_REGEX

__all__ = ["get_pack_metadata", "get_pack_ref_from_metadata", "get_pack_warnings"]


def get_pack_metadata(pack_dir):
    path = os.path.join(pack_dir, MANIFEST_FILE_NAME)
    if not os.path.isfile(path):
        raise ValueError('Pack "%s" is missing %s file' % (pack_dir, MANIFEST_FILE_NAME))
    import yaml

    with open(path, encoding="utf-8") as file:
        content = yaml.safe_load(file)
    if not content:
        raise ValueError("Pack metadata file is empty")
    return content


def get_pack_ref_from_metadata(metadata, pack_directory_name=None):
    """ref, else the directory's name, else name, whichever fits first."""
    if metadata.get("ref"):
        return metadata["ref"]
    for candidate in (pack_directory_name, metadata.get("name")):
        if candidate and re.match(PACK_REF_WHITELIST_REGEX, candidate):
            return candidate
    raise ValueError('Pack name "%s" contains invalid characters and "ref" attribute is not available.' % metadata.get("name"))


def get_pack_warnings(pack_metadata):
    versions = pack_metadata.get("python_versions") or []
    if set(str(version) for version in versions) == {"2"}:
        return "DEPRECATION WARNING: Pack %s only supports Python 2." % pack_metadata.get("name")
    return None
