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
