-- What the third version of the schema adds, a part a paragraph.

-- Claims. What one holds says so in `queued.claim`, whose `claim_until` is the claim's `until`. Its id is one of a
-- message that was issued for it. It goes with its last message, or with its time.
CREATE TABLE claim (
    id INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX claim_until ON claim (until);
CREATE INDEX queued_claim ON queued (claim) WHERE claim > 0;

-- `origin`: the queue from which a message came here since it was claimed too often there, 0 for none. Its message
-- names its first queue.
ALTER TABLE queued ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
CREATE INDEX queued_origin ON queued (message) WHERE origin > 0;

-- API keys. `hash` is SHA-256 of the whole key: 256 random bits need no slow hash. Times in Unix milliseconds, 0 for never.
CREATE TABLE api_key (
    id      TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    name    TEXT NOT NULL,
    roles   TEXT NOT NULL,
    hash    BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What subscribers are and how they are reached is sealed, and compared by fingerprints: URIs and options hold secrets.
-- (The functions are those of the connection.) `sealed`: body and attributes of a message are, since its queue asked.
UPDATE target SET uri = sealed(uri, 'uri ' || project || ' ' || subscription),
    addresses = sealed(addresses, 'addresses ' || project || ' ' || subscription),
    options = sealed(options, 'options ' || project || ' ' || subscription);
UPDATE subscription SET uri_key = fingerprint(uri_key);
UPDATE gone SET address = fingerprint(address);
ALTER TABLE message ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
