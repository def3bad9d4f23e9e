-- What the requests of one model took, in the chosen stretches of ten minutes and in those before and after them.
-- An engine is known by its address, and by the sidecar beside it where that address is the same on every machine.
SELECT
    arrival,
    isl,
    cached,
    osl,
    max_tokens,
    ttft_ms AS ttft,
    lasted,
    completed,
    (
        -- the tokens of several completions came side by side, so that their time tells of no single one
        NOT several
        AND list_contains(getvariable('stretches'), arrival // 600000000)
        -- what ran beside it at its end is known as well
        AND (lasted < 0 OR list_contains(getvariable('beside'), (arrival + lasted) // 600000000))
    ) AS counted,
    (
        dense_rank() OVER (
            ORDER BY
                coalesce(upstream, ''),
                CASE
                    WHEN coalesce(upstream, '') = '' OR regexp_matches(upstream, '(^|/)(127\.|localhost|\[::1\]|unix)')
                        THEN coalesce(instance, '')
                END
        ) - 1
    )::INTEGER AS engine
FROM traffic
WHERE model = getvariable('model')
    AND list_contains(getvariable('beside'), arrival // 600000000)
ORDER BY arrival
