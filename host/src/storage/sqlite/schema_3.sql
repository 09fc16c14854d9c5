-- What the third version of the schema adds, a part a paragraph.

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
