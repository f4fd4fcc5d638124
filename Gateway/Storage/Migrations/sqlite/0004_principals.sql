-- Users, roles, sessions, rights per chat for keys and users, and who did what (design sections 8 and 9).

CREATE TABLE roles (
  id               INTEGER PRIMARY KEY,
  name             TEXT NOT NULL
);
CREATE UNIQUE INDEX roles_name ON roles (name);

CREATE TABLE permissions (
  id               INTEGER PRIMARY KEY,
  name             TEXT NOT NULL
);
CREATE UNIQUE INDEX permissions_name ON permissions (name);

CREATE TABLE role_permissions (
  role_id          INTEGER NOT NULL,
  permission_id    INTEGER NOT NULL,
  PRIMARY KEY (role_id, permission_id)
) WITHOUT ROWID;

CREATE TABLE user_roles (
  user_id          INTEGER NOT NULL,
  role_id          INTEGER NOT NULL,
  PRIMARY KEY (user_id, role_id)
) WITHOUT ROWID;

INSERT INTO roles (id, name) VALUES (1, 'admin'), (2, 'operator'), (3, 'viewer');
INSERT INTO permissions (id, name) VALUES
  (1, 'bots:read'), (2, 'bots:write'), (3, 'chats:read'), (4, 'chats:write'), (5, 'permissions:read'), (6, 'permissions:write'),
  (7, 'messages:read'), (8, 'messages:send'), (9, 'events:read'), (10, 'users:read'), (11, 'users:write'), (12, 'apikeys:read'),
  (13, 'apikeys:write'), (14, 'audit:read'), (15, 'metrics:read');
INSERT INTO role_permissions (role_id, permission_id) SELECT 1, id FROM permissions;
INSERT INTO role_permissions (role_id, permission_id) SELECT 2, id FROM permissions WHERE id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15);
INSERT INTO role_permissions (role_id, permission_id) SELECT 3, id FROM permissions WHERE id IN (1, 3, 7, 9);

INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u JOIN roles r ON r.name = u.role;
ALTER TABLE users DROP COLUMN role;
ALTER TABLE users ADD COLUMN is_disabled INTEGER NOT NULL DEFAULT 0;

-- One login; its refresh tokens are a family: a used one that comes again ends the session.
CREATE TABLE sessions (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id          INTEGER NOT NULL,
  created_at_ms    INTEGER NOT NULL,
  expires_at_ms    INTEGER NOT NULL,
  revoked_at_ms    INTEGER NULL,
  address          TEXT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at_ms);

CREATE TABLE refresh_tokens (
  hash             BLOB NOT NULL PRIMARY KEY,
  session_id       INTEGER NOT NULL,
  issued_at_ms     INTEGER NOT NULL,
  expires_at_ms    INTEGER NOT NULL,
  used_at_ms       INTEGER NULL
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- One use, half a minute: what a browser's stream has instead of a header. session_id is 0 for keys.
CREATE TABLE tickets (
  hash             BLOB NOT NULL PRIMARY KEY,
  principal_kind   INTEGER NOT NULL,
  principal_id     INTEGER NOT NULL,
  session_id       INTEGER NOT NULL,
  expires_at_ms    INTEGER NOT NULL,
  principal_expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Calls per second and how many at once; NULL: the gateway's own.
ALTER TABLE api_keys ADD COLUMN rate_per_second INTEGER NULL;
ALTER TABLE api_keys ADD COLUMN rate_burst INTEGER NULL;

-- principal_kind: 1 an API key, 2 a user. Exactly one of chat_id and bot_id is set; thread_id 0 is the whole chat.
ALTER TABLE grants RENAME TO grants_of_keys;
CREATE TABLE grants (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  principal_kind   INTEGER NOT NULL,
  principal_id     INTEGER NOT NULL,
  chat_id          INTEGER NULL,
  thread_id        INTEGER NOT NULL DEFAULT 0,
  bot_id           INTEGER NULL,
  can_read         INTEGER NOT NULL DEFAULT 0,
  can_send         INTEGER NOT NULL DEFAULT 0,
  can_manage       INTEGER NOT NULL DEFAULT 0,
  created_at_ms    INTEGER NOT NULL
);
INSERT INTO grants (id, principal_kind, principal_id, chat_id, bot_id, can_read, can_send, can_manage, created_at_ms)
  SELECT id, 1, key_id, chat_id, bot_id, can_read, can_send, can_manage, created_at_ms FROM grants_of_keys;
DROP TABLE grants_of_keys;
CREATE UNIQUE INDEX grants_chat ON grants (principal_kind, principal_id, chat_id, thread_id);
CREATE UNIQUE INDEX grants_bot ON grants (principal_kind, principal_id, bot_id);
CREATE INDEX grants_of_chat ON grants (chat_id);

-- A key with rows here is pushed only events of these chats, as far as it may read them.
CREATE TABLE feedback_grants (
  key_id           INTEGER NOT NULL,
  chat_id          INTEGER NOT NULL,
  created_at_ms    INTEGER NOT NULL,
  PRIMARY KEY (key_id, chat_id)
) WITHOUT ROWID;

-- actor_kind: 0 nobody, 1 an API key, 2 a user, 3 the command line, 4 the gateway itself. count: equal denials of one minute are one row.
CREATE TABLE audit_log (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms            INTEGER NOT NULL,
  actor_kind       INTEGER NOT NULL,
  actor_id         INTEGER NOT NULL,
  actor_name       TEXT NOT NULL,
  address          TEXT NULL,
  action           TEXT NOT NULL,
  target_type      TEXT NOT NULL,
  target_id        TEXT NOT NULL,
  outcome          TEXT NOT NULL,
  count            INTEGER NOT NULL DEFAULT 1,
  request_id       TEXT NULL,
  before_json      TEXT NULL,
  after_json       TEXT NULL
);
CREATE INDEX audit_log_at ON audit_log (at_ms);
