"""Small text functions."""


def strip_shell_chars(input_str):
    return rstrip_last_char(rstrip_last_char(input_str, "\n"), "\r")


def rstrip_last_char(input_str, char_to_strip):
    if input_str and input_str.endswith(char_to_strip):
        return input_str[: -len(char_to_strip)]
    return input_str


def lowercase_value(value):
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, (list, tuple)):
        return [item.lower() for item in value]
    if isinstance(value, dict):
        return {key.lower(): item.lower() for key, item in value.items()}
    return value
