-- What the second version of the schema adds, a part a paragraph.

-- `rules`: what a lane of its own obeys (order, rate, attempts at once) as JSON; empty for a shared lane.
ALTER TABLE lane ADD COLUMN rules TEXT NOT NULL DEFAULT '';

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

-- `clock`: what the machine's clock said at the last commit that issued ids or ended deliveries.
ALTER TABLE log ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;

-- `filter`: which messages this revision of a subscription wants, as `Filter::text` writes it; empty for all.
ALTER TABLE target ADD COLUMN filter TEXT NOT NULL DEFAULT '';

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
