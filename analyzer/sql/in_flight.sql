-- Microseconds with each number of requests in flight, per model and local hour in which a request came; requests whose
-- end is not recorded, or lies more than a day after their start, are left out, and so is the time without any.
WITH steps AS (
    SELECT model, instant, sum(step) AS step
    FROM (
        SELECT model, arrival AS instant, 1 AS step FROM traffic WHERE e2e_us BETWEEN 1 AND 86400000000
        UNION ALL
        SELECT model, arrival + e2e_us AS instant, -1 AS step FROM traffic WHERE e2e_us BETWEEN 1 AND 86400000000
        UNION ALL
        SELECT DISTINCT model, hour AS instant, 0 AS step FROM seconds
        UNION ALL
        SELECT DISTINCT model, hour + 3600000000 AS instant, 0 AS step FROM seconds
    )
    GROUP BY model, instant
),
levels AS (
    SELECT
        model,
        instant,
        sum(step) OVER (PARTITION BY model ORDER BY instant)::BIGINT AS level,
        lead(instant) OVER (PARTITION BY model ORDER BY instant) AS until
    FROM steps
)
SELECT
    levels.model,
    instant - (instant + phase) % 3600000000 AS hour,
    level AS value,
    sum(until - instant)::BIGINT AS requests
FROM levels
ASOF JOIN phases ON levels.instant >= phases.since
WHERE level > 0 AND until IS NOT NULL
GROUP BY levels.model, hour, value
ORDER BY levels.model, hour, value
