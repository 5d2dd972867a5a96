"""Resources and their managers."""

import functools
import os
import urllib.parse

from gale_sdk.rest import HTTPClient

__all__ = ["Resource", "ResourceManager", "add_auth_token_to_kwargs_from_env"]


def add_auth_token_to_kwargs_from_env(func):
    """Without credentials in the call, those of the environment are used."""

    @functools.wraps(func)
    def decorate(*args, **kwargs):
        if not kwargs.get("token") and not kwargs.get("api_key"):
            if os.environ.get("ST2_AUTH_TOKEN"):
                kwargs["token"] = os.environ["ST2_AUTH_TOKEN"]
            elif os.environ.get("ST2_API_KEY"):
                kwargs["api_key"] = os.environ["ST2_API_KEY"]
        return func(*args, **kwargs)

    return decorate


def credentials(kwargs):
    """Take the credentials out of kwargs."""
    return {key: kwargs.pop(key) for key in ("token", "api_key") if key in kwargs}


class Resource(object):
    """An object of the API: what the server sent, as attributes."""

    _alias = None
    _display_name = None
    _plural = None
    _plural_display_name = None
    _url_path = None
    _repr_attributes = []

    def __init__(self, *args, **kwargs):
        for key, value in kwargs.items():
            setattr(self, key, value)

    def to_dict(self, exclude_attributes=None):
        skip = exclude_attributes or []
        return {k: v for k, v in self.__dict__.items() if not k.startswith("__") and k not in skip}

    def serialize(self):
        return {k: v for k, v in self.__dict__.items() if not k.startswith("_")}

    @classmethod
    def deserialize(cls, doc):
        if not isinstance(doc, dict):
            import json

            doc = json.loads(doc)
        return cls(**doc)

    @classmethod
    def get_alias(cls):
        return cls._alias or cls.__name__

    @classmethod
    def get_display_name(cls):
        return cls._display_name or cls.__name__

    @classmethod
    def get_plural_name(cls):
        return cls._plural or cls.__name__ + "s"

    @classmethod
    def get_plural_display_name(cls):
        return cls._plural_display_name or cls.get_plural_name()

    @classmethod
    def get_url_path_name(cls):
        return cls._url_path or cls.get_plural_name().lower()

    def __repr__(self):
        shown = ",".join("%s=%s" % (name, getattr(self, name, None)) for name in self._repr_attributes)
        return "<%s %s>" % (type(self).__name__, shown) if shown else object.__repr__(self)

    __str__ = __repr__


class ResourceManager(object):
    """What can be done with one kind of resource. Every method takes token=
    or api_key=; answers other than success raise an HTTPError."""

    def __init__(self, resource, endpoint, cacert=None, debug=False, basic_auth=None):
        self.resource = resource
        self.endpoint = endpoint
        self.cacert = cacert
        self.debug = debug
        self.basic_auth = basic_auth
        self.client = HTTPClient(endpoint, cacert=cacert, debug=debug, basic_auth=basic_auth)

    @staticmethod
    def handle_error(response):
        try:
            fault = response.json().get("faultstring", "")
        except Exception as e:
            fault = None
            response.reason = "%s\nUnable to retrieve detailed message from the HTTP response. %s\n" % (
                response.reason,
                e,
            )
        if fault:
            response.reason = "%s\nMESSAGE: %s" % (response.reason, fault)
        response.raise_for_status()

    def path(self, *parts):
        return "/" + "/".join([self.resource.get_url_path_name()] + [str(part) for part in parts])

    def check(self, response, *good):
        if response.status_code not in (good or (200, 201, 202)):
            self.handle_error(response)
        return response

    def many(self, response):
        return [self.resource.deserialize(item) for item in self.check(response).json()]

    def one(self, response):
        return self.resource.deserialize(self.check(response).json())

    @add_auth_token_to_kwargs_from_env
    def get_all(self, **kwargs):
        params = dict(kwargs.pop("params", None) or {})
        for key in ("limit", "pack", "prefix", "user", "offset"):
            value = kwargs.pop(key, None)
            if value:
                params[key] = value
        return self.many(self.client.get(self.path(), params=params, **kwargs))

    @add_auth_token_to_kwargs_from_env
    def get_by_id(self, id, **kwargs):
        response = self.client.get(self.path(id), **kwargs)
        return None if response.status_code == 404 else self.one(response)

    def get_by_ref_or_id(self, ref_or_id, **kwargs):
        return self.get_by_id(id=ref_or_id, **kwargs)

    @add_auth_token_to_kwargs_from_env
    def get_property(self, id_, property_name, self_deserialize=True, **kwargs):
        auth = credentials(kwargs)
        response = self.client.get(self.path(id_, property_name) + "/", params=kwargs, **auth)
        if response.status_code == 404:
            return None
        return self.many(response) if self_deserialize else self.check(response).json()

    def _query(self, kwargs):
        if not kwargs:
            raise Exception("Query parameter is not provided.")
        auth = credentials(kwargs)
        params = dict(kwargs.pop("params", None) or {}, **kwargs)
        response = self.client.get(self.path() + "/", params=params, **auth)
        if response.status_code == 404:
            return [], None
        return self.many(response), response

    @add_auth_token_to_kwargs_from_env
    def query(self, **kwargs):
        return self._query(kwargs)[0]

    @add_auth_token_to_kwargs_from_env
    def query_with_count(self, **kwargs):
        instances, response = self._query(kwargs)
        count = response.headers.get("X-Total-Count") if response is not None else None
        return instances, int(count) if count is not None else None

    def get_by_name(self, name, **kwargs):
        instances = self.query(name=name, **kwargs)
        if len(instances) > 1:
            raise Exception('More than one %s named "%s" are found.' % (self.resource.__name__.lower(), name))
        return instances[0] if instances else None

    @add_auth_token_to_kwargs_from_env
    def create(self, instance, **kwargs):
        return self.one(self.client.post(self.path(), instance.serialize(), **kwargs))

    @add_auth_token_to_kwargs_from_env
    def update(self, instance, **kwargs):
        return self.one(self.client.put(self.path(instance.id), instance.serialize(), **kwargs))

    @add_auth_token_to_kwargs_from_env
    def delete(self, instance, **kwargs):
        self.check(self.client.delete(self.path(instance.id), **kwargs), 200, 204, 404)
        return True

    @add_auth_token_to_kwargs_from_env
    def delete_by_id(self, instance_id, **kwargs):
        response = self.check(self.client.delete(self.path(instance_id), **kwargs), 200, 204, 404)
        try:
            return response.json() or True
        except ValueError:
            return True


class ActionManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def get_entrypoint(self, ref_or_id, **kwargs):
        return self.check(self.client.get("/actions/views/entry_point/%s" % ref_or_id, **kwargs)).text

    @add_auth_token_to_kwargs_from_env
    def clone(self, source_ref, dest_pack, dest_action, overwrite, **kwargs):
        body = {"dest_pack": dest_pack, "dest_action": dest_action, "overwrite": overwrite}
        return self.one(self.client.post(self.path(source_ref, "clone"), body, **kwargs))


class ActionAliasManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def match(self, instance, **kwargs):
        answer = self.check(self.client.post("/actionalias/match", instance.serialize(), **kwargs)).json()
        first = answer["results"][0]
        return self.resource.deserialize(first["actionalias"]), first["representation"]


class ActionAliasExecutionManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def match_and_execute(self, instance, **kwargs):
        answer = self.check(self.client.post(self.path("match_and_execute"), instance.serialize(), **kwargs))
        return self.resource.deserialize(answer.json()["results"][0])


class ExecutionManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def re_run(self, execution_id, parameters=None, tasks=None, no_reset=None, delay=0, **kwargs):
        tasks = tasks or []
        body = {
            "parameters": parameters or {},
            "tasks": tasks,
            "reset": [task for task in tasks if task not in (no_reset or [])],
            "delay": delay,
        }
        return self.one(self.client.post(self.path(execution_id, "re_run"), body, **kwargs))

    @add_auth_token_to_kwargs_from_env
    def get_output(self, execution_id, output_type=None, **kwargs):
        params = {"output_type": output_type} if output_type else None
        return self.check(self.client.get(self.path(execution_id, "output"), params=params, **kwargs)).text

    @add_auth_token_to_kwargs_from_env
    def get_result(self, execution_id, **kwargs):
        return self.check(self.client.get(self.path(execution_id, "result"), **kwargs)).text

    @add_auth_token_to_kwargs_from_env
    def pause(self, execution_id, **kwargs):
        return self.one(self.client.put(self.path(execution_id), {"status": "pausing"}, **kwargs))

    @add_auth_token_to_kwargs_from_env
    def resume(self, execution_id, **kwargs):
        return self.one(self.client.put(self.path(execution_id), {"status": "resuming"}, **kwargs))

    @add_auth_token_to_kwargs_from_env
    def get_children(self, execution_id, **kwargs):
        params = dict(kwargs.pop("params", None) or {})
        params.setdefault("depth", kwargs.pop("depth", -1))
        return self.many(self.client.get(self.path(execution_id, "children"), params=params, **kwargs))


class InquiryManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def respond(self, inquiry_id, inquiry_response, **kwargs):
        body = {"id": inquiry_id, "response": inquiry_response}
        return self.one(self.client.put("/inquiries/%s" % inquiry_id, body, **kwargs))


class TriggerInstanceManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def re_emit(self, trigger_instance_id, **kwargs):
        return self.check(self.client.post(self.path(trigger_instance_id, "re_emit"), None, **kwargs)).json()


class PackManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def install(self, packs, force=False, skip_dependencies=False, **kwargs):
        body = {"packs": packs, "force": force, "skip_dependencies": skip_dependencies}
        return self._started(self.client.post(self.path("install"), body, **kwargs))

    @add_auth_token_to_kwargs_from_env
    def remove(self, packs, **kwargs):
        return self._started(self.client.post(self.path("uninstall"), {"packs": packs}, **kwargs))

    @add_auth_token_to_kwargs_from_env
    def register(self, packs=None, types=None, **kwargs):
        body = {key: value for key, value in (("packs", packs), ("types", types)) if value}
        return self._started(self.client.post(self.path("register"), body, **kwargs))

    def _started(self, response):
        return Resource.deserialize(self.check(response).json())


class ConfigManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def update(self, instance, **kwargs):
        return self.one(self.client.put(self.path(instance.pack), instance.values, **kwargs))


class WebhookManager(ResourceManager):
    @add_auth_token_to_kwargs_from_env
    def post_generic_webhook(self, trigger, payload=None, trace_tag=None, **kwargs):
        headers = {"St2-Trace-Tag": trace_tag} if trace_tag else {}
        body = {"trigger": trigger, "payload": payload or {}}
        return self.check(self.client.post("/webhooks/st2", body, headers=headers, **kwargs)).json()


class KeyValuePairManager(ResourceManager):
    def path(self, *parts):
        # Names may hold slashes and everything else.
        return "/".join(["/keys"] + [urllib.parse.quote(str(part), safe=":@,;=+$!*'()") for part in parts])

    @add_auth_token_to_kwargs_from_env
    def get_by_name(self, name, **kwargs):
        auth = credentials(kwargs)
        params = dict(kwargs.pop("params", None) or {}, **kwargs)
        params = {k: str(v).lower() if isinstance(v, bool) else v for k, v in params.items()}
        response = self.client.get(self.path(name), params=params, **auth)
        return [] if response.status_code == 404 else self.one(response)
