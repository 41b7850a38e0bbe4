-- Are many cards tried from one device?
SELECT device_id AS entity_id,
       event_time_ms // p.window_ms * p.window_ms AS window_start_ms
FROM judged CROSS JOIN p
WHERE entry_mode = 'ecommerce' AND message_type <> 'reversal' AND device_id IS NOT NULL
  AND (NOT approved OR message_type = 'zero_amount_check')
GROUP BY ALL
HAVING count(DISTINCT card_token) >= any_value(p.cards)
