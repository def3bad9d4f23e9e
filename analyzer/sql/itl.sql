-- Tokens per ITL bucket of the completed requests, per model; rows with another number of buckets are left out.
SELECT model, bucket, sum(tokens)::BIGINT AS tokens
FROM (
    SELECT model, generate_subscripts(itl_counts, 1) AS bucket, unnest(itl_counts) AS tokens
    FROM traffic
    WHERE completed AND len(itl_counts) = getvariable('itl_buckets')
)
GROUP BY model, bucket
ORDER BY model, bucket
