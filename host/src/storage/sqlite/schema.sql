-- Ids are 63-bit integers; 0 is "none", never NULL in a key. Times are Unix milliseconds. Packed values begin with a
-- format byte (nuncio_core::packed).

CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- What one writer has done: the low watermark of its deliveries, and the last message id that it issued. SQLite
-- reuses rowids after a deletion; an id that is issued twice makes receivers drop real messages.
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    low_message INTEGER NOT NULL,
    low_idx INTEGER NOT NULL,
    last_id INTEGER NOT NULL
) STRICT;

CREATE TABLE project (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- `floor`: what entered up to this id was purged. `sweep`: rows below the floor may still have to be removed.
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL,
    name TEXT NOT NULL,
    metadata TEXT NOT NULL,
    version INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    sweep INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX queue_live ON queue (project, name) WHERE deleted = 0;
CREATE INDEX queue_name ON queue (project, name);
CREATE INDEX queue_sweep ON queue (id) WHERE sweep = 1;

-- `state`: 0 live, 1 expired (matches nothing new; what it matched is still delivered), 2 ended by its owner (what it
-- matched is cancelled). A live row whose `expires` has passed counts as expired. `moving`: the lane that its waiting
-- deliveries still have to leave, 0 for none.
CREATE TABLE subscription (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    uri_key TEXT NOT NULL,
    ttl INTEGER NOT NULL,
    since INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    target INTEGER NOT NULL,
    state INTEGER NOT NULL,
    moving INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX subscription_live ON subscription (queue, uri_key) WHERE state = 0;
CREATE INDEX subscription_queue ON subscription (queue, id);
CREATE INDEX subscription_expires ON subscription (expires) WHERE state = 0 AND expires > 0;
CREATE INDEX subscription_moving ON subscription (id) WHERE moving > 0;

-- Immutable.
CREATE TABLE target (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription INTEGER NOT NULL,
    project INTEGER NOT NULL,
    driver TEXT NOT NULL,
    lane INTEGER NOT NULL,
    uri TEXT NOT NULL,
    redacted TEXT NOT NULL,
    recipients INTEGER NOT NULL,
    addresses TEXT NOT NULL,
    options TEXT NOT NULL,
    born INTEGER NOT NULL
) STRICT;
CREATE INDEX target_subscription ON target (subscription);

CREATE TABLE lane (
    id INTEGER PRIMARY KEY,
    project INTEGER NOT NULL,
    driver TEXT NOT NULL,
    destination TEXT NOT NULL,
    key TEXT NOT NULL,
    UNIQUE (project, driver, destination, key)
) STRICT;

-- Immutable. `delay` is -1 for none.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    post INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    project INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    created INTEGER NOT NULL,
    deliver_at INTEGER NOT NULL,
    deliver_until INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    delay INTEGER NOT NULL,
    client TEXT NOT NULL,
    content_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    matched BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX message_project ON message (project);

-- Pull: what a queue holds. Deliveries neither see nor feel it. `entered` is the last message id issued when the row
-- came, so a purge is a comparison that no clock can upset.
CREATE TABLE queued (
    queue INTEGER NOT NULL,
    message INTEGER NOT NULL,
    entered INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    claim INTEGER NOT NULL,
    claim_until INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    PRIMARY KEY (queue, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX queued_expires ON queued (expires);

-- Deliveries that ended well or by somebody's wish: one row a batch and block of message ids. A rowid table, since
-- WITHOUT ROWID costs half as much again here.
CREATE TABLE outcome (seq INTEGER PRIMARY KEY, block INTEGER NOT NULL, packed BLOB NOT NULL) STRICT;
CREATE INDEX outcome_block ON outcome (block);

-- Deliveries that must wait.
CREATE TABLE deferred (
    message INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    first INTEGER NOT NULL,
    target INTEGER NOT NULL,
    log INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    due INTEGER NOT NULL,
    why INTEGER NOT NULL,
    n INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    since INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    post INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (message, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX deferred_lane ON deferred (log, lane, due, message, idx);
CREATE INDEX deferred_target ON deferred (target, lane);

-- Dead letters.
CREATE TABLE dead (
    message INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    first INTEGER NOT NULL,
    target INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    project INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (message, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_project ON dead (project, message, idx);

-- Attempts that failed.
CREATE TABLE attempt (
    message INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    scope TEXT NOT NULL,
    code INTEGER NOT NULL,
    reason TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    PRIMARY KEY (message, idx, n)
) STRICT;

CREATE TABLE dedup (
    project INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    key TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (project, queue, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX dedup_expires ON dedup (expires);
