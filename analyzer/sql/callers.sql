-- The ten largest named callers of each model.
SELECT model, client, count(*) AS requests
FROM traffic
WHERE client IS NOT NULL
GROUP BY model, client
QUALIFY row_number() OVER (PARTITION BY model ORDER BY requests DESC, client) <= 10
ORDER BY model, requests DESC, client
