-- Per model and local hour: how many bins of `bin_width` seconds, aligned to UTC, held how many requests, and when the
-- first of them began, in microseconds since the epoch.
SELECT model, hour, value, count(*) AS requests, min(bin) * getvariable('bin_width') * 1000000 AS first_at
FROM (
    SELECT model, hour, second // getvariable('bin_width') AS bin, sum(requests)::BIGINT AS value
    FROM seconds
    GROUP BY model, hour, bin
)
GROUP BY model, hour, value
ORDER BY model, hour, value
