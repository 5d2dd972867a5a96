"""Validation with jsonschema, which the environment has to provide."""


def validate(instance, schema, cls=None, use_default=True, allow_default_none=False, *args, **kwargs):
    """Validate a copy of instance with the defaults of schema filled in, and
    return it."""
    import copy

    import jsonschema

    instance = copy.deepcopy(instance)
    if use_default and isinstance(schema, dict):
        fill_defaults(instance, schema)
    jsonschema.validate(instance, _draft4(schema), cls=cls or jsonschema.Draft4Validator)
    return instance


def fill_defaults(instance, schema):
    if not isinstance(instance, dict):
        return
    for name, prop in (schema.get("properties") or {}).items():
        if isinstance(prop, dict) and "default" in prop and instance.get(name) is None:
            instance[name] = prop["default"]
        if isinstance(prop, dict) and isinstance(instance.get(name), dict):
            fill_defaults(instance[name], prop)


def _draft4(schema):
    """StackStorm writes required: true at the property; drafts since 4 list
    names at the object."""
    if isinstance(schema, list):
        return [_draft4(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _draft4(value) for key, value in schema.items() if not (key == "required" and isinstance(value, bool))}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        names = [n for n, p in properties.items() if isinstance(p, dict) and p.get("required") is True]
        if names:
            out["required"] = sorted(set(names) | set(out.get("required") or []))
    return out
