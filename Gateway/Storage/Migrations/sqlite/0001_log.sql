-- The log and what it is projected into (design section 3). Times are Unix milliseconds, ids the gateway's unless they say telegram.

CREATE TABLE log_head (
  id               INTEGER NOT NULL,
  log_id           TEXT NOT NULL,
  seq              INTEGER NOT NULL,
  created_at_ms    INTEGER NOT NULL,
  PRIMARY KEY (id)
);


-- Identities this log had before; last_seq is how far the old identity reaches in this database.
CREATE TABLE log_history (
  log_id           TEXT NOT NULL,
  last_seq         INTEGER NOT NULL,
  seen_seq         INTEGER NOT NULL,
  ended_at_ms      INTEGER NOT NULL,
  PRIMARY KEY (log_id)
);


CREATE TABLE bots (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  telegram_id      INTEGER NOT NULL,
  username         TEXT NULL,
  first_name       TEXT NULL,
  token_hash       BLOB NOT NULL,
  token_cipher     BLOB NOT NULL,
  webhook_secret_hash   BLOB NOT NULL,
  webhook_secret_cipher BLOB NOT NULL,
  secret_token_hash     BLOB NULL,
  mode             TEXT NOT NULL,
  base_url         TEXT NULL,
  retention_days   INTEGER NULL,
  retained_from    INTEGER NOT NULL DEFAULT 1,
  created_at_ms    INTEGER NOT NULL
);
CREATE UNIQUE INDEX bots_telegram_id ON bots (telegram_id);
CREATE UNIQUE INDEX bots_webhook_secret ON bots (webhook_secret_hash);
CREATE INDEX bots_token ON bots (token_hash);

CREATE TABLE chats (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  bot_id           INTEGER NOT NULL,
  telegram_chat_id INTEGER NOT NULL,
  realm            TEXT NOT NULL DEFAULT '',
  type             TEXT NULL,
  title            TEXT NULL,
  username         TEXT NULL,
  migrated_from    INTEGER NULL,
  migrated_to      INTEGER NULL,
  created_at_ms    INTEGER NOT NULL
);
CREATE UNIQUE INDEX chats_identity ON chats (bot_id, telegram_chat_id, realm);

CREATE TABLE events (
  seq              INTEGER PRIMARY KEY,
  bot_id           INTEGER NOT NULL,
  chat_id          INTEGER NULL,
  kind             TEXT NOT NULL,
  update_id        INTEGER NULL,
  message_id       INTEGER NULL,
  reply_to_id      INTEGER NULL,
  dedup_key        TEXT NOT NULL,
  projection_failed INTEGER NOT NULL DEFAULT 0,
  created_at_ms    INTEGER NOT NULL,
  payload          BLOB NOT NULL
);
CREATE UNIQUE INDEX events_dedup ON events (bot_id, dedup_key);
CREATE INDEX events_bot ON events (bot_id, seq);
CREATE INDEX events_chat ON events (chat_id, seq);

-- One row per message; id is the seq of the event that created it, so a chat's messages are listed through events_chat (an index
-- of their own would cost each insert one more random page). unique_telegram_id is the Telegram id where it names one message for
-- ever (above zero, not ephemeral), else NULL, so that the unique key lets the others be.
CREATE TABLE messages (
  id               INTEGER PRIMARY KEY,
  bot_id           INTEGER NOT NULL,
  chat_id          INTEGER NOT NULL,
  telegram_id      INTEGER NOT NULL,
  unique_telegram_id INTEGER NULL,
  direction        INTEGER NOT NULL DEFAULT 0,
  message_type     TEXT NULL,
  text             TEXT NULL,
  from_user_id     INTEGER NULL,
  thread_id        INTEGER NULL,
  media_group_id   TEXT NULL,
  reply_to_id      INTEGER NULL,
  date_s           INTEGER NULL,
  edit_date_s      INTEGER NULL,
  last_seq         INTEGER NOT NULL
);
CREATE UNIQUE INDEX messages_identity ON messages (chat_id, unique_telegram_id);
