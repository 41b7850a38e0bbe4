package dev.paystream.flink.windows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * What did a card do in the hour that ends with this minute?
 *
 * <p>A sliding window of an hour by minutes, made of the minutes that have closed. Flink's own
 * would keep sixty windows for each swipe. Here a card has one value, and a result only for the
 * minutes in which it swiped: the hours between them say nothing that these do not.
 *
 * <p>Minutes of a card arrive in their order, because the window operator fires its timers by time.
 * But a watermark is not restored: after a failure a minute can be opened again, or opened behind
 * younger ones that have closed. Its hour then holds no minute after its end, and the later hours
 * that hold it are written again.
 */
final class HourOfMinutes extends KeyedProcessFunction<String, ClosedWindow, ClosedWindow> {

    private static final long serialVersionUID = 1L;
    static final long HOUR_MS = Duration.ofHours(1).toMillis();

    /**
     * How far behind the watermark a minute can end and still find all of its hour. A choice: stored
     * swipes come up to ten minutes late in the replays. It ends at most one minute before its card's
     * newest: a swipe more than 30 s (watermark.max-lateness) behind its card is late.
     */
    static final long KEPT_MS = Duration.ofMinutes(10).toMillis();

    private transient ValueState<CardMinutes> state;

    @Override
    public void open(OpenContext context) {
        state =
                getRuntimeContext()
                        .getState(new ValueStateDescriptor<>("minutes", CardMinutes.class));
    }

    @Override
    public void processElement(ClosedWindow minute, Context context, Collector<ClosedWindow> out)
            throws Exception {
        CardMinutes card = state.value();
        if (card == null) {
            card = new CardMinutes();
            // One timer a card; it is set again while there are younger minutes.
            context.timerService().registerEventTimeTimer(expiryMs(minute));
        }
        TreeMap<Long, ClosedWindow> byStart = new TreeMap<>();
        card.minutes.forEach(past -> add(past, byStart));
        add(minute, byStart);
        // Mostly the last minute alone.
        byStart.subMap(minute.startMs, minute.startMs + HOUR_MS)
                .values()
                .forEach(last -> out.collect(hourOf(last, byStart)));
        byStart.headMap(byStart.lastEntry().getValue().endMs - HOUR_MS - KEPT_MS).clear();
        card.minutes = new ArrayList<>(byStart.values());
        state.update(card);
    }

    @Override
    public void onTimer(long timeMs, OnTimerContext context, Collector<ClosedWindow> out)
            throws Exception {
        CardMinutes card = state.value();
        card.minutes.removeIf(past -> expiryMs(past) <= timeMs);
        if (card.minutes.isEmpty()) {
            state.clear();
        } else {
            state.update(card);
            context.timerService().registerEventTimeTimer(expiryMs(card.minutes.get(0)));
        }
    }

    /** Of a minute that was opened again both parts count. */
    private static void add(ClosedWindow minute, TreeMap<Long, ClosedWindow> byStart) {
        ClosedWindow part = byStart.putIfAbsent(minute.startMs, minute);
        if (part != null) {
            part.sums.add(minute.sums);
        }
    }

    private static ClosedWindow hourOf(ClosedWindow last, TreeMap<Long, ClosedWindow> byStart) {
        long startMs = last.endMs - HOUR_MS;
        WindowSums sums = new WindowSums();
        byStart.subMap(startMs, last.endMs).values().forEach(minute -> sums.add(minute.sums));
        return new ClosedWindow(last.windowKey, startMs, last.endMs, sums);
    }

    /** From when on no hour needs this minute, also not one that is opened again. */
    private static long expiryMs(ClosedWindow minute) {
        return minute.startMs + HOUR_MS + KEPT_MS;
    }
}
