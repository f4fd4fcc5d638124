-- A message's thread is a term of the full-text index now (decision note 0107): texts from the first message in a thread on are indexed once
-- more. What is in the index stays found meanwhile; where nothing is in a thread, nothing is done.

UPDATE search_cursor SET seq = LEAST(seq, COALESCE((SELECT id - 1 FROM messages WHERE thread_id IS NOT NULL ORDER BY id LIMIT 1), seq));
