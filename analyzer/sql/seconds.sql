-- How many requests came in each second since the epoch, per model and local hour; what all bins are added up from.
CREATE OR REPLACE TEMP TABLE seconds AS
SELECT model, hour, arrival // 1000000 AS second, count(*) AS requests
FROM traffic
GROUP BY model, hour, second
