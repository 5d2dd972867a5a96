"""Where packs and their files are."""

import os


def get_system_packs_base_path():
    return os.path.join(_base(), "packs")


def get_packs_base_paths():
    """Directories of packs, the first one first; the runner tells them."""
    told = os.environ.get("GALE_PACKS_PATH")
    return [path for path in told.split(":") if path] if told else [get_system_packs_base_path()]


def get_pack_base_path(pack_name, include_trailing_slash=False, use_pack_cache=False):
    roots = get_packs_base_paths()
    found = [os.path.join(root, pack_name) for root in roots if os.path.isdir(os.path.join(root, pack_name))]
    path = found[0] if found else os.path.join(roots[0], pack_name)
    return path + "/" if include_trailing_slash else path


get_pack_directory = get_pack_base_path


def get_pack_file_abs_path(pack_ref, file_path, resource_type=None, use_pack_cache=False):
    base = os.path.realpath(get_pack_base_path(pack_ref))
    path = os.path.realpath(os.path.join(base, file_path))
    if os.path.commonpath([base, path]) != base:
        raise ValueError('Invalid file path: "%s". File path needs to be relative to the pack directory.' % file_path)
    return path


def get_virtualenvs_base_path():
    return os.path.join(_base(), "virtualenvs")


def _base():
    return os.environ.get("GALE_BASE_PATH", "/opt/stackstorm")
