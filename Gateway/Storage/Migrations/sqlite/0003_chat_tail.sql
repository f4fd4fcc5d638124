-- What is in a chat, in two levels (decision note 0082): SQLite only, so MySQL has no 0003 and the next number of both is 0004.
-- A commit writes its rows into chat_tail, which is some twenty pages; the big level gets them later, many of one chat at a time.
-- Filling the big level reads both old indexes once, in their order, in one transaction: a log of a hundred million events takes
-- minutes at this start, and room for the new tables beside the old indexes.

CREATE TABLE chat_events (
  chat_id          INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  PRIMARY KEY (chat_id, seq)
) WITHOUT ROWID;

-- The messages that Telegram's id names for ever (messages.unique_telegram_id); message_id is messages.id.
CREATE TABLE chat_messages (
  chat_id          INTEGER NOT NULL,
  telegram_id      INTEGER NOT NULL,
  message_id       INTEGER NOT NULL,
  PRIMARY KEY (chat_id, telegram_id)
) WITHOUT ROWID;

-- Each event with a chat is here or in chat_events, never in both. telegram_id: where the event created the message's row
-- (messages.id = seq) and its Telegram id is unique.
CREATE TABLE chat_tail (
  chat_id          INTEGER NOT NULL,
  seq              INTEGER NOT NULL,
  telegram_id      INTEGER NULL,
  PRIMARY KEY (chat_id, seq)
) WITHOUT ROWID;

INSERT INTO chat_events (chat_id, seq)
  SELECT chat_id, seq FROM events WHERE chat_id IS NOT NULL ORDER BY chat_id, seq;
INSERT INTO chat_messages (chat_id, telegram_id, message_id)
  SELECT chat_id, unique_telegram_id, id FROM messages WHERE unique_telegram_id IS NOT NULL ORDER BY chat_id, unique_telegram_id;

DROP INDEX events_chat;
DROP INDEX messages_identity;
