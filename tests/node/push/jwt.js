"use strict";

// RFC 7515: the parts of a compact JWS, and whether node's own cryptography says that its signature holds.

const { verify } = require("node:crypto");

const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

/** `{header, claims}` of `token`, or null. */
function opened(token, algorithm, publicKey) {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const [header, claims] = [json(parts[0]), json(parts[1])];
    const key = algorithm === "ES256" ? { key: publicKey, dsaEncoding: "ieee-p1363" } : publicKey;
    const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
    const holds = header.alg === algorithm && verify("sha256", signed, key, Buffer.from(parts[2], "base64url"));
    return holds ? { header, claims } : null;
  } catch {
    return null;
  }
}

module.exports = { opened };
