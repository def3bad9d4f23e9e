-- Tokens per ITL bucket of the completed requests, and how many requests have counted any, per model; rows with
-- another number of buckets are left out.
SELECT model, bucket, sum(tokens)::BIGINT AS tokens, count(*) FILTER (counted) AS requests
FROM (
    SELECT
        model,
        list_sum(itl_counts) > 0 AS counted,
        generate_subscripts(itl_counts, 1) AS bucket,
        unnest(itl_counts) AS tokens
    FROM traffic
    WHERE completed AND len(itl_counts) = getvariable('itl_buckets')
)
GROUP BY model, bucket
ORDER BY model, bucket
