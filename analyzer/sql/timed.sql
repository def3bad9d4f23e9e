-- The same, and how long each request took.
SELECT model, arrival, isl, osl, max_tokens, kind, lasted, ttft_ms, tpot_ms, e2e_ms FROM traffic
