-- What outlives a replaced master key, sealed under the one that followed (a row of its own, master-key, says which one that is).

CREATE TABLE derived_keys (
  purpose          TEXT NOT NULL,
  key_id           INTEGER NOT NULL,
  cipher           BLOB NOT NULL,
  retired_at_ms    INTEGER NOT NULL,
  PRIMARY KEY (purpose, key_id)
);
