-- What the third version of the schema adds, a part a paragraph.

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
