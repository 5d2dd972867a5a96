"""The datastore, over the HTTP API with the token of the execution."""

import os

SYSTEM_SCOPE = "system"


class BaseDatastoreService(object):
    """Values are strings; local names are <pack>.<Class>:<name>."""

    DATASTORE_NAME_SEPARATOR = ":"

    def __init__(self, logger, pack_name, class_name):
        self._logger = logger
        self._pack_name = pack_name
        self._class_name = class_name
        self._client = None

    def get_api_client(self):
        raise NotImplementedError("get_api_client() not implemented")

    def get_user_info(self):
        self._logger.debug("Retrieving user information")
        return self.get_api_client().get_user_info()

    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        """KeyValuePair objects; the server's page size is the default limit."""
        self._logger.debug("Retrieving all the values from the datastore")
        if local:
            prefix = self._prefix() + (prefix or "")
        return self.get_api_client().keys.get_all(prefix=prefix, limit=limit or 100, offset=offset)

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        """The value or None. A failing request is logged and gives None."""
        name = self._name(name, local, scope)
        client = self.get_api_client()
        self._logger.debug("Retrieving value from the datastore (name=%s)", name)
        try:
            params = {"decrypt": str(bool(decrypt)).lower(), "scope": scope}
            pair = client.keys.get_by_id(id=name, params=params)
        except Exception as e:
            self._logger.exception("Exception retrieving value from datastore (name=%s): %s", name, e)
            return None
        return pair.value if pair else None

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        """Store str(value); a failing request raises."""
        from st2client.models.keyvalue import KeyValuePair

        name = self._name(name, local, scope)
        client = self.get_api_client()
        self._logger.debug("Setting value in the datastore (name=%s)", name)
        pair = KeyValuePair(id=name, name=name, value=str(value), scope=scope)
        if encrypt:
            pair.secret = True
        if ttl:
            pair.ttl = ttl
        client.keys.update(instance=pair)
        return True

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        """True; a failing request is logged and gives False."""
        from st2client.models.keyvalue import KeyValuePair

        name = self._name(name, local, scope)
        client = self.get_api_client()
        self._logger.debug("Deleting value from the datastore (name=%s)", name)
        try:
            client.keys.delete(instance=KeyValuePair(id=name, name=name), params={"scope": scope})
        except Exception as e:
            self._logger.exception("Exception deleting value from datastore (name=%s): %s", name, e)
            return False
        return True

    def _prefix(self):
        return "%s.%s%s" % (self._pack_name, self._class_name, self.DATASTORE_NAME_SEPARATOR)

    def _name(self, name, local, scope):
        if scope != SYSTEM_SCOPE:
            raise ValueError("Scope %s is unsupported." % scope)
        return self._prefix() + name if local else name


class ActionDatastoreService(BaseDatastoreService):
    def __init__(self, logger, pack_name, class_name, auth_token):
        super(ActionDatastoreService, self).__init__(logger, pack_name, class_name)
        self._auth_token = auth_token

    def get_api_client(self):
        if self._client is None:
            from st2client.client import Client

            self._logger.debug("Creating new Client object.")
            self._client = Client(api_url=os.environ.get("ST2_ACTION_API_URL"), token=self._auth_token)
        return self._client
