package dev.paystream.flink.windows;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectWriter;
import org.apache.flink.util.Collector;

/**
 * Writes a closed window as {@code WindowResult} of job/contracts/windows.py: topic, key, JSON.
 *
 * <p>State that was restored may hold windows of a kind that is no longer counted: they are passed
 * over.
 */
final class RenderResult
        extends RichFlatMapFunction<ClosedWindow, Tuple3<String, String, byte[]>> {

    private static final long serialVersionUID = 1L;

    private final EnumMap<WindowKind, String> topics;
    private transient ObjectWriter writer;

    RenderResult(EnumMap<WindowKind, String> topics) {
        this.topics = topics;
    }

    @Override
    public void open(OpenContext context) {
        writer = new ObjectMapper().writer();
    }

    @Override
    public void flatMap(ClosedWindow closed, Collector<Tuple3<String, String, byte[]>> out)
            throws Exception {
        WindowKind kind = WindowKind.of(closed.windowKey);
        String topic = topics.get(kind);
        if (topic == null) {
            return;
        }
        String entityId = WindowKind.entityIdOf(closed.windowKey);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("v", EventTimeWindows.CONTRACT_VERSION);
        fields.put("window", kind.contractName());
        fields.put("entity_id", entityId);
        fields.put("window_start_ms", closed.startMs);
        fields.put("window_end_ms", closed.endMs);
        fields.put("swipes", closed.sums.swipes);
        fields.put("declined", closed.sums.declined);
        fields.put("spent_minor", new TreeMap<>(closed.sums.spentMinor));
        fields.put("first_event_time_ms", closed.sums.firstMs);
        fields.put("last_event_time_ms", closed.sums.lastMs);
        out.collect(Tuple3.of(topic, entityId, writer.writeValueAsBytes(fields)));
    }
}
