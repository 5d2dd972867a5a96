"""A small HTTP client for the API: standard library only, imported when the
first request is made."""

import base64
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT = 120  # seconds without a byte from the server


class Response(object):
    """The parts of a requests response that callers look at."""

    def __init__(self, url, status_code, reason, headers, content):
        self.url = url
        self.status_code = status_code
        self.reason = reason
        self.headers = headers
        self.content = content
        self.text = content.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.text)

    def raise_for_status(self):
        if self.status_code < 400:
            return
        side = "Client" if self.status_code < 500 else "Server"
        message = "%s %s Error: %s for url: %s" % (self.status_code, side, self.reason, self.url)
        raise error_class()(message, response=self)


class HTTPError(IOError):
    """The server answered with an error; .response has the answer."""

    def __init__(self, *args, **kwargs):
        response = kwargs.pop("response", None)
        super(HTTPError, self).__init__(*args, **kwargs)
        self.response = response


_error_class = None


def error_class():
    """HTTPError; where the action uses requests, one that is caught by
    handlers of its errors too."""
    global _error_class
    if _error_class is None:
        requests = sys.modules.get("requests")
        if requests is None:
            return HTTPError
        _error_class = type("HTTPError", (HTTPError, requests.exceptions.HTTPError), {})
    return _error_class


class HTTPClient(object):
    def __init__(self, root, cacert=None, debug=False, basic_auth=None):
        self.root = root.rstrip("/")
        self.cacert = cacert
        self.debug = debug
        self.basic_auth = basic_auth

    def get(self, url, **kwargs):
        return self.request("GET", url, **kwargs)

    def delete(self, url, **kwargs):
        return self.request("DELETE", url, **kwargs)

    def post(self, url, data, **kwargs):
        return self.request("POST", url, data=json.dumps(data).encode("utf-8"), **kwargs)

    def put(self, url, data, **kwargs):
        return self.request("PUT", url, data=json.dumps(data).encode("utf-8"), **kwargs)

    def patch(self, url, data, **kwargs):
        return self.request("PATCH", url, data=json.dumps(data).encode("utf-8"), **kwargs)

    def post_raw(self, url, data, **kwargs):
        return self.request("POST", url, data=data.encode("utf-8") if isinstance(data, str) else data, **kwargs)

    def request(self, method, url, params=None, data=None, headers=None, token=None, api_key=None, **_):
        full = self.root + _quote(url)
        if params:
            pairs = {key: value for key, value in params.items() if value is not None}
            full += ("&" if "?" in full else "?") + urllib.parse.urlencode(pairs, doseq=True)
        request = urllib.request.Request(full, data=data, method=method)
        for key, value in self._headers(data, token, api_key, headers).items():
            request.add_header(key, value)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=self._tls(full)) as answer:
                return Response(full, answer.status, answer.reason, answer.headers, answer.read())
        except urllib.error.HTTPError as e:
            with e:
                return Response(full, e.code, e.reason, e.headers, e.read())

    def _headers(self, data, token, api_key, more):
        headers = {}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["X-Auth-Token"] = token
        elif api_key:
            headers["St2-Api-Key"] = api_key
        if self.basic_auth:
            text = "%s:%s" % tuple(self.basic_auth)
            headers["Authorization"] = "Basic " + base64.b64encode(text.encode("utf-8")).decode("ascii")
        headers.update(more or {})
        return headers

    def _tls(self, url):
        if not url.lower().startswith("https:"):
            return None
        if self.cacert is False:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        return ssl.create_default_context(cafile=self.cacert if isinstance(self.cacert, str) else None)


def _quote(url):
    """Paths are built from names, which may hold anything."""
    path, mark, query = url.partition("?")
    return urllib.parse.quote(path, safe="/:@!$&'()*+,;=~%") + mark + query
