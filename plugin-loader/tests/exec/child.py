#!/usr/bin/env python3
"""A driver that misbehaves as it is told: by its argument at the start, by the text of each notice later."""
import json
import os
import signal
import subprocess
import sys
import time

HOW = sys.argv[1] if len(sys.argv) > 1 else "well"
BATCH = 4 if HOW == "batch" else 1
MANIFEST = {
    "name": "child", "version": "1", "schemes": ["child"], "methods": ["check", "render", "receive", "check_device"],
    "settings": {"type": "object", "required": ["folder"], "properties": {
        "folder": {"type": "string"}, "password": {"type": "string"}, "depth": {"type": "integer"}}},
    "secrets": ["/password"], "option_secrets": ["/secret"], "limits": {"batch": BATCH},
}
settings = {}
waiting = {}


def say(kind, **members):
    print(json.dumps({"type": kind, **members}), flush=True)


def done(token, outcome="delivered", **members):
    say("completion", token=token, reports=[{"outcome": outcome, **members}])


def note(text):
    with open(os.path.join(settings["folder"], "notes"), "a") as notes:
        notes.write(text + "\n")


def seen_before(name):
    path = os.path.join(settings["folder"], name)
    if os.path.exists(path):
        return True
    open(path, "w").close()
    return False


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def deliver(token, notice):
    text, password = notice["text"], settings.get("password", "none")
    note(f"{text} {notice['id']}")
    match text:
        case "die":
            die()
        case "die once":
            if not seen_before("died"):
                die()
            done(token)
        case "wait":
            waiting[token] = notice["id"]
        case "ignore":
            pass
        case "twice":
            done(token)
            done(token, "rejected")
        case "forged":
            done(token + 1000, "rejected")
            done(token)
        case "garbage":
            sys.stdout.buffer.write(b"Warning: \xff\x00 is odd\n[1]\n{}\n\n" + b'{"type":"dance"}\n')
            sys.stdout.flush()
            done(token)
        case "huge":
            print("x" * (17 << 20), flush=True)
            done(token)
        case "leak":
            print(f"a stray line with {password}", flush=True)
            print(f"stderr with {password}", file=sys.stderr, flush=True)
            say("log", level="warn", message=f"log with {password}", fields={"password": password})
            done(token, "rejected", reason=f"535 {password} {notice['options'].get('secret')}", excerpt=password)
        case "deaf":
            done(token)
            time.sleep(60)
        case "shares":
            say("completion", token=token, reports=[{"index": 1, "outcome": "gone"}, {"outcome": "delivered"}])
        case "figures":
            say("call", id=7, method="metric", json={"name": "pages", "value": 2})
            say("call", method="receipt", json={"provider_id": "p1", "outcome": "delivered"})
            say("call", id=8, method="dance")
            waiting["replies"] = token
        case "device":
            say("call", id=9, method="device.get", json={"project": notice["project"], "device": "d1"})
            waiting["device"] = token
        case "grandchild":
            other = subprocess.Popen(["sleep", "600"])
            note(f"grandchild {other.pid}")
            die()
        case _:
            done(token, provider_id=notice["id"])


def replied(message):
    if message["id"] == 9:
        return done(waiting["device"], reason=f"{message['status']} {json.dumps(message['json'])}")
    waiting.setdefault("statuses", []).append(message["status"])
    if len(waiting["statuses"]) == 2:
        done(waiting["replies"], reason=" ".join(waiting["statuses"]))


def reply(call):
    match call["method"], HOW:
        case "disabled", _:
            return {"json": {"reason": "out of paper" if os.path.exists(settings["folder"] + "/paper") else None}}
        case "check", _ if call["json"]["uri"] == "child:slow":
            return None
        case "check", _ if call["json"]["uri"] == "child:bad":
            return {"status": "invalid", "json": [{"at": "uri", "why": f"bad {settings.get('password')}", "fix": "x"}]}
        case "check", _:
            uri = call["json"]["uri"]
            return {"json": {"canonical": uri, "redacted": uri, "addresses": ["a"], "destination": "desk"}}
        case "render", _:
            return {"json": {"text": f"to send: {call['json']['text']} {settings.get('password')}"}}
        case "check_device", _ if call["json"]["address"] == "":
            return {"status": "invalid", "json": [{"at": "/address", "why": "it is empty", "fix": "ab12"}]}
        case "check_device", _:
            return {"json": {**call["json"], "address": call["json"]["address"].lower()}}
        case "receive", _:
            return {"json": {"status": 200, "content_type": "text/plain"}, "blob": call["blob"]}
    return {"status": "unsupported"}


def hear(message):
    match message["type"]:
        case "create":
            settings.update(message["envelope"]["driver"])
            if HOW == "refusing":
                say("refused", errors=[{"at": "/password", "why": f"`{settings['password']}` is too weak"}])
            elif HOW != "mute":
                note(f"born {os.getpid()}")
                say("ready")
        case "notice":
            deliver(message["token"], message["notice"])
        case "batch":
            note(f"batch of {len(message['notices'])}")
            for item in message["notices"]:
                deliver(item["token"], item["notice"])
        case "cancel":
            for token in message["tokens"]:
                if token in waiting:
                    note(f"cancel {waiting.pop(token)}")
                    done(token, "deferred")
        case "call":
            answer = reply(message)
            if answer:
                say("reply", id=message["id"], **answer)
        case "reply":
            replied(message)
        case "shutdown":
            note("shutdown")


def greet():
    manifest = dict(MANIFEST)
    match HOW:
        case "silent":
            print("Usage: child [OPTIONS]", flush=True)
            print("no such option", file=sys.stderr, flush=True)
            time.sleep(60)
        case "broken":
            sys.exit("Traceback: no module named paper")
        case "later":
            return say("hello", protocol=2, manifest=manifest)
        case "misnamed":
            manifest["name"] = "other"
        case "changing":
            manifest["version"] = str(time.time_ns())
        case "asked":
            manifest["methods"] = ["disabled"]
    say("hello", protocol=1, manifest=manifest)


greet()
for line in sys.stdin.buffer:
    hear(json.loads(line))
if HOW == "slow":
    time.sleep(60)
