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
