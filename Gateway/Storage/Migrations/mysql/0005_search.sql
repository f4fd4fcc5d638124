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
