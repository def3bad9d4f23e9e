-- Requests per cell of powers of two, per model and local hour: row r holds 2^(r-1) < ISL <= 2^r, the first from 0.
SELECT
    model,
    hour,
    64 * CASE WHEN isl <= 1 THEN 0 ELSE length(bin(isl - 1)) END
        + CASE WHEN osl <= 1 THEN 0 ELSE length(bin(osl - 1)) END AS value,
    count(*) AS requests
FROM traffic
GROUP BY model, hour, value
ORDER BY model, hour, value
