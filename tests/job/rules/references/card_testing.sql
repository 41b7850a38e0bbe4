-- Was the card tried with small amounts, and now with a large one?
SELECT s.arrival, count(e.arrival) AS value, value >= any_value(p.probes) AS fires
FROM judged s
CROSS JOIN p
LEFT JOIN earlier e
  ON s.entry_mode = 'ecommerce' AND s.message_type = 'authorisation'
 AND s.amount_minor >= p.large_min_minor
 AND e.card_token = s.card_token AND e.arrival < s.arrival
 AND e.entry_mode = 'ecommerce'
 AND (e.message_type = 'zero_amount_check'
      OR (e.message_type = 'authorisation' AND e.amount_minor <= p.probe_max_minor))
 AND e.event_time_ms > s.event_time_ms - p.window_ms AND e.event_time_ms <= s.event_time_ms
GROUP BY s.arrival
