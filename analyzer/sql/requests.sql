-- Every recorded row as the analyzer sees it: the request, or the reason why it is set aside.
-- `records` are the Parquet files; columns that none of them has are filled with NULL.
-- Absurd: more than 2^24 tokens, or a time before 2000 or after 2100, as wrong units give. Future: after `latest`, a day
-- from now, so that one wrong clock does not move the window to where nothing was recorded.
CREATE OR REPLACE TEMP VIEW requests AS
WITH complete AS (
    SELECT
        NULL::VARCHAR AS client_id,
        NULL::VARCHAR AS operation,
        NULL::VARCHAR AS upstream,
        NULL::VARCHAR AS instance,
        NULL::VARCHAR AS outcome,
        NULL::VARCHAR AS finish_reason,
        NULL::VARCHAR AS error_type,
        NULL::BIGINT AS http_status,
        NULL::BIGINT AS max_tokens,
        NULL::BIGINT AS n,
        NULL::BIGINT AS cached_input_tokens,
        NULL::BIGINT AS ttft_us,
        NULL::BIGINT AS tpot_us,
        NULL::BIGINT AS e2e_us,
        NULL::INTEGER[] AS itl_counts,
        NULL::BIGINT[] AS prefix_blocks,
        NULL::BIGINT[] AS hash_ids
    WHERE false
    UNION ALL BY NAME
    FROM records
),
counted AS (
    SELECT
        epoch_us(timestamp::TIMESTAMPTZ) AS arrival,
        model::VARCHAR AS model,
        try_cast(input_tokens AS BIGINT) AS isl,
        try_cast(output_tokens AS BIGINT) AS osl,
        -- a client limits each of n completions, and the output is that of all of them
        CASE WHEN try_cast(max_tokens AS BIGINT) BETWEEN 0 AND 16777216
            THEN least(
                try_cast(max_tokens AS BIGINT) * greatest(least(coalesce(try_cast(n AS BIGINT), 1), 1024), 1), 16777216
            )
        END AS max_tokens,
        coalesce(try_cast(n AS BIGINT) > 1, false) AS several,
        client_id::VARCHAR AS client,
        operation::VARCHAR AS operation,
        upstream::VARCHAR AS upstream,
        instance::VARCHAR AS instance,
        try_cast(cached_input_tokens AS BIGINT) AS cached,
        coalesce(outcome = 'completed', true) AS completed,
        finish_reason::VARCHAR AS finish_reason,
        error_type::VARCHAR AS error_type,
        http_status,
        try_cast(ttft_us AS BIGINT) AS ttft_us,
        try_cast(tpot_us AS BIGINT) AS tpot_us,
        try_cast(e2e_us AS BIGINT) AS e2e_us,
        itl_counts,
        coalesce(prefix_blocks, hash_ids) AS prefix_blocks
    FROM complete
)
SELECT
    *,
    CASE
        WHEN arrival IS NULL THEN 'no_timestamp'
        WHEN arrival < 946684800000000 OR arrival >= 4102444800000000 THEN 'absurd_timestamp'
        WHEN arrival > getvariable('latest') THEN 'future_timestamp'
        WHEN model IS NULL THEN 'no_model'
        WHEN operation = 'embeddings' THEN 'embeddings'
        WHEN isl IS NULL THEN 'no_input_tokens'
        WHEN osl IS NULL THEN 'no_output_tokens'
        WHEN isl < 0 THEN 'negative_input_tokens'
        WHEN osl < 0 THEN 'negative_output_tokens'
        WHEN isl > 16777216 THEN 'absurd_input_tokens'
        WHEN osl > 16777216 THEN 'absurd_output_tokens'
    END AS set_aside
FROM counted
