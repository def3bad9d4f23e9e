-- What is counted hour by hour.
SELECT model, arrival, isl, osl, max_tokens, kind FROM traffic
