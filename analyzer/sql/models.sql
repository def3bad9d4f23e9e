-- The chosen models by number, and what is known of each once its hours are counted: where its fullest minute begins,
-- in minutes since the epoch, and its longest input.
CREATE OR REPLACE TEMP TABLE models (name VARCHAR, number INTEGER, fullest_minute BIGINT, longest_isl BIGINT)
