-- The requests that count, inside the window and of the chosen models, as whole numbers.
-- `models` numbers the chosen models, so that no name has to be carried along with every count.
-- `kind` is a set of flags: 1 long output, 2 long input, 4 cut by length, 8 the reason of its end is known, 16 not
-- completed, 32 as long as its own limit. `max_tokens` is -1 where a request names none, a time where it is not recorded
-- or above 2^50 microseconds; `lasted` is what a request took however it ended, TPOT and E2E are of completed ones.
CREATE OR REPLACE TEMP VIEW traffic AS
SELECT
    models.number AS model,
    fullest_minute,
    arrival,
    isl::INTEGER AS isl,
    osl::INTEGER AS osl,
    coalesce(max_tokens, -1)::INTEGER AS max_tokens,
    (
        (osl > getvariable('long_osl'))::INTEGER
        + 2 * (isl > getvariable('long_isl'))::INTEGER
        + 4 * coalesce(finish_reason IN ('length', 'max_tokens', 'max_output_tokens'), false)::INTEGER
        + 8 * (finish_reason IS NOT NULL)::INTEGER
        + 16 * (NOT completed)::INTEGER
        + 32 * coalesce(osl >= max_tokens AND max_tokens > 0, false)::INTEGER
    )::UTINYINT AS kind,
    CASE WHEN e2e_us BETWEEN 1 AND 86400000000 THEN e2e_us ELSE -1 END AS lasted,
    CASE WHEN ttft_us BETWEEN 0 AND 1125899906842624 THEN ttft_us ELSE -1 END AS ttft_ms,
    CASE WHEN completed AND tpot_us BETWEEN 0 AND 1125899906842624 THEN tpot_us ELSE -1 END AS tpot_ms,
    CASE WHEN completed AND e2e_us BETWEEN 0 AND 1125899906842624 THEN e2e_us ELSE -1 END AS e2e_ms,
    client,
    completed,
    several,
    upstream,
    instance,
    least(greatest(coalesce(cached, 0), 0), isl)::INTEGER AS cached,
    requests.cached IS NOT NULL AS cache_told,
    itl_counts,
    prefix_blocks
FROM requests
JOIN models ON requests.model = models.name
WHERE set_aside IS NULL
    AND arrival >= getvariable('window_start')
    AND arrival < getvariable('window_end')
