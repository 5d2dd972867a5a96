from gale_sdk.datastore import ActionDatastoreService, BaseDatastoreService  # noqa: F401
