-- Per model and local hour: how many bins of `bin_width` microseconds, aligned to UTC, held how many requests.
SELECT model, hour, value, count(*) AS requests, min(bin) * getvariable('bin_width') AS first_at
FROM (
    SELECT model, hour, arrival // getvariable('bin_width') AS bin, count(*) AS value
    FROM traffic
    GROUP BY model, hour, bin
)
GROUP BY model, hour, value
ORDER BY model, hour, value
