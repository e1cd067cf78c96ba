-- %(events)s events with their steps, turns, stages and notices; the same ones every time.
-- Constraint and version triggers rest meanwhile: the rows are right by construction, and a check per row would take minutes.
SET session_replication_role = replica;
SELECT setseed(0.430281);

CREATE TEMP TABLE place AS
SELECT row_number() OVER (ORDER BY g.id) - 1 AS n, g.id AS grid_id, g.path, g.parent_id AS station_id,
       ST_XMin(g.boundary) AS x, ST_YMin(g.boundary) AS y, w.id AS worker_id, o.id AS operator_id
FROM grids_grid g
JOIN accounts_user w ON w.username = 'worker_' || g.id
JOIN accounts_user o ON o.username = 'operator_' || g.parent_id
WHERE g.level = 4;

CREATE TEMP TABLE kind AS
SELECT row_number() OVER (ORDER BY code) - 1 AS n, id AS standard_id, minor_name, condition
FROM events_standard WHERE valid_until IS NULL AND NOT photos_required;

CREATE TEMP TABLE bureau AS
SELECT u.id - 9001 AS n, u.id AS unit_id, s.id AS staff_id
FROM grids_unit u JOIN accounts_user s ON s.username = 'staff_' || (u.id - 9001) WHERE u.kind = 'department';

-- One of ten open, the newest ones; their statuses and those of the finished ones in fixed shares.
CREATE TEMP TABLE plan AS
SELECT i AS id, gen_random_uuid() AS uid, place.*, kind.standard_id, kind.minor_name, kind.condition,
       bureau.unit_id AS bureau_id, bureau.staff_id,
       CASE WHEN i > %(events)s - %(events)s / 10
            THEN (ARRAY['reported','reported','reported','reported','registered','dispatched','handling','handling',
                        'verifying','suspended'])[1 + i %% 10]
            ELSE (ARRAY['closed','evaluated','evaluated','evaluated','evaluated','evaluated','evaluated','evaluated',
                        'evaluated','rejected'])[1 + i %% 10] END AS status,
       now() - interval '1 hour' - (%(events)s - i) * (interval '360 days' / %(events)s) AS at,
       random() AS luck, random() AS dx, random() AS dy
FROM generate_series(1, %(events)s::bigint) i
JOIN place ON place.n = (i * 7919) %% (SELECT count(*) FROM place)
JOIN kind ON kind.n = (i * 104729) %% (SELECT count(*) FROM kind)
JOIN bureau ON bureau.n = i %% (SELECT count(*) FROM bureau);

-- The steps that lead to each status.
CREATE TEMP TABLE walk (status text, seq int, action text, source text, target text, by text);
INSERT INTO walk
SELECT s.status, step.seq, step.action, step.source, step.target, step.by
FROM (VALUES ('reported', 1), ('registered', 2), ('dispatched', 3), ('handling', 4), ('verifying', 5), ('closed', 6),
             ('evaluated', 7)) s (status, last)
JOIN (VALUES (1, 'report', '', 'reported', 'worker'), (2, 'register', 'reported', 'registered', 'operator'),
             (3, 'dispatch', 'registered', 'dispatched', 'operator'), (4, 'sign', 'dispatched', 'handling', 'staff'),
             (5, 'feed_back', 'handling', 'verifying', 'staff'), (6, 'verify_pass', 'verifying', 'closed', 'worker'),
             (7, 'evaluate', 'closed', 'evaluated', 'worker')) step (seq, action, source, target, by)
  ON step.seq <= s.last
UNION ALL VALUES
  ('rejected', 1, 'report', '', 'reported', 'worker'), ('rejected', 2, 'reject', 'reported', 'rejected', 'operator'),
  ('suspended', 1, 'report', '', 'reported', 'worker'), ('suspended', 2, 'register', 'reported', 'registered', 'operator'),
  ('suspended', 3, 'suspend', 'registered', 'suspended', 'operator');

INSERT INTO events_transition (event_id, seq, action, source, target, at, words, lon, lat, photos, facts, key, prev_hash,
                               hash, actor_id, unit_id)
SELECT p.id, w.seq, w.action, w.source, w.target, p.at + (w.seq - 1) * interval '5 minutes', '按规定处理', NULL, NULL, '[]',
       '{}', NULL, CASE w.seq WHEN 1 THEN '' ELSE encode(sha256((p.uid::text || (w.seq - 1))::bytea), 'hex') END,
       encode(sha256((p.uid::text || w.seq)::bytea), 'hex'),
       CASE w.by WHEN 'worker' THEN p.worker_id WHEN 'operator' THEN p.operator_id ELSE p.staff_id END,
       CASE w.by WHEN 'operator' THEN p.station_id WHEN 'staff' THEN p.bureau_id END
FROM plan p JOIN walk w ON w.status = p.status
ORDER BY p.id, w.seq;

INSERT INTO events_event (id, uid, number, status, source, urgency, description, place, location, path, placed,
  contact_name, contact_phone, stage_since, stage_seconds, stage_unit, due_at, yellow_at, warned, handle_since,
  handle_seconds, handle_unit, handle_due_at, handle_yellow_at, resume_status, resume_holder_id, suspended_until,
  stage_left, late, returns, reworks, grants, reopens, supervised, settled_on_spot, spot_check, stars, rating_words,
  reported_at, registered_at, dispatched_at, signed_at, fed_back_at, closed_at, evaluated_at, head_seq, head_hash,
  centre_id, grid_id, holder_id, lead_id, reporter_id, standard_id)
SELECT p.id, p.uid,
  CASE WHEN steps > 1 AND p.status <> 'rejected' THEN '430281-' || extract(year FROM p.at) || '-' || lpad(p.id::text, 6, '0') END,
  p.status, 'worker', (ARRAY['normal','normal','normal','urgent'])[1 + p.id %% 4],
  p.minor_name || '：' || p.condition, p.id %% 900 || '号门前', ST_SetSRID(ST_MakePoint(p.x + 0.01 * p.dx, p.y + 0.01 * p.dy), 4326),
  p.path, true, '', '', p.at + (steps - 1) * interval '5 minutes', 14400, 'urgent_hour',
  CASE WHEN runs THEN due END, CASE WHEN runs THEN due - interval '1 hour' END, 0,
  CASE WHEN works THEN p.at + interval '10 minutes' END, CASE WHEN works THEN 172800 ELSE 0 END,
  CASE WHEN works THEN 'natural_day' ELSE '' END, CASE WHEN works THEN due + interval '1 day' END,
  CASE WHEN works THEN due END, CASE WHEN p.status = 'suspended' THEN 'registered' ELSE '' END,
  CASE WHEN p.status = 'suspended' THEN p.station_id END,
  CASE WHEN p.status = 'suspended' THEN current_date + 90 END, CASE WHEN p.status = 'suspended' THEN 7200 END,
  p.luck < 0.05, 0, 0, 0, 0, p.luck > 0.99, false, false,
  CASE WHEN p.status = 'evaluated' THEN 3 + p.id %% 3 END, '', p.at,
  CASE WHEN steps > 1 AND p.status <> 'rejected' THEN p.at + interval '5 minutes' END,
  CASE WHEN steps > 2 AND p.status <> 'suspended' THEN p.at + interval '10 minutes' END,
  CASE WHEN steps > 3 THEN p.at + interval '15 minutes' END, CASE WHEN steps > 4 THEN p.at + interval '20 minutes' END,
  CASE WHEN steps > 5 THEN p.at + interval '25 minutes' END, CASE WHEN steps > 6 THEN p.at + interval '30 minutes' END,
  steps, encode(sha256((p.uid::text || steps)::bytea), 'hex'), p.station_id, p.grid_id,
  CASE WHEN works THEN p.bureau_id ELSE p.station_id END,
  CASE WHEN steps > 2 AND p.status <> 'suspended' THEN p.bureau_id END, p.worker_id, p.standard_id
FROM plan p
JOIN (SELECT status, max(seq) AS steps FROM walk GROUP BY status) last USING (status),
LATERAL (SELECT p.status IN ('dispatched', 'handling') AS works,
                p.status IN ('reported', 'registered', 'dispatched', 'handling', 'verifying') AS runs,
                now() + (p.luck - 0.1) * interval '3 days' AS due) clock
ORDER BY p.id;

INSERT INTO events_assignment (event_id, unit_id, lead, outcome, dispatched_at, signed_at, due_at, ended_at, late, exempt,
                               used_share, words)
SELECT id, lead_id, true,
       CASE WHEN status IN ('dispatched', 'handling') THEN 'open' WHEN status = 'verifying' THEN 'fed_back' ELSE 'passed' END,
       dispatched_at, signed_at, dispatched_at + interval '2 days', fed_back_at, late, false, 0.4, ''
FROM events_event WHERE lead_id IS NOT NULL ORDER BY id;

INSERT INTO events_stagerecord (event_id, stage, unit_id, actor_id, started_at, ended_at, due_at, late, exempt, used_share)
SELECT p.id, s.stage, CASE s.seq WHEN 4 THEN p.bureau_id WHEN 5 THEN p.bureau_id ELSE p.station_id END, p.operator_id,
       p.at + (s.seq - 2) * interval '5 minutes', p.at + (s.seq - 1) * interval '5 minutes', p.at + interval '4 hours', false, false, 0.1
FROM plan p JOIN events_event e USING (id)
JOIN (VALUES (2, 'register'), (3, 'dispatch'), (4, 'sign'), (5, 'handle'), (6, 'verify')) s (seq, stage)
  ON s.seq <= e.head_seq AND e.status NOT IN ('rejected', 'suspended')
ORDER BY p.id, s.seq;

INSERT INTO events_notice (user_id, event_id, transition_id, action, created_at, read_at)
SELECT p.operator_id, t.event_id, t.id, t.action, t.at, CASE WHEN p.status = 'evaluated' THEN t.at END
FROM events_transition t JOIN plan p ON p.id = t.event_id WHERE t.action = 'report' ORDER BY t.id;

INSERT INTO events_casecounter (territory, year, last)
SELECT '430281', year, %(events)s FROM generate_series(2024, 2027) year
ON CONFLICT (territory, year) DO UPDATE SET last = EXCLUDED.last;

SELECT setval(pg_get_serial_sequence('events_event', 'id'), %(events)s);
SET session_replication_role = origin;
