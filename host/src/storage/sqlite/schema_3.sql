-- What the third version of the schema adds, a part a paragraph.

-- `bound`: 1 for a subscription that lives with a connection; it ends at the next start at the latest.
ALTER TABLE subscription ADD COLUMN bound INTEGER NOT NULL DEFAULT 0;
CREATE INDEX subscription_bound ON subscription (id) WHERE state = 0 AND bound = 1;
