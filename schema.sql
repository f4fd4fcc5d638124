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
