package dev.paystream.example;

import java.util.ArrayList;
import java.util.List;

/** What is remembered of one card between two of its swipes? Fields are public for Jackson. */
final class CardState {
    /** Swipe ids by which a repeat is recognised, oldest first. */
    public List<String> recentIds = new ArrayList<>();

    /** Event times within the velocity window, in order of arrival. */
    public List<Long> recentTimesMs = new ArrayList<>();

    public long amountCount;
    public double amountSumMinor;
    public Double latitude;
    public Double longitude;
    public long placeTimeMs;

    boolean knows(String swipeId) {
        return recentIds.contains(swipeId);
    }

    double amountMeanMinor() {
        return amountCount == 0 ? 0.0 : amountSumMinor / amountCount;
    }

    void remember(Swipe swipe) {
        recentIds.add(swipe.swipeId());
        if (recentIds.size() > Rules.REMEMBERED_IDS) {
            recentIds.remove(0);
        }
        recentTimesMs.add(swipe.eventTimeMs());
        recentTimesMs.removeIf(time -> time < swipe.eventTimeMs() - Rules.VELOCITY_WINDOW_MS);
        amountCount++;
        amountSumMinor += swipe.amountMinor();
        if (swipe.latitude() != null && swipe.longitude() != null) {
            latitude = swipe.latitude();
            longitude = swipe.longitude();
            placeTimeMs = swipe.eventTimeMs();
        }
    }
}
