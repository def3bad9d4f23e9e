-- Requests inside the window that the engine refused as bad or too large, per model: how many, of how many the error
-- names a length, and how many had more input than any request that was answered.
SELECT
    number AS model,
    count(*) AS refused,
    count(*) FILTER (http_status = 413 OR regexp_matches(error_type, 'length|too_(long|large)|TooLarge', 'i')) AS named,
    count(*) FILTER (isl > longest_isl) AS longer
FROM requests
JOIN models ON requests.model = models.name
WHERE http_status IN (400, 413, 422)
    AND arrival >= getvariable('window_start')
    AND arrival < getvariable('window_end')
GROUP BY number
ORDER BY number
