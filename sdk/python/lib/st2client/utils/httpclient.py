from gale_sdk.rest import HTTPClient  # noqa: F401
