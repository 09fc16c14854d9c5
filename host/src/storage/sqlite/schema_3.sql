-- What the third version of the schema adds, a part a paragraph.

-- `bound`: 1 for a subscription that lives with a connection; it ends at the next start at the latest.
ALTER TABLE subscription ADD COLUMN bound INTEGER NOT NULL DEFAULT 0;
CREATE INDEX subscription_bound ON subscription (id) WHERE state = 0 AND bound = 1;

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
