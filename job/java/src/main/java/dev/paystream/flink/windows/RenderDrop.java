package dev.paystream.flink.windows;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectWriter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Writes what came after its window had closed as {@code WindowDrop} of job/contracts/strays.py.
 *
 * <p>How late it was follows from the watermark here, which is the window operator's own: this
 * function stands behind it in the same task.
 */
final class RenderDrop extends ProcessFunction<CountedSwipe, Tuple3<String, String, byte[]>> {

    private static final long serialVersionUID = 1L;

    private final String topic;
    private final long minuteMs;
    private final long gapMs;
    private transient ObjectWriter writer;

    RenderDrop(String topic, Duration minute, Duration gap) {
        this.topic = topic;
        this.minuteMs = minute.toMillis();
        this.gapMs = gap.toMillis();
    }

    @Override
    public void open(OpenContext context) {
        writer = new ObjectMapper().writer();
    }

    @Override
    public void processElement(
            CountedSwipe swipe, Context context, Collector<Tuple3<String, String, byte[]>> out)
            throws Exception {
        WindowKind kind = WindowKind.of(swipe.windowKey);
        String entityId = WindowKind.entityIdOf(swipe.windowKey);
        TimeWindow window = windowOf(kind, swipe.eventTimeMs);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("v", EventTimeWindows.CONTRACT_VERSION);
        fields.put("window", kind.contractName());
        fields.put("rule", null);
        fields.put("entity_id", entityId);
        fields.put("swipe_id", swipe.swipeId);
        fields.put("event_time_ms", swipe.eventTimeMs);
        fields.put("window_start_ms", window.getStart());
        fields.put("window_end_ms", window.getEnd());
        fields.put(
                "lateness_ms", context.timerService().currentWatermark() - window.maxTimestamp());
        out.collect(Tuple3.of(topic, entityId, writer.writeValueAsBytes(fields)));
    }

    /** The window that a swipe would have been in: of a session the one that it would have begun. */
    private TimeWindow windowOf(WindowKind kind, long eventTimeMs) {
        if (kind == WindowKind.CARD_SESSION) {
            return new TimeWindow(eventTimeMs, eventTimeMs + gapMs);
        }
        long startMs = TimeWindow.getWindowStartWithOffset(eventTimeMs, 0, minuteMs);
        return new TimeWindow(startMs, startMs + minuteMs);
    }
}
