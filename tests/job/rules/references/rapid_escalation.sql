-- Do the amounts of one card climb step by step in a short time?
WITH RECURSIVE rungs AS (
  SELECT s.arrival AS top, s.amount_minor AS top_amount, e.event_time_ms, e.amount_minor
  FROM judged s
  CROSS JOIN p
  JOIN earlier e
    ON e.card_token = s.card_token AND e.arrival < s.arrival
   AND e.approved AND e.message_type = 'authorisation' AND e.amount_minor > 0
   AND e.event_time_ms > s.event_time_ms - p.window_ms
   AND e.event_time_ms < s.event_time_ms
  WHERE s.message_type = 'authorisation' AND s.amount_minor >= p.final_min_minor
),
-- Every ladder downwards from its top, by its lowest rung and its number of steps.
ladders AS (
  SELECT top, event_time_ms, amount_minor, 1 AS steps
  FROM rungs CROSS JOIN p
  WHERE top_amount >= p.ratio * amount_minor
  UNION
  SELECT l.top, r.event_time_ms, r.amount_minor, l.steps + 1
  FROM ladders l
  CROSS JOIN p
  JOIN rungs r
    ON r.top = l.top AND r.event_time_ms < l.event_time_ms
   AND l.amount_minor >= p.ratio * r.amount_minor
)
SELECT s.arrival, coalesce(max(l.steps), 0) AS value, value >= any_value(p.steps) AS fires
FROM judged s CROSS JOIN p LEFT JOIN ladders l ON l.top = s.arrival
GROUP BY s.arrival
