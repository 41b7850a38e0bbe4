-- Have many of the cards that paid at one merchant been reported since?
-- Tables given besides the prelude's: reports (the fields of a report), tokens (card_token, crc: the
-- CRC-32 of the token). Of no card does the stream hold more than 48 visits, or any older than 45
-- days: all are remembered.
WITH visits AS (
  SELECT card_token, merchant_id, event_time_ms, arrival,
         event_time_ms // 86400000 AS day, event_time_ms // p.window_ms AS win
  FROM judged CROSS JOIN p
  WHERE entry_mode IN ('chip', 'contactless', 'magstripe', 'fallback')
    AND message_type = 'authorisation' AND approved
),
remembered AS (
  SELECT * FROM visits
  QUALIFY row_number() OVER (PARTITION BY card_token, merchant_id, day ORDER BY arrival) = 1
),
-- Cards seen, by merchant and day.
seen AS (
  SELECT merchant_id, win, day, count(*) AS cards FROM (
    SELECT * FROM visits
    QUALIFY row_number() OVER (PARTITION BY card_token, merchant_id, win ORDER BY arrival) = 1
  ) JOIN tokens USING (card_token) CROSS JOIN p
  WHERE crc % p.sample_one_in = 0
  GROUP BY ALL
),
-- The first report of each card that speaks against a merchant, in each window.
reported AS (
  SELECT v.merchant_id, r.reported_ms // p.window_ms AS win, r.card_token,
         min({'at': r.reported_ms, 'swipe': r.swipe_id}) AS first
  FROM reports r JOIN remembered v USING (card_token) CROSS JOIN p
  WHERE r.kind <> 'lost_or_stolen' AND v.merchant_id <> r.merchant_id
    AND v.event_time_ms >= r.reported_ms - p.lookback_ms AND v.event_time_ms < r.event_time_ms
  GROUP BY ALL
),
numbered AS (
  SELECT *, first.at AS at_ms,
         row_number() OVER (PARTITION BY merchant_id, win ORDER BY first, card_token) AS cards
  FROM reported
),
-- A day counts when it ended at least half a day before the report.
weighed AS (
  SELECT n.merchant_id, n.win, n.cards,
         p.sample_one_in * greatest(
           coalesce((
             SELECT sum(s.cards) FROM seen s
             WHERE s.merchant_id = n.merchant_id AND s.win = n.win
               AND (s.day + 1) * 86400000 <= n.at_ms - 43200000
           ), 0),
           coalesce((
             SELECT sum(s.cards) FROM seen s
             WHERE s.merchant_id = n.merchant_id AND s.win = n.win - 1
               AND (s.day + 1) * 86400000 <= n.at_ms - 43200000
           ), 0)
         ) AS seen
  FROM numbered n CROSS JOIN p
)
SELECT merchant_id AS entity_id, win * p.window_ms AS window_start_ms
FROM weighed CROSS JOIN p
WHERE cards >= p.min_reported_cards AND cards >= p.min_share * seen
GROUP BY ALL
