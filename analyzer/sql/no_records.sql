-- Records before the first one was written: the required columns and no row.
SELECT
    NULL::TIMESTAMPTZ AS timestamp,
    NULL::VARCHAR AS model,
    NULL::BIGINT AS input_tokens,
    NULL::BIGINT AS output_tokens
WHERE false
