-- The whole MySQL/MariaDB schema: the sum of the numbered migrations, for reading and for tools that want one file.
-- The gateway itself applies the migrations; a test keeps this file equal to them.

-- 0001_log

-- The log and what it is projected into (design section 3). Times are Unix milliseconds, ids the gateway's unless they say telegram.

CREATE TABLE IF NOT EXISTS log_head (
  id               TINYINT      NOT NULL,
  log_id           CHAR(8)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq              BIGINT       NOT NULL,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Identities this log had before; last_seq is how far the old identity reaches in this database.
CREATE TABLE IF NOT EXISTS log_history (
  log_id           CHAR(8)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  last_seq         BIGINT       NOT NULL,
  seen_seq         BIGINT       NOT NULL,
  ended_at_ms      BIGINT       NOT NULL,
  PRIMARY KEY (log_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS bots (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  telegram_id      BIGINT       NOT NULL,
  username         VARCHAR(64)  NULL,
  first_name       VARCHAR(256) NULL,
  token_hash       BINARY(32)   NOT NULL,
  token_cipher     VARBINARY(512) NOT NULL,
  webhook_secret_hash   BINARY(32)     NOT NULL,
  webhook_secret_cipher VARBINARY(512) NOT NULL,
  secret_token_hash     BINARY(32)     NULL,
  mode             VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  base_url         VARCHAR(255) NULL,
  retention_days   INT          NULL,
  retained_from    BIGINT       NOT NULL DEFAULT 1,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY bots_telegram_id (telegram_id),
  UNIQUE KEY bots_webhook_secret (webhook_secret_hash),
  KEY bots_token (token_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS chats (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  bot_id           BIGINT       NOT NULL,
  telegram_chat_id BIGINT       NOT NULL,
  realm            VARCHAR(160) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  type             VARCHAR(32)  NULL,
  title            VARCHAR(512) NULL,
  username         VARCHAR(64)  NULL,
  migrated_from    BIGINT       NULL,
  migrated_to      BIGINT       NULL,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY chats_identity (bot_id, telegram_chat_id, realm)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS events (
  seq              BIGINT       NOT NULL,
  bot_id           BIGINT       NOT NULL,
  chat_id          BIGINT       NULL,
  kind             VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  update_id        BIGINT       NULL,
  message_id       BIGINT       NULL,
  reply_to_id      BIGINT       NULL,
  dedup_key        VARCHAR(96)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  projection_failed TINYINT     NOT NULL DEFAULT 0,
  created_at_ms    BIGINT       NOT NULL,
  payload          LONGBLOB     NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY events_dedup (bot_id, dedup_key),
  KEY events_bot (bot_id, seq),
  KEY events_chat (chat_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per message; id is the seq of the event that created it, so a chat's messages are listed through events_chat (an index
-- of their own would cost each insert one more random page). unique_telegram_id is the Telegram id where it names one message for
-- ever (above zero, not ephemeral), else NULL, so that the unique key lets the others be.
CREATE TABLE IF NOT EXISTS messages (
  id               BIGINT       NOT NULL,
  bot_id           BIGINT       NOT NULL,
  chat_id          BIGINT       NOT NULL,
  telegram_id      BIGINT       NOT NULL,
  unique_telegram_id BIGINT     NULL,
  direction        TINYINT      NOT NULL DEFAULT 0,
  message_type     VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NULL,
  text             MEDIUMTEXT   CHARACTER SET utf8mb4 NULL,
  from_user_id     BIGINT       NULL,
  thread_id        BIGINT       NULL,
  media_group_id   VARCHAR(64)  NULL,
  reply_to_id      BIGINT       NULL,
  date_s           BIGINT       NULL,
  edit_date_s      BIGINT       NULL,
  last_seq         BIGINT       NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY messages_identity (chat_id, unique_telegram_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- 0002_access

-- Who may do what, and the version row that tells every process that something changed (design sections 4 and 9).

CREATE TABLE IF NOT EXISTS control_version (
  id               TINYINT      NOT NULL,
  version          BIGINT       NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS users (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  name             VARCHAR(128) NOT NULL,
  role             VARCHAR(32)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password_hash    VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY users_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS api_keys (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  name             VARCHAR(128) NOT NULL,
  hash             VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_admin         TINYINT      NOT NULL DEFAULT 0,
  scopes           TEXT         NULL,
  expires_at_ms    BIGINT       NULL,
  revoked_at_ms    BIGINT       NULL,
  last_used_at_ms  BIGINT       NULL,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Exactly one of chat_id and bot_id is set.
CREATE TABLE IF NOT EXISTS grants (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  key_id           BIGINT       NOT NULL,
  chat_id          BIGINT       NULL,
  bot_id           BIGINT       NULL,
  can_read         TINYINT      NOT NULL DEFAULT 0,
  can_send         TINYINT      NOT NULL DEFAULT 0,
  can_manage       TINYINT      NOT NULL DEFAULT 0,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY grants_chat (key_id, chat_id),
  UNIQUE KEY grants_bot (key_id, bot_id),
  KEY grants_of_chat (chat_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- 0004_principals

-- Users, roles, sessions, rights per chat for keys and users, and who did what (design sections 8 and 9).

CREATE TABLE IF NOT EXISTS roles (
  id               BIGINT       NOT NULL,
  name             VARCHAR(32)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY roles_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS permissions (
  id               BIGINT       NOT NULL,
  name             VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY permissions_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS role_permissions (
  role_id          BIGINT       NOT NULL,
  permission_id    BIGINT       NOT NULL,
  PRIMARY KEY (role_id, permission_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS user_roles (
  user_id          BIGINT       NOT NULL,
  role_id          BIGINT       NOT NULL,
  PRIMARY KEY (user_id, role_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO roles (id, name) VALUES (1, 'admin'), (2, 'operator'), (3, 'viewer') ON DUPLICATE KEY UPDATE id = id;
INSERT INTO permissions (id, name) VALUES
  (1, 'bots:read'), (2, 'bots:write'), (3, 'chats:read'), (4, 'chats:write'), (5, 'permissions:read'), (6, 'permissions:write'),
  (7, 'messages:read'), (8, 'messages:send'), (9, 'events:read'), (10, 'users:read'), (11, 'users:write'), (12, 'apikeys:read'),
  (13, 'apikeys:write'), (14, 'audit:read'), (15, 'metrics:read') ON DUPLICATE KEY UPDATE id = VALUES(id);
INSERT INTO role_permissions (role_id, permission_id)
  SELECT 1, id FROM permissions ON DUPLICATE KEY UPDATE role_id = VALUES(role_id);
INSERT INTO role_permissions (role_id, permission_id)
  SELECT 2, id FROM permissions WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15) ON DUPLICATE KEY UPDATE role_id = VALUES(role_id);
INSERT INTO role_permissions (role_id, permission_id)
  SELECT 3, id FROM permissions WHERE id IN (1, 3, 7, 9) ON DUPLICATE KEY UPDATE role_id = VALUES(role_id);

INSERT INTO user_roles (user_id, role_id)
  SELECT u.id, r.id FROM users u JOIN roles r ON r.name = u.role ON DUPLICATE KEY UPDATE role_id = VALUES(role_id);
ALTER TABLE users DROP COLUMN role, ADD COLUMN is_disabled TINYINT NOT NULL DEFAULT 0;

-- One login; its refresh tokens are a family: a used one that comes again ends the session.
CREATE TABLE IF NOT EXISTS sessions (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  user_id          BIGINT       NOT NULL,
  created_at_ms    BIGINT       NOT NULL,
  expires_at_ms    BIGINT       NOT NULL,
  revoked_at_ms    BIGINT       NULL,
  address          VARCHAR(64)  NULL,
  PRIMARY KEY (id),
  KEY sessions_user (user_id),
  KEY sessions_expiry (expires_at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS refresh_tokens (
  hash             BINARY(32)   NOT NULL,
  session_id       BIGINT       NOT NULL,
  issued_at_ms     BIGINT       NOT NULL,
  expires_at_ms    BIGINT       NOT NULL,
  used_at_ms       BIGINT       NULL,
  PRIMARY KEY (hash),
  KEY refresh_tokens_session (session_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One use, half a minute: what a browser's stream has instead of a header. session_id is 0 for keys.
CREATE TABLE IF NOT EXISTS tickets (
  hash             BINARY(32)   NOT NULL,
  principal_kind   TINYINT      NOT NULL,
  principal_id     BIGINT       NOT NULL,
  session_id       BIGINT       NOT NULL,
  expires_at_ms    BIGINT       NOT NULL,
  principal_expires_at_ms BIGINT NOT NULL,
  PRIMARY KEY (hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Calls per second and how many at once; NULL: the gateway's own.
ALTER TABLE api_keys ADD COLUMN rate_per_second INT NULL, ADD COLUMN rate_burst INT NULL;

-- principal_kind: 1 an API key, 2 a user. Exactly one of chat_id and bot_id is set; thread_id 0 is the whole chat.
ALTER TABLE grants
  ADD COLUMN principal_kind TINYINT NOT NULL DEFAULT 1 AFTER id,
  CHANGE COLUMN key_id principal_id BIGINT NOT NULL,
  ADD COLUMN thread_id BIGINT NOT NULL DEFAULT 0 AFTER chat_id,
  DROP INDEX grants_chat,
  DROP INDEX grants_bot,
  ADD UNIQUE KEY grants_chat (principal_kind, principal_id, chat_id, thread_id),
  ADD UNIQUE KEY grants_bot (principal_kind, principal_id, bot_id);

-- A key with rows here is pushed only events of these chats, as far as it may read them.
CREATE TABLE IF NOT EXISTS feedback_grants (
  key_id           BIGINT       NOT NULL,
  chat_id          BIGINT       NOT NULL,
  created_at_ms    BIGINT       NOT NULL,
  PRIMARY KEY (key_id, chat_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- actor_kind: 0 nobody, 1 an API key, 2 a user, 3 the command line, 4 the gateway itself. count: equal denials of one minute are one row.
CREATE TABLE IF NOT EXISTS audit_log (
  id               BIGINT       NOT NULL AUTO_INCREMENT,
  at_ms            BIGINT       NOT NULL,
  actor_kind       TINYINT      NOT NULL,
  actor_id         BIGINT       NOT NULL,
  actor_name       VARCHAR(128) NOT NULL,
  address          VARCHAR(64)  NULL,
  action           VARCHAR(64)  NOT NULL,
  target_type      VARCHAR(32)  NOT NULL,
  target_id        VARCHAR(128) NOT NULL,
  outcome          VARCHAR(32)  NOT NULL,
  count            BIGINT       NOT NULL DEFAULT 1,
  request_id       VARCHAR(64)  NULL,
  before_json      MEDIUMTEXT   NULL,
  after_json       MEDIUMTEXT   NULL,
  PRIMARY KEY (id),
  KEY audit_log_at (at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- 0005_search

-- The full-text index, written behind the log by a loop with a cursor of its own (decision note 0097), and chats.label.
-- terms are what SearchText makes of a message's text: ASCII words of three letters and more that are no stop words, so that the
-- server's least length and its stop words have nothing to leave out.

CREATE TABLE IF NOT EXISTS message_texts (
  message_id       BIGINT       NOT NULL,
  bot_id           BIGINT       NOT NULL,
  chat_id          BIGINT       NOT NULL,
  terms            MEDIUMTEXT   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (message_id),
  KEY message_texts_bot (bot_id, message_id),
  FULLTEXT KEY message_texts_terms (terms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Everything up to seq is indexed. Zero: the next start begins with the oldest event.
CREATE TABLE IF NOT EXISTS search_cursor (
  id               TINYINT      NOT NULL,
  seq              BIGINT       NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO search_cursor (id, seq) VALUES (1, 0) ON DUPLICATE KEY UPDATE seq = seq;

ALTER TABLE chats ADD COLUMN label VARCHAR(256) NULL;

-- 0006_derived_keys

-- What outlives a replaced master key, sealed under the one that followed (a row of its own, master-key, says which one that is).

CREATE TABLE IF NOT EXISTS derived_keys (
  purpose          VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  key_id           BIGINT         NOT NULL,
  cipher           VARBINARY(255) NOT NULL,
  retired_at_ms    BIGINT         NOT NULL,
  PRIMARY KEY (purpose, key_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- 0007_bots

-- What the control API keeps of a bot. revision counts its changes (entity tags). secret_token_cipher: the secret_token that the gateway gave
-- Telegram, to give it again; webhook_told_at_ms: when Telegram last took our word where the updates go; webhook_error: why it last did not.
ALTER TABLE bots ADD COLUMN label VARCHAR(128) NULL;
ALTER TABLE bots ADD COLUMN is_paused TINYINT NOT NULL DEFAULT 0;
ALTER TABLE bots ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE bots ADD COLUMN secret_token_cipher VARBINARY(512) NULL;
ALTER TABLE bots ADD COLUMN webhook_told_at_ms BIGINT NULL;
ALTER TABLE bots ADD COLUMN webhook_error VARCHAR(512) NULL;

-- 0008_thread_terms

-- A message's thread is a term of the full-text index now (decision note 0107): texts from the first message in a thread on are indexed once
-- more. What is in the index stays found meanwhile; where nothing is in a thread, nothing is done.

UPDATE search_cursor SET seq = LEAST(seq, COALESCE((SELECT id - 1 FROM messages WHERE thread_id IS NOT NULL ORDER BY id LIMIT 1), seq));
