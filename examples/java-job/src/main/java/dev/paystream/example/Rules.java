package dev.paystream.example;

import java.util.ArrayList;
import java.util.List;

/** What does this job look for? Three simple rules; every threshold is a choice. */
final class Rules {
    static final int REMEMBERED_IDS = 32;
    static final long VELOCITY_WINDOW_MS = 60_000;
    private static final int VELOCITY_SWIPES = 5;
    private static final long AMOUNT_HISTORY = 5;
    private static final double AMOUNT_TIMES_MEAN = 10.0;
    private static final double SPEED_KM_PER_H = 1_000.0; // faster than an airliner
    private static final double DISTANCE_KM = 100.0; // nearer, a terminal's place may be wrong
    private static final double EARTH_RADIUS_KM = 6_371.0088; // IUGG mean radius

    private Rules() {}

    static List<Finding> findings(Swipe swipe, CardState card) {
        List<Finding> found = new ArrayList<>();
        velocity(swipe, card, found);
        largeAmount(swipe, card, found);
        impossibleTravel(swipe, card, found);
        return found;
    }

    private static void velocity(Swipe swipe, CardState card, List<Finding> found) {
        long since = swipe.eventTimeMs() - VELOCITY_WINDOW_MS;
        long swipes = 1 + card.recentTimesMs.stream().filter(time -> time > since).count();
        if (swipes >= VELOCITY_SWIPES) {
            found.add(
                    new Finding("velocity", "VELOCITY", 0.7, swipes, VELOCITY_SWIPES, "swipes/min"));
        }
    }

    private static void largeAmount(Swipe swipe, CardState card, List<Finding> found) {
        double mean = card.amountMeanMinor();
        if (card.amountCount < AMOUNT_HISTORY || mean <= 0) {
            return;
        }
        double times = swipe.amountMinor() / mean;
        if (times >= AMOUNT_TIMES_MEAN) {
            found.add(
                    new Finding("large_amount", "AMOUNT", 0.6, times, AMOUNT_TIMES_MEAN, "x mean"));
        }
    }

    private static void impossibleTravel(Swipe swipe, CardState card, List<Finding> found) {
        if (swipe.latitude() == null || swipe.longitude() == null || card.latitude == null) {
            return;
        }
        double km = distanceKm(card.latitude, card.longitude, swipe.latitude(), swipe.longitude());
        double hours = Math.max(1, Math.abs(swipe.eventTimeMs() - card.placeTimeMs)) / 3_600_000.0;
        double speed = km / hours;
        if (km >= DISTANCE_KM && speed >= SPEED_KM_PER_H) {
            found.add(
                    new Finding(
                            "impossible_travel", "TRAVEL", 0.95, speed, SPEED_KM_PER_H, "km/h"));
        }
    }

    /** Great-circle distance by the haversine formula. */
    private static double distanceKm(double lat1, double lon1, double lat2, double lon2) {
        double dLat = Math.toRadians(lat2 - lat1) / 2;
        double dLon = Math.toRadians(lon2 - lon1) / 2;
        double cosines = Math.cos(Math.toRadians(lat1)) * Math.cos(Math.toRadians(lat2));
        double a = Math.pow(Math.sin(dLat), 2) + cosines * Math.pow(Math.sin(dLon), 2);
        return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1.0, Math.sqrt(a)));
    }
}
