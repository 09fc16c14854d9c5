"""Media types that a generator of requests does not know by itself."""

import json

import schemathesis


@schemathesis.serializer("application/openstack-messaging-v2.0-json-patch")
def patch(_, value):
    return json.dumps(value).encode()


@schemathesis.deserializer("application/json-home")
def home(_, response):
    return json.loads(response.content)
