-- One row per model and local hour: how many requests, when, of which kind, and how they ended.
SELECT
    model,
    hour,
    count(*) AS requests,
    min(arrival) AS first,
    max(arrival) AS last,
    count(*) FILTER (isl <= getvariable('long_isl') AND osl <= getvariable('long_osl')) AS short_short,
    count(*) FILTER (isl <= getvariable('long_isl') AND osl > getvariable('long_osl')) AS short_long,
    count(*) FILTER (isl > getvariable('long_isl') AND osl <= getvariable('long_osl')) AS long_short,
    count(*) FILTER (isl > getvariable('long_isl') AND osl > getvariable('long_osl')) AS long_long,
    count(*) FILTER (finish_reason IN ('length', 'max_tokens')) AS cut_by_length,
    count(finish_reason) AS reason_known,
    count(*) FILTER (NOT completed) AS not_completed,
    count(*) FILTER (osl >= max_tokens AND max_tokens > 0) AS at_own_limit
FROM traffic
GROUP BY model, hour
ORDER BY model, hour
