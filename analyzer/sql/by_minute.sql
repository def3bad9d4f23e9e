-- The requests of each minute since the epoch that is not empty, per model and local hour.
SELECT model, hour, second // 60 AS value, sum(requests)::BIGINT AS requests
FROM seconds
GROUP BY model, hour, value
ORDER BY model, hour, value
