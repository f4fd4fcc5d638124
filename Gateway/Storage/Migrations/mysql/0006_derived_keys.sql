-- What outlives a replaced master key, sealed under the one that followed (a row of its own, master-key, says which one that is).

CREATE TABLE IF NOT EXISTS derived_keys (
  purpose          VARCHAR(32)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  key_id           BIGINT         NOT NULL,
  cipher           VARBINARY(255) NOT NULL,
  retired_at_ms    BIGINT         NOT NULL,
  PRIMARY KEY (purpose, key_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
