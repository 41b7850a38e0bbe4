package dev.paystream.autoscaler;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.autoscaler.JobAutoScalerContext;
import org.apache.flink.autoscaler.ScalingSummary;
import org.apache.flink.autoscaler.event.AutoScalerEventHandler;
import org.apache.flink.autoscaler.metrics.EvaluatedScalingMetric;
import org.apache.flink.autoscaler.metrics.ScalingMetric;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * What happens, a line of JSON each, with the wall time in ms.
 *
 * <p>{@code started}, {@code evaluated} (each look at a job that runs), {@code decided}, {@code
 * applied} (asked of the cluster), {@code noted} (what else the library tells), {@code failed}. What
 * the library does not know, or knows as infinite, is null.
 */
final class JsonEvents implements AutoScalerEventHandler<JobID, JobAutoScalerContext<JobID>> {

    private static final String LIBRARY =
            "/META-INF/maven/org.apache.flink/flink-autoscaler/pom.properties";

    private final ObjectMapper json = new ObjectMapper();
    private final PrintStream out;

    JsonEvents(PrintStream out) {
        this.out = out;
    }

    void started(Map<String, String> settings) throws IOException {
        print("started", Map.of("library", libraryVersion(), "settings", settings));
    }

    private static String libraryVersion() throws IOException {
        var told = new Properties();
        try (var file = AutoScalerEventHandler.class.getResourceAsStream(LIBRARY)) {
            told.load(file);
        }
        return told.getProperty("version");
    }

    void evaluated(
            boolean isWindowFull,
            Map<JobVertexID, Map<ScalingMetric, EvaluatedScalingMetric>> vertices) {
        var told = new LinkedHashMap<String, Object>();
        vertices.forEach((vertex, metrics) -> told.put(vertex.toString(), figures(metrics)));
        print("evaluated", Map.of("window_full", isWindowFull, "vertices", told));
    }

    void applied(Map<String, Integer> parallelism) {
        print("applied", Map.of("parallelism", parallelism));
    }

    void failed(String reason, Throwable problem) {
        print("failed", Map.of("reason", reason, "message", String.valueOf(problem)));
    }

    @Override
    public void handleScalingEvent(
            JobAutoScalerContext<JobID> context,
            Map<JobVertexID, ScalingSummary> summaries,
            String message,
            Duration interval) {
        var told = new LinkedHashMap<String, Object>();
        summaries.forEach(
                (vertex, summary) -> {
                    var figures = figures(summary.getMetrics());
                    figures.put("before", summary.getCurrentParallelism());
                    figures.put("after", summary.getNewParallelism());
                    told.put(vertex.toString(), figures);
                });
        print("decided", Map.of("message", message, "vertices", told));
    }

    @Override
    public void handleException(
            JobAutoScalerContext<JobID> context, String reason, Throwable problem) {
        failed(reason, problem);
    }

    @Override
    public void handleEvent(
            JobAutoScalerContext<JobID> context,
            Type type,
            String reason,
            String message,
            @Nullable String messageKey,
            @Nullable Duration interval) {
        print("noted", Map.of("type", type.name(), "reason", reason, "message", message));
    }

    private static Map<String, Object> figures(
            Map<ScalingMetric, EvaluatedScalingMetric> metrics) {
        var figures = new LinkedHashMap<String, Object>();
        figures.put("load", average(metrics, ScalingMetric.LOAD));
        figures.put("target_per_s", average(metrics, ScalingMetric.TARGET_DATA_RATE));
        figures.put("capacity_per_s", average(metrics, ScalingMetric.TRUE_PROCESSING_RATE));
        figures.put("up_below_per_s", current(metrics, ScalingMetric.SCALE_UP_RATE_THRESHOLD));
        figures.put("down_above_per_s", current(metrics, ScalingMetric.SCALE_DOWN_RATE_THRESHOLD));
        figures.put("lag", current(metrics, ScalingMetric.LAG));
        figures.put("parallelism", current(metrics, ScalingMetric.PARALLELISM));
        return figures;
    }

    @Nullable
    private static Double average(
            Map<ScalingMetric, EvaluatedScalingMetric> metrics, ScalingMetric name) {
        var found = metrics.get(name);
        return found == null ? null : finite(found.getAverage());
    }

    @Nullable
    private static Double current(
            Map<ScalingMetric, EvaluatedScalingMetric> metrics, ScalingMetric name) {
        var found = metrics.get(name);
        return found == null ? null : finite(found.getCurrent());
    }

    @Nullable
    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }

    private synchronized void print(String event, Map<String, Object> facts) {
        var line = new LinkedHashMap<String, Object>();
        line.put("event", event);
        line.put("time_ms", System.currentTimeMillis());
        line.putAll(facts);
        try {
            out.println(json.writeValueAsString(line));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
        out.flush();
    }
}
