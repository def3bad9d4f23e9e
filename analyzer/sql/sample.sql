-- One in `one_in` of the requests of the chosen model, whose lengths, limits and cached input come together.
-- Which ones are taken is told by what they are, and they are sorted by all of it, so that neither the order of files
-- nor how they are cut matters. `served` is false for what ended early and without a token, as in arrivals.sql.
SELECT arrival, isl, osl, max_tokens, cached, cache_told, completed OR osl > 0 AS served
FROM traffic
WHERE hash(arrival, isl, osl, max_tokens, cached) % getvariable('one_in')::UBIGINT = 0
ORDER BY ALL
