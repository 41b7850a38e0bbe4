-- Is somebody guessing the card's PIN, security code or expiry date?
WITH wrong AS (
  SELECT e.*
  FROM earlier e CROSS JOIN p
  WHERE list_contains(p.codes, e.response_code)
    AND e.message_type IN ('authorisation', 'zero_amount_check')
)
SELECT s.arrival,
       CASE WHEN s.message_type = 'reversal' THEN 0 ELSE count(e.arrival) END AS value,
       value >= any_value(p.guesses) AS fires
FROM judged s
CROSS JOIN p
LEFT JOIN wrong e
  ON e.card_token = s.card_token
 AND (e.arrival = s.arrival
      OR (e.arrival < s.arrival AND e.event_time_ms > s.event_time_ms - p.window_ms))
GROUP BY s.arrival, s.message_type
