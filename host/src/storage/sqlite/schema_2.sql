-- What the second version of the schema adds, a part a paragraph.

-- `rules`: what a lane of its own obeys (order, rate, attempts at once) as JSON; empty for a shared lane.
ALTER TABLE lane ADD COLUMN rules TEXT NOT NULL DEFAULT '';

-- `not_before`: in an ordered lane `due` is the place of a delivery, and this is when it may go; 0 for at once.
ALTER TABLE deferred ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;

-- The accounts: deliveries accepted, and how many have ended in which way, since the database was made.
ALTER TABLE log ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN dead INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN suppressed INTEGER NOT NULL DEFAULT 0;

-- `attributes`: what a producer says of a message beside its body, as JSON; empty for none.
ALTER TABLE message ADD COLUMN attributes TEXT NOT NULL DEFAULT '';

-- `disabled`: since when nothing new is matched, 0 for not; `why` says why. `failing`: since when no attempt
-- succeeded, 0 when the last one did.
ALTER TABLE subscription ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN why TEXT NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN failing INTEGER NOT NULL DEFAULT 0;
CREATE INDEX subscription_failing ON subscription (failing) WHERE failing > 0;

-- Addresses of subscriptions that said that they must not be used again.
CREATE TABLE gone (
    subscription INTEGER NOT NULL,
    address TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (subscription, address)
) STRICT, WITHOUT ROWID;

-- `retired`: what was replaced or has ended, 1 until the last message id issued by then is written here. It goes with
-- the last message that is not later.
ALTER TABLE target ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subscription ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;
UPDATE target SET retired = 1 WHERE subscription > 0 AND id NOT IN (SELECT target FROM subscription);
UPDATE subscription SET retired = 1 WHERE state IN (1, 2);
UPDATE queue SET retired = 1 WHERE deleted = 1;
CREATE INDEX target_retired ON target (retired) WHERE retired > 0;
CREATE INDEX subscription_retired ON subscription (retired) WHERE retired > 0;
CREATE INDEX queue_retired ON queue (retired) WHERE retired > 0;
CREATE TRIGGER target_replaced AFTER UPDATE OF target ON subscription WHEN OLD.target NOT IN (0, NEW.target)
BEGIN UPDATE target SET retired = 1 WHERE id = OLD.target; END;
CREATE TRIGGER subscription_ended AFTER UPDATE OF state ON subscription WHEN OLD.state <> NEW.state
BEGIN UPDATE subscription SET retired = NEW.state IN (1, 2) WHERE id = NEW.id; END;
CREATE TRIGGER queue_deleted AFTER UPDATE OF deleted ON queue WHEN NEW.deleted = 1
BEGIN UPDATE queue SET retired = 1 WHERE id = NEW.id; END;
CREATE TRIGGER subscription_deleted AFTER DELETE ON subscription
BEGIN DELETE FROM gone WHERE subscription = OLD.id; END;
-- Which lane is used by no target, and which messages answer for an idempotency key.
CREATE INDEX target_lane ON target (lane);
CREATE INDEX dedup_first ON dedup (first);
-- `filter`: which messages this revision of a subscription wants, as `Filter::text` writes it; empty for all.
ALTER TABLE target ADD COLUMN filter TEXT NOT NULL DEFAULT '';

-- Replaying and cancelling by filter. Up to `cursor` everything was looked at; `slice` holds the deliveries that are
-- being cancelled (a format byte, then 12 bytes each: message, recipient). A commit that changes deliveries changes
-- these with them, so a job that is cut off goes on with none of them done twice or left out. `verb`, `state`: as the
-- program numbers them. `key` is empty for none.
CREATE TABLE job (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project INTEGER NOT NULL,
    verb INTEGER NOT NULL,
    filter TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    state INTEGER NOT NULL,
    created INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    cursor_message INTEGER NOT NULL,
    cursor_idx INTEGER NOT NULL,
    slice BLOB NOT NULL,
    total INTEGER NOT NULL,
    looked INTEGER NOT NULL,
    done INTEGER NOT NULL,
    in_flight INTEGER NOT NULL,
    skipped_ended INTEGER NOT NULL,
    skipped_changed INTEGER NOT NULL
) STRICT;
CREATE INDEX job_project ON job (project, number);
CREATE UNIQUE INDEX job_key ON job (project, key) WHERE key <> '';
CREATE INDEX job_state ON job (state, ended);

-- `clock`: what the machine's clock said at the last commit that issued ids or ended deliveries.
ALTER TABLE log ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;
