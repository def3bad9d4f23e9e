-- Only how long requests took, for a second look.
SELECT model, ttft_ms, tpot_ms, e2e_ms FROM traffic
