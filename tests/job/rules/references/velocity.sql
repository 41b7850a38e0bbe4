-- Too many authorisations of one card in a short time?
SELECT s.arrival,
       CASE WHEN s.message_type = 'authorisation' THEN 1 + count(e.arrival) ELSE 0 END AS value,
       value >= any_value(p.swipes) AS fires
FROM judged s
CROSS JOIN p
LEFT JOIN earlier e
  ON e.card_token = s.card_token AND e.arrival < s.arrival
 AND e.message_type = 'authorisation'
 AND e.event_time_ms > s.event_time_ms - p.window_ms
GROUP BY s.arrival, s.message_type
