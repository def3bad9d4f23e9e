-- Everything recorded in one look, by model (NULL is the rows without one): first and last arrival, how many rows count
-- and how many are set aside, and which kinds of figures there are at all. Every column that a figure is made from is
-- read, so that a damaged file shows before the first figure is made.
SELECT
    model,
    min(arrival) FILTER (set_aside IS NULL OR set_aside NOT IN ('no_timestamp', 'absurd_timestamp', 'future_timestamp'))
        AS first,
    max(arrival) FILTER (set_aside IS NULL OR set_aside NOT IN ('no_timestamp', 'absurd_timestamp', 'future_timestamp'))
        AS last,
    count(*) FILTER (set_aside IS NULL) AS requests,
    count(set_aside) AS aside,
    count(*) FILTER (set_aside IN ('no_timestamp', 'absurd_timestamp', 'future_timestamp')) AS untimely,
    count(*) FILTER (http_status IN (400, 413, 422)) AS refused,
    count(client) AS named,
    greatest(max(ttft_us), max(tpot_us), max(e2e_us)) AS longest_us,
    max(len(itl_counts)) AS buckets,
    max(len(prefix_blocks)) AS blocks,
    max(max_tokens) AS max_tokens,
    max(strlen(finish_reason)) AS finish_reason,
    max(strlen(error_type)) AS error_type,
    count(*) FILTER (completed) AS completed
FROM requests
GROUP BY model
ORDER BY model
