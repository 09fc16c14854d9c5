"use strict";

// The services themselves, by the examples of their vendors: node --test. The certificate comes from the caller.

const { test } = require("node:test");
const assert = require("node:assert");
const { connect } = require("node:http2");
const { generateKeyPairSync, sign } = require("node:crypto");
const { readFileSync } = require("node:fs");

const EC = generateKeyPairSync("ec", { namedCurve: "P-256" });
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (key) => key.export({ type: "spki", format: "pem" });
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function jwt(header, claims, key) {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

const listening = (server) =>
  new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));

// ---- Apple

const TOKEN = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
const GONE = "a".repeat(64);
// The time of the example's claims.
const IAT = 1437179036;

async function apple(now, each) {
  const [cert, key] = [process.env.PUSH_CERT, process.env.PUSH_KEY].map((file) => readFileSync(file));
  const config = {
    cert, key, publicKey: pem(EC.publicKey), keyId: "ABC123DEFG", teamId: "DEF123GHIJ",
    topics: ["com.example.MyApp", "com.example.other"],
    devices: { [TOKEN]: { topic: "com.example.MyApp" }, [GONE]: { topic: "com.example.MyApp", unregistered: 1597780800000 } },
  };
  const server = require("./apns").serve(config, () => {}, () => now.s);
  const client = connect(`https://localhost:${await listening(server)}`, { rejectUnauthorized: false });
  try {
    await each((headers, body = '{ "aps" : { "alert" : "Hello" } }', token = TOKEN) => asked(client, headers, body, token));
  } finally {
    client.destroy();
    server.close();
  }
}

const EXAMPLE = (iat = IAT) => ({
  authorization: `bearer ${jwt({ alg: "ES256", kid: "ABC123DEFG" }, { iss: "DEF123GHIJ", iat }, { key: EC.privateKey, dsaEncoding: "ieee-p1363" })}`,
  "apns-id": "eabeae54-14a8-11e5-b60b-1697f925ec7b",
  "apns-push-type": "alert",
  "apns-expiration": "0",
  "apns-priority": "10",
  "apns-topic": "com.example.MyApp",
});

function asked(client, headers, body, token) {
  return new Promise((done, failed) => {
    const stream = client.request({ ":method": "POST", ":path": `/3/device/${token}`, ...headers });
    let [head, text] = [null, ""];
    stream.on("response", (got) => (head = got));
    stream.on("data", (data) => (text += data));
    stream.on("end", () => done({ status: head[":status"], id: head["apns-id"], body: text ? JSON.parse(text) : null }));
    stream.on("error", failed);
    stream.end(body);
  });
}

test("Apple's example is accepted", () =>
  apple({ s: IAT }, async (send) => {
    const answer = await send(EXAMPLE());
    assert.deepEqual(answer, { status: 200, id: "eabeae54-14a8-11e5-b60b-1697f925ec7b", body: null });
  }));

test("each fault has Apple's status and reason", () =>
  apple({ s: IAT }, async (send) => {
    const example = EXAMPLE();
    const long = JSON.stringify({ aps: { alert: "x".repeat(4096) } });
    for (const [status, reason, change, body, token] of [
      [400, "BadDeviceToken", {}, undefined, "b".repeat(64)],
      [400, "MissingDeviceToken", {}, undefined, ""],
      [400, "BadCollapseId", { "apns-collapse-id": "x".repeat(65) }],
      [400, "BadExpirationDate", { "apns-expiration": "soon" }],
      [400, "BadMessageId", { "apns-id": "7" }],
      [400, "BadPriority", { "apns-priority": "7" }],
      [400, "BadPriority", { "apns-push-type": "background" }],
      [400, "InvalidPushType", { "apns-push-type": "loud" }],
      [400, "MissingTopic", { "apns-topic": "" }],
      [400, "TopicDisallowed", { "apns-topic": "com.example.nobody" }],
      [400, "DeviceTokenNotForTopic", { "apns-topic": "com.example.other" }],
      [400, "PayloadEmpty", {}, ""],
      [403, "MissingProviderToken", { authorization: "" }],
      [403, "InvalidProviderToken", { authorization: "bearer a.b.c" }],
      [404, "BadPath", { ":path": "/2/device/x" }],
      [405, "MethodNotAllowed", { ":method": "PUT" }],
      [413, "PayloadTooLarge", {}, long],
    ]) {
      const answer = await send({ ...example, ...change }, body, token);
      assert.equal(answer.status, status, reason);
      assert.deepEqual(answer.body, { reason });
    }
    assert.equal((await send({ ...example, "apns-push-type": "voip" }, long)).status, 200);
    const gone = await send(example, undefined, GONE);
    assert.deepEqual([gone.status, gone.body], [410, { reason: "Unregistered", timestamp: 1597780800000 }]);
  }));

test("a provider token holds for an hour, and no new one is taken within 20 minutes", () => {
  const now = { s: IAT };
  return apple(now, async (send) => {
    const first = EXAMPLE();
    assert.equal((await send(first)).status, 200);
    assert.equal((await send(EXAMPLE(IAT - 60))).body.reason, "TooManyProviderTokenUpdates");
    now.s = IAT + 3601;
    assert.equal((await send(first)).body.reason, "ExpiredProviderToken");
  });
});

// ---- Google

const REGISTERED = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1";

async function google(each) {
  const devices = { [REGISTERED]: {}, gone: { unregistered: true }, other: { otherSender: true }, busy: { once: "quota" } };
  const config = { publicKey: pem(RSA.publicKey), email: "a@demo.iam.gserviceaccount.com", project: "demo", devices };
  const server = require("./fcm").serve(config, () => {});
  const url = `http://127.0.0.1:${await listening(server)}`;
  const granted = (change = {}) => {
    const s = Math.floor(Date.now() / 1000);
    const scope = "https://www.googleapis.com/auth/firebase.messaging";
    const claims = { iss: config.email, scope, aud: `${url}/token`, iat: s, exp: s + 3600, ...change };
    const assertion = jwt({ alg: "RS256", typ: "JWT" }, claims, RSA.privateKey);
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    return fetch(`${url}/token`, { method: "POST", body: new URLSearchParams({ grant_type, assertion }) });
  };
  const { access_token } = await (await granted()).json();
  const send = async (message, authorization = `Bearer ${access_token}`) => {
    const body = JSON.stringify({ message });
    const answer = await fetch(`${url}/v1/projects/demo/messages:send`, { method: "POST", headers: { authorization }, body });
    return { code: answer.status, after: answer.headers.get("retry-after"), body: await answer.json() };
  };
  try {
    await each(send, granted);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("Google's example is accepted", () =>
  google(async (send) => {
    const notification = { title: "FCM Message", body: "This is an FCM notification message!" };
    const answer = await send({ token: REGISTERED, notification });
    assert.equal(answer.code, 200);
    assert.match(answer.body.name, /^projects\/demo\/messages\/0:/);
  }));

test("an assertion that does not hold gets no access token", () =>
  google(async (send, granted) => {
    for (const change of [{ iss: "b@c" }, { aud: "https://example.com" }, { exp: 0 }, { scope: "x" }, { iat: 2 ** 40, exp: 2 ** 40 + 1 }]) {
      const answer = await granted(change);
      assert.equal(answer.status, 400);
      assert.match((await answer.json()).error, /^invalid_(grant|scope)$/);
    }
    const answer = await send({ token: REGISTERED }, "Bearer x");
    assert.deepEqual([answer.code, answer.body.error.status], [401, "UNAUTHENTICATED"]);
  }));

test("both examples of a 400, and each code of FCM's own", () =>
  google(async (send) => {
    const value = (await send({ token: REGISTERED, data: { score: 12 } })).body.error;
    assert.equal(value.message, "Invalid value at 'message.data[0].value' (TYPE_STRING), 12");
    assert.equal(value.details[0].fieldViolations[0].field, "message.data[0].value");
    const code = async (token) => {
      const answer = await send({ token });
      return [answer.code, answer.body.error.details[0].errorCode, answer.after];
    };
    assert.deepEqual(await code("nobody"), [400, "INVALID_ARGUMENT", null]);
    assert.deepEqual(await code("gone"), [404, "UNREGISTERED", null]);
    assert.deepEqual(await code("other"), [403, "SENDER_ID_MISMATCH", null]);
    assert.deepEqual(await code("busy"), [429, "QUOTA_EXCEEDED", "1"]);
  }));

test("what the reference does not have is refused", () =>
  google(async (send) => {
    for (const message of [
      { token: REGISTERED, topic: "both" },
      {},
      { token: REGISTERED, priority: "high" },
      { token: REGISTERED, notification: { text: "x" } },
      { token: REGISTERED, data: { from: "x" } },
      { token: REGISTERED, data: { "google.x": "x" } },
      { token: REGISTERED, android: { ttl: "60" } },
      { token: REGISTERED, android: { ttl: "2419201s" } },
      { token: REGISTERED, apns: { headers: { "apns-priority": 10 } } },
      { token: REGISTERED, data: { x: "y".repeat(4096) } },
    ]) assert.equal((await send(message)).code, 400, JSON.stringify(message).slice(0, 90));
  }));
