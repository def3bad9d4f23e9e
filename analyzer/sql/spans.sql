-- First and last arrival of each model over everything recorded, and how many of its rows count; NULL is the rows
-- without a model.
SELECT model, min(arrival) AS first, max(arrival) AS last, count(*) FILTER (set_aside IS NULL) AS requests
FROM requests
WHERE set_aside IS NULL OR set_aside NOT IN ('no_timestamp', 'absurd_timestamp', 'future_timestamp')
GROUP BY model
ORDER BY model
