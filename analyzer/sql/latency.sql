-- Nearest-rank quantiles of each time in microseconds, per model: TTFT of all requests that had a first token,
-- TPOT and E2E of completed ones.
SELECT model, measure, quantile_disc(value, [0.5, 0.9, 0.95, 0.99, 0.999]) AS quantiles, count(*) AS requests
FROM (
    SELECT
        model,
        unnest(['ttft_ms', 'tpot_ms', 'e2e_ms']) AS measure,
        unnest([ttft_us, CASE WHEN completed THEN tpot_us END, CASE WHEN completed THEN e2e_us END]) AS value
    FROM traffic
)
WHERE value >= 0
GROUP BY model, measure
ORDER BY model, measure
