-- Which swipes are judged, and which are the earlier-arrived ones of each card?
-- Tables given: arrivals (arrival number from 0, the fields of a swipe), profiles, recent (arrival
-- number below 0). No swipe id occurs twice.
CREATE OR REPLACE TEMP VIEW settled AS
SELECT *,
       event_time_ms >= coalesce(
         max(event_time_ms) OVER (
           PARTITION BY card_token ORDER BY arrival
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
         ) - 30000,
         event_time_ms
       ) AS on_time,
       response_code IN ('00', '10', '85') AS approved
FROM (SELECT * FROM recent UNION ALL BY NAME SELECT * FROM arrivals);

CREATE OR REPLACE TEMP TABLE judged AS SELECT * FROM settled WHERE on_time AND arrival >= 0;
CREATE OR REPLACE TEMP TABLE earlier AS SELECT * FROM settled WHERE on_time OR arrival < 0;

-- Running figures over ln(amount) before each judged swipe, from sums instead of step by step.
CREATE OR REPLACE TEMP TABLE figures AS
WITH before AS (
  SELECT s.arrival,
         count(e.arrival) AS k,
         coalesce(avg(ln(e.amount_minor)), 0) AS mean,
         coalesce(var_pop(ln(e.amount_minor)) * count(e.arrival), 0) AS m2
  FROM judged s
  LEFT JOIN judged e
    ON e.card_token = s.card_token AND e.arrival < s.arrival AND e.approved
   AND e.message_type = 'authorisation' AND e.amount_minor > 0
  GROUP BY s.arrival
)
SELECT b.arrival,
       b.k + coalesce(f.amount_count, 0) AS n,
       (b.k * b.mean + coalesce(f.amount_count * f.amount_log_mean, 0))
         / nullif(b.k + coalesce(f.amount_count, 0), 0) AS mean,
       b.m2 + coalesce(greatest(f.amount_count - 1, 0) * f.amount_log_sd ** 2, 0)
         + coalesce(
             b.k * f.amount_count * (b.mean - f.amount_log_mean) ** 2
               / nullif(b.k + f.amount_count, 0),
             0
           ) AS m2
FROM before b
JOIN judged s USING (arrival)
LEFT JOIN profiles f ON f.card_token = s.card_token;
