-- The ten largest named callers of each model, and the largest of its fullest minute.
SELECT
    model,
    client,
    count(*) AS requests,
    count(*) FILTER (arrival // 60000000 = fullest_minute) AS in_fullest_minute
FROM traffic
WHERE client IS NOT NULL
GROUP BY model, client
QUALIFY row_number() OVER (PARTITION BY model ORDER BY requests DESC, client) <= 10
    OR row_number() OVER (PARTITION BY model ORDER BY in_fullest_minute DESC, client) = 1
ORDER BY model, requests DESC, client
