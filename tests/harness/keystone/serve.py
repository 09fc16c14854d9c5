"""Serves Keystone's own WSGI application on a port of loopback: `serve.py PORT`, with OS_KEYSTONE_CONFIG_FILES set."""
import socketserver
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

port = int(sys.argv.pop())  # what is left on the command line is Keystone's

from keystone.server.wsgi import initialize_public_application  # noqa: E402


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


make_server("127.0.0.1", port, initialize_public_application(), Server, Handler).serve_forever()
