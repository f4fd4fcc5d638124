-- What the control API keeps of a bot. revision counts its changes (entity tags). secret_token_cipher: the secret_token that the gateway gave
-- Telegram, to give it again; webhook_told_at_ms: when Telegram last took our word where the updates go; webhook_error: why it last did not.
ALTER TABLE bots ADD COLUMN label VARCHAR(128) NULL;
ALTER TABLE bots ADD COLUMN is_paused TINYINT NOT NULL DEFAULT 0;
ALTER TABLE bots ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE bots ADD COLUMN secret_token_cipher VARBINARY(512) NULL;
ALTER TABLE bots ADD COLUMN webhook_told_at_ms BIGINT NULL;
ALTER TABLE bots ADD COLUMN webhook_error VARCHAR(512) NULL;
