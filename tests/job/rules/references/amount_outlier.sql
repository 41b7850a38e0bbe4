-- Is this amount far above what the card usually pays?
SELECT s.arrival,
       CASE
         WHEN s.message_type = 'authorisation' AND s.amount_minor >= p.amount_min_minor
              AND f.n >= p.count_min
         THEN greatest((ln(s.amount_minor) - f.mean)
                       / greatest(sqrt(f.m2 / (f.n - 1)), p.sd_floor), 0)
         ELSE 0
       END AS value,
       value >= p.z AS fires
FROM judged s CROSS JOIN p JOIN figures f USING (arrival)
