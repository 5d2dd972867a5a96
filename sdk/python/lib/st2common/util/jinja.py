"""Templates with Jinja2, which the environment has to provide."""

__all__ = ["get_jinja_environment", "render_values", "is_jinja_expression", "convert_jinja_to_raw_block"]

JINJA_EXPRESSIONS_START_MARKERS = ["{{", "{%"]
NONE_MAGIC_VALUE = "%*****__%NONE%__*****%"


def use_none(value):
    return NONE_MAGIC_VALUE if value is None else value


def get_filters():
    return {"use_none": use_none}


def get_jinja_environment(allow_undefined=False, trim_blocks=True, lstrip_blocks=True):
    import jinja2
    import jinja2.sandbox

    env = jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.Undefined if allow_undefined else jinja2.StrictUndefined,
        trim_blocks=trim_blocks,
        lstrip_blocks=lstrip_blocks,
    )
    env.filters.update(get_filters())
    env.tests["in"] = lambda item, container: item in container
    return env


def render_values(mapping=None, context=None, allow_undefined=False):
    """Render each string of mapping; values rendered earlier are visible to
    later ones."""
    if not context or not mapping:
        return mapping
    env = get_jinja_environment(allow_undefined=allow_undefined)
    seen = dict(context)
    out = {}
    for name, value in mapping.items():
        out[name] = seen[name] = _render(env, value, seen)
    return out


def _render(env, value, context):
    if isinstance(value, str):
        return env.from_string(value).render(context)
    if isinstance(value, dict):
        return {_render(env, key, context): _render(env, item, context) for key, item in value.items()}
    if isinstance(value, list):
        return [_render(env, item, context) for item in value]
    return value


def is_jinja_expression(value):
    return isinstance(value, str) and any(marker in value for marker in JINJA_EXPRESSIONS_START_MARKERS)


def convert_jinja_to_raw_block(value):
    if isinstance(value, dict):
        return {key: convert_jinja_to_raw_block(item) for key, item in value.items()}
    if isinstance(value, list):
        return [convert_jinja_to_raw_block(item) for item in value]
    return "{% raw %}" + value + "{% endraw %}" if is_jinja_expression(value) else value
