-- The prefix blocks that requests name, and how many of them are different, per model.
SELECT model, count(block) AS blocks, count(DISTINCT block) AS different
FROM (SELECT model, unnest(prefix_blocks) AS block FROM traffic)
GROUP BY model
HAVING blocks > 0
ORDER BY model
