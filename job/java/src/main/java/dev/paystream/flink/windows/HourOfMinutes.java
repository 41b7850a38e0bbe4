package dev.paystream.flink.windows;

import java.time.Duration;
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
 */
final class HourOfMinutes extends KeyedProcessFunction<String, ClosedWindow, ClosedWindow> {

    private static final long serialVersionUID = 1L;
    static final long HOUR_MS = Duration.ofHours(1).toMillis();

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
        boolean isNew = card == null;
        if (isNew) {
            card = new CardMinutes();
        }
        long startMs = minute.endMs - HOUR_MS;
        card.minutes.removeIf(past -> past.startMs < startMs);
        card.minutes.add(minute);
        state.update(card);
        if (isNew) {
            // One timer a card; it is set again while there are younger minutes.
            context.timerService().registerEventTimeTimer(expiryMs(minute));
        }
        WindowSums sums = new WindowSums();
        card.minutes.forEach(past -> sums.add(past.sums));
        out.collect(new ClosedWindow(minute.windowKey, startMs, minute.endMs, sums));
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

    /** When the last hour that holds this minute has ended. */
    private static long expiryMs(ClosedWindow minute) {
        return minute.startMs + HOUR_MS;
    }
}
