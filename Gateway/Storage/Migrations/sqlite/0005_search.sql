-- The full-text index, written behind the log by a loop with a cursor of its own (decision note 0097), and chats.label.
-- terms are what SearchText makes of a message's text: ASCII words with nothing left to interpret, so the engine's own tokenizer
-- has no opinion. Only the index is kept, not the terms; rowid is messages.id.

CREATE VIRTUAL TABLE message_search USING fts5(terms, content='', contentless_delete=1, tokenize='ascii');

-- Everything up to seq is indexed. Zero: the next start begins with the oldest event.
CREATE TABLE search_cursor (
  id               INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  PRIMARY KEY (id)
);
INSERT INTO search_cursor (id, seq) VALUES (1, 0);

ALTER TABLE chats ADD COLUMN label TEXT NULL;
