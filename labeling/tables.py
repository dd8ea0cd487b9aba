"""The tables of the store, and what they hold to.

`history` is only ever added to: triggers refuse changes. `items.status` and `items.text`, and
`answers`, tell what follows from it, and are changed in the same transaction.
"""

CREATE_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS items (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  picture TEXT NOT NULL,
  source TEXT NOT NULL,
  prefill TEXT NOT NULL,
  confidence REAL,
  character_confidences TEXT,
  model_version TEXT NOT NULL,
  why TEXT NOT NULL,
  priority REAL NOT NULL,
  annotators INTEGER NOT NULL CHECK (annotators BETWEEN 1 AND 2),
  writer TEXT NOT NULL,
  page TEXT NOT NULL,
  place TEXT,
  origin TEXT,
  extra TEXT,
  status TEXT NOT NULL,
  text TEXT,
  revision INTEGER NOT NULL DEFAULT 0,
  answered_by TEXT NOT NULL DEFAULT '', -- of the only answer that there is
  added TEXT NOT NULL,
  CHECK ((status = 'accepted') = (text IS NOT NULL))
);
CREATE INDEX IF NOT EXISTS items_by_urgency ON items (status, priority DESC, id);
CREATE INDEX IF NOT EXISTS items_to_answer ON items (status, answered_by, priority DESC, id);
CREATE INDEX IF NOT EXISTS items_by_reason ON items (status, answered_by, why, priority DESC, id);
CREATE INDEX IF NOT EXISTS items_by_page ON items (page, id);

CREATE TABLE IF NOT EXISTS history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  item INTEGER NOT NULL REFERENCES items (id),
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  before TEXT,
  after TEXT,
  model_version TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  state TEXT,
  undoes INTEGER REFERENCES history (id)
);
CREATE INDEX IF NOT EXISTS history_of_item ON history (item, id);
CREATE INDEX IF NOT EXISTS history_of_annotator ON history (who, id);
CREATE UNIQUE INDEX IF NOT EXISTS history_undone ON history (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS history_stays BEFORE UPDATE ON history
  BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END;
CREATE TRIGGER IF NOT EXISTS history_is_kept BEFORE DELETE ON history
  BEGIN SELECT RAISE(ABORT, 'the history is only added to'); END;

CREATE TABLE IF NOT EXISTS answers (
  item INTEGER NOT NULL REFERENCES items (id),
  who TEXT NOT NULL,
  text TEXT, -- NULL: unreadable
  PRIMARY KEY (item, who)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS agreement ( -- of the two answers to a line
  item INTEGER PRIMARY KEY REFERENCES items (id),
  first TEXT NOT NULL,
  second TEXT NOT NULL,
  same INTEGER NOT NULL,
  edits INTEGER NOT NULL,
  characters REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS agreement_of_pairs ON agreement (first, second, same, edits, characters);

CREATE TABLE IF NOT EXISTS readings ( -- which model has been asked for a line last
  item INTEGER PRIMARY KEY REFERENCES items (id),
  model_version TEXT NOT NULL
);

CREATE TRIGGER IF NOT EXISTS answer_given AFTER INSERT ON answers BEGIN
  UPDATE items SET answered_by = (
    SELECT CASE COUNT(*) WHEN 1 THEN MIN(who) ELSE '' END FROM answers WHERE item = NEW.item
  ) WHERE id = NEW.item;
END;
CREATE TRIGGER IF NOT EXISTS answer_taken_back AFTER DELETE ON answers BEGIN
  UPDATE items SET answered_by = (
    SELECT CASE COUNT(*) WHEN 1 THEN MIN(who) ELSE '' END FROM answers WHERE item = OLD.item
  ) WHERE id = OLD.item;
END;

CREATE TABLE IF NOT EXISTS tallies ( -- of items, so that no page need count them
  status TEXT NOT NULL,
  answered_by TEXT NOT NULL,
  why TEXT NOT NULL,
  lines INTEGER NOT NULL,
  PRIMARY KEY (status, answered_by, why)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS item_counted AFTER INSERT ON items BEGIN
  INSERT INTO tallies VALUES (NEW.status, NEW.answered_by, NEW.why, 1)
    ON CONFLICT (status, answered_by, why) DO UPDATE SET lines = lines + 1;
END;
CREATE TRIGGER IF NOT EXISTS item_counted_anew AFTER UPDATE OF status, answered_by, why ON items
  WHEN OLD.status != NEW.status OR OLD.answered_by != NEW.answered_by OR OLD.why != NEW.why
BEGIN
  UPDATE tallies SET lines = lines - 1
    WHERE status = OLD.status AND answered_by = OLD.answered_by AND why = OLD.why;
  INSERT INTO tallies VALUES (NEW.status, NEW.answered_by, NEW.why, 1)
    ON CONFLICT (status, answered_by, why) DO UPDATE SET lines = lines + 1;
END;
CREATE TRIGGER IF NOT EXISTS item_stays BEFORE DELETE ON items
  BEGIN SELECT RAISE(ABORT, 'lines are not removed: their history stays'); END;

CREATE TABLE IF NOT EXISTS skips (
  item INTEGER NOT NULL REFERENCES items (id),
  who TEXT NOT NULL,
  number INTEGER NOT NULL, -- of the skip, for the order in which they come again
  PRIMARY KEY (item, who)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS skips_of_annotators ON skips (who, number);

CREATE TABLE IF NOT EXISTS claims (
  item INTEGER PRIMARY KEY REFERENCES items (id),
  session TEXT NOT NULL,
  until REAL NOT NULL -- seconds since 1970
);
CREATE INDEX IF NOT EXISTS claims_of_session ON claims (session);

CREATE TABLE IF NOT EXISTS exports (
  id INTEGER PRIMARY KEY,
  mark TEXT NOT NULL UNIQUE, -- stands in the manifest of the span
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  span INTEGER, -- both NULL until the span is written
  version INTEGER
);
CREATE TABLE IF NOT EXISTS exported (
  export INTEGER NOT NULL REFERENCES exports (id),
  item INTEGER NOT NULL REFERENCES items (id),
  text TEXT NOT NULL,
  PRIMARY KEY (export, item)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS exported_items ON exported (item);
"""
