-- Rows that do not count, by reason: those of the window, and those whose time is not known.
SELECT set_aside AS reason, count(*) AS requests
FROM requests
WHERE set_aside IS NOT NULL
    AND (
        set_aside IN ('no_timestamp', 'absurd_timestamp', 'future_timestamp')
        OR (arrival >= getvariable('window_start') AND arrival < getvariable('window_end'))
    )
    AND (model IS NULL OR model IN (SELECT name FROM models))
GROUP BY reason
ORDER BY reason
