-- The requests of the chosen model one by one, as they came, with what they took.
-- Left out is what ended early and without a token: it was refused or went wrong before it was read.
SELECT arrival, isl, osl, max_tokens, cached, ttft_ms AS ttft, e2e_ms AS e2e, completed OR osl > 0 AS kept
FROM traffic
ORDER BY arrival
