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
-- The yes of those to whom subscriptions lead. `waits`: 0 for nobody's, 1 for somebody's, 2 for good, since somebody
-- said no. `waking`: what was held meanwhile may go. `frozen`: a target that asks, and so leads where it led when it
-- was written.
ALTER TABLE subscription ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN waking INTEGER NOT NULL DEFAULT 0;
CREATE INDEX subscription_waking ON subscription (id) WHERE waking = 1;
ALTER TABLE target ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0;
-- Whose yes is needed (an address, or the canonical URI where that is one recipient), and whether it was given.
CREATE TABLE consent (
    subscription INTEGER NOT NULL,
    address TEXT NOT NULL,
    given INTEGER NOT NULL,
    PRIMARY KEY (subscription, address)
) STRICT, WITHOUT ROWID;
-- The questions. Signatures name them by subscription and expiry, so an answer is that of the address which was asked.
CREATE TABLE asked (
    subscription INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    address TEXT NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY (subscription, expires)
) STRICT, WITHOUT ROWID;
CREATE INDEX asked_target ON asked (target);
-- Who was asked when, whatever became of the subscription: nobody is asked without end.
CREATE TABLE asking (address TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX asking_address ON asking (address, at);
CREATE INDEX asking_at ON asking (at);
CREATE TRIGGER subscription_forgotten AFTER DELETE ON subscription
BEGIN
    DELETE FROM consent WHERE subscription = OLD.id;
    DELETE FROM asked WHERE subscription = OLD.id;
END;

-- What a project took in on a day (days since 1970, UTC).
CREATE TABLE usage (
    project    TEXT NOT NULL,
    day        INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    PRIMARY KEY (project, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_day ON usage (day);

-- `bound`: 1 for a subscription that lives with a connection; it ends at the next start at the latest.
ALTER TABLE subscription ADD COLUMN bound INTEGER NOT NULL DEFAULT 0;
CREATE INDEX subscription_bound ON subscription (id) WHERE state = 0 AND bound = 1;

-- What subscribers are and how they are reached is sealed, and compared by fingerprints: URIs and options hold secrets.
-- (The functions are those of the connection.) `sealed`: body and attributes of a message are, since its queue asked.
UPDATE target SET uri = sealed(uri, 'uri ' || project || ' ' || subscription),
    addresses = sealed(addresses, 'addresses ' || project || ' ' || subscription),
    options = sealed(options, 'options ' || project || ' ' || subscription);
UPDATE subscription SET uri_key = fingerprint(uri_key);
UPDATE gone SET address = fingerprint(address);
ALTER TABLE message ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;

-- Devices: where a push service reaches an app or a browser. `address` and `keys` are sealed, and wiped when the device
-- `ended` (Unix milliseconds, 0 for not; `why` says why). `print` is the fingerprint of the address.
CREATE TABLE device (
    project    INTEGER NOT NULL,
    id         TEXT NOT NULL,
    scheme     TEXT NOT NULL,
    account    TEXT NOT NULL,
    address    TEXT NOT NULL,
    keys       TEXT NOT NULL,
    attributes TEXT NOT NULL,
    print      TEXT NOT NULL,
    registered INTEGER NOT NULL,
    ended      INTEGER NOT NULL DEFAULT 0,
    why        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (project, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_live ON device (project) WHERE ended = 0;
CREATE INDEX device_ended ON device (ended) WHERE ended > 0;
-- Whose address a device is.
CREATE INDEX subscription_uri ON subscription (project, uri_key) WHERE state = 0;

-- What the far side calls a delivery that it took, a row a part, and what it said of it later: `outcome` 0 for nothing
-- yet, else 1 delivered, 2 deferred, 3 rejected, 4 gone. Only of drivers that take receipts.
CREATE TABLE receipt (
    message     INTEGER NOT NULL,
    idx         INTEGER NOT NULL,
    part        INTEGER NOT NULL,
    driver      TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    outcome     INTEGER NOT NULL DEFAULT 0,
    code        INTEGER NOT NULL DEFAULT 0,
    reason      TEXT NOT NULL DEFAULT '',
    at          INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, idx, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_provider ON receipt (driver, provider_id, message);
-- Receipts that came before their delivery was written down, or that are of none: they wait for a while, so many and no
-- more. `message` is 0 where the receipt names only the far side's id.
CREATE TABLE early (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    driver      TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    message     INTEGER NOT NULL,
    idx         INTEGER NOT NULL,
    outcome     INTEGER NOT NULL,
    code        INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    since       INTEGER NOT NULL
) STRICT;
CREATE INDEX early_provider ON early (driver, provider_id);
CREATE INDEX early_delivery ON early (message, idx) WHERE message > 0;
CREATE INDEX early_since ON early (since);
