-- How many requests of each model came in each stretch of ten minutes, and of how many TTFT and end are recorded.
SELECT
    model,
    arrival // 600000000 AS stretch,
    count(*) AS requests,
    count(*) FILTER (completed AND ttft_ms > 0 AND lasted > 0) AS timed
FROM traffic
GROUP BY model, stretch
ORDER BY model, stretch
