"use strict";

// Google's token endpoint and FCM's `messages:send`, as their references describe them: "Using OAuth 2.0 for server to
// server applications", "REST Resource: projects.messages" and "FCM error codes".
//
// node fcm.js CONFIG, a JSON file: publicKey (PEM), keyId, email, project, devices by token:
// {unregistered, otherSender, once: "html" | "quota"}. Says its port, then a line of JSON for each request.

const { createServer } = require("node:http");
const { readFileSync } = require("node:fs");
const { opened } = require("./jwt");

const SCOPES = [
  "https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform",
];
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const MEMBERS = {
  "": ["name", "data", "notification", "android", "webpush", "apns", "fcm_options", "token", "topic", "condition"],
  notification: ["title", "body", "image"],
  android: [
    "collapse_key", "priority", "ttl", "restricted_package_name", "data", "notification", "fcm_options",
    "direct_boot_ok",
  ],
  "android.notification": [
    "title", "body", "icon", "color", "sound", "tag", "click_action", "body_loc_key", "body_loc_args",
    "title_loc_key", "title_loc_args", "channel_id", "ticker", "sticky", "event_time", "local_only",
    "notification_priority", "default_sound", "default_vibrate_timings", "default_light_settings", "vibrate_timings",
    "visibility", "notification_count", "light_settings", "image",
  ],
  webpush: ["headers", "data", "notification", "fcm_options"],
  "webpush.fcm_options": ["link", "analytics_label"],
  apns: ["headers", "payload", "fcm_options", "live_activity_token"],
  "apns.fcm_options": ["analytics_label", "image"],
  fcm_options: ["analytics_label"],
};
const TEXTS = ["data", "android.data", "apns.headers", "webpush.headers", "webpush.data"];
const FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError";

const failure = (code, status, message, details) => ({
  code,
  body: JSON.stringify({ error: { code, message, status, ...(details ? { details } : {}) } }),
});
const fcmError = (code, status, message, errorCode) =>
  failure(code, status, message, [{ "@type": FCM_ERROR, errorCode }]);
const wrongField = (field, description) =>
  failure(400, "INVALID_ARGUMENT", description, [
    { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field, description }] },
  ]);
const within = (message, path) => path.split(".").reduce((at, name) => at?.[name], message);

/** The first member that the reference does not have, or whose values are no texts. */
function wrongMember(message) {
  for (const [path, known] of Object.entries(MEMBERS)) {
    const object = path ? within(message, path) : message;
    const strange = Object.keys(object ?? {}).find((name) => !known.includes(name));
    const at = path ? `message.${path}` : "message";
    if (strange)
      return wrongField(at, `Invalid JSON payload received. Unknown name "${strange}" at '${at}': Cannot find field.`);
  }
  for (const path of TEXTS) {
    const entries = Object.entries(within(message, path) ?? {});
    const at = entries.findIndex(([, value]) => typeof value !== "string");
    if (at >= 0) {
      const field = `message.${path}[${at}].value`;
      return wrongField(field, `Invalid value at '${field}' (TYPE_STRING), ${JSON.stringify(entries[at][1])}`);
    }
  }
  return null;
}

/** What the reference says of values. */
function wrongValue(message) {
  const targets = ["token", "topic", "condition"].filter((name) => message[name] !== undefined);
  if (targets.length !== 1) return wrongField("message", "Exactly one of token, topic or condition is required");
  const reserved = Object.keys(message.data ?? {}).find(
    (key) => key === "from" || key === "message_type" || /^(google|gcm)/.test(key),
  );
  if (reserved) return wrongField("message.data", `Invalid data payload key: ${reserved}`);
  const { ttl, priority } = message.android ?? {};
  if (ttl !== undefined && !(/^\d+(\.\d{1,9})?s$/.test(ttl) && parseFloat(ttl) <= 2419200))
    return wrongField("message.android.ttl", "Invalid TTL");
  if (priority !== undefined && !["NORMAL", "HIGH"].includes(priority))
    return wrongField("message.android.priority", "Invalid value");
  const link = message.webpush?.fcm_options?.link;
  if (link !== undefined && !link.startsWith("https://")) return wrongField("message.webpush.fcm_options.link", "no HTTPS");
  const sizes = [message.data, message.notification].map((part) => Object.entries(part ?? {}).flat().join(""));
  if (Buffer.byteLength(sizes.join("")) > 4096) return fcmError(400, "INVALID_ARGUMENT", "Message too big", "INVALID_ARGUMENT");
  return null;
}

function fcm(config, now = () => Date.now() / 1000) {
  const granted = new Set();
  let messages = 0;

  function token(form, audience) {
    const refused = (text) => ({ code: 400, body: JSON.stringify({ error: "invalid_grant", error_description: text }) });
    if (form.get("grant_type") !== GRANT)
      return { code: 400, body: JSON.stringify({ error: "unsupported_grant_type", error_description: "Invalid grant_type" }) };
    const jwt = opened(form.get("assertion") ?? "", "RS256", config.publicKey);
    if (!jwt) return refused("Invalid JWT Signature.");
    const { iss, aud, scope, iat, exp } = jwt.claims;
    if (iss !== config.email) return refused("Invalid grant: account not found");
    if (aud !== audience) return refused("Invalid JWT: Failed audience check.");
    if (!(iat <= now() + 60 && exp > now() && exp - iat <= 3600))
      return refused("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.");
    if (!SCOPES.includes(scope)) return { code: 400, body: JSON.stringify({ error: "invalid_scope" }) };
    const access = `ya29.${granted.size + 1}`;
    granted.add(access);
    return { code: 200, body: JSON.stringify({ access_token: access, expires_in: 3599, token_type: "Bearer" }) };
  }

  function send(project, authorization, body) {
    if (!granted.has((authorization ?? "").replace(/^Bearer /, "")))
      return failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    if (project !== config.project) return failure(403, "PERMISSION_DENIED", "Permission denied on the project.");
    let asked;
    try {
      asked = JSON.parse(body);
    } catch {
      return failure(400, "INVALID_ARGUMENT", "Invalid JSON payload received.");
    }
    const message = asked.message ?? {};
    const wrong = wrongMember(message) ?? wrongValue(message);
    if (wrong) return wrong;
    const device = config.devices[message.token];
    if (!device)
      return fcmError(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token", "INVALID_ARGUMENT");
    if (device.unregistered) return fcmError(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED");
    if (device.otherSender) return fcmError(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH");
    const once = device.once;
    device.once = null;
    if (once === "html") return { code: 502, html: true, body: "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>" };
    if (once === "quota")
      return { ...fcmError(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", "QUOTA_EXCEEDED"), after: "1" };
    messages += asked.validate_only ? 0 : 1;
    return { code: 200, body: JSON.stringify({ name: `projects/${project}/messages/0:${messages}%31bd1c9631bd1c96` }) };
  }

  return { token, send };
}

function serve(config, say, now) {
  const service = fcm(config, now);
  return createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      const path = /^\/v1\/projects\/([^/]+)\/messages:send$/.exec(request.url);
      let answer = failure(404, "NOT_FOUND", "Not found");
      if (request.method === "POST" && request.url === "/token")
        answer = service.token(new URLSearchParams(body), `http://${request.headers.host}/token`);
      else if (request.method === "POST" && path) answer = service.send(path[1], request.headers.authorization, body);
      say({ path: request.url, code: answer.code, body: path ? body : null });
      response.writeHead(answer.code, {
        "content-type": answer.html ? "text/html; charset=UTF-8" : "application/json; charset=UTF-8",
        ...(answer.after ? { "retry-after": answer.after } : {}),
      });
      response.end(answer.body);
    });
  });
}

if (require.main === module) {
  const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
  const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const server = serve(config, say);
  server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
}

module.exports = { serve };
