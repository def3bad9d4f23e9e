-- The requests that count, inside the window and of the chosen models, each with the start of its local hour.
-- `models` numbers the chosen models, so that no name has to be carried along with every count.
-- `phases` says from when on local hours begin where (microseconds + phase) is a multiple of an hour.
CREATE OR REPLACE TEMP VIEW traffic AS
SELECT
    requests.* EXCLUDE (model),
    models.number AS model,
    arrival - (arrival + phase) % 3600000000 AS hour,
    isl + osl AS total
FROM requests
JOIN models ON requests.model = models.name
ASOF JOIN phases ON requests.arrival >= phases.since
WHERE set_aside IS NULL
    AND arrival >= getvariable('window_start')
    AND arrival < getvariable('window_end')
