package dev.paystream.flink.windows;

import java.util.HashMap;
import java.util.Map;

/** What a window adds up. Also the accumulator in its state. */
public class WindowSums {
    public long swipes;
    public long declined;

    /** Minor units by currency (ISO 4217); only currencies in which something was spent. */
    public Map<String, Long> spentMinor = new HashMap<>();

    /** Event time of the earliest and the latest swipe, milliseconds. */
    public long firstMs = Long.MAX_VALUE;

    public long lastMs = Long.MIN_VALUE;

    public WindowSums() {}

    void add(CountedSwipe swipe) {
        swipes += 1;
        if (swipe.declined) {
            declined += 1;
        }
        if (swipe.spentMinor > 0) {
            spentMinor.merge(swipe.currency, swipe.spentMinor, Long::sum);
        }
        firstMs = Math.min(firstMs, swipe.eventTimeMs);
        lastMs = Math.max(lastMs, swipe.eventTimeMs);
    }

    void add(WindowSums other) {
        swipes += other.swipes;
        declined += other.declined;
        other.spentMinor.forEach((currency, minor) -> spentMinor.merge(currency, minor, Long::sum));
        firstMs = Math.min(firstMs, other.firstMs);
        lastMs = Math.max(lastMs, other.lastMs);
    }
}
