-- Who may do what, and the version row that tells every process that something changed (design sections 4 and 9).

CREATE TABLE control_version (
  id               INTEGER NOT NULL,
  version          INTEGER NOT NULL,
  PRIMARY KEY (id)
);


CREATE TABLE users (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  name             TEXT NOT NULL,
  role             TEXT NOT NULL,
  password_hash    TEXT NOT NULL,
  created_at_ms    INTEGER NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (name);

CREATE TABLE api_keys (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  name             TEXT NOT NULL,
  hash             TEXT NOT NULL,
  is_admin         INTEGER NOT NULL DEFAULT 0,
  scopes           TEXT NULL,
  expires_at_ms    INTEGER NULL,
  revoked_at_ms    INTEGER NULL,
  last_used_at_ms  INTEGER NULL,
  created_at_ms    INTEGER NOT NULL
);


-- Exactly one of chat_id and bot_id is set.
CREATE TABLE grants (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  key_id           INTEGER NOT NULL,
  chat_id          INTEGER NULL,
  bot_id           INTEGER NULL,
  can_read         INTEGER NOT NULL DEFAULT 0,
  can_send         INTEGER NOT NULL DEFAULT 0,
  can_manage       INTEGER NOT NULL DEFAULT 0,
  created_at_ms    INTEGER NOT NULL
);
CREATE UNIQUE INDEX grants_chat ON grants (key_id, chat_id);
CREATE UNIQUE INDEX grants_bot ON grants (key_id, bot_id);
CREATE INDEX grants_of_chat ON grants (chat_id);
