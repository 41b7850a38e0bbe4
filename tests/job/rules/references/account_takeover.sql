-- Does a new device in a new country spend a lot without the card?
WITH device_first AS (
  SELECT card_token, device_id, arg_min(event_time_ms, arrival) AS first_ms,
         min(arrival) AS first_arrival
  FROM judged
  WHERE approved AND device_id IS NOT NULL
  GROUP BY card_token, device_id
)
SELECT s.arrival,
       CASE
         WHEN s.entry_mode = 'ecommerce' AND s.message_type = 'authorisation'
              AND s.device_id IS NOT NULL
              AND NOT list_contains(c.device_ids, s.device_id)
              AND (d.first_arrival IS NULL OR d.first_arrival >= s.arrival
                   OR s.event_time_ms - d.first_ms < p.device_new_ms)
              AND s.ip_country IS NOT NULL AND s.ip_country <> c.home_country
              AND NOT list_contains(c.usual_countries, s.ip_country)
              AND f.n >= p.count_min
         THEN s.amount_minor / exp(f.mean)
         ELSE 0
       END AS value,
       value >= p.ratio AS fires
FROM judged s
CROSS JOIN p
JOIN figures f USING (arrival)
LEFT JOIN profiles c ON c.card_token = s.card_token
LEFT JOIN device_first d ON d.card_token = s.card_token AND d.device_id = s.device_id
