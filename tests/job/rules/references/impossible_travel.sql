-- Was the card in two places faster than anybody can travel?
WITH placed AS (
  SELECT *
  FROM earlier
  WHERE entry_mode IN ('chip', 'contactless', 'magstripe', 'fallback')
    AND message_type <> 'reversal'
    AND latitude IS NOT NULL AND longitude IS NOT NULL
),
pairs AS (
  SELECT s.arrival,
         abs(s.event_time_ms - e.event_time_ms) AS between_ms,
         2 * 6371.0088 * asin(sqrt(least(1.0,
           sin(radians(e.latitude - s.latitude) / 2) ** 2
           + cos(radians(s.latitude)) * cos(radians(e.latitude))
             * sin(radians(e.longitude - s.longitude) / 2) ** 2))) AS d
  FROM placed s
  CROSS JOIN p
  JOIN placed e
    ON e.card_token = s.card_token AND e.arrival < s.arrival
   AND e.event_time_ms > s.event_time_ms - p.lookback_ms
),
speeds AS (
  SELECT arrival,
         max((d - p.location_error_km) / ((between_ms + p.clock_skew_ms) / 3600000.0)) AS speed
  FROM pairs CROSS JOIN p
  WHERE d >= p.min_distance_km
  GROUP BY arrival
)
SELECT s.arrival, greatest(coalesce(speed, 0), 0) AS value, value >= p.speed_kmh AS fires
FROM judged s CROSS JOIN p LEFT JOIN speeds USING (arrival)
