-- Exact counts of each length, per model and local hour; `side` is 0 ISL, 1 OSL, 2 total, 3 asked (ISL +
-- max_tokens), 4 max_tokens.
SELECT model, hour, side, value, count(*) AS requests
FROM (
    SELECT
        model,
        hour,
        unnest([0, 1, 2, 3, 4]) AS side,
        unnest([isl, osl, total, isl + max_tokens, max_tokens]) AS value
    FROM traffic
)
WHERE value IS NOT NULL
GROUP BY model, hour, side, value
ORDER BY model, side, hour, value
