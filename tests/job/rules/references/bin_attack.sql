-- Are many cards of one BIN tried at one merchant?
SELECT bin || '|' || merchant_id AS entity_id,
       event_time_ms // p.window_ms * p.window_ms AS window_start_ms
FROM judged CROSS JOIN p
WHERE entry_mode = 'ecommerce' AND message_type <> 'reversal'
  AND (NOT approved OR message_type = 'zero_amount_check' OR amount_minor <= p.probe_max_minor)
GROUP BY ALL
HAVING count(DISTINCT card_token) >= any_value(p.cards)
