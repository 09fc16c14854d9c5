#!/usr/bin/env python3
"""A driver for Nuncio as a child process, with Python's standard library alone.

It serves `pager:NAME`: each page is a line at the end of the file that the settings name. Take it as a beginning: the
class is yours, what stands below it speaks the protocol (docs/exec-drivers.md) and can stay as it is.
"""
import json
import sys


class Refused(Exception):
    """Settings or a URI that are wrong: where, why, and what to do."""
    def __init__(self, at, why, fix=""):
        super().__init__(why)
        self.errors = [{"at": at, "why": why, "fix": fix}]


class Pager:
    manifest = {
        "name": "pager",
        "version": "1.0.0",
        "title": "Pages, as lines of a file",
        "schemes": ["pager"],
        "methods": ["check", "render"],
        "settings": {
            "type": "object",
            "properties": {"file": {"type": "string", "description": "Where pages go."}},
            "required": ["file"],
            "additionalProperties": False,
        },
        "limits": {"in_flight": 8, "text_chars": 160, "formats": ["subject", "text"]},
    }

    def __init__(self, settings, host):
        self.file = settings["file"]
        try:
            open(self.file, "a", encoding="utf-8").close()
        except OSError as error:
            raise Refused("/file", str(error), "name a file that can be written to")

    def deliver(self, notice):
        with open(self.file, "a", encoding="utf-8") as file:
            file.write(self.line(notice) + "\n")
        return [{"outcome": "delivered", "provider_id": notice["id"]}]

    def check(self, call):
        name = call["uri"].removeprefix("pager:")
        if not name.isalnum():
            raise Refused("uri, column 7", f"`{name}` is no pager", "write letters and digits: pager:ann")
        return {"canonical": call["uri"], "redacted": call["uri"], "addresses": [name], "destination": self.file}

    def render(self, notice):
        return {"text": self.line(notice)}

    def line(self, notice):
        names = ", ".join(one["address"] for one in notice["recipients"])
        return f"{names}: {notice['subject'] or notice['text']}"


def say(kind, **members):
    print(json.dumps({"type": kind, **members}), flush=True)


def answer(driver, call):
    if call["method"] not in driver.manifest["methods"]:
        return {"status": "unsupported"}
    try:
        return {"json": getattr(driver, call["method"])(call["json"])}
    except Refused as refused:
        return {"status": "invalid", "json": refused.errors}


def attempt(driver, notice):
    try:
        return driver.deliver(notice)
    except Exception as error:  # The host tries again: an exception must not end the process.
        return [{"outcome": "deferred", "scope": "account", "reason": repr(error)}]


def main(kind):
    say("hello", protocol=1, manifest=kind.manifest)
    driver = None
    for message in map(json.loads, sys.stdin.buffer):  # Ends with the last line, so the process ends with its host.
        match message["type"]:
            case "create":
                try:
                    driver = kind(message["envelope"]["driver"], message["envelope"]["host"])
                    say("ready")
                except Refused as refused:
                    say("refused", errors=refused.errors)
            case "notice":
                say("completion", token=message["token"], reports=attempt(driver, message["notice"]))
            case "call":
                say("reply", id=message["id"], **answer(driver, message))
            # A delivery is over before the next line is read, so `cancel` and `shutdown` find nothing to end.


if __name__ == "__main__":
    main(Pager)
