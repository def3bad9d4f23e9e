-- The largest named caller of the fullest minute (the first one of equals) of each model.
WITH minutes AS (
    SELECT model, arrival // 60000000 AS minute, count(*) AS fullness
    FROM traffic
    GROUP BY model, minute
    QUALIFY row_number() OVER (PARTITION BY model ORDER BY fullness DESC, minute) = 1
)
SELECT model, client, count(*) AS requests
FROM traffic
JOIN minutes USING (model)
WHERE client IS NOT NULL AND arrival // 60000000 = minute
GROUP BY model, client
QUALIFY row_number() OVER (PARTITION BY model ORDER BY requests DESC, client) = 1
ORDER BY model
