-- What the second version of the schema adds, a part a paragraph.

-- `rules`: what a lane of its own obeys (order, rate, attempts at once) as JSON; empty for a shared lane.
ALTER TABLE lane ADD COLUMN rules TEXT NOT NULL DEFAULT '';
