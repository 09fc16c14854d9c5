"use strict";

// Apple's push service, as "Sending notification requests to APNs" and "Handling notification responses from APNs"
// describe it: it refuses what they say is refused, with their reasons.
//
// node apns.js CONFIG, a JSON file: cert, key (PEM), publicKey (PEM), keyId, teamId, topics, devices by token:
// {topic, unregistered (ms), once: "goaway" | "lost" | a reason}. Says its port, then a line of JSON for each request.

const { createSecureServer, constants } = require("node:http2");
const { readFileSync } = require("node:fs");
const { opened } = require("./jwt");

const TYPES = [
  "alert", "background", "location", "voip", "complication", "fileprovider", "mdm", "liveactivity", "pushtotalk",
  "widgets", "controls",
];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const STATUS = {
  MissingProviderToken: 403, InvalidProviderToken: 403, ExpiredProviderToken: 403, Forbidden: 403, BadPath: 404,
  MethodNotAllowed: 405, Unregistered: 410, ExpiredToken: 410, PayloadTooLarge: 413, TooManyRequests: 429,
  TooManyProviderTokenUpdates: 429, InternalServerError: 500, ServiceUnavailable: 503, Shutdown: 503,
};
const HOUR_S = 3600;
const TWENTY_MINUTES_S = 1200;

function apns(config, now = () => Date.now() / 1000) {
  let last = null;

  function whoSends(authorization) {
    if (!authorization) return "MissingProviderToken";
    const [scheme, token] = authorization.split(" ");
    const jwt = scheme.toLowerCase() === "bearer" && token ? opened(token, "ES256", config.publicKey) : null;
    if (!jwt || jwt.header.kid !== config.keyId || jwt.claims.iss !== config.teamId) return "InvalidProviderToken";
    if (!Number.isInteger(jwt.claims.iat) || jwt.claims.iat > now() + 60) return "InvalidProviderToken";
    if (jwt.claims.iat < now() - HOUR_S) return "ExpiredProviderToken";
    // "Refresh your token no more than once every 20 minutes": by the time in it, since several servers may send.
    if (last !== null && last !== jwt.claims.iat && Math.abs(jwt.claims.iat - last) < TWENTY_MINUTES_S)
      return "TooManyProviderTokenUpdates";
    last = jwt.claims.iat;
    return null;
  }

  function wrongHeader(headers) {
    const [type, priority] = [headers["apns-push-type"], headers["apns-priority"]];
    if (Object.keys(headers).some((name) => name.startsWith("apns-") && headers[name].includes(", ")))
      return "DuplicateHeaders";
    if (!TYPES.includes(type)) return "InvalidPushType";
    if (headers["apns-id"] !== undefined && !UUID.test(headers["apns-id"])) return "BadMessageId";
    if (priority !== undefined && !["1", "5", "10"].includes(priority)) return "BadPriority";
    if (type === "background" && priority !== "5" && priority !== "1") return "BadPriority";
    if (headers["apns-expiration"] !== undefined && !/^\d+$/.test(headers["apns-expiration"]))
      return "BadExpirationDate";
    if (Buffer.byteLength(headers["apns-collapse-id"] ?? "") > 64) return "BadCollapseId";
    if (!headers["apns-topic"]) return "MissingTopic";
    return config.topics.includes(headers["apns-topic"]) ? null : "TopicDisallowed";
  }

  function wrongPayload(body, type) {
    if (body.length === 0) return "PayloadEmpty";
    if (body.length > (type === "voip" ? 5120 : 4096)) return "PayloadTooLarge";
    try {
      return typeof JSON.parse(body).aps === "object" ? null : "PayloadEmpty";
    } catch {
      return "PayloadEmpty";
    }
  }

  /** The refusal of a request, {reason, timestamp?}, or null; what a device does `once` is said as the reason. */
  function judged(headers, body) {
    const reason = (text) => (text ? { reason: text } : null);
    const path = /^\/3\/device\/([^/]*)$/.exec(headers[":path"]);
    if (headers[":method"] !== "POST") return reason("MethodNotAllowed");
    if (!path) return reason("BadPath");
    if (!path[1]) return reason("MissingDeviceToken");
    const wrong =
      whoSends(headers.authorization) ?? wrongHeader(headers) ?? wrongPayload(body, headers["apns-push-type"]);
    if (wrong) return reason(wrong);
    const device = config.devices[path[1]];
    if (!device) return reason("BadDeviceToken");
    if (device.unregistered) return { reason: "Unregistered", timestamp: device.unregistered };
    if (device.topic !== headers["apns-topic"]) return reason("DeviceTokenNotForTopic");
    const once = device.once ?? null;
    device.once = null;
    return reason(once);
  }

  return { judged };
}

function serve(config, say, now) {
  const service = apns(config, now);
  let sessions = 0;
  const server = createSecureServer({ cert: config.cert, key: config.key });
  server.on("session", (session) => (session.number = ++sessions));
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    const parts = [];
    stream.on("error", () => {});
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => answer(service, stream, headers, Buffer.concat(parts), say));
  });
  return server;
}

function answer(service, stream, headers, body, say) {
  const refusal = service.judged(headers, body);
  const { session } = stream;
  const seen = { path: headers[":path"], session: session.number, reason: refusal?.reason ?? null, headers: {} };
  for (const name of Object.keys(headers)) if (name.startsWith("apns-")) seen.headers[name] = headers[name];
  say({ ...seen, body: body.toString("utf8") });
  if (refusal?.reason === "lost") return session.destroy();
  if (refusal?.reason === "goaway") {
    session.goaway(constants.NGHTTP2_NO_ERROR, Math.max(stream.id - 2, 0));
    return setTimeout(() => session.destroy(), 200);
  }
  const status = refusal ? (STATUS[refusal.reason] ?? 400) : 200;
  const id = headers["apns-id"] ?? require("node:crypto").randomUUID();
  stream.respond({ ":status": status, "apns-id": id });
  stream.end(refusal ? JSON.stringify(refusal) : undefined);
}

if (require.main === module) {
  const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
  const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
  const server = serve(config, say);
  server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
}

module.exports = { serve };
