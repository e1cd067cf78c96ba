-- Events of the last 400 days in the smallest grids, a few grids holding many; one in ten open, a twelfth of these late.
WITH grids AS MATERIALIZED (
  SELECT g.id, g.path, row_number() OVER (ORDER BY hashint8(g.id)) AS n, ST_XMin(g.boundary) AS west, ST_XMax(g.boundary) AS east,
         ST_YMin(g.boundary) AS south, ST_YMax(g.boundary) AS north
  FROM grids_grid g WHERE g.level = 4 AND g.boundary IS NOT NULL
), many AS (SELECT count(*) AS grids FROM grids),
centre AS (SELECT u.id FROM grids_unit u JOIN grids_grid g ON g.id = u.grid_id WHERE u.kind = 'centre' ORDER BY g.level LIMIT 1),
made AS (
  SELECT e, 1 + floor(power(random(), 1.6) * grids)::int AS n, random() AS a, random() AS b, random() < 0.1 AS running, random() AS c,
         now() - (%(events)s - e) * interval '400 days' / %(events)s AS at
  FROM generate_series(1, %(events)s) e, many
)
INSERT INTO events_event (
  uid, number, status, source, urgency, description, place, location, grid_id, path, placed, contact_name, contact_phone, holder_id,
  centre_id, lead_id, stage_since, stage_seconds, stage_unit, due_at, yellow_at, warned, handle_seconds, handle_unit, resume_status, late,
  returns, reworks, grants, reopens, supervised, settled_on_spot, spot_check, rating_words, reported_at, head_seq, head_hash
)
SELECT gen_random_uuid(), 'T' || m.e, CASE WHEN running THEN 'handling' ELSE 'closed' END, 'worker', 'normal', '公共区域堆放垃圾未清理', '门前',
  ST_SetSRID(ST_MakePoint(west + (0.2 + 0.6 * a) * (east - west), south + (0.2 + 0.6 * b) * (north - south)), 4326), g.id, g.path, true, '', '',
  c.id, c.id, c.id, at, 86400, 'day', CASE WHEN running THEN now() + (m.c * 12 - 1) * interval '1 day' END,
  CASE WHEN running THEN now() + (m.c * 12 - 2) * interval '1 day' END, 0, 0, '', '', false, 0, 0, 0, 0, false, false, false, '', at, 1, ''
FROM made m JOIN grids g USING (n), centre c
ORDER BY m.e
